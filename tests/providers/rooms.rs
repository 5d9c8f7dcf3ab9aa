//! Tests of VideoSDK's rooms: native and compatible routes, with both versions of VideoSDK's API.

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::target::{Request, Target};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::providers::harness::{Decision, Harness, ObservedResponse, Tally, get, open, post};

const ROOMS: &str = "/v1/videosdk/rooms";
const CREATE: Decision = Some(("rooms.create", "granted"));
const VALIDATE: Decision = Some(("rooms.validate", "granted"));
/// VideoSDK's responses for a room that does not exist: plain text with status 400, JSON with the other statuses.
const UNKNOWN: [(u16, &str); 3] = [(400, "Invalid roomId"), (402, "Room not found"), (404, "Room not found")];

/// A version of VideoSDK's API.
struct Api {
    version: &'static str,
    create: &'static str,
    /// The method and the path before the ID.
    validate: &'static str,
    custom_id: &'static str,
    /// The options in the request to VideoSDK.
    options: Value,
}

pub(crate) fn all<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let v2 = Api {
        version: "v2",
        create: "POST /v2/rooms",
        validate: "GET /v2/rooms/validate/",
        custom_id: "customRoomId",
        options: json!({ "customRoomId": "unicorn", "region": "sg001", "geoFence": "eu" }),
    };
    let v1 = Api {
        version: "v1",
        create: "POST /v1/meetings",
        validate: "POST /v1/meetings/",
        custom_id: "userMeetingId",
        options: json!({ "userMeetingId": "unicorn", "region": "sg001" }),
    };
    let mut tally = version(&v2, &start).context("version 2")?;
    tally.add(version(&v1, &start).context("version 1")?);
    tally.add(example_client(&v2, &start).context("a client of version 2")?);
    tally.add(example_client(&v1, &start).context("a client of version 1")?);
    Ok(tally)
}

fn version<T: Target>(api: &Api, start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let document = json!({ "rest": { "videosdk": { "version": api.version } } });
    let mut harness = Harness::start(&format!("rooms-{}", api.version), document, start)?;
    native_routes(api, &mut harness).context("native routes")?;
    ids(api, &mut harness).context("ids")?;
    example_routes(api, &mut harness).context("example routes")?;
    for seen in harness.videosdk.requests() {
        let Ok(content) = seen.caller else { continue };
        let roles: &[&str] = if api.version == "v2" { &["crawler"] } else { &[] };
        ensure!(content.roles == roles, "{content:?}");
        let lifetime = content.issued_at.zip(content.expires_at).map(|(from, until)| until - from);
        ensure!(lifetime == Some(120) && content.room.is_none(), "{content:?}");
    }
    harness.finish()
}

