//! Agora's REST API: a customer's projects, Signaling events, and kicking rules.

mod auth;
mod kick;

use std::collections::BTreeMap;

use hallpass_token::UnixSeconds;
use serde_json::{Value, json};

pub use self::auth::{Caller, Rejection};
use self::kick::Rules;
use super::cross_check::Credential;
use super::{Api, RecordedRequest, StubResponse};
use crate::deployment::Project;
use crate::target::Request;

/// The customer ID, which is not a secret.
pub const CUSTOMER_ID: &str = "4f1e8a7c3b2d49658d0c7b6a5e4f3210";
/// The customer secret.
pub const CUSTOMER_SECRET: &str = "a8d3c5b7e9f14260b1c2d3e4f5a60718";
/// The App ID of the customer's first project. Most deployments have this project.
pub const APP_ID: &str = Project::Default.keys().0;
/// The App ID of the second project.
pub const OTHER_APP_ID: &str = Project::Other.keys().0;

/// The data of a customer.
#[derive(Default)]
pub struct Agora {
    events: BTreeMap<String, Vec<Value>>,
    rules: Rules,
    responses: u32,
}

/// The maximum number of stored events of a project.
const KEPT_EVENTS: usize = 2000;
/// The maximum number of events in a response.
const SENT_EVENTS: usize = 1000;

impl Agora {
    /// Adds a Signaling event of a project: a user's `Login` or `Logout` at this time in milliseconds.
    pub fn add_event(&mut self, app_id: &str, user: &str, kind: &str, at_ms: u64) {
        let events = self.events.entry(app_id.to_owned()).or_default();
        events.push(json!({ "user_id": user, "type": kind, "ms": at_ms }));
        events.drain(..events.len().saturating_sub(KEPT_EVENTS));
    }

    /// Returns the number of a project's events that have not been fetched.
    #[must_use]
    pub fn events_left(&self, app_id: &str) -> usize {
        self.events.get(app_id).map_or(0, Vec::len)
    }

    /// Returns all kicking rules in the order of their creation, including expired rules. The rules have the form of
    /// Agora's response to `GET`.
    #[must_use]
    pub fn rules(&self) -> Vec<Value> {
        self.rules.all()
    }

    fn user_events(&mut self, app_id: &str) -> StubResponse {
        let request_id = self.request_id();
        let Some(events) = self.events.get_mut(app_id) else {
            return StubResponse::json(
                200,
                &json!({ "result": "success", "request_id": request_id, "events": [] }),
            );
        };
        let sent: Vec<_> = events.drain(..events.len().min(SENT_EVENTS)).collect();
        StubResponse::json(200, &json!({ "result": "success", "request_id": request_id, "events": sent }))
    }

    fn request_id(&self) -> String {
        format!("agora-{}", self.responses)
    }

    fn route(
        &mut self,
        request: &Request,
        caller: &Result<Caller, Rejection>,
        now: UnixSeconds,
    ) -> Result<StubResponse, u16> {
        if !request.has_json() {
            return Err(415);
        }
        caller.as_ref().map_err(|_| 401_u16)?;
        let (path, query) = request.path_and_query();
        match (request.method.as_str(), path) {
            ("GET", "/dev/v1/projects") => Ok(projects()),
            ("GET", "/dev/v1/kicking-rule") => self.rules.list(query, now),
            ("POST", "/dev/v1/kicking-rule") => self.rules.create(&request.body, now),
            ("GET", _) => match signaling_project(path) {
                Some(app_id) if certificate_of(app_id).is_some() => Ok(self.user_events(app_id)),
                Some(_) => Err(403),
                None => Err(404),
            },
            _ => Err(404),
        }
    }
}

impl Api for Agora {
    type Caller = Caller;
    type Rejection = Rejection;

    fn authenticate(&self, request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
        auth::authenticate(request, now)
    }

    fn execute(
        &mut self,
        request: &Request,
        caller: &Result<Caller, Rejection>,
        now: UnixSeconds,
    ) -> StubResponse {
        self.responses += 1;
        let response = self.route(request, caller, now).unwrap_or_else(|status| Self::error(request, status));
        response.with("x-request-id", self.request_id()).with("x-resource-id", "agora-resource")
    }

    fn error(request: &Request, status: u16) -> StubResponse {
        let reason = match status {
            400 => "invalid parameter",
            401 => "user authentication error",
            403 => "forbidden",
            404 => "not found",
            415 => "unsupported media type",
            429 => "too many requests",
            _ => "internal error",
        };
        let is_signaling = request.target.starts_with("/dev/v2/");
        let body = if is_signaling {
            json!({ "errorCode": status, "reason": reason })
        } else {
            json!({ "message": reason })
        };
        StubResponse::json(status, &body)
    }

    fn credential(&self, request: &RecordedRequest<Self>) -> Option<Credential> {
        auth::credential(request)
    }
}

/// Returns the App ID in the path of Signaling events.
fn signaling_project(path: &str) -> Option<&str> {
    path.strip_prefix("/dev/v2/project/")?.strip_suffix("/rtm/vendor/user_events")
}

fn certificate_of(app_id: &str) -> Option<&'static str> {
    let projects = [Project::Default, Project::Other].map(Project::keys);
    projects.into_iter().find(|(known, _)| *known == app_id).map(|(_, certificate)| certificate)
}

