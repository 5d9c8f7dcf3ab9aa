//! Comparison of a response with the expectation of its case.

use serde_json::{Value, json};

use crate::cases::{Case, ExpectedProblem, ExpectedToken};
use crate::deployment::SECRETS;
use crate::json_match::{compare, tokens, tokens_in};
use crate::logs;
use crate::target::{Request, Response};

/// The headers that contain credentials.
const CREDENTIALS: [&str; 2] = ["authorization", "cf-access-jwt-assertion"];

/// The result of checking a response.
#[derive(Default)]
pub(crate) struct CheckResult {
    /// Descriptions of the differences.
    pub(crate) mismatches: Vec<String>,
    /// The tokens in the response.
    pub(crate) tokens: Vec<IssuedToken>,
}

/// A token in a response, with its expected content.
pub(crate) struct IssuedToken {
    pub(crate) token: String,
    pub(crate) expect: ExpectedToken,
    /// True if the service chose the uid.
    pub(crate) uid_was_chosen: bool,
}

pub(crate) fn check(case: &Case, request: &Request, response: &Response) -> CheckResult {
    let expect = &case.expect;
    let mut result = CheckResult::default();
    let mismatches = &mut result.mismatches;
    let text = String::from_utf8_lossy(response.body());
    if response.status() != expect.status {
        mismatches.push(format!("expected status {}, got {}", expect.status, response.status().as_u16()));
    }
    for (name, value) in &expect.headers {
        header(response, name, value, mismatches);
    }
    check_common_rules(request, response, &text, mismatches);
    if let Some(expected) = expect.text.as_deref().filter(|expected| *expected != text) {
        mismatches.push(format!("expected the body {expected:?}"));
    }
    if let Some(part) = expect.text_contains.as_deref().filter(|part| !text.contains(part)) {
        mismatches.push(format!("expected {part:?} in the body"));
    }
    let pattern = expect.json.clone().or_else(|| Some(problem(expect.status, expect.problem.as_ref()?)));
    if expect.problem.is_some() {
        header(response, "content-type", "application/problem+json", mismatches);
    }
    let body = serde_json::from_str::<Value>(&text).ok();
    if body.as_ref().is_some_and(|body| !has_consistent_times(body)) {
        mismatches.push("expected expires_at to be the sum of issued_at and expires_in".into());
    }
    match (&pattern, &body) {
        (Some(pattern), Some(body)) => compare(pattern, body, "", mismatches),
        (Some(_), None) => mismatches.push("expected JSON".into()),
        (None, _) => {}
    }
    if let Some(body) = &body {
        collect_tokens(&expect.token, body, &mut result);
    } else if !expect.token.is_empty() {
        result.mismatches.push("expected a token in JSON".into());
    }
    if !result.mismatches.is_empty() {
        let start: String = text.chars().take(300).collect();
        result.mismatches.push(format!("the body was {start:?}"));
    }
    result
}

/// Checks the rules that apply to every response.
fn check_common_rules(request: &Request, response: &Response, text: &str, mismatches: &mut Vec<String>) {
    header(response, "cache-control", "no-store", mismatches);
    header(response, "x-content-type-options", "nosniff", mismatches);
    let request_id = request_id(response);
    if request_id.is_empty() {
        mismatches.push("expected a header x-request-id".into());
    }
    let same_id =
        |body: Value| body.get("request_id").is_none_or(|in_body| in_body.as_str() == Some(request_id));
    if !serde_json::from_str(text).map_or(true, same_id) {
        mismatches.push(format!("expected the request_id of the header, {request_id:?}"));
    }
    if request.method == "HEAD" && !text.is_empty() {
        mismatches.push("expected no body".into());
    }
    let contains = |part: &str| {
        let mut headers = response.headers().values();
        text.contains(part) || headers.any(|value| String::from_utf8_lossy(value.as_bytes()).contains(part))
    };
    if SECRETS.iter().any(|secret| contains(secret)) {
        mismatches.push("the response contains a secret".into());
    }
    let mut credentials = request.headers.iter().filter(|(name, _)| CREDENTIALS.contains(&name.as_str()));
    if credentials.any(|(_, value)| logs::contains_credentials(text, value)) {
        mismatches.push("the response contains the credentials".into());
    }
    if !response.status().is_success() && !tokens_in(text).is_empty() {
        mismatches.push("an error response contains a token".into());
    }
}

pub(crate) fn request_id(response: &Response) -> &str {
    value(response, "x-request-id")
}

/// Returns whether `expires_at` is the sum of `issued_at` and `expires_in`. Also returns true if one of these fields is
/// missing.
fn has_consistent_times(body: &Value) -> bool {
    let time = |name| body.get(name).and_then(Value::as_u64);
    match (time("issued_at"), time("expires_in"), time("expires_at")) {
        (Some(issued_at), Some(expires_in), Some(expires_at)) => issued_at + expires_in == expires_at,
        _ => true,
    }
}

fn header(response: &Response, name: &str, expected: &str, mismatches: &mut Vec<String>) {
    let got = value(response, name);
    if got != expected {
        mismatches.push(format!("expected the header {name}: {expected}, got {got:?}"));
    }
}

fn value<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn problem(status: u16, expect: &ExpectedProblem) -> Value {
    let mut document = json!({
        "type": format!("urn:hallpass:problem:{}", expect.code),
        "title": "$string",
        "status": status,
        "detail": expect.detail.as_deref().unwrap_or("$string"),
        "code": expect.code,
        "request_id": "$string",
    });
    let optional = [("field", &expect.field), ("refused_by", &expect.refused_by)];
    for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        if let Value::Object(document) = &mut document {
            document.insert(name.into(), value.as_str().into());
        }
    }
    document
}

/// Collects the tokens in the response. An unexpected token is a mismatch, because no expectation describes its
/// content.
fn collect_tokens(expect: &[ExpectedToken], body: &Value, result: &mut CheckResult) {
    let issued = tokens(body).len();
    if issued != expect.len() {
        result.mismatches.push(format!("expected {} tokens in the response, got {issued}", expect.len()));
    }
    for expect in expect {
        match find_token(expect, body) {
            Some(token) => result.tokens.push(token),
            None => result.mismatches.push(format!(
                "expected a token at {}, and its user at {:?}",
                expect.at,
                expect.uid()
            )),
        }
    }
}

fn find_token(expect: &ExpectedToken, body: &Value) -> Option<IssuedToken> {
    let token = body.pointer(&expect.at)?.as_str()?.to_owned();
    let mut expect = expect.clone();
    let mut uid_was_chosen = false;
    for service in expect.services_mut() {
        uid_was_chosen |= service.uid.as_deref().is_some_and(|uid| uid.starts_with('$'));
        for name in [&mut service.uid, &mut service.user, &mut service.channel] {
            if let Some(pointer) = name.as_deref().and_then(|name| name.strip_prefix('$')) {
                let value = body.pointer(pointer)?;
                *name = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            }
        }
    }
    Some(IssuedToken { token, expect, uid_was_chosen })
}
