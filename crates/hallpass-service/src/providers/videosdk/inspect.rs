//! Inspection of VideoSDK tokens.

use hallpass_token::UnixSeconds;
use hallpass_token::videosdk::{
    Context, Expected, ParsedClaims, Problem, Project, Signature, Version, explain,
};

use super::NAME;
use super::config::{Provider, VideoSdkProject};
use crate::providers::inspection::{
    Budget, Inspection, has_jwt, other_signature, sdk_error, valid_signature,
};
use crate::settings::NamedProject;
use crate::web::json::{Fields, Invalid, Json};

/// The fields of `expect` in a request to `/v1/inspect`.
pub(crate) const EXPECT_FIELDS: &[&str] = &["api_key", "room", "participant"];

/// Returns whether a token is inspected as a VideoSDK token. Every token that looks like a JWT is inspected as a VideoSDK
/// token.
pub(crate) fn recognizes(token: &str) -> bool {
    has_jwt(token)
}

/// Inspects a token: its content, its signature, and the reasons why the SDK would reject it.
pub(crate) fn inspect<'j>(
    provider: &Provider,
    token: &str,
    expected: Option<Fields<'j>>,
    now: UnixSeconds,
) -> Result<Json<'static>, Invalid<'j>> {
    let text = |name| match expected.and_then(|fields| fields.optional(name)) {
        Some(value) => value.string().map(Some),
        None => Ok(None),
    };
    let expected =
        Expected { api_key: text("api_key")?, room: text("room")?, participant: text("participant")? };
    Ok(inspect_in(provider.projects.all(), token, expected, now))
}

fn inspect_in(
    projects: &[NamedProject<VideoSdkProject>],
    token: &str,
    expected: Expected<'_>,
    now: UnixSeconds,
) -> Json<'static> {
    let keys = projects.iter().map(|named| &named.project);
    let keys: Vec<_> =
        keys.map(|project| Project { api_key: &project.api_key, secrets: &project.secrets }).collect();
    let report = explain(token, &Context { now, projects: &keys, expected });
    let is_known = |api_key: &str| {
        expected.api_key == Some(api_key) || keys.iter().any(|project| project.api_key.as_str() == api_key)
    };
    let is_outside_validity = |problem: &Problem| {
        matches!(
            problem,
            Problem::NotYetValid { .. } | Problem::Expired { .. } | Problem::ExpiresAtOnce { .. }
        )
    };
    let mut budget = Budget::new();
    let token = report.token.as_ref();
    let content = token.map(|token| content(token.claims(), is_known, &mut budget)).unwrap_or_default();
    let inspection = Inspection {
        provider: NAME,
        content,
        signature: match report.signature {
            Signature::Valid { project, secret } => {
                let name = projects.get(project).map_or("", |project| &project.name);
                valid_signature(name, "secret", secret)
            }
            Signature::Invalid => other_signature("invalid"),
            Signature::NotChecked => other_signature("not_checked"),
        },
        in_time: token.is_some() && !report.problems.iter().any(is_outside_validity),
        usable: report.is_usable(),
        problems: budget.list(&report.problems, 0, |_, problem| problem_to_json(problem)),
    };
    inspection.into_json(&budget)
}

fn problem_to_json(problem: &Problem) -> Json<'static> {
    let errors = problem.sdk_error().into_iter();
    let errors = errors.map(|error| sdk_error(NAME, Some(error.code.into()), error.name, None));
    Json::object([
        ("code", problem.code().into()),
        ("severity", problem.severity().as_str().into()),
        ("message", problem.to_string().into()),
        ("sdk_errors", errors.collect::<Vec<_>>().into()),
    ])
}

/// Returns the content of a token. Omits an unknown API key, because the value may be a misplaced secret.
fn content(
    claims: &ParsedClaims,
    is_known: impl Fn(&str) -> bool,
    budget: &mut Budget,
) -> Vec<(&'static str, Json<'static>)> {
    let (issued_at, expires_at) = (claims.issued_at, claims.expires_at);
    let expires_in = issued_at.zip(expires_at).and_then(|(from, to)| to.checked_sub(from));
    let mut string = |value: Option<&str>| value.map(|value| budget.string(value)).into();
    let api_key = string(Some(claims.api_key.as_str()).filter(|key| is_known(key)));
    let version = match &claims.version {
        Some(Version::Number(number)) => (*number).into(),
        Some(Version::String(version)) => string(Some(version)),
        None => Json::Null,
    };
    let (permissions, roles) = (budget.strings(&claims.permissions), budget.strings(&claims.roles));
    let mut string = |value: &Option<String>| value.as_ref().map(|value| budget.string(value)).into();
    vec![
        ("format", "jwt".into()),
        ("api_key", api_key),
        ("version", version),
        ("permissions", permissions),
        ("roles", roles),
        ("room", string(&claims.room)),
        ("participant", string(&claims.participant)),
        ("issued_at", issued_at.into()),
        ("not_before", claims.not_before.into()),
        ("expires_in", expires_in.into()),
        ("expires_at", expires_at.into()),
        ("id", string(&claims.id)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use crate::providers::inspection::{MAX_LISTED, MAX_RESPONSE_BYTES};

    fn inspect_claims(claims: &Value, expected: Expected<'_>) -> Value {
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signature = BASE64_URL_SAFE_NO_PAD.encode([0; 32]);
        let token = format!("{}.{}.{signature}", encode(&json!({"alg": "HS256"})), encode(claims));
        let response = inspect_in(&[], &token, expected, UnixSeconds(1_700_000_000));
        assert!(response.get("format").is_some(), "{claims}");
        let text = serde_json::to_string(&response).unwrap();
        assert!(text.len() < MAX_RESPONSE_BYTES, "{} bytes", text.len());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn truncates_long_lists() {
        let claims = |count| json!({"apikey": "k", "permissions": vec!["allow_join"; count]});
        let response = inspect_claims(&claims(MAX_LISTED), Expected::default());
        assert_eq!(response.get("cut"), None);
        let response = inspect_claims(&claims(MAX_LISTED + 1), Expected::default());
        assert_eq!(response["permissions"].as_array().map(Vec::len), Some(MAX_LISTED));
        assert_eq!(response["cut"], true);
    }

    #[test]
    fn limits_the_response_to_any_token() {
        for (text, count) in
            ["\0", "\u{7f}", "\u{10ffff}", "\"", "x", ""].into_iter().zip([300, 1000, 400, 800, 1000, 0])
        {
            let (short, long) = (text.repeat(count / 10), " ".to_owned() + &text.repeat(count));
            let expected = Expected { api_key: Some(&long), room: Some(&short), participant: Some(&short) };
            let claims = json!({
                "apikey": "k",
                "permissions": [&short, "ask_join", "allow_mod", &short, &short, &short, &short, &short],
                "roles": [&short, "CRAWLER", &short, &short, &short, &short, &short, &short],
                "version": &long,
                "roomId": &long,
                "participantId": &long,
                "iat": u64::MAX - 1,
                "exp": u64::MAX,
                "jti": &long,
            });
            let response = inspect_claims(&claims, expected);
            assert_eq!(response.get("cut").is_some(), !text.is_empty());
        }
    }
}
