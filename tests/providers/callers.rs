//! Tests of the authorization of calls to the providers.

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::issuer::Issuer;
use hallpass_tests::jwts::Jwts;
use hallpass_tests::target::{Request, Target};
use serde_json::{Value, json};

use crate::providers::harness::{Decision, Harness, Tally, UNAUTHENTICATED, get, open, post, with_account};

/// A call: the route, the body of a POST, and the name in the log.
type Call = (&'static str, Option<Value>, &'static str);

fn room_calls() -> [Call; 5] {
    [
        ("/v1/videosdk/rooms", Some(json!({})), "rooms.create"),
        ("/v1/videosdk/rooms/x/validate", None, "rooms.validate"),
        ("/create-meeting", Some(json!({})), "rooms.create"),
        ("/validate-meeting/x", Some(json!({})), "rooms.validate"),
        ("/validate-meeting/x", None, "rooms.validate"),
    ]
}

fn agora_calls() -> [Call; 6] {
    [
        ("/v1/agora/rest-auth", Some(json!({ "form": "basic" })), "agora_rest.auth"),
        ("/v1/agora/rest-auth", Some(json!({ "form": "agora-token" })), "agora_rest.auth"),
        ("/v1/agora/projects", None, "agora_rest.projects"),
        ("/v1/agora/rtm/user-events", None, "agora_rest.user_events"),
        ("/v1/agora/kick", Some(json!({ "uid": 7 })), "agora_rest.kick"),
        ("/v1/agora/kick", Some(json!({ "uid": 7, "seconds": 0 })), "agora_rest.kick"),
    ]
}

fn request((target, body, _): &Call) -> Request {
    body.as_ref().map_or_else(|| get(target), |body| post(target, body))
}

/// Returns the request with the credentials of another caller.
fn sent_by(mut request: Request, caller: &Caller) -> Request {
    request.headers.clear();
    match caller {
        Caller::Anonymous => {}
        Caller::User(bearer) => request.headers.push(("authorization".to_owned(), bearer.clone())),
        Caller::Gateway => request.gateway_claims = Some(vec![("sub".to_owned(), "alice".to_owned())]),
    }
    request
}

enum Caller {
    Anonymous,
    /// A user with this value of `Authorization`.
    User(String),
    Gateway,
}

pub(crate) fn all<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut tally = without_policy(&start).context("without a policy")?;
    tally.add(by_policy(&start).context("by policy")?);
    Ok(tally)
}

/// Tests that only callers with a service key can call the providers if there is no policy. Any caller can use their
/// own VideoSDK token.
fn without_policy<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let issuer = Issuer::start()?;
    let mut document = with_account();
    document["auth"] =
        json!({ "open": true, "gateway": true, "jwt": [{ "issuer": issuer.url(""), "audience": "app" }] });
    let mut harness = Harness::start("callers", document, start)?;
    let jwts = Jwts::sign(harness.target.clock(), &issuer.url(""), &[json!({})])?;
    issuer.publish("", &jwts.keys(&["rsa", "ec", "ed"])?);
    for caller in [Caller::Anonymous, Caller::User(jwts.bearer(0)?), Caller::Gateway] {
        for call in room_calls().iter().chain(&agora_calls()) {
            let request = sent_by(request(call), &caller);
            if harness.target.can_receive(&request) {
                let part = if call.2.starts_with("agora") { "privileged" } else { "service" };
                ensure_denied(&mut harness, &request, call.2, part)?;
            }
        }
        // No rule applies to a call with the caller's own token.
        let with_token = Request::post("/create-meeting", &json!({ "token": "my-own" }), None);
        let with_token = sent_by(with_token, &caller);
        if harness.target.can_receive(&with_token) {
            let observed = harness.send(&with_token, Some(("rooms.create", "granted")))?;
            ensure!(observed.sent.first().and_then(|sent| sent.header("authorization")) == Some("my-own"));
        }
    }
    for (target, body, name) in room_calls().iter().chain(&agora_calls()) {
        let request = request(&(*target, body.clone(), *name));
        let status = harness.send(&request, Some((*name, "granted")))?.response.status();
        ensure!(status == 200 || target.contains("validate-meeting"), "{target} got status {status}");
    }
    harness.finish()
}

/// Tests that a rule grants the listed calls to matching callers.
fn by_policy<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let issuer = Issuer::start()?;
    let mut document = with_account();
    document["auth"] = json!({ "jwt": [{ "issuer": issuer.url(""), "audience": "app" }] });
    document["policy"] = json!([
        { "who": { "kind": "user", "claims": { "role": "teacher" } }, "rooms": ["create", "validate"] },
        { "who": { "kind": "user" }, "rooms": "validate" },
        { "who": { "kind": "service" }, "rooms": "create", "agora_rest": ["projects", "kick"] },
    ]);
    let mut harness = Harness::start("callers-policy", document, start)?;
    let kinds = [json!({ "claims": { "role": "teacher" } }), json!({})];
    let jwts = Jwts::sign(harness.target.clock(), &issuer.url(""), &kinds)?;
    issuer.publish("", &jwts.keys(&["rsa", "ec", "ed"])?);
    for (position, allowed) in [(0, &["rooms.create", "rooms.validate"][..]), (1, &["rooms.validate"])] {
        let caller = Caller::User(jwts.bearer(position)?);
        for call in room_calls().iter().chain(&agora_calls()) {
            let request = sent_by(request(call), &caller);
            ensure_decision(&mut harness, &request, call, allowed)?;
        }
    }
    for call in room_calls().iter().chain(&agora_calls()) {
        let allowed = ["rooms.create", "agora_rest.projects", "agora_rest.kick"];
        ensure_decision(&mut harness, &request(call), call, &allowed)?;
    }
    // Callers without credentials are rejected before the service reads the request's body.
    for (target, body, _) in room_calls().iter().chain(&agora_calls()) {
        let mut request = open(if body.is_some() { "POST" } else { "GET" }, target);
        request.body = b"not read".to_vec();
        let observed = harness.send(&request, UNAUTHENTICATED)?;
        observed.ensure_status(401)?;
        observed.ensure_sent(&[])?;
    }
    harness.finish()
}

fn ensure_decision<T: Target>(
    harness: &mut Harness<T>,
    request: &Request,
    (_, _, name): &Call,
    allowed: &[&str],
) -> anyhow::Result<()> {
    if !allowed.contains(name) {
        return ensure_denied(harness, request, name, "privileged");
    }
    let observed = harness.send(request, Some((*name, "granted")))?;
    ensure!(observed.sent.len() == 1, "{}: {}", observed.request, observed.text());
    Ok(())
}

/// Checks that the response is 403 in the format of the route, that the policy denied this part, and that no call is
/// sent.
fn ensure_denied<T: Target>(
    harness: &mut Harness<T>,
    request: &Request,
    name: &'static str,
    part: &str,
) -> anyhow::Result<()> {
    let decision: Decision = Some((name, "refused"));
    let observed = harness.send(request, decision)?;
    observed.ensure_status(403)?;
    observed.ensure_sent(&[])?;
    let (is_native, json) = (request.target.starts_with("/v1/"), &observed.json);
    let is_expected = if is_native {
        json["code"] == "policy_refused" && json["refused_by"] == part
    } else {
        json.as_object().is_some_and(|object| object.len() == 1) && json["error"].is_string()
    };
    ensure!(is_expected, "{} {json}", observed.request);
    Ok(())
}
