//! Tests of failing providers: each call reports the failure in time and in the format of its route, and the next call
//! succeeds.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::provider::agora::APP_ID;
use hallpass_tests::provider::{Api, FailingRequests, Fault, Provider};
use hallpass_tests::target::{Request, Target};
use hallpass_token::UnixSeconds;
use serde_json::{Value, json};

use crate::providers::harness::{Harness, ObservedResponse, Tally, get, post, with_every_form};

/// A request that causes a call to a provider.
struct Call {
    provider: ProviderName,
    request: Request,
    /// The name of the call in the log.
    name: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum ProviderName {
    Agora,
    Videosdk,
}

/// The expected outcome of a fault.
enum Outcome {
    Success,
    /// No usable response, with this reason.
    NoResponse(&'static str),
    /// A response with the provider's status.
    Status(u16, ProviderMessage),
}

/// The provider's message in an error.
enum ProviderMessage {
    None,
    /// The provider's message for the status.
    Default,
    Exactly(&'static str),
}

/// An expected error, in a problem document or in the format of VideoSDK's example servers.
struct ExpectedError<'a> {
    status: u16,
    code: &'a str,
    reason: &'a str,
    upstream_status: Option<u16>,
    message: Option<&'a str>,
}

const UNREACHABLE: &str = "is unreachable";
const TOO_LARGE: &str = "is too large";
const UNEXPECTED_BODY: &str = "does not match the documentation of its API";
/// A request for each provider and method, because all calls of a provider have the same time limit.
const UNRESPONSIVE: [&str; 4] = [
    "/v1/videosdk/rooms",
    "/validate-meeting/room-0000-test",
    "/v1/agora/projects",
    "/v1/agora/rtm/user-events",
];

/// Returns the faults that have an immediate effect.
fn faults() -> Vec<(Fault, Outcome)> {
    use Outcome::{NoResponse, Status, Success};
    use ProviderMessage::{Default, Exactly, None};
    let unexpected = json!({ "roomId": 7, "projects": {}, "result": 7, "id": "x" });
    vec![
        (Fault::Slow(Duration::from_millis(300)), Success),
        (Fault::Close, NoResponse(UNREACHABLE)),
        (Fault::HalfBody, NoResponse(UNREACHABLE)),
        (Fault::LongBody, NoResponse(TOO_LARGE)),
        (Fault::LongBodyWithoutLength, NoResponse(TOO_LARGE)),
        (Fault::TruncatedJson, NoResponse(UNEXPECTED_BODY)),
        (Fault::Json(json!([1])), NoResponse(UNEXPECTED_BODY)),
        (Fault::Json(json!({})), NoResponse(UNEXPECTED_BODY)),
        (Fault::Json(unexpected), NoResponse(UNEXPECTED_BODY)),
        (Fault::Html(200), NoResponse(UNEXPECTED_BODY)),
        (Fault::Text(200), NoResponse(UNEXPECTED_BODY)),
        (Fault::Html(400), Status(400, None)),
        (Fault::Text(400), Status(400, Exactly("this did not work"))),
        (Fault::Status(401), Status(401, Default)),
        (Fault::EchoCredentials(401), Status(401, Exactly("…"))),
        (Fault::Status(402), Status(402, Default)),
        (Fault::Status(403), Status(403, Default)),
        (Fault::EchoCredentials(403), Status(403, Exactly("…"))),
        (Fault::Status(404), Status(404, Default)),
        (Fault::EchoCredentials(404), Status(404, Exactly("…"))),
        (Fault::Status(429), Status(429, Default)),
        (Fault::TooManyRequests(7), Status(429, Default)),
        (Fault::Status(500), Status(500, Default)),
        (Fault::Html(502), Status(502, None)),
        (Fault::Html(503), Status(503, None)),
        (Fault::Html(504), Status(504, None)),
        (Fault::Redirect(302), Status(302, None)),
        (Fault::Redirect(303), Status(303, None)),
        (Fault::Redirect(307), Status(307, None)),
    ]
}

fn calls(room: &str) -> Vec<Call> {
    let call = |provider, name, request| Call { provider, request, name };
    let validate = format!("/validate-meeting/{room}");
    let kick = json!({ "channel": "demo", "uid": 7 });
    vec![
        call(ProviderName::Videosdk, "rooms.create", post("/v1/videosdk/rooms", &json!({}))),
        call(ProviderName::Videosdk, "rooms.validate", get(&format!("/v1/videosdk/rooms/{room}/validate"))),
        call(ProviderName::Videosdk, "rooms.create", post("/create-meeting", &json!({}))),
        call(ProviderName::Videosdk, "rooms.validate", post(&validate, &json!({}))),
        call(ProviderName::Agora, "agora_rest.projects", get("/v1/agora/projects")),
        call(ProviderName::Agora, "agora_rest.user_events", get("/v1/agora/rtm/user-events")),
        call(
            ProviderName::Agora,
            "agora_rest.user_events",
            get("/v1/agora/rtm/user-events?form=x-agora-token"),
        ),
        call(ProviderName::Agora, "agora_rest.kick", post("/v1/agora/kick", &kick)),
    ]
}

pub(crate) fn all<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut harness = Harness::start("faults", with_every_form(), start)?;
    let room = harness.videosdk.with(|videosdk| videosdk.add_room(None, UnixSeconds(0)));
    for call in calls(&room) {
        for (fault, outcome) in faults() {
            let shown = format!("{fault:?}");
            let retry_after = matches!(fault, Fault::TooManyRequests(_)).then_some("7");
            call.fail(&harness, Some(fault));
            let observed = call.send(&mut harness)?;
            call.check(&observed, &outcome).with_context(|| shown.clone())?;
            ensure!(
                observed.header("retry-after") == retry_after,
                "{shown}: {:?}",
                observed.header("retry-after")
            );
            call.fail(&harness, None);
            call.send(&mut harness)?.ensure_status(200).with_context(|| format!("after {shown}"))?;
        }
        call.listen(&harness, false)?;
        let observed = call.send(&mut harness)?;
        call.check_error(&observed, &ExpectedError::no_response(UNREACHABLE))?;
        call.listen(&harness, true)?;
        call.send(&mut harness)?.ensure_status(200).context("after the provider was unreachable")?;
    }
    harness.finish()
}

/// Tests providers that do not respond. Each call ends at its time limit. If Agora created a rule without responding,
/// the service finds the rule.
pub(crate) fn unresponsive<T: Target>(
    start: impl Fn(Deployment) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Tally> {
    let start = &start;
    let calls = calls("room-0000-test").into_iter();
    let calls = calls.filter(|call| UNRESPONSIVE.contains(&call.request.target.as_str()));
    let kicks = [
        ("unresponsive-created", Fault::Hang.after_execution(), 200),
        ("unresponsive-not-created", Fault::Hang, 504),
    ];
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (number, call) in calls.enumerate() {
            threads.push(
                scope.spawn(move || unresponsive_call(&format!("unresponsive-{number}"), &call, start)),
            );
        }
        for (name, fault, status) in kicks {
            threads.push(scope.spawn(move || unresponsive_kick(name, fault, status, start)));
        }
        let mut tally = Tally::default();
        for thread in threads {
            tally.add(thread.join().ok().context("a thread failed")??);
        }
        Ok(tally)
    })
}

