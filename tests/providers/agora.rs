//! Tests of Agora's projects and events, and of credentials for callers that call Agora themselves.

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::logs;
use hallpass_tests::provider::agora::{APP_ID, Caller, OTHER_APP_ID};
use hallpass_tests::provider::{FailingRequests, Fault};
use hallpass_tests::target::{Request, Target};
use hallpass_tests::wait;
use serde_json::{Value, json};

use crate::providers::harness::{
    Decision, Harness, ObservedResponse, Tally, get, open, post, with_account, with_every_form,
};

const AUTH: &str = "/v1/agora/rest-auth";
const PROJECTS: &str = "/v1/agora/projects";
const EVENTS: &str = "/v1/agora/rtm/user-events";
const AGENT_GRANTED: Decision = Some(("agora_rest.auth rtc rtm", "granted"));
const AUTH_GRANTED: Decision = Some(("agora_rest.auth", "granted"));
const PROJECTS_GRANTED: Decision = Some(("agora_rest.projects", "granted"));
const EVENTS_GRANTED: Decision = Some(("agora_rest.user_events", "granted"));
const LIST_PROJECTS: &str = "GET /dev/v1/projects";
/// The lifetime of credentials in seconds, if the request contains no `ttl`.
const DEFAULT_SECONDS: u64 = 600;
/// The value of `ttl.max` in the deployment of [`without_account`], in seconds.
const MAX_SECONDS: u64 = 300;

/// Tests a deployment in which everything is configured.
pub(crate) fn all_calls<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut harness = Harness::start("agora", with_every_form(), start)?;
    projects(&mut harness).context("projects")?;
    samples(&mut harness).context("the samples of the three forms")?;
    agents(&mut harness).context("credentials for agents")?;
    invalid_requests(&mut harness).context("invalid requests")?;
    events(&mut harness).context("events")?;
    harness.finish()
}

/// Tests a deployment without the account's credentials and with a low `ttl.max`.
pub(crate) fn without_account<T: Target>(
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut harness = Harness::start(
        "agora-bare",
        json!({ "ttl": { "max": MAX_SECONDS }, "compat": { "version": "006" } }),
        start,
    )?;
    let kick_granted = Some(("agora_rest.kick", "granted"));
    for (request, decision) in [
        (post(AUTH, &json!({ "form": "basic" })), AUTH_GRANTED),
        (get(PROJECTS), PROJECTS_GRANTED),
        (get(&format!("{EVENTS}?form=basic")), EVENTS_GRANTED),
        (post("/v1/agora/kick", &json!({ "uid": 7 })), kick_granted),
    ] {
        harness.send(&request, decision)?.ensure_rejected(400, "no_customer", None)?;
    }
    for form in ["agora-token", "x-agora-token"] {
        for (ttl, expires_in) in [(None, 300), (Some(299), 299), (Some(301), 300), (Some(86_400), 300)] {
            let mut body = json!({ "form": form });
            if let Some(ttl) = ttl {
                body["ttl"] = json!(ttl);
            }
            let observed = harness.send(&post(AUTH, &body), AUTH_GRANTED)?;
            observed.ensure_status(200)?;
            ensure!(observed.json["expires_in"] == expires_in, "{body}: {}", observed.json);
            ensure_accepted(&harness, &observed, APP_ID, "backend", expires_in)?;
        }
        harness.send(&get(&format!("{EVENTS}?form={form}")), EVENTS_GRANTED)?.ensure_status(200)?;
    }
    harness.finish()
}

fn projects<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    let observed = harness.send(&get(PROJECTS), PROJECTS_GRANTED)?;
    let project = |id, name, app_id, enabled, created_at| json!({ "id": id, "name": name, "app_id": app_id, "enabled": enabled, "created_at": created_at });
    let projects = [
        project("5bd81c1e2d5b4a0f8c6e7d90", "project1", APP_ID, true, 1_464_165_672),
        project("5bd81c1e2d5b4a0f8c6e7d91", "project2", OTHER_APP_ID, true, 1_610_530_391),
        project("5bd81c1e2d5b4a0f8c6e7d92", "", "fedcba9876543210fedcba9876543210", false, 0),
    ];
    observed.ensure(200, &json!({ "projects": projects }))?;
    observed.ensure_sent(&[LIST_PROJECTS])
}

