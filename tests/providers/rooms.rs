//! VideoSDK's rooms: by our own routes and by those of its example servers, in both versions of its API.

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::target::{Request, Target};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::providers::harness::{Decision, Harness, ObservedResponse, Tally, get, open, post};

const ROOMS: &str = "/v1/videosdk/rooms";
const CREATE: Decision = Some(("rooms.create", "granted"));
const VALIDATE: Decision = Some(("rooms.validate", "granted"));
/// What is said to whoever asks for a room that is not there, in plain text with 400 and in JSON with the others.
const UNKNOWN: [(u16, &str); 3] = [(400, "Invalid roomId"), (402, "Room not found"), (404, "Room not found")];

/// One version of VideoSDK's API.
struct Api {
    version: &'static str,
    create: &'static str,
    /// What stands before the id.
    validate: &'static str,
    custom_id: &'static str,
    /// The options that are sent on.
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
    own_routes(api, &mut harness).context("our own routes")?;
    ids(api, &mut harness).context("ids")?;
    example_routes(api, &mut harness).context("the routes of the examples")?;
    for seen in harness.videosdk.requests() {
        let Ok(content) = seen.caller else { continue };
        let roles: &[&str] = if api.version == "v2" { &["crawler"] } else { &[] };
        ensure!(content.roles == roles, "{content:?}");
        let life = content.issued_at.zip(content.expires_at).map(|(from, until)| until - from);
        ensure!(life == Some(120) && content.room.is_none(), "{content:?}");
    }
    harness.finish()
}

fn own_routes<T: Target>(api: &Api, harness: &mut Harness<T>) -> anyhow::Result<()> {
    let mut asked = json!({ "custom_room_id": "unicorn", "region": "sg001", "project": "meet" });
    let fenced = json!({ "geo_fence": "eu" });
    if api.version == "v1" {
        harness.send(&post(ROOMS, &fenced), None)?.ensure_refused(400, "invalid_field", Some("geo_fence"))?;
    } else {
        asked["geo_fence"] = "eu".into();
    }
    for (number, (body, options)) in
        [(None, json!({})), (Some(json!({})), json!({})), (Some(asked), api.options.clone())]
            .into_iter()
            .enumerate()
    {
        let mut request = post(ROOMS, &body.clone().unwrap_or_default());
        if body.is_none() {
            request.body.clear();
        }
        let answer = harness.send(&request, CREATE)?;
        answer.ensure_status(200)?;
        answer.ensure_sent(&[api.create])?;
        ensure!(sent_json(&answer)? == options, "{options} is not what was sent");
        let id = format!("room-000{number}-made");
        ensure_both_names(&answer, &id)?;
        ensure!(answer.json.get("valid").is_none() && answer.json["id"].is_string(), "{}", answer.json);
    }
    for (asked, id) in [("room-0002-made", "room-0002-made"), ("unicorn", "room-0002-made")] {
        let answer = harness.send(&get(&format!("{ROOMS}/{asked}/validate?project=meet")), VALIDATE)?;
        answer.ensure_status(200)?;
        ensure_both_names(&answer, id)?;
        ensure!(answer.json["valid"] == true, "{}", answer.json);
        ensure!(answer.json[api.custom_id] == "unicorn", "{}", answer.json);
        ensure!(answer.sent() == [format!("{}{}", api.validate, encoded(asked))], "{:?}", answer.sent());
    }
    for (status, reason) in UNKNOWN {
        harness.videosdk.with(|videosdk| videosdk.unknown_room = status);
        let answer = harness.send(&get(&format!("{ROOMS}/nowhere/validate")), VALIDATE)?;
        answer.ensure(200, &json!({ "valid": false, "reason": reason }))?;
    }
    // Whose tokens VideoSDK does not take.
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
        let answer = harness.send(&request, decision)?;
        answer.ensure_status(502)?;
        let known = (&answer.json["code"], &answer.json["upstream"]);
        let expected = (&json!("provider_failed"), &upstream(harness.videosdk.requests().len()));
        ensure!(known == expected, "{}", answer.json);
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
        harness.send(&post(ROOMS, &body), None)?.ensure_refused(400, "invalid_field", Some(field))?;
    }
    harness.send(&get(&format!("{ROOMS}/x/validate?project=nowhere")), None)?.ensure_refused(
        400,
        "invalid_field",
        Some("project"),
    )
}

