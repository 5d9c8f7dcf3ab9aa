//! Providers that fail: each call says so in time and in its own shape, and the next one is served.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hallpass_tests::Deployment;
use hallpass_tests::provider::agora::APP_ID;
use hallpass_tests::provider::{Api, FailingRequests, Fault, Provider};
use hallpass_tests::target::{Request, Target};
use hallpass_token::UnixSeconds;
use serde_json::{Value, json};

use crate::providers::harness::{Harness, ObservedResponse, Tally, get, post, with_customer};

/// A request that has a provider called.
struct Call {
    provider: Name,
    request: Request,
    /// Its name in the log.
    name: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Name {
    Agora,
    Videosdk,
}

/// What a fault comes to.
enum Outcome {
    /// The right answer.
    Right,
    /// There is no answer that can be read: what is said of that.
    NoAnswer(&'static str),
    /// The provider's status.
    Status(u16, Words),
}

/// What the provider says, as far as it is passed on.
enum Words {
    Nothing,
    /// Those that it has for this status.
    Default,
    These(&'static str),
}

/// What is said of it, in a document of ours and in those of the examples.
struct Said<'a> {
    status: u16,
    code: &'a str,
    reason: &'a str,
    upstream_status: Option<u16>,
    words: Option<&'a str>,
}

const UNREACHABLE: &str = "is unreachable";
const TOO_LONG: &str = "is too large";
const NOT_UNDERSTOOD: &str = "does not match the documentation of its API";
/// One for each provider and method, since all of those have the same time-out.
const SILENT: [&str; 4] = [
    "/v1/videosdk/rooms",
    "/validate-meeting/room-0000-made",
    "/v1/agora/projects",
    "/v1/agora/rtm/user-events",
];

/// Those that show at once.
fn faults() -> Vec<(Fault, Outcome)> {
    use Outcome::{NoAnswer, Right, Status};
    use Words::{Default, Nothing, These};
    let foreign = json!({ "roomId": 7, "projects": {}, "result": 7, "id": "x" });
    vec![
        (Fault::Slow(Duration::from_millis(300)), Right),
        (Fault::Close, NoAnswer(UNREACHABLE)),
        (Fault::HalfBody, NoAnswer(UNREACHABLE)),
        (Fault::LongBody, NoAnswer(TOO_LONG)),
        (Fault::LongBodyWithoutLength, NoAnswer(TOO_LONG)),
        (Fault::TruncatedJson, NoAnswer(NOT_UNDERSTOOD)),
        (Fault::Json(json!([1])), NoAnswer(NOT_UNDERSTOOD)),
        (Fault::Json(json!({})), NoAnswer(NOT_UNDERSTOOD)),
        (Fault::Json(foreign), NoAnswer(NOT_UNDERSTOOD)),
        (Fault::Html(200), NoAnswer(NOT_UNDERSTOOD)),
        (Fault::Text(200), NoAnswer(NOT_UNDERSTOOD)),
        (Fault::Html(400), Status(400, Nothing)),
        (Fault::Text(400), Status(400, These("this did not work"))),
        (Fault::Status(401), Status(401, Default)),
        (Fault::EchoCredentials(401), Status(401, These("…"))),
        (Fault::Status(402), Status(402, Default)),
        (Fault::Status(403), Status(403, Default)),
        (Fault::EchoCredentials(403), Status(403, These("…"))),
        (Fault::Status(404), Status(404, Default)),
        (Fault::EchoCredentials(404), Status(404, These("…"))),
        (Fault::Status(429), Status(429, Default)),
        (Fault::TooManyRequests(7), Status(429, Default)),
        (Fault::Status(500), Status(500, Default)),
        (Fault::Html(502), Status(502, Nothing)),
        (Fault::Html(503), Status(503, Nothing)),
        (Fault::Html(504), Status(504, Nothing)),
        (Fault::Redirect(302), Status(302, Nothing)),
        (Fault::Redirect(303), Status(303, Nothing)),
        (Fault::Redirect(307), Status(307, Nothing)),
    ]
}

fn calls(room: &str) -> Vec<Call> {
    let call = |provider, name, request| Call { provider, request, name };
    let validate = format!("/validate-meeting/{room}");
    let kick = json!({ "channel": "demo", "uid": 7 });
    vec![
        call(Name::Videosdk, "rooms.create", post("/v1/videosdk/rooms", &json!({}))),
        call(Name::Videosdk, "rooms.validate", get(&format!("/v1/videosdk/rooms/{room}/validate"))),
        call(Name::Videosdk, "rooms.create", post("/create-meeting", &json!({}))),
        call(Name::Videosdk, "rooms.validate", post(&validate, &json!({}))),
        call(Name::Agora, "agora_rest.projects", get("/v1/agora/projects")),
        call(Name::Agora, "agora_rest.user_events", get("/v1/agora/rtm/user-events")),
        call(Name::Agora, "agora_rest.user_events", get("/v1/agora/rtm/user-events?form=x-agora-token")),
        call(Name::Agora, "agora_rest.kick", post("/v1/agora/kick", &kick)),
    ]
}

pub(crate) fn all<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Tally> {
    let mut harness = Harness::start("faults", with_customer(), start)?;
    let room = harness.videosdk.with(|videosdk| videosdk.add_room(None, UnixSeconds(0)));
    for call in calls(&room) {
        for (fault, outcome) in faults() {
            let shown = format!("{fault:?}");
            let retry_after = matches!(fault, Fault::TooManyRequests(_)).then_some("7");
            call.fail(&harness, Some(fault));
            let answer = call.send(&mut harness)?;
            call.check(&answer, &outcome).with_context(|| shown.clone())?;
            ensure!(
                answer.header("retry-after") == retry_after,
                "{shown}: {:?}",
                answer.header("retry-after")
            );
            call.fail(&harness, None);
            call.send(&mut harness)?.ensure_status(200).with_context(|| format!("after {shown}"))?;
        }
        call.listen(&harness, false)?;
        let answer = call.send(&mut harness)?;
        call.check_said(&answer, &Said::no_answer(UNREACHABLE))?;
        call.listen(&harness, true)?;
        call.send(&mut harness)?.ensure_status(200).context("after nobody listened")?;
    }
    harness.finish()
}

/// Providers that say nothing: a call is given up in time, and a rule that was made all the same is found.
pub(crate) fn silence<T: Target>(
    start: impl Fn(Deployment) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Tally> {
    let start = &start;
    let calls = calls("room-0000-made").into_iter();
    let calls = calls.filter(|call| SILENT.contains(&call.request.target.as_str()));
    let kicks = [("silence-made", Fault::Hang.after_execution(), 200), ("silence-unmade", Fault::Hang, 504)];
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (number, call) in calls.enumerate() {
            threads.push(scope.spawn(move || silent_call(&format!("silence-{number}"), &call, start)));
        }
        for (name, fault, status) in kicks {
            threads.push(scope.spawn(move || silent_kick(name, fault, status, start)));
        }
        let mut tally = Tally::default();
        for thread in threads {
            tally.add(thread.join().ok().context("a thread failed")??);
        }
        Ok(tally)
    })
}

fn silent_call<T: Target>(
    name: &str,
    call: &Call,
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut harness = Harness::start(name, with_customer(), start)?;
    harness.videosdk.with(|videosdk| videosdk.add_room(None, UnixSeconds(0)));
    call.fail(&harness, Some(Fault::Hang));
    let answer = harness.expire_time_limits(&call.request, Some((call.name, "granted")), 8)?;
    let code = "provider_timeout";
    call.check_said(&answer, &Said { status: 504, code, ..Said::no_answer("did not respond in time") })?;
    ensure!(answer.sent.len() == 1, "{} was sent", answer.sent().join(", "));
    call.fail(&harness, None);
    call.send(&mut harness)?.ensure_status(200)?;
    harness.finish()
}

fn silent_kick<T: Target>(
    name: &str,
    fault: Fault,
    status: u16,
    start: impl Fn(Deployment) -> anyhow::Result<T>,
) -> anyhow::Result<Tally> {
    let mut harness = Harness::start(name, with_customer(), start)?;
    let (request, decision) =
        (post("/v1/agora/kick", &json!({ "uid": 7 })), Some(("agora_rest.kick", "granted")));
    harness.agora.fail(FailingRequests::Method("POST"), fault);
    let answer = harness.expire_time_limits(&request, decision, 20)?;
    answer.ensure_status(status)?;
    let find = format!("GET /dev/v1/kicking-rule?appid={APP_ID}");
    answer.ensure_sent(&["POST /dev/v1/kicking-rule", &find])?;
    let (member, value) =
        if status == 200 { ("rule_id", json!(1953)) } else { ("code", json!("provider_timeout")) };
    ensure!(answer.json[member] == value, "{}", answer.json);
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
            Name::Agora => of(&harness.agora, fault),
            Name::Videosdk => of(&harness.videosdk, fault),
        }
    }

    fn listen<T>(&self, harness: &Harness<T>, is_listening: bool) -> anyhow::Result<()> {
        match self.provider {
            Name::Agora => harness.agora.set_listening(is_listening),
            Name::Videosdk => harness.videosdk.set_listening(is_listening),
        }
    }

    fn check(&self, answer: &ObservedResponse, outcome: &Outcome) -> anyhow::Result<()> {
        let is_in_doubt = matches!(outcome, Outcome::NoAnswer(_) | Outcome::Status(500..=599, _));
        // Nothing is sent twice; where nobody knows whether a rule was made, it is looked for.
        let sent = if self.name == "agora_rest.kick" && is_in_doubt { 2 } else { 1 };
        ensure!(answer.sent.len() == sent, "{} was sent", answer.sent().join(", "));
        let (upstream_status, words) = match outcome {
            Outcome::Right => return answer.ensure_status(200),
            Outcome::NoAnswer(reason) => return self.check_said(answer, &Said::no_answer(reason)),
            Outcome::Status(status, Words::Nothing) => (*status, None),
            Outcome::Status(status, Words::Default) => (*status, self.provider.words(*status)),
            Outcome::Status(status, Words::These(words)) => (*status, Some(*words)),
        };
        if self.name == "rooms.validate" && [400, 402, 404].contains(&upstream_status) {
            return self.check_not_valid(answer, upstream_status, words);
        }
        let (status, code) = match upstream_status {
            429 => (429, "provider_busy"),
            504 => (504, "provider_timeout"),
            _ => (502, "provider_failed"),
        };
        let reason = &format!("responded with status {upstream_status}");
        let upstream_status = Some(upstream_status);
        self.check_said(answer, &Said { status, code, reason, upstream_status, words })
    }

    /// That The room does not exist. is no failure.
    fn check_not_valid(
        &self,
        answer: &ObservedResponse,
        status: u16,
        words: Option<&str>,
    ) -> anyhow::Result<()> {
        let (said, expected, name) = if self.is_ours() {
            (200, json!({ "valid": false, "reason": null }), "reason")
        } else {
            (
                status,
                json!({ "valid": false, "error": "The room does not exist.", "statusCode": status }),
                "error",
            )
        };
        answer.ensure_status(said)?;
        let (mut rest, mut expected) = (answer.json.clone(), expected);
        if words.is_some() {
            ensure_ends(&rest[name], words)?;
            rest[name] = Value::Null;
            expected[name] = Value::Null;
        }
        ensure!(rest == expected, "expected {expected}, got {rest}");
        Ok(())
    }

    fn check_said(&self, answer: &ObservedResponse, said: &Said<'_>) -> anyhow::Result<()> {
        answer.ensure_status(said.status)?;
        let json = &answer.json;
        let (code, title) = match self.provider {
            Name::Agora => ("agora", "Agora"),
            Name::Videosdk => ("videosdk", "VideoSDK"),
        };
        let text = &json[if self.is_ours() { "detail" } else { "error" }];
        let is_said = text.as_str().is_some_and(|text| text.contains(title) && text.contains(said.reason));
        ensure!(is_said, "expected {title} {}, got {json}", said.reason);
        if said.words.is_some() {
            ensure_ends(text, said.words)?;
        }
        if self.is_ours() {
            let upstream = &json["upstream"];
            let found = (&json["code"], &upstream["provider"], &upstream["status"]);
            ensure!(found == (&json!(said.code), &json!(code), &json!(said.upstream_status)), "{json}");
            ensure_ends(&upstream["message"], said.words)?;
        }
        Ok(())
    }

    fn is_ours(&self) -> bool {
        self.request.target.starts_with("/v1/")
    }
}

/// A text with these words at its end, or none.
fn ensure_ends(text: &Value, words: Option<&str>) -> anyhow::Result<()> {
    let is_right = match (text.as_str(), words) {
        (Some(text), Some(words)) => text.ends_with(words),
        (None, None) => text.is_null(),
        _ => false,
    };
    ensure!(is_right, "expected {words:?}, got {text}");
    Ok(())
}

impl Name {
    const fn words(self, status: u16) -> Option<&'static str> {
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

impl<'a> Said<'a> {
    const fn no_answer(reason: &'a str) -> Self {
        Self { status: 502, code: "provider_failed", reason, upstream_status: None, words: None }
    }
}
