//! What a token says, and why an SDK would refuse it.

mod problem;
mod reading;
mod sdk;
mod sentence;
mod user;
mod v006;
mod v007;

use alloc::vec::Vec;
use core::mem::discriminant;

use super::credentials::{AppCertificate, AppId, Project};
use super::v006::Untrusted006;
use super::v007::Untrusted007;
use crate::{Severity, UnixSeconds};

pub use problem::{Mismatch, Problem};
pub use sdk::{Refusal, Sdk, SdkError};

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When it is looked at.
    pub now: UnixSeconds,
    /// The projects whose certificates are at hand; none to leave signatures unchecked.
    pub projects: &'a [Project<'a>],
    /// What the client does with the token.
    pub expected: Expected<'a>,
}

/// What a client does with a token, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The App ID that the client gives to its SDK.
    pub app_id: Option<&'a str>,
    /// The channel that it joins.
    pub channel: Option<&'a str>,
    /// The user as whom it joins that channel; without a channel, as whom it logs in.
    pub user: Option<Join<'a>>,
}

/// As whom a client joins a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join<'a> {
    /// By `joinChannel`, with this number; 0 to let Agora choose one.
    Uid(u32),
    /// By `joinChannelWithUserAccount`, or a login to Signaling, with this text.
    Account(&'a str),
}

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

/// A token that was read, and that anybody may have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// Format 006.
    V006(Untrusted006),
    /// Format 007.
    V007(Untrusted007),
}

/// Whether a certificate signed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It was not checked: no certificate of its App ID is at hand, or for 006 the channel and the user are not known.
    NotChecked,
    /// This one did.
    Valid {
        /// The position of the project in [`Context::projects`].
        project: usize,
        /// The position of the certificate in [`Project::certificates`].
        certificate: usize,
    },
    /// None of the project's certificates did.
    Invalid,
}

/// Explains a text that should be an Agora token.
///
/// It reads what a careless SDK would read, such as Base64 of the wrong alphabet, and says what is wrong with it.
#[must_use]
pub fn explain(token: &str, context: &Context<'_>) -> Report {
    let mut problems = Problems(Vec::new());
    let token = reading::read(token, &mut problems);
    let mut signature = Signature::NotChecked;
    if let Some(token) = &token {
        compare_app_id(token.app_id(), context.expected.app_id, &mut problems);
        signature = match token {
            Untrusted::V006(token) => v006::check(token, context, &mut problems),
            Untrusted::V007(token) => v007::check(token, context, &mut problems),
        };
    }
    let mut problems = problems.0;
    problems.sort_by_key(|problem| core::cmp::Reverse(problem.severity()));
    Report { token, signature, problems }
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
        let service = problem.service();
        let refusal = problem.refusal();
        Sdk::ALL
            .into_iter()
            .filter(move |sdk| match (service, &self.token) {
                (Some(service), _) => sdk.is_for(service),
                (None, Some(token)) => token.is_for(*sdk),
                (None, None) => true,
            })
            .filter_map(move |sdk| Some(refusal?.error(sdk)))
    }
}

impl Untrusted {
    /// The project that the token says to be for.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        match self {
            Self::V006(token) => token.app_id(),
            Self::V007(token) => token.app_id(),
        }
    }

    /// When the token ends.
    #[must_use]
    pub fn ends_at(&self) -> UnixSeconds {
        match self {
            Self::V006(token) => token.expires_at(),
            Self::V007(token) => token.ends_at(),
        }
    }

    fn is_for(&self, sdk: Sdk) -> bool {
        match self {
            Self::V006(token) => sdk.is_for(v006::service_of(token)),
            Self::V007(token) => token.service_names().iter().any(|name| sdk.is_for(name)),
        }
    }
}

/// Problems, each kind once for a service and a privilege: a hostile token has thousands of services.
struct Problems(Vec<Problem>);

impl Problems {
    fn push(&mut self, problem: Problem) {
        let kind = |problem: &Problem| (problem.code(), problem.service(), problem.privilege());
        // Comparing numbers first keeps thousands of services quick.
        let is_known = self
            .0
            .iter()
            .any(|known| discriminant(known) == discriminant(&problem) && kind(known) == kind(&problem));
        if !is_known {
            self.0.push(problem);
        }
    }
}

/// Looks for the certificate that signed a token among those of its project.
fn find_signer(
    app_id: &AppId,
    context: &Context<'_>,
    problems: &mut Problems,
    signer: impl Fn(&[AppCertificate]) -> Option<usize>,
) -> Signature {
    let mut projects = context
        .projects
        .iter()
        .enumerate()
        .filter(|(_, project)| project.app_id == app_id && !project.certificates.is_empty())
        .peekable();
    if projects.peek().is_none() {
        if !context.projects.is_empty() {
            problems.push(Problem::UnknownProject);
        }
        return Signature::NotChecked;
    }
    let found = projects.find_map(|(project, keys)| Some((project, signer(keys.certificates)?)));
    if let Some((project, certificate)) = found {
        return Signature::Valid { project, certificate };
    }
    problems.push(Problem::OtherCertificate);
    Signature::Invalid
}

fn compare_app_id(app_id: &AppId, expected: Option<&str>, problems: &mut Problems) {
    match expected.map(AppId::parse) {
        None => {}
        Some(Err(error)) => problems.push(Problem::ExpectedAppId(error)),
        Some(Ok(expected)) if expected == *app_id => {}
        Some(Ok(_)) => problems.push(Problem::OtherProject { token: app_id.clone() }),
    }
}

#[cfg(test)]
mod tests;