/// An id comes to VideoSDK as one part of a path, whatever it holds, and never leads elsewhere.
fn ids<T: Target>(api: &Api, harness: &mut Harness<T>) -> anyhow::Result<()> {
    for id in
        ["b?c#d%", "a.b", "...", "a%2Fb", "a%b", "a+b&c=d", "ä€😀", "a;b,c:d@e!$'()*", "..%2F..%2Frooms"]
    {
        let on_wire = format!("{}{}", api.validate, encoded(id));
        for (target, decision) in [
            (format!("{ROOMS}/{}/validate", encoded(id)), VALIDATE),
            (format!("/validate-meeting/{}", encoded(id)), VALIDATE),
        ] {
            let answer = harness.send(&get(&target), decision).with_context(|| id.to_owned())?;
            ensure!(answer.sent() == [on_wire.as_str()], "{id} is sent as {:?}", answer.sent());
        }
        let room =
            harness.videosdk.with(|videosdk| videosdk.add_room(Some(id), hallpass_token::UnixSeconds(0)));
        let request = get(&format!("{ROOMS}/{}/validate", encoded(id)));
        ensure_both_names(&harness.send(&request, VALIDATE)?, &room).with_context(|| id.to_owned())?;
    }
    // A path is decoded before it is taken apart, as an HTTP API does it.
    for id in [".", "..", "%2E", "%2E%2E", ".%2e", "a%2Fb", "..%2F..%2Frooms", "%2F"] {
        for target in [format!("{ROOMS}/{id}/validate"), format!("/validate-meeting/{id}")] {
            let answer = harness.send(&get(&target), None)?;
            // A runtime may have followed dots before we see them, such as to the page at `/`.
            let status = answer.response.status().as_u16();
            ensure!([200, 400, 404].contains(&status), "{target} is answered with {status}");
            ensure!(answer.json.get("roomId").is_none(), "{target} is answered with a room");
            answer.ensure_sent(&[])?;
        }
    }
    for id in ["a%20b", "a%22b", "%5C", "a%00b", &"x".repeat(257)] {
        let answer = harness.send(&get(&format!("{ROOMS}/{id}/validate")), None)?;
        answer.ensure_refused(400, "invalid_field", Some("id"))?;
    }
    Ok(())
}

fn example_routes<T: Target>(api: &Api, harness: &mut Harness<T>) -> anyhow::Result<()> {
    let ours = post("/create-meeting", &json!({ "region": "sg001" }));
    let answer = harness.send(&ours, CREATE)?;
    answer.ensure_status(200)?;
    answer.ensure_sent(&[api.create])?;
    ensure!(sent_json(&answer)? == json!({ "region": "sg001" }), "the region is not sent");
    let id = answer.json["roomId"].as_str().context("no roomId")?.to_owned();
    ensure_both_names(&answer, &id)?;
    let mut empty = post("/create-meeting/", &json!({ "token": "", "region": "" }));
    let answer = harness.send(&empty, CREATE)?;
    ensure!(answer.response.status() == 200 && sent_json(&answer)? == json!({}), "{}", answer.text());
    empty.body.clear();
    harness.send(&empty, CREATE)?.ensure_status(200)?;

    let path = format!("/validate-meeting/{id}");
    for request in [get(&path), post(&path, &json!({})), post(&path, &json!({ "token": null }))] {
        let answer = harness.send(&request, VALIDATE)?;
        answer.ensure_status(200)?;
        ensure_both_names(&answer, &id)?;
        ensure!(answer.sent() == [format!("{}{}", api.validate, encoded(&id))], "{:?}", answer.sent());
    }
    for (status, error) in UNKNOWN {
        harness.videosdk.with(|videosdk| videosdk.unknown_room = status);
        let answer = harness.send(&get("/validate-meeting/nowhere"), VALIDATE)?;
        answer.ensure(status, &json!({ "valid": false, "error": error, "statusCode": status }))?;
    }

    // The caller's token is sent as it is, also one that VideoSDK does not take.
    for token in ["not-a-token", "eyJhbGciOiJub25lIn0.e30.", "Bearer"] {
        for (path, decision) in [("/create-meeting", CREATE), (path.as_str(), VALIDATE)] {
            let answer = harness.send(&post(path, &json!({ "token": token })), decision)?;
            answer.ensure(403, &json!({ "error": "Token is invalid or expired", "statusCode": 401 }))?;
            let sent = answer.sent.first().and_then(|request| request.header("authorization"));
            ensure!(sent == Some(token), "{token} is sent as {sent:?}");
        }
    }
    for token in ["a b", "a\r\nx: y", "ä"] {
        let answer = harness.send(&post("/create-meeting", &json!({ "token": token })), None)?;
        answer.ensure_status(400)?;
        answer.ensure_sent(&[])?;
    }
    for body in [json!([]), json!({ "token": 7 }), json!({ "region": 7, "token": "x" })] {
        let answer = harness.send(&post("/create-meeting", &body), None)?;
        answer.ensure_status(400)?;
        answer.ensure_sent(&[])?;
    }
    Ok(())
}

