//! What a token says, and why an SDK would refuse it.

mod context;
mod lenient;
mod problem;
mod sdk;
mod signature;
mod v006;
mod v007;

use alloc::vec;
use alloc::vec::Vec;

use super::credentials::AppId;
use crate::Severity;

pub use context::{Context, Expected, ExpectedUser};
pub use lenient::Untrusted;
pub use problem::Problem;
use problem::Problems;
pub use sdk::{Rejection, Sdk, SdkError};
pub use signature::Signature;

/// What a token says, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The token, if it could be read.
    pub token: Option<Untrusted>,
    /// Whether a certificate signed it.
    pub signature: Signature,
    /// What is wrong with it, the worst first. Of several services of one type, each kind of problem is named once.
    pub problems: Vec<Problem>,
}

/// Explains a text that should be an Agora token.
///
/// It reads what a careless SDK would read, such as Base64 of the wrong alphabet, and says what is wrong with it.
#[must_use]
pub fn explain(token: &str, context: &Context<'_>) -> Report {
    let mut problems = Problems::default();
    let token = lenient::read(token, &mut problems);
    let mut signature = Signature::NotChecked;
    if let Some(token) = &token {
        compare_app_id(token.app_id(), context.expected.app_id, &mut problems);
        signature = match token {
            Untrusted::V006(token) => v006::check(token, context, &mut problems),
            Untrusted::V007(token) => v007::check(token, context, &mut problems),
        };
    }
    Report { token, signature, problems: problems.into_vec() }
}

impl Report {
    /// Whether nothing was found for which Agora would refuse the token. This is no verification: it also holds where
    /// the signature was not checked.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.token.is_some() && self.problems.iter().all(|problem| problem.severity() < Severity::Error)
    }

    /// The errors that the SDKs of this token's services show for a problem of it; none where they do not refuse it.
    pub fn sdk_errors(&self, problem: &Problem) -> impl Iterator<Item = SdkError> {
        let services = match (problem.service(), &self.token) {
            (Some(service), _) => vec![service],
            (None, Some(Untrusted::V006(token))) => vec![token.service_name()],
            (None, Some(Untrusted::V007(token))) => token.service_names.clone(),
            (None, None) => vec!["rtc", "rtm"],
        };
        let rejection = problem.rejection();
        Sdk::ALL
            .into_iter()
            .filter(move |sdk| services.iter().any(|service| sdk.is_for(service)))
            .filter_map(move |sdk| Some(rejection?.error(sdk)))
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
