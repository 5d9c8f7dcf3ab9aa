//! Search for the certificate that signed a token.

use super::context::Context;
use super::problem::{Problem, Problems};
use crate::agora::credentials::{AppCertificate, AppId};

/// Whether a certificate signed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// It was not checked: no certificate of its App ID is at hand, or for 006 the channel and the user are not known.
    NotChecked,
    /// This one did.
    Valid {
        /// The position of the project in [`Context::projects`].
        project: usize,
        /// The position of the certificate in [`Project::certificates`](crate::agora::Project::certificates).
        certificate: usize,
    },
    /// None of the project's certificates did.
    Invalid,
}

/// Looks for the certificate that signed a token among those of its project.
pub(super) fn find_signer(
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