/// Returns two projects that differ in every field, and a project without a certificate.
fn projects() -> StubResponse {
    let (app_id, certificate) = Project::Default.keys();
    let (other_app_id, other_certificate) = Project::Other.keys();
    let projects = json!([
        {
            "id": "5bd81c1e2d5b4a0f8c6e7d90", "name": "project1", "vendor_key": app_id, "sign_key": certificate,
            "recording_server": null, "status": 1, "created": 1_464_165_672,
        },
        {
            "id": "5bd81c1e2d5b4a0f8c6e7d91", "name": "project2", "vendor_key": other_app_id,
            "sign_key": other_certificate, "recording_server": "10.2.2.8:8080", "status": 1,
            "created": 1_610_530_391_000_u64,
        },
        {
            "id": "5bd81c1e2d5b4a0f8c6e7d92", "name": "", "vendor_key": "fedcba9876543210fedcba9876543210",
            "sign_key": "", "recording_server": null, "status": 0, "created": 0,
        },
    ]);
    StubResponse::json(200, &json!({ "projects": projects }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;
    use crate::provider::requests::{
        NOW, PROJECTS, RULES, agora_cases, as_customer, basic, json_of, request, send, user_events,
    };

    fn start() -> Provider<Agora> {
        let agora = Provider::start(Agora::default()).unwrap();
        agora.set_clock(Some(NOW));
        agora
    }

    #[test]
    fn accepts_valid_credentials_and_rejects_invalid_ones() {
        let agora = start();
        for case in agora_cases() {
            let response = send(&agora.url(), &case.request);
            let caller = agora.requests().pop().unwrap().caller;
            let debug = format!("{caller:?}");
            assert!(debug.starts_with(case.caller), "{}: {debug}", case.name);
            let status = if caller.is_ok() { 200 } else { 401 };
            assert_eq!(response.status(), status, "{}", case.name);
            let body = json_of(&response);
            let is_signaling = case.request.target.contains("/rtm/");
            match (status, is_signaling) {
                (200, true) => assert_eq!(body["result"], "success", "{}", case.name),
                (200, false) => assert_eq!(body["projects"].as_array().unwrap().len(), 3, "{}", case.name),
                (_, true) => {
                    assert_eq!(body, json!({ "errorCode": 401, "reason": "user authentication error" }))
                }
                (_, false) => assert_eq!(body, json!({ "message": "user authentication error" })),
            }
        }
    }

    #[test]
    fn rejects_other_content_types_than_json() {
        let agora = start();
        let mut request = as_customer("GET", PROJECTS, "");
        request.headers.retain(|(name, _)| name != "content-type");
        assert_eq!(send(&agora.url(), &request).status(), 415);
        request.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
        assert_eq!(send(&agora.url(), &request).status(), 415);
    }

    #[test]
    fn projects_differ_in_every_field() {
        let response = send(&start().url(), &as_customer("GET", PROJECTS, ""));
        let projects = json_of(&response)["projects"].as_array().unwrap().clone();
        assert_eq!(projects[0]["vendor_key"], APP_ID);
        assert_eq!(projects[0]["recording_server"], Value::Null);
        assert!(projects[0]["created"].as_u64() < Some(100_000_000_000));
        assert_eq!(projects[1]["vendor_key"], OTHER_APP_ID);
        assert!(projects[1]["recording_server"].is_string());
        assert!(projects[1]["created"].as_u64() > Some(100_000_000_000));
        for (project, keys) in projects.iter().zip([Project::Default, Project::Other].map(Project::keys)) {
            assert_eq!(project["sign_key"], keys.1);
        }
        assert_eq!(projects[2]["sign_key"], "");
        for header in ["x-request-id", "x-resource-id"] {
            assert!(response.headers().contains_key(header), "{header}");
        }
    }

    #[test]
    fn returns_each_event_once() {
        let agora = start();
        agora.with(|agora| {
            for number in 0..2100 {
                agora.add_event(APP_ID, &format!("user-{number}"), "Login", 1_700_000_000_000 + number);
            }
            agora.add_event(OTHER_APP_ID, "alice", "Logout", 1);
        });
        let fetch = |app_id| json_of(&send(&agora.url(), &as_customer("GET", &user_events(app_id), "")));
        let first = fetch(APP_ID);
        let oldest = json!({ "user_id": "user-100", "type": "Login", "ms": 1_700_000_000_100_u64 });
        assert_eq!((&first["result"], &first["events"][0]), (&json!("success"), &oldest));
        let rest = [first, fetch(APP_ID), fetch(APP_ID)].map(|body| body["events"].as_array().unwrap().len());
        assert_eq!(rest, [1000, 1000, 0]);
        assert_eq!(agora.with(|agora| agora.events_left(OTHER_APP_ID)), 1);
        assert_eq!(fetch(OTHER_APP_ID)["events"][0]["user_id"], "alice");
    }

    #[test]
    fn rejects_unknown_paths_and_projects() {
        let agora = start();
        for (method, target, status) in [
            ("GET", "/dev/v1/project", 404),
            ("POST", PROJECTS, 404),
            ("DELETE", RULES, 404),
            ("GET", "/dev/v2/project/0123/rtm/vendor/user_events", 403),
        ] {
            assert_eq!(
                send(&agora.url(), &as_customer(method, target, "")).status(),
                status,
                "{method} {target}"
            );
        }
    }

    #[test]
    fn records_requests_unchanged() {
        let agora = start();
        send(
            &agora.url(),
            &request("POST", "/dev/v1/kicking-rule?x=%20", &[("authorization", &basic())], "{\"a\":1}"),
        );
        let [recorded] = agora.requests().try_into().ok().unwrap();
        assert_eq!(
            (recorded.request.method.as_str(), recorded.request.target.as_str()),
            ("POST", "/dev/v1/kicking-rule?x=%20")
        );
        assert_eq!(recorded.request.header("authorization"), Some(basic().as_str()));
        assert_eq!((recorded.request.body.as_slice(), recorded.at), (&b"{\"a\":1}"[..], NOW));
        agora.clear_requests();
        assert!(agora.requests().is_empty());
    }
}