/// Sends the example call of Agora's documentation with each form of credentials.
fn samples<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    let observed = harness.send(&post(AUTH, &json!({ "form": "basic" })), AUTH_GRANTED)?;
    let authorization = observed.json["headers"]["authorization"].clone();
    observed.ensure(200, &json!({ "form": "basic", "headers": { "authorization": authorization } }))?;
    let response = harness.agora.send(&with_headers(&observed, "/dev/v1/projects")?)?;
    ensure!(response.status() == 200, "the request for the projects got status {}", response.status());
    let caller = harness.agora.requests().pop().context("the provider received no request")?.caller;
    ensure!(caller == Ok(Caller::Customer), "{caller:?}");

    for form in ["agora-token", "x-agora-token"] {
        for (mut body, project, user, seconds) in [
            (json!({}), ("default", APP_ID), "backend", DEFAULT_SECONDS),
            (json!({ "user": "alice", "ttl": 60 }), ("default", APP_ID), "alice", 60),
            (json!({ "project": "other", "user": "a b" }), ("other", OTHER_APP_ID), "a b", DEFAULT_SECONDS),
            (json!({ "user": "0", "ttl": 86_400 }), ("default", APP_ID), "0", 86_400),
        ] {
            body["form"] = form.into();
            let before = harness.target.clock();
            let observed = harness.send(&post(AUTH, &body), AUTH_GRANTED)?;
            let sent_at = before..=harness.target.clock();
            let issued_at = observed.json["issued_at"].as_u64().with_context(|| observed.text())?;
            ensure!(sent_at.contains(&issued_at), "issued at {issued_at}, but requested at {sent_at:?}");
            let expected = json!({
                "form": form,
                "headers": observed.json["headers"],
                "project": project.0,
                "app_id": project.1,
                "user": user,
                "issued_at": issued_at,
                "expires_at": issued_at + seconds,
                "expires_in": seconds,
            });
            observed.ensure(200, &expected)?;
            observed.ensure_sent(&[])?;
            ensure_accepted(harness, &observed, project.1, user, seconds)?;
        }
    }
    Ok(())
}

/// Requests credentials for calls about an agent in a channel.
fn agents<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    for (mut body, user, seconds) in [
        (json!({ "channel": "demo", "uid": 1234 }), "1234", DEFAULT_SECONDS),
        (json!({ "channel": "demo", "uid": 4_294_967_295_u32, "ttl": 60 }), "4294967295", 60),
        (json!({ "channel": "demo", "uid": 1234, "user": "bot" }), "bot", DEFAULT_SECONDS),
    ] {
        body["form"] = "agora-token".into();
        let observed = harness.send(&post(AUTH, &body), AGENT_GRANTED)?;
        let issued_at = observed.json["issued_at"].as_u64().with_context(|| observed.text())?;
        let expected = json!({
            "channel": "demo",
            "uid": body["uid"],
            "project": "default",
            "app_id": APP_ID,
            "user": user,
            "issued_at": issued_at,
            "expires_at": issued_at + seconds,
            "expires_in": seconds,
            "form": "agora-token",
            "headers": observed.json["headers"],
        });
        observed.ensure(200, &expected)?;
        observed.ensure_sent(&[])?;
        ensure_accepted(harness, &observed, APP_ID, user, seconds)?;
    }
    Ok(())
}

/// Tests that the rules for `rtc` and `rtm` apply to credentials for agents, because anyone with the token can join the
/// channel.
pub(crate) fn agents_by_policy<T: Target>(
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let policy = json!([
        { "agora_rest": "auth", "ttl": 300 },
        { "rtc": { "channel": "agents-*", "identity": "any" }, "rtm": { "identity": "any" }, "ttl": 120 },
    ]);
    let mut harness = Harness::start("agora-agents", json!({ "policy": policy }), start)?;
    let request = |channel: &str| post(AUTH, &json!({ "form": "agora-token", "channel": channel, "uid": 7 }));
    let observed = harness.send(&request("agents-1"), AGENT_GRANTED)?;
    observed.ensure_status(200)?;
    ensure_accepted(&harness, &observed, APP_ID, "7", 120)?;
    let granted = json!({
        "channel": "agents-1", "role": "publisher", "ttl": 120, "rules": ["policy[0]", "policy[1]", "policy[1]"],
    });
    let is_logged = || {
        let lines = logs::events(&harness.target.log()?, "decision");
        let has =
            |line: &Value| ["channel", "role", "ttl", "rules"].iter().all(|name| line[name] == granted[name]);
        Ok(lines.iter().any(has))
    };
    wait::until(is_logged, || format!("the log contains {granted}"))?;
    let refused = Some(("agora_rest.auth rtc rtm", "refused"));
    let observed = harness.send(&request("demo"), refused)?;
    ensure!(observed.json["refused_by"] == "channel", "{}", observed.text());
    observed.ensure_status(403)?;
    harness.finish()
}

