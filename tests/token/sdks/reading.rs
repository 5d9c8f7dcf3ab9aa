//! The content of a token, in the JSON format of the Node.js script.

use hallpass_token::UnixSeconds;
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, AppId, Project};
use serde_json::{Value, json};

use super::case::Case;
use crate::service::ServiceJson;

/// The fields of a token, and whether the signature is valid. If the token cannot be parsed, the value is `null`.
pub(super) type Reading = Value;

/// Parses and verifies a token with the crate.
pub(super) fn read(
    token: &str,
    case: &Case,
    app_id: &AppId,
    certificate: &AppCertificate,
) -> anyhow::Result<Reading> {
    let project = Project { app_id, certificates: std::slice::from_ref(certificate) };
    match case.subject {
        Some(subject) => read_006(token, project, subject),
        None => read_007(token, project),
    }
}

fn read_006(token: &str, project: Project<'_>, subject: Subject<'_>) -> anyhow::Result<Reading> {
    let token = Untrusted006::parse(token)?;
    let last = UnixSeconds(token.expires_at().0 - 1);
    let verified = token.verify(project, subject, last)?;
    anyhow::ensure!(verified.subject() == subject, "the subject is {:?}", verified.subject());
    Ok(json!({
        "valid": true,
        "salt": token.salt(),
        "expires_at": token.expires_at().0,
        "channel_crc": token.channel_crc(),
        "user_crc": token.user_crc(),
        "privileges": token.privileges().iter().map(|(id, end)| (id, end.0)).collect::<Vec<_>>(),
    }))
}

fn read_007(token: &str, project: Project<'_>) -> anyhow::Result<Reading> {
    let token = Untrusted007::parse(token)?;
    let verified = token.verify(project, token.issued_at())?;
    let services = verified.services().map(|service| ServiceJson::from_service(&service));
    Ok(json!({
        "valid": true,
        "app_id": token.app_id().as_str(),
        "salt": token.salt(),
        "issued_at": token.issued_at().0,
        "expires_in": token.expires_in().0,
        "services": services.collect::<anyhow::Result<Vec<_>>>()?,
    }))
}
