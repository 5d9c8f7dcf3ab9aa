//! Tokens of VideoSDK.

use hallpass_token::UnixSeconds;
use hallpass_token::videosdk::{
    Content as Claims, Context, Expected, Problem, Project, Signature, Version, explain,
};
use serde::Serialize;

use super::answer::{Budget, Inspection, ProblemAnswer, SdkErrorAnswer, SignatureAnswer};
use crate::projects::{Named, VideoSdkProject};

/// What a token of VideoSDK says.
#[derive(Debug, Serialize)]
pub(super) struct Content {
    format: &'static str,
    /// Left out where it is none that is known: it may be the secret, put into the wrong place.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<VersionContent>,
    permissions: Vec<String>,
    roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum VersionContent {
    Number(u64),
    Text(String),
}

pub(super) fn inspect<'a>(
    token: &str,
    expected: Expected<'_>,
    projects: &'a [Named<VideoSdkProject>],
    now: UnixSeconds,
) -> Inspection<'a, Content> {
    let keys: Vec<_> = projects
        .iter()
        .map(|Named { project, .. }| Project { api_key: &project.api_key, secrets: &project.secrets })
        .collect();
    let report = explain(token, &Context { now, projects: &keys, expected });
    let is_known = |api_key: &str| {
        expected.api_key == Some(api_key) || keys.iter().any(|project| project.api_key.as_str() == api_key)
    };
    let is_early_or_late = |problem: &Problem| {
        matches!(problem, Problem::NotYet { .. } | Problem::Expired { .. } | Problem::ExpiresAtOnce { .. })
    };
    let mut budget = Budget::new();
    let content = report.token.as_ref().map(|token| Content::new(token.content(), is_known, &mut budget));
    let problems = budget.list(&report.problems, 0, |_, problem| problem_answer(problem));
    Inspection {
        provider: "videosdk",
        content,
        signature: match report.signature {
            Signature::Valid { project, secret } => SignatureAnswer::Valid {
                project: projects.get(project).map_or("", |project| &project.name),
                certificate: None,
                secret: Some(secret),
            },
            Signature::Invalid => SignatureAnswer::Invalid,
            Signature::NotChecked => SignatureAnswer::NotChecked,
        },
        in_time: report.token.is_some() && !report.problems.iter().any(is_early_or_late),
        usable: report.is_usable(),
        problems,
        cut: budget.is_cut(),
    }
}

fn problem_answer(problem: &Problem) -> ProblemAnswer {
    let sdk_error = problem.sdk_error().map(|error| SdkErrorAnswer {
        sdk: "videosdk",
        code: error.code.into(),
        name: error.name,
    });
    ProblemAnswer {
        code: problem.code(),
        severity: problem.severity().as_str(),
        message: problem.to_string(),
        service: None,
        sdk_errors: sdk_error.into_iter().collect(),
    }
}

impl Content {
    fn new(claims: &Claims, is_known: impl Fn(&str) -> bool, budget: &mut Budget) -> Self {
        let (issued_at, expires_at) = (claims.issued_at, claims.expires_at);
        Self {
            format: "jwt",
            api_key: Some(&claims.api_key).filter(|key| is_known(key)).map(|key| budget.text(key)),
            version: claims.version.as_ref().map(|version| match version {
                Version::Number(number) => VersionContent::Number(*number),
                Version::Text(text) => VersionContent::Text(budget.text(text)),
            }),
            permissions: budget.texts(&claims.permissions),
            roles: budget.texts(&claims.roles),
            room: claims.room.as_ref().map(|room| budget.text(room)),
            participant: claims.participant.as_ref().map(|participant| budget.text(participant)),
            issued_at,
            not_before: claims.not_before,
            expires_in: issued_at.zip(expires_at).and_then(|(from, to)| to.checked_sub(from)),
            expires_at,
            id: claims.id.as_ref().map(|id| budget.text(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use crate::routes::inspect::answer::{MAX_ANSWER_BYTES, MAX_LISTED};

    fn answer_to(claims: &Value, expected: Expected<'_>) -> Value {
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let signature = BASE64_URL_SAFE_NO_PAD.encode([0; 32]);
        let token = format!("{}.{}.{signature}", encode(&json!({"alg": "HS256"})), encode(claims));
        let answer = inspect(&token, expected, &[], UnixSeconds(1_700_000_000));
        assert!(answer.content.is_some(), "{claims}");
        let text = serde_json::to_string(&answer).unwrap();
        assert!(text.len() < MAX_ANSWER_BYTES, "{} bytes", text.len());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn long_lists_are_cut() {
        let claims = |count| json!({"apikey": "k", "permissions": vec!["allow_join"; count]});
        let answer = answer_to(&claims(MAX_LISTED), Expected::default());
        assert_eq!(answer.get("cut"), None);
        let answer = answer_to(&claims(MAX_LISTED + 1), Expected::default());
        assert_eq!(answer["permissions"].as_array().map(Vec::len), Some(MAX_LISTED));
        assert_eq!(answer["cut"], true);
    }

    #[test]
    fn no_token_makes_a_long_answer() {
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
            let answer = answer_to(&claims, expected);
            assert_eq!(answer.get("cut").is_some(), !text.is_empty());
        }
    }
}
