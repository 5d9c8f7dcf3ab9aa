//! Agora's REST APIs: the projects of an account, the events of Signaling, and who is banned from a channel.
//! <https://docs.agora.io/en/video-calling/channel-management-api/overview/product-overview>

mod auth;
mod date;
pub(crate) mod kick;

use hallpass_token::agora::AppId;
use http::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

pub(crate) use self::auth::{Credentials, Form, Signing};
use super::{Fault, Rest};
use crate::json::Object;
use crate::outbound::{Incoming, Outgoing, SendError};

/// How long a call may take, in seconds, unless its function says otherwise.
const SECONDS: u32 = 8;
/// The most bytes of an answer: 1,000 events have about 130 KB, and so have 500 projects.
const MAX_BYTES: usize = 512 * 1024;

/// One project of the account. The App Certificate that Agora sends along as `sign_key` has no place here.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ProjectEntry {
    id: String,
    name: String,
    #[serde(rename(deserialize = "vendor_key"))]
    app_id: String,
    /// Whether it can be used.
    #[serde(rename(deserialize = "status"), deserialize_with = "is_one")]
    enabled: bool,
    /// In Unix seconds.
    #[serde(rename(deserialize = "created"), deserialize_with = "seconds")]
    created_at: u64,
}

/// Asks for the projects of the account.
pub(crate) fn list_projects(rest: &Rest, credentials: Credentials) -> Outgoing {
    request(Method::GET, format!("{}/dev/v1/projects", rest.agora_url), credentials, Vec::new())
}

/// Takes the events of a project's users. They are gone from Agora with the answer, so that this is never sent twice.
pub(crate) fn take_user_events(rest: &Rest, app_id: &AppId, credentials: Credentials) -> Outgoing {
    let url = format!("{}/dev/v2/project/{}/rtm/vendor/user_events", rest.agora_url, app_id.as_str());
    request(Method::GET, url, credentials, Vec::new())
}

/// Agora wants the content type also where there is no content, and answers 415 without.
fn request(method: Method, url: String, credentials: Credentials, body: Vec<u8>) -> Outgoing {
    let mut headers = credentials.into_headers();
    headers.push(("content-type", Zeroizing::new("application/json".to_owned())));
    headers.push(("accept", Zeroizing::new("application/json".to_owned())));
    Outgoing { method, url, headers, body, max_bytes: MAX_BYTES, seconds: SECONDS }
}

/// The projects of the account.
///
/// # Errors
/// [`Fault`]
pub(crate) fn projects(answer: Result<Incoming, SendError>) -> Result<Vec<ProjectEntry>, Fault> {
    #[derive(Deserialize)]
    struct Answer {
        projects: Vec<ProjectEntry>,
    }
    let answer = success(answer)?;
    // Not by way of a `Value`, which would hold the certificates and not wipe them.
    match serde_json::from_slice(&answer.body) {
        Ok(Object(Answer { projects })) => Ok(projects),
        Err(_) => Err(Fault::not_understood(AGORA, &answer)),
    }
}

/// The events of a project's users, in no certain order: the user, `Login` or `Logout`, and when, in Unix milliseconds.
///
/// # Errors
/// [`Fault`]
pub(crate) fn user_events(answer: Result<Incoming, SendError>) -> Result<Vec<Value>, Fault> {
    let answer = success(answer)?;
    let read = read(&answer)?;
    let events = read.get("events").filter(|_| read.get("result").is_some_and(|result| result == "success"));
    let event = |event: &Value| {
        let text = |name: &str| event.get(name)?.as_str();
        let at_ms = event.get("ms")?.as_u64()?;
        Some(json!({ "user": text("user_id")?, "event": text("type")?, "at_ms": at_ms }))
    };
    let events = events.and_then(Value::as_array).and_then(|events| events.iter().map(event).collect());
    events.ok_or_else(|| Fault::not_understood(AGORA, &answer))
}

const AGORA: &str = "agora";

fn success(answer: Result<Incoming, SendError>) -> Result<Incoming, Fault> {
    let answer = answer.map_err(|error| Fault::of_sending(AGORA, error))?;
    if (200..300).contains(&answer.status) { Ok(answer) } else { Err(Fault::of_answer(AGORA, &answer)) }
}

fn read(answer: &Incoming) -> Result<Map<String, Value>, Fault> {
    serde_json::from_slice(&answer.body).map_err(|_| Fault::not_understood(AGORA, answer))
}

fn is_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(u64::deserialize(deserializer)? == 1)
}

/// Agora's page says seconds, and its answers have milliseconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    /// As seconds, in the year 5138; as milliseconds, in 1973.
    const LAST_SECOND: u64 = 100_000_000_000;
    let number = u64::deserialize(deserializer)?;
    Ok(if number > LAST_SECOND { number / 1000 } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Result<Incoming, SendError> {
        Ok(Incoming { status: 200, body: body.as_bytes().to_vec().into(), ..Incoming::default() })
    }

    #[test]
    fn a_project_loses_its_certificate() {
        let body = r#"{"projects":[
            {"id":"a","name":"x","vendor_key":"k","sign_key":"SECRET","recording_server":null,"status":1,"created":1464165672},
            {"id":"b","name":"","vendor_key":"k","sign_key":"SECRET","recording_server":"10.2.2.8:8080","status":0,"created":1464165672000}
        ]}"#;
        let projects = projects(answer(body)).unwrap();
        assert_eq!(
            serde_json::to_value(&projects).unwrap(),
            serde_json::json!([
                { "id": "a", "name": "x", "app_id": "k", "enabled": true, "created_at": 1_464_165_672 },
                { "id": "b", "name": "", "app_id": "k", "enabled": false, "created_at": 1_464_165_672 },
            ])
        );
        assert!(!format!("{projects:?}").contains("SECRET"));
    }

    #[test]
    fn an_answer_is_an_object() {
        assert!(projects(answer(r#"{"projects":[]}"#)).is_ok());
        for body in ["[[]]", "[1]", "null", "7", ""] {
            assert!(projects(answer(body)).is_err(), "{body}");
        }
    }

    #[test]
    fn events_come_with_success_only() {
        let events = |result: &str| {
            let event = r#"{"user_id":"u","type":"Login","ms":1563355200123}"#;
            user_events(answer(&format!(r#"{{"result":"{result}","request_id":"1","events":[{event}]}}"#)))
        };
        let shown = serde_json::to_value(events("success").unwrap()).unwrap();
        assert_eq!(
            shown,
            serde_json::json!([{ "user": "u", "event": "Login", "at_ms": 1_563_355_200_123_u64 }])
        );
        assert!(events("failed").is_err());
    }
}