/// The three calls of VideoSDK's page, in order, as a client makes them.
fn example_client<T: Target>(
    api: &Api,
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut document =
        json!({ "auth": { "open": true }, "rest": { "videosdk": { "version": api.version } } });
    // In version 2 only a token with the role calls, as the page has it.
    if api.version == "v2" {
        let videosdk = json!({ "roles": ["crawler"], "identity": "any", "ttl": 600 });
        document["policy"] = json!([{ "who": { "kind": "anonymous" }, "videosdk": videosdk }]);
    }
    let mut harness = Harness::start(&format!("client-{}", api.version), document, start)?;
    harness.videosdk.with(|videosdk| videosdk.max_ttl = None);
    let answer = harness.send(&open("GET", "/get-token"), Some(("videosdk", "granted")))?;
    let token = answer.json["token"].as_str().with_context(|| answer.text())?.to_owned();
    answer.ensure(200, &json!({ "token": token }))?;
    answer.ensure_sent(&[])?;

    let body = json!({ "token": token });
    let answer = harness.send(&Request::post("/create-meeting", &body, None), CREATE)?;
    answer.ensure_status(200)?;
    ensure_both_names(&answer, "room-0000-made")?;
    let answer = harness.send(&Request::post("/validate-meeting/room-0000-made", &body, None), VALIDATE)?;
    answer.ensure_status(200)?;
    ensure_both_names(&answer, "room-0000-made")?;
    for seen in harness.videosdk.requests() {
        let sent = seen.request.header("authorization");
        ensure!(sent == Some(token.as_str()) && seen.caller.is_ok(), "{:?}", seen.caller);
    }
    ensure!(harness.videosdk.requests().len() == 2, "not two calls");
    harness.finish()
}

fn ensure_both_names(answer: &ObservedResponse, id: &str) -> anyhow::Result<()> {
    let is_named = answer.json["roomId"] == id && answer.json["meetingId"] == id;
    ensure!(is_named, "expected {id}, got {} for {}", answer.json, answer.request);
    Ok(())
}

/// The body that was sent to the provider.
fn sent_json(answer: &ObservedResponse) -> anyhow::Result<Value> {
    let body = answer.sent.first().map(|request| request.body.as_slice()).unwrap_or_default();
    let members: Map<String, Value> = serde_json::from_slice(body).context("no JSON was sent")?;
    Ok(Value::Object(members))
}

/// An id as part of a path: RFC 3986 section 2.3 has `-`, `_` and `~` stand for themselves, and a dot may mean more.
fn encoded(id: &str) -> String {
    const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');
    utf8_percent_encode(id, PART).to_string()
}
