//! Whether a token may call VideoSDK.

use std::fmt;

use hallpass_token::UnixSeconds;
use hallpass_token::videosdk::{
    ApiKey, ParseError, ParsedClaims, Permissions, PermissionsError, Project, Secret, Untrusted, VerifyError,
    Version,
};
use serde_json::{Map, Value, json};

use super::Videosdk;
use crate::provider::RecordedRequest;
use crate::provider::cross_check::Credential;
use crate::setup;
use crate::target::Request;

/// Why VideoSDK takes a caller for nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no `Authorization`.
    Missing,
    /// `Authorization` holds more than the token, such as `Bearer`.
    Scheme,
    /// The token is none.
    Parse(ParseError),
    /// The token does not hold.
    Verify(VerifyError),
    /// The token permits nothing, or what cannot go together.
    Permissions(PermissionsError),
    /// The token lasts for this many seconds, which is longer than was promised.
    Ttl(u64),
    /// The provider was set up with keys that are none.
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
    let (api_key, secret) = setup::Project::Videosdk.keys();
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

pub(super) fn credential(seen: &RecordedRequest<Videosdk>, max_ttl: Option<u64>) -> Option<Credential> {
    let (api_key, secret) = setup::Project::Videosdk.keys();
    let given = json!({
        "provider": "videosdk",
        "authorization": seen.request.header("authorization")?,
        "now": seen.at.0,
        "api_key": api_key,
        "secret": secret,
        "max_ttl": max_ttl,
    });
    let found = match &seen.caller {
        Ok(content) => json!({ "is": "jwt", "claims": claims(content) }),
        Err(_) => json!({ "is": "rejected" }),
    };
    Some(Credential { given, found })
}

/// The claims that a token has.
fn claims(content: &ParsedClaims) -> Map<String, Value> {
    let texts = |names: &[String]| (!names.is_empty()).then(|| json!(names));
    let version = content.version.as_ref().map(|version| match version {
        Version::Number(number) => json!(number),
        Version::String(text) => json!(text),
    });
    let claims = [
        ("apikey", Some(json!(content.api_key))),
        ("permissions", texts(&content.permissions)),
        ("version", version),
        ("roles", texts(&content.roles)),
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
            Self::Missing => f.write_str("there is no `Authorization`"),
            Self::Scheme => f.write_str("`Authorization` holds more than the token"),
            Self::Parse(error) => write!(f, "{error}"),
            Self::Verify(error) => write!(f, "{error}"),
            Self::Permissions(error) => write!(f, "{error}"),
            Self::Ttl(seconds) => {
                write!(f, "the token lasts for another {seconds} seconds, which is too long")
            }
            Self::Keys => f.write_str("the provider was set up with keys that are none"),
        }
    }
}