fn unresponsive_call<T: Target>(
    name: &str,
    call: &Call,
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut harness = Harness::start(name, with_every_form(), start)?;
    harness.videosdk.with(|videosdk| videosdk.add_room(None, UnixSeconds(0)));
    call.fail(&harness, Some(Fault::Hang));
    let observed = harness.expire_time_limits(&call.request, Some((call.name, "granted")), 8)?;
    let code = "provider_timeout";
    call.check_error(
        &observed,
        &ExpectedError { status: 504, code, ..ExpectedError::no_response("did not respond in time") },
    )?;
    ensure!(observed.sent.len() == 1, "{} was sent", observed.sent().join(", "));
    call.fail(&harness, None);
    call.send(&mut harness)?.ensure_status(200)?;
    harness.finish()
}

fn unresponsive_kick<T: Target>(
    name: &str,
    fault: Fault,
    status: u16,
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut harness = Harness::start(name, with_every_form(), start)?;
    let (request, decision) =
        (post("/v1/agora/kick", &json!({ "uid": 7 })), Some(("agora_rest.kick", "granted")));
    harness.agora.fail(FailingRequests::Method("POST"), fault);
    let observed = harness.expire_time_limits(&request, decision, 20)?;
    observed.ensure_status(status)?;
    let find = format!("GET /dev/v1/kicking-rule?appid={APP_ID}");
    observed.ensure_sent(&["POST /dev/v1/kicking-rule", &find])?;
    let (field, value) =
        if status == 200 { ("rule_id", json!(1953)) } else { ("code", json!("provider_timeout")) };
    ensure!(observed.json[field] == value, "{}", observed.json);
    harness.agora.recover();
    harness.send(&request, decision)?.ensure_status(200)?;
    harness.finish()
}

impl Call {
    fn send<T: Target>(&self, harness: &mut Harness<T>) -> anyhow::Result<ObservedResponse> {
        harness.send(&self.request, Some((self.name, "granted")))
    }

    fn fail<T>(&self, harness: &Harness<T>, fault: Option<Fault>) {
        fn of<A: Api>(provider: &Provider<A>, fault: Option<Fault>) {
            match fault {
                Some(fault) => provider.fail(FailingRequests::All, fault),
                None => provider.recover(),
            }
        }
        match self.provider {
            ProviderName::Agora => of(&harness.agora, fault),
            ProviderName::Videosdk => of(&harness.videosdk, fault),
        }
    }

    fn listen<T>(&self, harness: &Harness<T>, is_listening: bool) -> anyhow::Result<()> {
        match self.provider {
            ProviderName::Agora => harness.agora.set_listening(is_listening),
            ProviderName::Videosdk => harness.videosdk.set_listening(is_listening),
        }
    }

