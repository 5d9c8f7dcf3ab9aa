//! Compares one answer with what its case expects.

use serde_json::{Value, json};

use crate::cases::{Case, ExpectProblem, ExpectToken};
use crate::json_match::{compare, tokens};
use crate::setup::CERTIFICATES;
use crate::target::Response;

/// What came out.
#[derive(Default)]
pub(crate) struct Checked {
    /// A sentence for everything that is not as expected.
    pub(crate) complaints: Vec<String>,
    /// The token that was handed out, with the user that it should be for.
    pub(crate) token: Option<HandedOut>,
}

pub(crate) struct HandedOut {
    pub(crate) token: String,
    pub(crate) expect: ExpectToken,
    /// The case names no user.
    pub(crate) uid_was_chosen: bool,
}

pub(crate) fn check(case: &Case, response: &Response) -> Checked {
    let expect = &case.expect;
    let mut checked = Checked::default();
    let complaints = &mut checked.complaints;
    let text = String::from_utf8_lossy(response.body());
    if response.status() != expect.status {
        complaints.push(format!("expected status {}, got {}", expect.status, response.status().as_u16()));
    }
    for (name, value) in &expect.headers {
        header(response, name, value, complaints);
    }
    of_every_answer(case, response, &text, complaints);
    if let Some(expected) = expect.text.as_deref().filter(|expected| *expected != text) {
        complaints.push(format!("expected the body {expected:?}"));
    }
    if let Some(part) = expect.text_contains.as_deref().filter(|part| !text.contains(part)) {
        complaints.push(format!("expected {part:?} in the body"));
    }
    let pattern = expect.json.clone().or_else(|| Some(problem(expect.status, expect.problem.as_ref()?)));
    if expect.problem.is_some() {
        header(response, "content-type", "application/problem+json", complaints);
    }
    let body = serde_json::from_str::<Value>(&text).ok();
    if body.as_ref().is_some_and(|body| !times_add_up(body)) {
        complaints.push("expected expires_at to be issued_at and expires_in together".into());
    }
    match (&pattern, &body) {
        (Some(pattern), Some(body)) => compare(pattern, body, "", complaints),
        (Some(_), None) => complaints.push("expected JSON".into()),
        (None, _) => {}
    }
    if let Some(body) = &body {
        token(expect.token.as_ref(), body, &mut checked);
    } else if expect.token.is_some() {
        checked.complaints.push("expected a token in JSON".into());
    }
    if !checked.complaints.is_empty() {
        let start: String = text.chars().take(300).collect();
        checked.complaints.push(format!("the body was {start:?}"));
    }
    checked
}

fn of_every_answer(case: &Case, response: &Response, text: &str, complaints: &mut Vec<String>) {
    header(response, "cache-control", "no-store", complaints);
    header(response, "x-content-type-options", "nosniff", complaints);
    let request_id = request_id(response);
    if request_id.is_empty() {
        complaints.push("expected a header x-request-id".into());
    }
    let same_id =
        |body: Value| body.get("request_id").is_none_or(|in_body| in_body.as_str() == Some(request_id));
    if !serde_json::from_str(text).map_or(true, same_id) {
        complaints.push(format!("expected the request_id of the header, {request_id:?}"));
    }
    if case.request.method == "HEAD" && !text.is_empty() {
        complaints.push("expected no body".into());
    }
    let holds = |part: &str| {
        let mut headers = response.headers().values();
        text.contains(part) || headers.any(|value| String::from_utf8_lossy(value.as_bytes()).contains(part))
    };
    if CERTIFICATES.iter().any(|certificate| holds(certificate)) {
        complaints.push("the answer holds a certificate".into());
    }
}

pub(crate) fn request_id(response: &Response) -> &str {
    value(response, "x-request-id")
}

/// Of an answer that names all three times; others pass.
fn times_add_up(body: &Value) -> bool {
    let time = |name| body.get(name).and_then(Value::as_u64);
    match (time("issued_at"), time("expires_in"), time("expires_at")) {
        (Some(issued_at), Some(expires_in), Some(expires_at)) => issued_at + expires_in == expires_at,
        _ => true,
    }
}

fn header(response: &Response, name: &str, expected: &str, complaints: &mut Vec<String>) {
    let got = value(response, name);
    if got != expected {
        complaints.push(format!("expected the header {name}: {expected}, got {got:?}"));
    }
}

fn value<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn problem(status: u16, expect: &ExpectProblem) -> Value {
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

/// Takes the token out of the answer. One that nobody expects would be checked by nobody.
fn token(expect: Option<&ExpectToken>, body: &Value, checked: &mut Checked) {
    let handed_out = tokens(body).len();
    let Some(expect) = expect else {
        if handed_out > 0 {
            checked.complaints.push("the answer holds a token, and the case expects none".into());
        }
        return;
    };
    let token = body.pointer(&expect.at).and_then(Value::as_str);
    let chosen = expect.uid.strip_prefix('$');
    let uid = match chosen {
        None => Some(expect.uid.clone()),
        Some(pointer) => body.pointer(pointer).and_then(Value::as_u64).map(|uid| uid.to_string()),
    };
    match (token, uid) {
        (Some(token), Some(uid)) if handed_out == 1 => {
            checked.token = Some(HandedOut {
                token: token.to_owned(),
                expect: ExpectToken { uid, ..expect.clone() },
                uid_was_chosen: chosen.is_some(),
            });
        }
        _ => checked.complaints.push(format!(
            "expected one token, at {}, for uid {:?}; it holds {handed_out}",
            expect.at, expect.uid
        )),
    }
}
