//! Tests of kicking users: the created rule, and the search for the rule if Agora's response is missing.

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::provider::agora::{APP_ID, OTHER_APP_ID};
use hallpass_tests::provider::{FailingRequests, Fault};
use hallpass_tests::target::Target;
use serde_json::{Value, json};

use crate::providers::harness::{Decision, Harness, Tally, post, with_account};

const KICK: &str = "/v1/agora/kick";
const GRANTED: Decision = Some(("agora_rest.kick", "granted"));
const CREATE: &str = "POST /dev/v1/kicking-rule";
const FIND: &str = "GET /dev/v1/kicking-rule?appid=970CA35de60c44645bbae8a215061b33";

pub(crate) fn all<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut harness = Harness::start("kick", with_account(), start)?;
    created_rules(&mut harness).context("created rules")?;
    invalid_requests(&mut harness).context("invalid requests")?;
    unknown_outcomes(&mut harness).context("unknown outcomes")?;
    harness.finish()
}

fn created_rules<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    let join = json!(["join_channel"]);
    let every = json!(["publish_video", "join_channel", "publish_audio"]);
    // Each tuple contains the request, the project, the request to Agora without `appid`, and the response without
    // `rule_id`.
    for (request, project, sent, expected) in [
        (
            json!({ "channel": "demo", "uid": 7 }),
            ("default", APP_ID),
            json!({ "cname": "demo", "uid": 7, "time_in_seconds": 3600, "privileges": join }),
            json!({ "channel": "demo", "uid": 7, "seconds": 3600, "privileges": join }),
        ),
        (
            json!({ "channel": "a b", "uid": 4_294_967_295_u32, "ip": "192.0.2.7", "seconds": 10, "privileges": every }),
            ("default", APP_ID),
            json!({ "cname": "a b", "uid": 4_294_967_295_u32, "ip": "192.0.2.7", "time_in_seconds": 10, "privileges": every }),
            json!({ "channel": "a b", "uid": 4_294_967_295_u32, "ip": "192.0.2.7", "seconds": 10, "privileges": every }),
        ),
        (
            json!({ "project": "other", "uid": 7, "seconds": 0 }),
            ("other", OTHER_APP_ID),
            json!({ "uid": 7, "time": 0, "privileges": join }),
            json!({ "uid": 7, "seconds": 0, "privileges": join }),
        ),
        (
            json!({ "channel": "demo", "seconds": 86_400 }),
            ("default", APP_ID),
            json!({ "cname": "demo", "time_in_seconds": 86_400, "privileges": join }),
            json!({ "channel": "demo", "seconds": 86_400, "privileges": join }),
        ),
        (
            json!({ "ip": "2001:DB8::1" }),
            ("default", APP_ID),
            json!({ "ip": "2001:db8::1", "time_in_seconds": 3600, "privileges": join }),
            json!({ "ip": "2001:db8::1", "seconds": 3600, "privileges": join }),
        ),
    ] {
        let id = 1953 + harness.agora.with(|agora| agora.rules().len());
        let observed = harness.send(&post(KICK, &request), GRANTED)?;
        observed.ensure(
            200,
            &with(
                &expected,
                &[("rule_id", json!(id)), ("project", json!(project.0)), ("app_id", json!(project.1))],
            ),
        )?;
        observed.ensure_sent(&[CREATE])?;
        let body = observed.sent.first().map(|request| request.body.as_slice()).unwrap_or_default();
        let body: Value = serde_json::from_slice(body)?;
        ensure!(body == with(&sent, &[("appid", json!(project.1))]), "{request} is sent as {body}");
    }
    Ok(())
}

fn with(object: &Value, fields: &[(&str, Value)]) -> Value {
    let mut object = object.clone();
    for (name, value) in fields {
        object[name] = value.clone();
    }
    object
}

