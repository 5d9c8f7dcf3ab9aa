//! Explanation of a token: the content of the token, and the reasons for which Agora rejects the token.

mod context;
mod lenient;
mod problem;
mod sdk;
mod signature;
mod v006;
mod v007;

use alloc::vec::Vec;

use super::credentials::AppId;
use crate::Severity;

pub use context::{Context, Expected, ExpectedService, ExpectedUser};
pub use lenient::Untrusted;
pub use problem::Problem;
use problem::Problems;
pub use sdk::{Rejection, Sdk, SdkError};
pub use signature::Signature;

/// The content of a token and its problems.
#[derive(Clone, Debug)]
pub struct Report {
    /// The token, if it could be parsed.
    pub token: Option<Untrusted>,
    /// The service that the client uses, if a service was expected.
    pub service: Option<ExpectedService>,
    /// The result of the signature check.
    pub signature: Signature,
    /// The problems, most severe first. Each kind of problem is listed once per service type and privilege.
    pub problems: Vec<Problem>,
}

/// Explains a string that should be an Agora token.
///
/// The function accepts the deviations that a lenient SDK accepts, such as Base64 in the wrong alphabet. Each deviation
/// is reported as a problem.
#[must_use]
pub fn explain(token: &str, context: &Context<'_>) -> Report {
    let mut problems = Problems::default();
    let token = lenient::parse_leniently(token, &mut problems);
    let mut signature = Signature::NotChecked;
    if let Some(token) = &token {
        compare_app_id(token.app_id(), context.expected.app_id, &mut problems);
        signature = match token {
            Untrusted::V006(token) => v006::check(token, context, &mut problems),
            Untrusted::V007(token) => v007::check(token, context, &mut problems),
        };
    }
    Report { token, service: context.expected.service, signature, problems: problems.into_vec() }
}

impl Report {
    /// Returns `true` if the token could be parsed and no problem makes Agora reject the token.
    ///
    /// This function does not verify the token. The result can be `true` even if the signature was not checked.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.token.is_some() && self.problems.iter().all(|problem| problem.severity() < Severity::Error)
    }

    /// Returns the errors that client SDKs report for one of the token's problems. If the problem concerns the whole token,
    /// the SDKs are the SDKs of the expected service, or of the token's services.
    ///
    /// The result is empty if Agora does not reject the token because of this problem.
    pub fn sdk_errors(&self, problem: &Problem) -> impl Iterator<Item = SdkError> {
        let service = problem.service().or_else(|| self.service.map(ExpectedService::as_str));
        let services = match (&service, &self.token) {
            (Some(service), _) => core::slice::from_ref(service),
            (None, Some(Untrusted::V006(token))) => token.service_names(),
            (None, Some(Untrusted::V007(token))) => token.service_names.as_slice(),
            (None, None) => &["rtc", "rtm"],
        };
        let is_reported = |error: &&SdkError| services.iter().any(|service| error.sdk.is_for(service));
        let errors = problem.rejection().map_or(&[][..], Rejection::errors);
        errors.iter().filter(is_reported).copied().collect::<Vec<_>>().into_iter()
    }
}

fn compare_app_id(app_id: &AppId, expected: Option<&str>, problems: &mut Problems) {
    match expected.map(AppId::parse) {
        None => {}
        Some(Err(error)) => problems.push(Problem::InvalidExpectedAppId(error)),
        Some(Ok(expected)) if expected == *app_id => {}
        Some(Ok(_)) => problems.push(Problem::OtherProject { token: app_id.clone() }),
    }
}

#[cfg(test)]
mod tests;