/// Tests that rules limit the format of the token in credentials, and that a rule for some projects does not grant a call
/// with the credentials of the account.
pub(crate) fn forms_by_policy<T: Target>(
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let form = |form: &str| json!({ "form": form });
    let events = |form: &str| get(&format!("{EVENTS}?form={form}"));
    let mut tally = Tally::default();
    for (name, policy, granted) in [
        ("agora-forms-default", None, ["basic", "agora-token"].as_slice()),
        (
            "agora-forms-007",
            Some(json!([{ "version": "007", "agora_rest": ["auth", "user_events"] }])),
            &["basic", "agora-token"],
        ),
        (
            "agora-forms-006",
            Some(json!([{ "version": "006", "agora_rest": ["auth", "user_events"] }])),
            &["basic", "x-agora-token"],
        ),
        (
            "agora-forms-project",
            Some(json!([{ "project": "default", "agora_rest": ["auth", "user_events"] }])),
            &["agora-token"],
        ),
    ] {
        let mut document = with_account();
        if let Some(policy) = policy {
            document["policy"] = policy;
        }
        let mut harness = Harness::start(name, document, &start)?;
        for name in ["basic", "agora-token", "x-agora-token"] {
            let is_granted = granted.contains(&name);
            let decision = if is_granted { "granted" } else { "refused" };
            for (request, call) in
                [(post(AUTH, &form(name)), "agora_rest.auth"), (events(name), "agora_rest.user_events")]
            {
                let observed = harness.send(&request, Some((call, decision)))?;
                observed.ensure_status(if is_granted { 200 } else { 403 })?;
            }
        }
        tally.add(harness.finish()?);
    }
    Ok(tally)
}

/// Checks that Agora accepts the headers in a response, for this user and this lifetime.
fn ensure_accepted<T: Target>(
    harness: &Harness<T>,
    observed: &ObservedResponse,
    app_id: &str,
    user: &str,
    seconds: u64,
) -> anyhow::Result<()> {
    let request = with_headers(observed, &format!("/dev/v2/project/{app_id}/rtm/vendor/user_events"))?;
    let response = harness.agora.send(&request)?;
    ensure!(response.status() == 200, "{}: got status {}", observed.json["form"], response.status());
    let caller = harness.agora.requests().pop().context("the provider received no request")?.caller;
    let (named, expires_at, form) = match &caller {
        Ok(Caller::User007 { user, expires_at, services }) => {
            // Signaling has the number 2. A token for an agent also contains RTC, which has the number 1.
            let expected = if observed.json["channel"].is_string() { &[1, 2][..] } else { &[2] };
            ensure!(*services == expected, "services {services:?}");
            (user, expires_at, "agora-token")
        }
        Ok(Caller::User006 { user, expires_at }) => (user, expires_at, "x-agora-token"),
        Ok(Caller::Customer) | Err(_) => anyhow::bail!("{caller:?}"),
    };
    let expected_expiry = observed.json["issued_at"].as_u64().unwrap_or_default() + seconds;
    let found = (named.as_str(), u64::from(expires_at.0), form);
    let expected = (user, expected_expiry, observed.json["form"].as_str().unwrap_or_default());
    ensure!(found == expected, "expected {expected:?}, got {found:?}");
    Ok(())
}