fn native_routes<T: Target>(api: &Api, harness: &mut Harness<T>) -> anyhow::Result<()> {
    let mut options = json!({ "custom_room_id": "unicorn", "region": "sg001", "project": "meet" });
    let fenced = json!({ "geo_fence": "eu" });
    if api.version == "v1" {
        harness.send(&post(ROOMS, &fenced), None)?.ensure_rejected(
            400,
            "invalid_field",
            Some("geo_fence"),
        )?;
    } else {
        options["geo_fence"] = "eu".into();
    }
    for (number, (body, expected)) in
        [(None, json!({})), (Some(json!({})), json!({})), (Some(options), api.options.clone())]
            .into_iter()
            .enumerate()
    {
        let mut request = post(ROOMS, &body.clone().unwrap_or_default());
        if body.is_none() {
            request.body.clear();
        }
        let observed = harness.send(&request, CREATE)?;
        observed.ensure_status(200)?;
        observed.ensure_sent(&[api.create])?;
        ensure!(sent_json(&observed)? == expected, "expected {expected} to be sent");
        let id = format!("room-000{number}-test");
        ensure_both_names(&observed, &id)?;
        ensure!(observed.json.get("valid").is_none() && observed.json["id"].is_string(), "{}", observed.json);
    }
    for (requested, id) in [("room-0002-test", "room-0002-test"), ("unicorn", "room-0002-test")] {
        let observed = harness.send(&get(&format!("{ROOMS}/{requested}/validate?project=meet")), VALIDATE)?;
        observed.ensure_status(200)?;
        ensure_both_names(&observed, id)?;
        ensure!(observed.json["valid"] == true, "{}", observed.json);
        ensure!(observed.json[api.custom_id] == "unicorn", "{}", observed.json);
        ensure!(
            observed.sent() == [format!("{}{}", api.validate, encoded(requested))],
            "{:?}",
            observed.sent()
        );
    }
    for (status, reason) in UNKNOWN {
        harness.videosdk.with(|videosdk| videosdk.unknown_room = status);
        let observed = harness.send(&get(&format!("{ROOMS}/nowhere/validate")), VALIDATE)?;
        observed.ensure(200, &json!({ "valid": false, "reason": reason }))?;
    }
    // VideoSDK rejects the tokens of this project.
    let upstream = |id: usize| {
        json!({
            "provider": "videosdk",
            "status": 401,
            "message": "Token is invalid or expired",
            "request_ids": { "x-request-id": format!("videosdk-{id}") },
        })
    };
    for (request, decision) in [
        (post(ROOMS, &json!({ "project": "webinar" })), CREATE),
        (get(&format!("{ROOMS}/unicorn/validate?project=webinar")), VALIDATE),
    ] {
        let observed = harness.send(&request, decision)?;
        observed.ensure_status(502)?;
        let known = (&observed.json["code"], &observed.json["upstream"]);
        let expected = (&json!("provider_failed"), &upstream(harness.videosdk.requests().len()));
        ensure!(known == expected, "{}", observed.json);
    }
    for (body, field) in [
        (json!({ "custom_room_id": "" }), "custom_room_id"),
        (json!({ "custom_room_id": "a b" }), "custom_room_id"),
        (json!({ "custom_room_id": ".." }), "custom_room_id"),
        (json!({ "region": 7 }), "region"),
        (json!({ "roomId": "x" }), "roomId"),
        (json!({ "token": "x" }), "token"),
        (json!({ "project": "default" }), "project"),
    ] {
        harness.send(&post(ROOMS, &body), None)?.ensure_rejected(400, "invalid_field", Some(field))?;
    }
    harness.send(&get(&format!("{ROOMS}/x/validate?project=nowhere")), None)?.ensure_rejected(
        400,
        "invalid_field",
        Some("project"),
    )
}

/// Tests that an ID is always sent to VideoSDK as one path segment.
fn ids<T: Target>(api: &Api, harness: &mut Harness<T>) -> anyhow::Result<()> {
    for id in
        ["b?c#d%", "a.b", "...", "a%2Fb", "a%b", "a+b&c=d", "ä€😀", "a;b,c:d@e!$'()*", "..%2F..%2Frooms"]
    {
        // An HTTP API removes the part of the path after an encoded question mark.
        if !harness.target.can_receive(&get(&format!("{ROOMS}/{}/validate", encoded(id)))) {
            continue;
        }
        let on_wire = format!("{}{}", api.validate, encoded(id));
        for (target, decision) in [
            (format!("{ROOMS}/{}/validate", encoded(id)), VALIDATE),
            (format!("/validate-meeting/{}", encoded(id)), VALIDATE),
        ] {
            let observed = harness.send(&get(&target), decision).with_context(|| id.to_owned())?;
            ensure!(observed.sent() == [on_wire.as_str()], "{id} is sent as {:?}", observed.sent());
        }
        let room =
            harness.videosdk.with(|videosdk| videosdk.add_room(Some(id), hallpass_token::UnixSeconds(0)));
        let request = get(&format!("{ROOMS}/{}/validate", encoded(id)));
        ensure_both_names(&harness.send(&request, VALIDATE)?, &room).with_context(|| id.to_owned())?;
    }
    // An encoded slash returns 400, or 404 on an HTTP API, which decodes the path before the service splits it.
    for id in [".", "..", "%2E", "%2E%2E", ".%2e", "a%2Fb", "..%2F..%2Frooms", "%2F"] {
        for target in [format!("{ROOMS}/{id}/validate"), format!("/validate-meeting/{id}")] {
            let observed = harness.send(&get(&target), None)?;
            // A runtime may resolve dot segments before the service gets the path.
            let status = observed.response.status().as_u16();
            ensure!([200, 400, 404].contains(&status), "{target} got status {status}");
            ensure!(observed.json.get("roomId").is_none(), "{target} got a room");
            observed.ensure_sent(&[])?;
        }
    }
    for id in ["a%20b", "a%22b", "%5C", "a%00b", &"x".repeat(257)] {
        let observed = harness.send(&get(&format!("{ROOMS}/{id}/validate")), None)?;
        observed.ensure_rejected(400, "invalid_field", Some("id"))?;
    }
    Ok(())
}

