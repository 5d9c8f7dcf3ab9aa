//! Authentication at VideoSDK.

use std::fmt;

use hallpass_token::UnixSeconds;
use hallpass_token::videosdk::{
    ApiKey, ParseError, ParsedClaims, Permissions, PermissionsError, Project, Secret, Untrusted, VerifyError,
    Version,
};
use serde_json::{Map, Value, json};

use super::Videosdk;
use crate::deployment;
use crate::provider::RecordedRequest;
use crate::provider::cross_check::Credential;
use crate::target::Request;

/// The reason why credentials are rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// `Authorization` is missing.
    Missing,
    /// `Authorization` contains more than the token, such as `Bearer`.
    Scheme,
    /// The token cannot be parsed.
    Parse(ParseError),
    /// The token is not valid.
    Verify(VerifyError),
    /// The token's permissions are missing, unknown or incompatible.
    Permissions(PermissionsError),
    /// The token's remaining TTL in seconds exceeds the maximum.
    Ttl(u64),
    /// The test's API key or secret is invalid.
    Keys,
}

pub(super) fn authenticate(
    request: &Request,
    max_ttl: Option<u64>,
    now: UnixSeconds,
) -> Result<ParsedClaims, Rejection> {
    let token = request.header("authorization").ok_or(Rejection::Missing)?;
    if token.contains(' ') {
        return Err(Rejection::Scheme);
    }
    let token = Untrusted::parse(token).map_err(Rejection::Parse)?;
    let (api_key, secret) = deployment::Project::Videosdk.keys();
    let api_key = ApiKey::parse(api_key).map_err(|_| Rejection::Keys)?;
    let secret = Secret::parse(secret).map_err(|_| Rejection::Keys)?;
    let project = Project { api_key: &api_key, secrets: &[secret] };
    let content = token.verify(project, now).map_err(Rejection::Verify)?.claims();
    Permissions::parse(content.permissions.iter().map(String::as_str)).map_err(Rejection::Permissions)?;
    let ttl = content.expires_at.unwrap_or_default().saturating_sub(now.0.into());
    match max_ttl {
        Some(longest) if ttl > longest => Err(Rejection::Ttl(ttl)),
        _ => Ok(content.clone()),
    }
}

pub(super) fn credential(recorded: &RecordedRequest<Videosdk>, max_ttl: Option<u64>) -> Option<Credential> {
    let (api_key, secret) = deployment::Project::Videosdk.keys();
    let input = json!({
        "provider": "videosdk",
        "authorization": recorded.request.header("authorization")?,
        "now": recorded.at.0,
        "api_key": api_key,
        "secret": secret,
        "max_ttl": max_ttl,
    });
    let result = match &recorded.caller {
        Ok(content) => json!({ "kind": "jwt", "claims": claims(content) }),
        Err(_) => json!({ "kind": "rejected" }),
    };
    Some(Credential { input, result })
}

/// Returns the claims of a token.
fn claims(content: &ParsedClaims) -> Map<String, Value> {
    let list = |names: &[String]| (!names.is_empty()).then(|| json!(names));
    let version = content.version.as_ref().map(|version| match version {
        Version::Number(number) => json!(number),
        Version::String(version) => json!(version),
    });
    let claims = [
        ("apikey", Some(json!(content.api_key))),
        ("permissions", list(&content.permissions)),
        ("version", version),
        ("roles", list(&content.roles)),
        ("roomId", content.room.as_ref().map(|room| json!(room))),
        ("participantId", content.participant.as_ref().map(|participant| json!(participant))),
        ("iat", content.issued_at.map(|time| json!(time))),
        ("nbf", content.not_before.map(|time| json!(time))),
        ("exp", content.expires_at.map(|time| json!(time))),
        ("jti", content.id.as_ref().map(|id| json!(id))),
    ];
    claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("`Authorization` is missing"),
            Self::Scheme => f.write_str("`Authorization` contains more than the token"),
            Self::Parse(error) => write!(f, "{error}"),
            Self::Verify(error) => write!(f, "{error}"),
            Self::Permissions(error) => write!(f, "{error}"),
            Self::Ttl(seconds) => {
                write!(f, "the token expires in {seconds} s, which exceeds the maximum")
            }
            Self::Keys => f.write_str("the test's API key or secret is invalid"),
        }
    }
}