/// Returns a request with the headers in a response and a content type, and without other headers.
fn with_headers(observed: &ObservedResponse, target: &str) -> anyhow::Result<Request> {
    let headers = observed.json["headers"].as_object().with_context(|| observed.text())?;
    let pairs = headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().into()));
    let content_type = ("content-type".to_owned(), "application/json".to_owned());
    Ok(Request { headers: pairs.chain([content_type]).collect(), ..open("GET", target) })
}

fn invalid_requests<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    let long = "u".repeat(65);
    for (body, field) in [
        (json!({ "form": "basic", "user": "alice" }), Some("user")),
        (json!({ "form": "basic", "ttl": 60 }), Some("ttl")),
        (json!({ "form": "basic", "project": "default" }), Some("project")),
        (json!({ "form": "bearer" }), Some("form")),
        (json!({ "form": "Basic" }), Some("form")),
        (json!({ "form": "agora-token", "ttl": 0 }), Some("ttl")),
        (json!({ "form": "agora-token", "ttl": 86_401 }), Some("ttl")),
        (json!({ "form": "agora-token", "project": "meet" }), Some("project")),
        (json!({ "form": "agora-token", "project": "nowhere" }), Some("project")),
        (json!({ "form": "agora-token", "uid": 7 }), Some("uid")),
        (json!({ "form": "agora-token", "channel": "demo" }), Some("channel")),
        (json!({ "form": "agora-token", "channel": "demo", "uid": 0 }), Some("uid")),
        (json!({ "form": "agora-token", "channel": "demo", "uid": "7" }), Some("uid")),
        (json!({ "form": "agora-token", "channel": "*", "uid": 7 }), Some("channel")),
        (json!({ "form": "x-agora-token", "channel": "demo", "uid": 7 }), Some("channel")),
        (json!({ "form": "basic", "channel": "demo", "uid": 7 }), Some("channel")),
        (json!({ "form": "agora-token", "user": "" }), Some("user")),
        (json!({ "form": "x-agora-token", "user": long }), Some("user")),
    ] {
        harness
            .send(&post(AUTH, &body), None)?
            .ensure_rejected(400, "invalid_field", field)
            .with_context(|| body.to_string())?;
    }
    for (query, field) in [
        ("?form=bearer", "form"),
        ("?form=", "form"),
        ("?project=nowhere", "project"),
        ("?project=webinar", "project"),
    ] {
        let request = get(&format!("{EVENTS}{query}"));
        harness.send(&request, None)?.ensure_rejected(400, "invalid_field", Some(field))?;
    }
    Ok(())
}

/// Tests that each request for events is sent once, because Agora deletes events after it returns them.
fn events<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    for (query, app_id) in [
        ("", APP_ID),
        ("?form=agora-token", APP_ID),
        ("?form=x-agora-token&project=other", OTHER_APP_ID),
        ("?form=basic", APP_ID),
        ("?project=other", OTHER_APP_ID),
    ] {
        harness.agora.with(|agora| {
            agora.add_event(app_id, "alice", "Login", 1_700_000_000_123);
            agora.add_event(app_id, "böb", "Logout", 1_700_000_000_124);
        });
        let request = get(&format!("{EVENTS}{query}"));
        let sent = format!("GET /dev/v2/project/{app_id}/rtm/vendor/user_events");
        let events = json!([
            { "user": "alice", "event": "Login", "at_ms": 1_700_000_000_123_u64 },
            { "user": "böb", "event": "Logout", "at_ms": 1_700_000_000_124_u64 },
        ]);
        for events in [events, json!([])] {
            let observed = harness.send(&request, EVENTS_GRANTED)?;
            observed.ensure(200, &json!({ "events": events }))?;
            observed.ensure_sent(&[&sent])?;
        }
    }
    // Adds more events than one response can contain.
    harness
        .agora
        .with(|agora| (0..1500).for_each(|at| agora.add_event(APP_ID, &"u".repeat(64), "Login", at)));
    for count in [1000, 500] {
        let observed = harness.send(&get(EVENTS), EVENTS_GRANTED)?;
        ensure!(observed.json["events"].as_array().map(Vec::len) == Some(count), "not {count} events");
    }
    let failed = json!({ "result": "failed", "request_id": "1", "events": [] });
    harness.agora.fail(FailingRequests::Next(1), Fault::Json(failed));
    harness.send(&get(EVENTS), EVENTS_GRANTED)?.ensure_status(502)
}
