//! A run of test cases on one kind of target.

use std::ops::RangeInclusive;

use anyhow::ensure;

use crate::DeploymentKind;
use crate::cases::{self, Case, ExpectedToken};
use crate::check::{CheckResult, check, request_id};
use crate::logs::{Decision, Log};
use crate::target::Target;

/// The environment variable that selects the cases whose ID contains its value.
pub(crate) const SELECTED: &str = "HALLPASS_CASE";

/// The result of a run.
#[derive(Default)]
pub struct Run {
    /// The number of cases that were sent.
    pub ran: usize,
    /// The number of cases that the target cannot receive.
    pub unreachable: usize,
    /// Descriptions of the failures.
    pub failures: Vec<String>,
    /// The tokens in all responses.
    pub tokens: Vec<Token>,
    /// The header `x-request-id` of every response.
    pub request_ids: Vec<String>,
    /// The logs of the deployments.
    pub(crate) logs: Vec<Log>,
    /// The credentials that were sent.
    pub(crate) credentials: Vec<String>,
    /// The expected decisions of the current deployment.
    decisions: Vec<Decision>,
}

/// A token in a target's response.
pub struct Token {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) expect: ExpectedToken,
    /// True if the service chose the uid.
    pub(crate) uid_was_chosen: bool,
    /// The time range of the request, from the Unix time before the request to the Unix time after the response.
    pub(crate) request_time: RangeInclusive<u64>,
}

/// Runs the cases in `cases/`. `start` starts a target for each deployment.
///
/// # Errors
/// Returns an error if the cases cannot be read, or a target does not start. A failed case is a failure in [`Run`], and
/// not an error.
pub fn run<T: Target>(mut start: impl FnMut(DeploymentKind) -> anyhow::Result<T>) -> anyhow::Result<Run> {
    let mut run = Run::default();
    for (kind, cases) in cases::load()? {
        let mut target = start(kind)?;
        for case in &cases {
            ensure!(case.request.jwt.is_none(), "{} has a JWT; move the case to tests/attacks", case.id);
            run.send(case, "", &mut target);
        }
        run.end(kind.name(), kind.logged(), &target)?;
    }
    run.ensure_not_empty()
}

/// Returns whether the developer selected cases. A run of selected cases may be too small to compare values.
pub(crate) fn is_selection() -> bool {
    std::env::var_os(SELECTED).is_some()
}

impl Run {
    /// Checks that there were no failures.
    ///
    /// # Errors
    /// Returns an error if there were failures. The error contains all failures.
    pub fn result(self) -> anyhow::Result<()> {
        ensure!(
            self.failures.is_empty(),
            "{} failures in {} cases:\n{}",
            self.failures.len(),
            self.ran,
            self.failures.join("\n")
        );
        Ok(())
    }

    /// Checks that the run sent a case and got a token, because otherwise the run proves nothing.
    pub(crate) fn ensure_not_empty(self) -> anyhow::Result<Self> {
        if let Ok(selection) = std::env::var(SELECTED) {
            ensure!(self.ran > 0, "{SELECTED}={selection:?} selects no case that this target can receive");
            return Ok(self);
        }
        ensure!(self.ran > 0, "the run sent no cases");
        ensure!(!self.tokens.is_empty(), "no response contained a token:\n{}", self.failures.join("\n"));
        Ok(self)
    }

    /// Sends the request of a case with this JWT, and checks the response.
    pub(crate) fn send(&mut self, case: &Case, jwt: &str, target: &mut impl Target) {
        if std::env::var(SELECTED).is_ok_and(|selection| !case.id.contains(&selection)) {
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
        let request_time = before..=target.clock();
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
                    request_time: request_time.clone(),
                }));
            }
            Err(error) => self.failures.push(format!("{}: no response: {error:#}", case.id)),
        }
    }

    /// Reads the log of a deployment after its last case.
    pub(crate) fn end(&mut self, name: &str, required: &str, target: &impl Target) -> anyhow::Result<()> {
        // If the developer selected cases, a deployment may have received no case. Its log then need not contain
        // anything.
        let required = if is_selection() { "" } else { required };
        let mut decisions = std::mem::take(&mut self.decisions);
        if !target.has_request_ids() {
            decisions.clear();
        }
        self.logs.push(Log::read(name, required, decisions, target)?);
        Ok(())
    }
}