fn invalid_requests<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    let long = "c".repeat(65);
    for (body, field) in [
        (json!({}), None),
        (json!({ "seconds": 60 }), None),
        (json!({ "uid": 0 }), Some("uid")),
        (json!({ "channel": "demo", "uid": 0 }), Some("uid")),
        (json!({ "uid": "7" }), Some("uid")),
        (json!({ "uid": 4_294_967_296_u64 }), Some("uid")),
        (json!({ "uid": -1 }), Some("uid")),
        (json!({ "channel": "" }), Some("channel")),
        (json!({ "channel": "*" }), Some("channel")),
        (json!({ "channel": long }), Some("channel")),
        (json!({ "ip": "" }), Some("ip")),
        (json!({ "ip": "0" }), Some("ip")),
        (json!({ "ip": "192.0.2.256" }), Some("ip")),
        (json!({ "ip": "192.0.2.0/24" }), Some("ip")),
        (json!({ "uid": 7, "seconds": 5 }), Some("seconds")),
        (json!({ "uid": 7, "seconds": 9 }), Some("seconds")),
        (json!({ "uid": 7, "seconds": 86_401 }), Some("seconds")),
        (json!({ "uid": 7, "seconds": -1 }), Some("seconds")),
        (json!({ "uid": 7, "seconds": 1.5 }), Some("seconds")),
        (json!({ "uid": 7, "privileges": [] }), Some("privileges")),
        (json!({ "uid": 7, "privileges": ["join_channel", "join_channel"] }), Some("privileges")),
        (json!({ "uid": 7, "privileges": ["join"] }), Some("privileges[0]")),
        (json!({ "uid": 7, "cname": "demo" }), Some("cname")),
        (json!({ "uid": 7, "project": "meet" }), Some("project")),
    ] {
        let observed = harness.send(&post(KICK, &body), None)?;
        observed.ensure_rejected(400, "invalid_field", field).with_context(|| body.to_string())?;
    }
    let mut nothing = post(KICK, &json!({}));
    nothing.body.clear();
    harness.send(&nothing, None)?.ensure_rejected(400, "invalid_json", None)
}

/// Tests that the service searches for a rule if it is unknown whether Agora created the rule. The service must never
/// repeat the request that creates a rule.
fn unknown_outcomes<T: Target>(harness: &mut Harness<T>) -> anyhow::Result<()> {
    let unreachable = "provider_failed";
    // Each tuple contains the fault, the requests to Agora, and the status and the code of the response.
    for (number, (fault, sent, status, code)) in [
        (Fault::HalfBody, &[CREATE, FIND][..], 200, ""),
        (Fault::Close.after_execution(), &[CREATE, FIND], 200, ""),
        (Fault::Html(504).after_execution(), &[CREATE, FIND], 200, ""),
        (Fault::Status(408).after_execution(), &[CREATE, FIND], 200, ""),
        (Fault::Close, &[CREATE, FIND], 502, unreachable),
        (Fault::Html(504), &[CREATE, FIND], 504, "provider_timeout"),
        (Fault::Status(408), &[CREATE, FIND], 504, "provider_timeout"),
        (Fault::TruncatedJson, &[CREATE, FIND], 200, ""),
        (Fault::Html(502).after_execution(), &[CREATE, FIND], 200, ""),
        (Fault::Html(500), &[CREATE, FIND], 502, unreachable),
        (Fault::Redirect(302), &[CREATE], 502, unreachable),
        (Fault::Status(401), &[CREATE], 502, unreachable),
        (Fault::TooManyRequests(7), &[CREATE], 429, "provider_busy"),
    ]
    .into_iter()
    .enumerate()
    {
        let shown = format!("{fault:?}");
        harness.agora.fail(FailingRequests::Method("POST"), fault);
        // Each rule has a unique user.
        let uid = 100 + number;
        let observed = harness.send(&post(KICK, &json!({ "channel": "demo", "uid": uid })), GRANTED)?;
        harness.agora.recover();
        observed.ensure_sent(sent).with_context(|| shown.clone())?;
        observed.ensure_status(status).with_context(|| shown.clone())?;
        if status == 200 {
            let last = harness.agora.with(|agora| agora.rules().pop()).context("no rule was created")?;
            ensure!(
                last["uid"] == uid && last["id"] == observed.json["rule_id"],
                "{shown}: {}",
                observed.json
            );
        } else {
            ensure!(observed.json["code"] == code, "{shown}: {}", observed.json);
        }
    }

    // Agora's list of rules omits rules with a duration of 0 seconds.
    harness.agora.fail(FailingRequests::Method("POST"), Fault::Html(504).after_execution());
    let observed = harness.send(&post(KICK, &json!({ "uid": 200, "seconds": 0 })), GRANTED)?;
    observed.ensure_status(504)?;
    observed.ensure_sent(&[CREATE])?;

    // The request for the list of rules also fails.
    harness.agora.fail(FailingRequests::All, Fault::Html(504).after_execution());
    let observed = harness.send(&post(KICK, &json!({ "uid": 201 })), GRANTED)?;
    observed.ensure_status(504)?;
    observed.ensure_sent(&[CREATE, FIND])?;

    // The service does not mistake an earlier rule for the requested rule if the earlier rule ends too soon.
    harness.agora.recover();
    harness.send(&post(KICK, &json!({ "uid": 202, "seconds": 600 })), GRANTED)?.ensure_status(200)?;
    harness.agora.fail(FailingRequests::Method("POST"), Fault::Html(504));
    let observed = harness.send(&post(KICK, &json!({ "uid": 202, "seconds": 3600 })), GRANTED)?;
    observed.ensure_status(504)?;
    harness.agora.recover();
    Ok(())
}
