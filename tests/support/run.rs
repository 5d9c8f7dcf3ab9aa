//! One run of a list of cases against one kind of target.

use std::ops::RangeInclusive;

use anyhow::ensure;

use crate::Setup;
use crate::cases::{self, Case, ExpectedToken};
use crate::check::{CheckResult, check, request_id};
use crate::logs::{Decision, Log};
use crate::target::Target;

/// The environment variable that selects cases: those with this text in their id.
const SELECTED: &str = "HALLPASS_CASE";

/// What a run came to.
#[derive(Default)]
pub struct Run {
    /// How many cases were sent.
    pub ran: usize,
    /// How many cases cannot reach such a target.
    pub unreachable: usize,
    /// A text for every case that failed.
    pub failures: Vec<String>,
    /// All tokens that were handed out.
    pub tokens: Vec<Token>,
    /// The header `x-request-id` of every answer.
    pub request_ids: Vec<String>,
    /// What the deployments logged.
    pub(crate) logs: Vec<Log>,
    /// The credentials that were sent.
    pub(crate) credentials: Vec<String>,
    /// What the deployment that runs must have decided.
    decisions: Vec<Decision>,
}

/// A token that a target handed out.
pub struct Token {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) expect: ExpectedToken,
    /// A user in it is one that the service chose.
    pub(crate) uid_was_chosen: bool,
    /// The time before the request and the time after it.
    pub(crate) asked: RangeInclusive<u64>,
}

/// Runs the list in `cases/`; `start` starts one target for each deployment.
///
/// # Errors
/// Where the list cannot be read or a target does not start. A case that fails is a failure in [`Run`].
pub fn run<T: Target>(mut start: impl FnMut(Setup) -> anyhow::Result<T>) -> anyhow::Result<Run> {
    let mut run = Run::default();
    for (setup, cases) in cases::load()? {
        let mut target = start(setup)?;
        for case in &cases {
            ensure!(case.request.jwt.is_none(), "{} needs an issuer", case.id);
            run.send(case, "", &mut target);
        }
        run.end(setup.name(), setup.logged(), &target)?;
    }
    run.ensure_not_empty()
}

/// Returns whether the developer selected cases, so that a run may be too small to compare anything.
pub(crate) fn is_selection() -> bool {
    std::env::var_os(SELECTED).is_some()
}

impl Run {
    /// Says how much ran, and fails for any failure, with all of them.
    ///
    /// # Errors
    /// For any failure.
    pub fn result(self) -> anyhow::Result<()> {
        ensure!(
            self.failures.is_empty(),
            "{} messages about {} cases:\n{}",
            self.failures.len(),
            self.ran,
            self.failures.join("\n")
        );
        Ok(())
    }

    /// Fails for a run that proves nothing.
    pub(crate) fn ensure_not_empty(self) -> anyhow::Result<Self> {
        if let Ok(text) = std::env::var(SELECTED) {
            ensure!(self.ran > 0, "no case that this target can receive has {SELECTED}={text:?} in its id");
            return Ok(self);
        }
        ensure!(self.ran > 0, "there is no case");
        ensure!(!self.tokens.is_empty(), "no case handed out a token:\n{}", self.failures.join("\n"));
        Ok(self)
    }

    /// Sends the request of a case, with this for the JWT in it.
    pub(crate) fn send(&mut self, case: &Case, jwt: &str, target: &mut impl Target) {
        if std::env::var(SELECTED).is_ok_and(|text| !case.id.contains(&text)) {
            return;
        }
        let request = case.request.with_jwt(jwt);
        if !target.can_receive(&request) {
            self.unreachable += 1;
            return;
        }
        self.ran += 1;
        let authorization = request.headers.iter().filter(|(name, _)| name == "authorization");
        let credentials = authorization.map(|(_, value)| value.as_str()).chain([jwt]);
        self.credentials.extend(credentials.map(str::to_owned));
        let before = target.clock();
        let response = target.send(&request);
        let asked = before..=target.clock();
        match response {
            Ok(response) => {
                self.request_ids.push(request_id(&response).to_owned());
                let CheckResult { mismatches, tokens } = check(case, &request, &response);
                if !mismatches.is_empty() {
                    self.failures.push(format!("{}:\n    {}", case.id, mismatches.join("\n    ")));
                }
                self.decisions.push(Decision::of(case, &response));
                self.tokens.extend(tokens.into_iter().map(|issued| Token {
                    id: case.id.clone(),
                    token: issued.token,
                    expect: issued.expect,
                    uid_was_chosen: issued.uid_was_chosen,
                    asked: asked.clone(),
                }));
            }
            Err(error) => self.failures.push(format!("{}: no answer: {error:#}", case.id)),
        }
    }

    /// Takes the log of a deployment that has answered all of its cases.
    pub(crate) fn end(&mut self, name: &str, must_say: &str, target: &impl Target) -> anyhow::Result<()> {
        // A deployment that got none of the selected cases need not say anything.
        let must_say = if is_selection() { "" } else { must_say };
        let mut decisions = std::mem::take(&mut self.decisions);
        if !target.has_request_ids() {
            decisions.clear();
        }
        self.logs.push(Log::take(name, must_say, decisions, target)?);
        Ok(())
    }
}
