//! One run of the whole list against one kind of target.

use std::ops::RangeInclusive;

use anyhow::ensure;

use crate::Setup;
use crate::cases::{self, Case, ExpectToken};
use crate::check::{check, request_id};
use crate::target::{Request, Target};

/// What a run came to.
#[derive(Default)]
pub struct Run {
    /// How many cases were sent.
    pub ran: usize,
    /// How many cases cannot reach such a target.
    pub unreachable: usize,
    /// A text for every case that failed.
    pub failures: Vec<String>,
    /// The deployments that were started.
    pub setups: Vec<Setup>,
    /// All tokens that were handed out.
    pub tokens: Vec<Token>,
    /// The header `x-request-id` of every answer.
    pub request_ids: Vec<String>,
}

/// A token that a target handed out.
pub struct Token {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) expect: ExpectToken,
    /// A user in it is one that the service chose.
    pub(crate) uid_was_chosen: bool,
    /// The time before the request and the time after it.
    pub(crate) asked: RangeInclusive<u64>,
}

/// Runs the whole list; `start` starts one target for each deployment.
///
/// # Errors
/// Where the list cannot be read or a target does not start. A case that fails is a failure in [`Run`].
pub fn run<T: Target>(mut start: impl FnMut(Setup) -> anyhow::Result<T>) -> anyhow::Result<Run> {
    let mut run = Run::default();
    for (setup, cases) in cases::load()? {
        let mut target = start(setup)?;
        run.setups.push(setup);
        for case in &cases {
            run.send(case, &mut target);
        }
    }
    ensure!(run.ran > 0, "there is no case");
    ensure!(!run.tokens.is_empty(), "no case handed out a token:\n{}", run.failures.join("\n"));
    Ok(run)
}

impl Run {
    /// Says how much ran, and fails for any failure, with all of them.
    ///
    /// # Errors
    /// For any failure.
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

    fn send(&mut self, case: &Case, target: &mut impl Target) {
        let request = Request {
            method: case.request.method.clone(),
            target: case.request.target.clone(),
            headers: case.request.headers.clone().into_iter().collect(),
            body: case.request.body(),
        };
        if !target.can_receive(&request) {
            self.unreachable += 1;
            return;
        }
        self.ran += 1;
        let before = target.clock();
        let response = target.send(&request);
        let asked = before..=target.clock();
        match response {
            Ok(response) => {
                self.request_ids.push(request_id(&response).to_owned());
                let checked = check(case, &response);
                if !checked.complaints.is_empty() {
                    self.failures.push(format!("{}:\n    {}", case.id, checked.complaints.join("\n    ")));
                }
                self.tokens.extend(checked.tokens.into_iter().map(|handed_out| Token {
                    id: case.id.clone(),
                    token: handed_out.token,
                    expect: handed_out.expect,
                    uid_was_chosen: handed_out.uid_was_chosen,
                    asked: asked.clone(),
                }));
            }
            Err(error) => self.failures.push(format!("{}: no answer: {error:#}", case.id)),
        }
    }
}
