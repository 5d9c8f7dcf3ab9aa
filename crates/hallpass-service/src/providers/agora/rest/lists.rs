//! The projects of the account, and the events of Signaling.

use hallpass_token::agora::AppId;
use http::Method;

use super::credentials::Credentials;
use super::exchange::{not_understood, request, success};
use crate::providers::upstream::UpstreamError;
use crate::web::json::Json;
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// Returns a request for the projects of the account.
pub(crate) fn list_projects(url: &str, credentials: Credentials) -> OutboundRequest {
    request(Method::GET, format!("{url}/dev/v1/projects"), credentials, Vec::new())
}

/// Returns a request for the events of a project's users. Agora deletes the events with its response, so this request must
/// never be sent twice.
pub(crate) fn take_user_events(url: &str, app_id: &AppId, credentials: Credentials) -> OutboundRequest {
    let url = format!("{url}/dev/v2/project/{}/rtm/vendor/user_events", app_id.as_str());
    request(Method::GET, url, credentials, Vec::new())
}

/// Reads the projects of the account. The App Certificate, which Agora sends as `sign_key`, is left out.
///
/// # Errors
/// [`UpstreamError`]
pub(crate) fn projects(
    response: Result<OutboundResponse, SendError>,
) -> Result<Vec<Json<'static>>, UpstreamError> {
    let response = success(response)?;
    let body = Json::parse(&response.body).map_err(|_| not_understood(&response))?;
    let Some(Json::Array(entries)) = body.get("projects") else { return Err(not_understood(&response)) };
    let entry = |entry: &Json<'_>| {
        let text = |name| Some(entry.get(name)?.as_str()?.to_owned());
        Some(Json::object([
            ("id", text("id")?.into()),
            ("name", text("name")?.into()),
            ("app_id", text("vendor_key")?.into()),
            ("enabled", (entry.get("status")?.as_u64()? == 1).into()),
            ("created_at", seconds(entry.get("created")?.as_u64()?).into()),
        ]))
    };
    entries.iter().map(entry).collect::<Option<_>>().ok_or_else(|| not_understood(&response))
}

/// Reads the events of a project's users, in no certain order: the user, `Login` or `Logout`, and the time in Unix
/// milliseconds.
///
/// # Errors
/// [`UpstreamError`]
pub(crate) fn user_events(
    response: Result<OutboundResponse, SendError>,
) -> Result<Vec<Json<'static>>, UpstreamError> {
    let response = success(response)?;
    let body = Json::parse(&response.body).map_err(|_| not_understood(&response))?;
    let is_success = body.get("result").and_then(Json::as_str) == Some("success");
    let Some(Json::Array(events)) = body.get("events").filter(|_| is_success) else {
        return Err(not_understood(&response));
    };
    let event = |event: &Json<'_>| {
        let text = |name| Some(event.get(name)?.as_str()?.to_owned());
        Some(Json::object([
            ("user", text("user_id")?.into()),
            ("event", text("type")?.into()),
            ("at_ms", event.get("ms")?.as_u64()?.into()),
        ]))
    };
    events.iter().map(event).collect::<Option<_>>().ok_or_else(|| not_understood(&response))
}

/// Agora documents seconds, and sends milliseconds.
const fn seconds(number: u64) -> u64 {
    /// As seconds, in the year 5138; as milliseconds, in 1973.
    const LAST_SECOND: u64 = 100_000_000_000;
    if number > LAST_SECOND { number / 1000 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Result<OutboundResponse, SendError> {
        let body = body.as_bytes().to_vec().into();
        Ok(OutboundResponse { status: 200, body, ..OutboundResponse::default() })
    }

    #[test]
    fn a_project_loses_its_certificate() {
        let body = r#"{"projects":[
            {"id":"a","name":"x","vendor_key":"k","sign_key":"SECRET","recording_server":null,"status":1,"created":1464165672},
            {"id":"b","name":"","vendor_key":"k","sign_key":"SECRET","recording_server":"10.2.2.8:8080","status":0,"created":1464165672000}
        ]}"#;
        let projects = Json::from(projects(response(body)).unwrap()).to_vec();
        assert_eq!(
            String::from_utf8(projects).unwrap(),
            r#"[{"id":"a","name":"x","app_id":"k","enabled":true,"created_at":1464165672},{"id":"b","name":"","app_id":"k","enabled":false,"created_at":1464165672}]"#
        );
    }

    #[test]
    fn other_responses_are_not_understood() {
        assert!(projects(response(r#"{"projects":[]}"#)).is_ok());
        for body in ["[[]]", "[1]", "null", "7", "", r#"{"projects":[{}]}"#] {
            assert!(projects(response(body)).is_err(), "{body}");
        }
    }

    #[test]
    fn events_come_with_success_only() {
        let events = |result: &str| {
            let event = r#"{"user_id":"u","type":"Login","ms":1563355200123}"#;
            user_events(response(&format!(r#"{{"result":"{result}","request_id":"1","events":[{event}]}}"#)))
        };
        let shown = Json::from(events("success").unwrap()).to_vec();
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            r#"[{"user":"u","event":"Login","at_ms":1563355200123}]"#
        );
        assert!(events("failed").is_err());
    }
}