    fn check(&self, observed: &ObservedResponse, outcome: &Outcome) -> anyhow::Result<()> {
        let is_outcome_unknown = matches!(outcome, Outcome::NoResponse(_) | Outcome::Status(500..=599, _));
        // No request is sent twice. If it is unknown whether a rule was created, the service also requests the list of
        // rules.
        let sent = if self.name == "agora_rest.kick" && is_outcome_unknown { 2 } else { 1 };
        ensure!(observed.sent.len() == sent, "{} was sent", observed.sent().join(", "));
        let (upstream_status, message) = match outcome {
            Outcome::Success => return observed.ensure_status(200),
            Outcome::NoResponse(reason) => {
                return self.check_error(observed, &ExpectedError::no_response(reason));
            }
            Outcome::Status(status, ProviderMessage::None) => (*status, None),
            Outcome::Status(status, ProviderMessage::Default) => (*status, self.provider.message(*status)),
            Outcome::Status(status, ProviderMessage::Exactly(message)) => (*status, Some(*message)),
        };
        if self.name == "rooms.validate" && [400, 402, 404].contains(&upstream_status) {
            return self.check_not_valid(observed, upstream_status, message);
        }
        let (status, code) = match upstream_status {
            429 => (429, "provider_busy"),
            504 => (504, "provider_timeout"),
            _ => (502, "provider_failed"),
        };
        let reason = &format!("responded with status {upstream_status}");
        let upstream_status = Some(upstream_status);
        self.check_error(observed, &ExpectedError { status, code, reason, upstream_status, message })
    }

    /// Checks the response for a room that does not exist. A missing room is not a failure.
    fn check_not_valid(
        &self,
        observed: &ObservedResponse,
        status: u16,
        message: Option<&str>,
    ) -> anyhow::Result<()> {
        let (expected_status, expected, name) = if self.is_native() {
            (200, json!({ "valid": false, "reason": null }), "reason")
        } else {
            (
                status,
                json!({ "valid": false, "error": "The room does not exist.", "statusCode": status }),
                "error",
            )
        };
        observed.ensure_status(expected_status)?;
        let (mut rest, mut expected) = (observed.json.clone(), expected);
        if message.is_some() {
            ensure_ends_with(&rest[name], message)?;
            rest[name] = Value::Null;
            expected[name] = Value::Null;
        }
        ensure!(rest == expected, "expected {expected}, got {rest}");
        Ok(())
    }

    fn check_error(&self, observed: &ObservedResponse, expected: &ExpectedError<'_>) -> anyhow::Result<()> {
        observed.ensure_status(expected.status)?;
        let json = &observed.json;
        let (code, title) = match self.provider {
            ProviderName::Agora => ("agora", "Agora"),
            ProviderName::Videosdk => ("videosdk", "VideoSDK"),
        };
        let text = &json[if self.is_native() { "detail" } else { "error" }];
        let is_expected =
            text.as_str().is_some_and(|text| text.contains(title) && text.contains(expected.reason));
        ensure!(is_expected, "expected {title} {}, got {json}", expected.reason);
        if expected.message.is_some() {
            ensure_ends_with(text, expected.message)?;
        }
        if self.is_native() {
            let upstream = &json["upstream"];
            let found = (&json["code"], &upstream["provider"], &upstream["status"]);
            ensure!(
                found == (&json!(expected.code), &json!(code), &json!(expected.upstream_status)),
                "{json}"
            );
            ensure_ends_with(&upstream["message"], expected.message)?;
        }
        Ok(())
    }

    fn is_native(&self) -> bool {
        self.request.target.starts_with("/v1/")
    }
}

/// Checks that a string ends with the message, or that both the string and the message are missing.
fn ensure_ends_with(text: &Value, message: Option<&str>) -> anyhow::Result<()> {
    let is_expected = match (text.as_str(), message) {
        (Some(text), Some(message)) => text.ends_with(message),
        (None, None) => text.is_null(),
        _ => false,
    };
    ensure!(is_expected, "expected {message:?}, got {text}");
    Ok(())
}

impl ProviderName {
    const fn message(self, status: u16) -> Option<&'static str> {
        match (self, status) {
            (Self::Agora, 401) => Some("user authentication error"),
            (Self::Agora, 403) => Some("forbidden"),
            (Self::Agora, 404) => Some("not found"),
            (Self::Agora, 429) => Some("too many requests"),
            (Self::Agora, _) => Some("internal error"),
            (Self::Videosdk, 401) => Some("Token is invalid or expired"),
            (Self::Videosdk, 402 | 404) => Some("Room not found"),
            (Self::Videosdk, 403) => Some("Permission denied"),
            (Self::Videosdk, 429) => Some("Too many requests"),
            (Self::Videosdk, _) => Some("Internal server error"),
        }
    }
}

impl<'a> ExpectedError<'a> {
    const fn no_response(reason: &'a str) -> Self {
        Self { status: 502, code: "provider_failed", reason, upstream_status: None, message: None }
    }
}