fn example_routes<T: Target>(api: &Api, harness: &mut Harness<T>) -> anyhow::Result<()> {
    let request = post("/create-meeting", &json!({ "region": "sg001" }));
    let observed = harness.send(&request, CREATE)?;
    observed.ensure_status(200)?;
    observed.ensure_sent(&[api.create])?;
    ensure!(sent_json(&observed)? == json!({ "region": "sg001" }), "the region is not sent");
    let id = observed.json["roomId"].as_str().context("no roomId")?.to_owned();
    ensure_both_names(&observed, &id)?;
    let mut empty = post("/create-meeting/", &json!({ "token": "", "region": "" }));
    let observed = harness.send(&empty, CREATE)?;
    ensure!(observed.response.status() == 200 && sent_json(&observed)? == json!({}), "{}", observed.text());
    empty.body.clear();
    harness.send(&empty, CREATE)?.ensure_status(200)?;

    let path = format!("/validate-meeting/{id}");
    for request in [get(&path), post(&path, &json!({})), post(&path, &json!({ "token": null }))] {
        let observed = harness.send(&request, VALIDATE)?;
        observed.ensure_status(200)?;
        ensure_both_names(&observed, &id)?;
        ensure!(observed.sent() == [format!("{}{}", api.validate, encoded(&id))], "{:?}", observed.sent());
    }
    for (status, error) in UNKNOWN {
        harness.videosdk.with(|videosdk| videosdk.unknown_room = status);
        let observed = harness.send(&get("/validate-meeting/nowhere"), VALIDATE)?;
        observed.ensure(status, &json!({ "valid": false, "error": error, "statusCode": status }))?;
    }

    // The caller's token is sent unchanged, even if VideoSDK rejects it.
    for token in ["not-a-token", "eyJhbGciOiJub25lIn0.e30.", "Bearer"] {
        for (path, decision) in [("/create-meeting", CREATE), (path.as_str(), VALIDATE)] {
            let observed = harness.send(&post(path, &json!({ "token": token })), decision)?;
            observed.ensure(403, &json!({ "error": "Token is invalid or expired", "statusCode": 401 }))?;
            let sent = observed.sent.first().and_then(|request| request.header("authorization"));
            ensure!(sent == Some(token), "{token} is sent as {sent:?}");
        }
    }
    for body in
        ["token=eyJhbGciOiJub25lIn0.e30.&region=sg001", "region=sg001&token=eyJhbGciOiJub25lIn0%2Ee30%2E"]
    {
        for (path, decision) in [("/create-meeting", CREATE), (path.as_str(), VALIDATE)] {
            let mut form = post(path, &json!({}));
            form.body = body.into();
            let observed = harness.send(&form, decision)?;
            observed.ensure(403, &json!({ "error": "Token is invalid or expired", "statusCode": 401 }))?;
            let sent = observed.sent.first().and_then(|request| request.header("authorization"));
            ensure!(sent == Some("eyJhbGciOiJub25lIn0.e30."), "the form {body} is sent as {sent:?}");
        }
    }
    let mut form = post("/create-meeting", &json!({}));
    form.body = "region=sg001".into();
    let observed = harness.send(&form, CREATE)?;
    ensure!(
        observed.response.status() == 200 && sent_json(&observed)? == json!({ "region": "sg001" }),
        "{}",
        observed.text()
    );
    for token in ["a b", "a\r\nx: y", "ä"] {
        let observed = harness.send(&post("/create-meeting", &json!({ "token": token })), None)?;
        observed.ensure_status(400)?;
        observed.ensure_sent(&[])?;
    }
    for body in [json!([]), json!({ "token": 7 }), json!({ "region": 7, "token": "x" })] {
        let observed = harness.send(&post("/create-meeting", &body), None)?;
        observed.ensure_status(400)?;
        observed.ensure_sent(&[])?;
    }
    Ok(())
}

