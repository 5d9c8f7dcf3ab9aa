//! Search for the certificate that signed a token.

use super::context::Context;
use super::problem::{Problem, Problems};
use crate::agora::credentials::{AppCertificate, AppId};

/// The result of a signature check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The signature was not checked. Either no certificate of the App ID is available, or the token has format 006 and
    /// its channel or user is unknown.
    NotChecked,
    /// A certificate of the project produced the signature.
    Valid {
        /// The index of the project in [`Context::projects`].
        project: usize,
        /// The index of the certificate in [`Project::certificates`](crate::agora::Project::certificates).
        certificate: usize,
    },
    /// None of the project's certificates produced the signature.
    Invalid,
}

/// Searches the certificates of the token's project for the certificate that signed the token.
pub(super) fn find_signer(
    app_id: &AppId,
    context: &Context<'_>,
    problems: &mut Problems,
    signer: impl Fn(&[AppCertificate]) -> Option<usize>,
) -> Signature {
    if !has_certificate(app_id, context, problems) {
        return Signature::NotChecked;
    }
    let mut projects = context.projects.iter().enumerate().filter(|(_, project)| project.app_id == app_id);
    let found = projects.find_map(|(project, keys)| Some((project, signer(keys.certificates)?)));
    if let Some((project, certificate)) = found {
        return Signature::Valid { project, certificate };
    }
    problems.push(Problem::OtherCertificate);
    Signature::Invalid
}

/// Returns whether a certificate of the App ID is available. If other projects are available, reports the problem.
pub(super) fn has_certificate(app_id: &AppId, context: &Context<'_>, problems: &mut Problems) -> bool {
    let has_certificate =
        context.projects.iter().any(|project| project.app_id == app_id && !project.certificates.is_empty());
    if !has_certificate && !context.projects.is_empty() {
        problems.push(Problem::UnknownProject);
    }
    has_certificate
}
