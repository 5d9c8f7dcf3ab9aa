//! Agora's REST APIs: the projects of the account, Signaling events, and kicking rules.
//! <https://docs.agora.io/en/video-calling/channel-management-api/overview/product-overview>

mod credentials;
pub(crate) mod kick;

use hallpass_token::agora::AppId;
use http::Method;

use crate::providers::agora::NAMES;
use crate::providers::calls::GrantableCall;
use crate::providers::rest;
use crate::providers::upstream::UpstreamError;
use crate::web::json::Json;
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

pub(crate) use self::credentials::{Credentials, Form, TokenSigner};
pub(crate) use super::config::AccountCredentials;

/// A call to Agora's REST APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestCall {
    /// The issuance of credentials for calls that the caller makes without this service.
    Auth,
    Projects,
    UserEvents,
    Kick,
}

impl RestCall {
    /// Returns the name of the call in the log.
    pub(crate) const fn audit_name(self) -> &'static str {
        match self {
            Self::Auth => "agora_rest.auth",
            Self::Projects => "agora_rest.projects",
            Self::UserEvents => "agora_rest.user_events",
            Self::Kick => "agora_rest.kick",
        }
    }
}

impl GrantableCall for RestCall {
    const FIELD: &'static str = "agora_rest";
    const ALL: &'static [Self] = &[Self::Auth, Self::Projects, Self::UserEvents, Self::Kick];
    const EXPECTED: &'static str = "\"auth\", \"projects\", \"user_events\" or \"kick\"";

    fn name(self) -> &'static str {
        self.audit_name().strip_prefix("agora_rest.").unwrap_or_default()
    }
}

/// Returns a request for the projects of the account.
pub(crate) fn list_projects(url: &str, credentials: Credentials) -> OutboundRequest {
    credentials.request(Method::GET, format!("{url}/dev/v1/projects"), Vec::new())
}

/// Returns a request for the events of a project's users. Never send this request twice, because Agora deletes the events
/// when it responds.
pub(crate) fn take_user_events(url: &str, app_id: &AppId, credentials: Credentials) -> OutboundRequest {
    let url = format!("{url}/dev/v2/project/{}/rtm/vendor/user_events", app_id.as_str());
    credentials.request(Method::GET, url, Vec::new())
}

/// Reads the projects of the account. Omits the App Certificate, which Agora sends as `sign_key`.
pub(crate) fn read_projects(
    response: Result<OutboundResponse, SendError>,
) -> Result<Vec<Json<'static>>, UpstreamError> {
    rest::read(NAMES, response, |body| {
        let Json::Array(entries) = body.get("projects")? else { return None };
        let mut projects = Vec::new();
        for entry in entries {
            let text = |name| Some(entry.get(name)?.as_str()?.to_owned());
            projects.push(Json::object([
                ("id", text("id")?.into()),
                ("name", text("name")?.into()),
                ("app_id", text("vendor_key")?.into()),
                ("enabled", (entry.get("status")?.as_u64()? == 1).into()),
                ("created_at", to_seconds(entry.get("created")?.as_u64()?).into()),
            ]));
        }
        Some(projects)
    })
}

/// Reads the events of a project's users, in arbitrary order. Each event contains the user, `Login` or `Logout`, and the
/// Unix time in milliseconds.
pub(crate) fn read_user_events(
    response: Result<OutboundResponse, SendError>,
) -> Result<Vec<Json<'static>>, UpstreamError> {
    rest::read(NAMES, response, |body| {
        let is_success = body.get("result")?.as_str() == Some("success");
        let Json::Array(entries) = body.get("events").filter(|_| is_success)? else { return None };
        let mut events = Vec::new();
        for entry in entries {
            let text = |name| Some(entry.get(name)?.as_str()?.to_owned());
            events.push(Json::object([
                ("user", text("user_id")?.into()),
                ("event", text("type")?.into()),
                ("at_ms", entry.get("ms")?.as_u64()?.into()),
            ]));
        }
        Some(events)
    })
}

/// Converts a Unix time into seconds. Agora documents seconds but sends milliseconds.
const fn to_seconds(number: u64) -> u64 {
    /// The largest number that is treated as seconds. In seconds, this number is a time in the year 5138; in
    /// milliseconds, it is a time in 1973.
    const LAST_SECOND: u64 = 100_000_000_000;
    if number > LAST_SECOND { number / 1000 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_milliseconds_into_seconds() {
        assert_eq!([1_464_165_672, 1_464_165_672_000].map(to_seconds), [1_464_165_672; 2]);
    }
}