/// Tests the three calls of the example in VideoSDK's documentation, in the same order.
fn example_client<T: Target>(
    api: &Api,
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut document =
        json!({ "auth": { "open": true }, "rest": { "videosdk": { "version": api.version } } });
    // In version 2, only a token with the role `crawler` can call the API, as documented.
    if api.version == "v2" {
        let videosdk = json!({ "roles": ["crawler"], "identity": "any", "ttl": 600 });
        document["policy"] = json!([{ "who": { "kind": "anonymous" }, "videosdk": videosdk }]);
    }
    let mut harness = Harness::start(&format!("client-{}", api.version), document, start)?;
    harness.videosdk.with(|videosdk| videosdk.max_ttl = None);
    let observed = harness.send(&open("GET", "/get-token"), Some(("videosdk", "granted")))?;
    let token = observed.json["token"].as_str().with_context(|| observed.text())?.to_owned();
    observed.ensure(200, &json!({ "token": token }))?;
    observed.ensure_sent(&[])?;

    let body = json!({ "token": token });
    let observed = harness.send(&Request::post("/create-meeting", &body, None), CREATE)?;
    observed.ensure_status(200)?;
    ensure_both_names(&observed, "room-0000-test")?;
    let observed = harness.send(&Request::post("/validate-meeting/room-0000-test", &body, None), VALIDATE)?;
    observed.ensure_status(200)?;
    ensure_both_names(&observed, "room-0000-test")?;
    for seen in harness.videosdk.requests() {
        let sent = seen.request.header("authorization");
        ensure!(sent == Some(token.as_str()) && seen.caller.is_ok(), "{:?}", seen.caller);
    }
    ensure!(harness.videosdk.requests().len() == 2, "not two calls");
    harness.finish()
}

fn ensure_both_names(observed: &ObservedResponse, id: &str) -> anyhow::Result<()> {
    let is_named = observed.json["roomId"] == id && observed.json["meetingId"] == id;
    ensure!(is_named, "expected {id}, got {} for {}", observed.json, observed.request);
    Ok(())
}

/// Returns the body that was sent to the provider.
fn sent_json(observed: &ObservedResponse) -> anyhow::Result<Value> {
    let body = observed.sent.first().map(|request| request.body.as_slice()).unwrap_or_default();
    let fields: Map<String, Value> = serde_json::from_slice(body).context("no JSON was sent")?;
    Ok(Value::Object(fields))
}

/// Encodes an ID as a path segment. RFC 3986 section 2.3 leaves `-`, `_` and `~` unencoded. Dots are encoded, because
/// the segments `.` and `..` have a special meaning.
fn encoded(id: &str) -> String {
    const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');
    utf8_percent_encode(id, PART).to_string()
}
