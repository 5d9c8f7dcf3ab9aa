//! Tokens of VideoSDK.

use hallpass_token::UnixSeconds;
use hallpass_token::videosdk::{
    Content as Claims, Context, Expected, Problem, Project, Signature, Version, explain,
};
use serde::Serialize;

use super::answer::{Inspection, MAX_LISTED, ProblemAnswer, SdkErrorAnswer, SignatureAnswer, cut};
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
    Inspection {
        provider: "videosdk",
        content: report.token.as_ref().map(|token| Content::new(token.content(), is_known)),
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
        problems: report.problems.iter().map(problem_answer).collect(),
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
    fn new(claims: &Claims, is_known: impl Fn(&str) -> bool) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(cut);
        let list = |texts: &[String]| texts.iter().take(MAX_LISTED).map(|text| cut(text)).collect();
        let (issued_at, expires_at) = (claims.issued_at, claims.expires_at);
        Self {
            format: "jwt",
            api_key: Some(&claims.api_key).filter(|api_key| is_known(api_key)).map(|api_key| cut(api_key)),
            version: claims.version.as_ref().map(|version| match version {
                Version::Number(number) => VersionContent::Number(*number),
                Version::Text(text) => VersionContent::Text(cut(text)),
            }),
            permissions: list(&claims.permissions),
            roles: list(&claims.roles),
            room: text(&claims.room),
            participant: text(&claims.participant),
            issued_at,
            not_before: claims.not_before,
            expires_in: issued_at.zip(expires_at).and_then(|(from, to)| to.checked_sub(from)),
            expires_at,
            id: text(&claims.id),
        }
    }
}
