//! VideoSDK's REST API: rooms, and meetings in version 1.

mod auth;
mod rooms;

use hallpass_token::UnixSeconds;
use hallpass_token::videosdk::{ParsedClaims, Version};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

pub use self::auth::Rejection;
use self::rooms::{Room, Rooms};
use super::cross_check::Credential;
use super::{Api, RecordedRequest, StubResponse};
use crate::deployment::Project;
use crate::target::Request;

/// The account's API key. Most deployments have this key.
pub const API_KEY: &str = Project::Videosdk.keys().0;

/// The data of an account.
pub struct Videosdk {
    /// The maximum remaining TTL of a token in seconds, or `None` for no limit. VideoSDK has no limit. Tests set a
    /// limit to check that Hallpass sends only short-lived tokens.
    pub max_ttl: Option<u64>,
    /// The status of the response for an unknown room: 400 (with plain text), 402 or 404.
    pub unknown_room: u16,
    rooms: Rooms,
    responses: u32,
}

/// The version of the API. The versions have different field names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RestVersion {
    V1,
    V2,
}

impl Default for Videosdk {
    fn default() -> Self {
        Self { max_ttl: Some(120), unknown_room: 400, rooms: Rooms::default(), responses: 0 }
    }
}

impl Videosdk {
    /// Creates a room, and returns its ID.
    pub fn add_room(&mut self, custom_id: Option<&str>, now: UnixSeconds) -> String {
        self.rooms.get_or_create(custom_id, now).id
    }

    /// Returns the IDs of all rooms in the order of their creation.
    #[must_use]
    pub fn rooms(&self) -> Vec<String> {
        self.rooms.all().map(|room| room.id.clone()).collect()
    }

    fn route(
        &mut self,
        request: &Request,
        caller: &Result<ParsedClaims, Rejection>,
        now: UnixSeconds,
    ) -> Result<StubResponse, u16> {
        let path = request.path_and_query().0;
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let api = if segments.first() == Some(&"v1") { RestVersion::V1 } else { RestVersion::V2 };
        let content = caller.as_ref().map_err(|_| 401_u16)?;
        api.authorize(content)?;
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["v2", "rooms"]) => self.create(request, "customRoomId", api, now),
            ("POST", ["v1", "meetings"]) => self.create(request, "userMeetingId", api, now),
            ("GET", ["v2", "rooms", "validate", id]) | ("POST", ["v1", "meetings", id]) => {
                self.validate(id, content, api)
            }
            _ => Err(404),
        }
    }

    fn create(
        &mut self,
        request: &Request,
        name: &str,
        api: RestVersion,
        now: UnixSeconds,
    ) -> Result<StubResponse, u16> {
        let body = match request.body.as_slice() {
            [] => Map::new(),
            body => serde_json::from_slice(body).map_err(|_| 400_u16)?,
        };
        let custom_id = body.get(name).map(|id| id.as_str().filter(|id| !id.is_empty()).ok_or(400_u16));
        if !request.body.is_empty() && !request.has_json() {
            return Err(400);
        }
        Ok(api.response(&self.rooms.get_or_create(custom_id.transpose()?, now)))
    }

    fn validate(&self, id: &str, content: &ParsedClaims, api: RestVersion) -> Result<StubResponse, u16> {
        let id = percent_decode_str(id).decode_utf8().map_err(|_| 400_u16)?;
        let room = self.rooms.find(&id).ok_or(self.unknown_room)?;
        let is_for_other_room =
            content.room.as_ref().is_some_and(|id| *id != room.id && !room.has_custom_id(id));
        if is_for_other_room { Err(403) } else { Ok(api.response(room)) }
    }
}

impl RestVersion {
    /// Checks that a token with these claims is allowed to call this version.
    fn authorize(self, content: &ParsedClaims) -> Result<(), u16> {
        if self == Self::V2 && content.version != Some(Version::Number(2)) {
            return Err(401);
        }
        let is_crawler = content.roles.is_empty() || content.roles.iter().any(|role| role == "crawler");
        if is_crawler { Ok(()) } else { Err(403) }
    }

    fn response(self, room: &Room) -> StubResponse {
        StubResponse::json(200, &Value::Object(if self == Self::V1 { room.v1() } else { room.v2() }))
    }
}

impl Api for Videosdk {
    type Caller = ParsedClaims;
    type Rejection = Rejection;

    fn authenticate(&self, request: &Request, now: UnixSeconds) -> Result<ParsedClaims, Rejection> {
        auth::authenticate(request, self.max_ttl, now)
    }

    fn execute(
        &mut self,
        request: &Request,
        caller: &Result<ParsedClaims, Rejection>,
        now: UnixSeconds,
    ) -> StubResponse {
        self.responses += 1;
        let response = self.route(request, caller, now).unwrap_or_else(|status| Self::error(request, status));
        response.with("x-request-id", format!("videosdk-{}", self.responses))
    }

    fn error(_: &Request, status: u16) -> StubResponse {
        let error = match status {
            400 => return StubResponse::new(400, "text/plain", "Invalid roomId"),
            401 => "Token is invalid or expired",
            402 | 404 => "Room not found",
            403 => "Permission denied",
            429 => "Too many requests",
            _ => "Internal server error",
        };
        StubResponse::json(status, &json!({ "error": error, "statusCode": status }))
    }

    fn credential(&self, request: &RecordedRequest<Self>) -> Option<Credential> {
        auth::credential(request, self.max_ttl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;
    use crate::provider::requests::{
        NOW, crawler, json_of, jwt, request, scope, send, signed, videosdk_cases,
    };
    use crate::target::Response;
    use hallpass_token::videosdk::{Roles, Scope};

    fn start() -> Provider<Videosdk> {
        let videosdk = Provider::start(Videosdk::default()).unwrap();
        videosdk.set_clock(Some(NOW));
        videosdk
    }

    fn call(videosdk: &Provider<Videosdk>, token: &str, method: &str, target: &str, body: &str) -> Response {
        send(&videosdk.url(), &request(method, target, &[("authorization", token)], body))
    }

    #[test]
    fn accepts_valid_tokens_and_rejects_invalid_ones() {
        let videosdk = start();
        for case in videosdk_cases() {
            let response = send(&videosdk.url(), &case.request);
            let caller = videosdk.requests().pop().unwrap().caller;
            let debug = format!("{caller:?}");
            assert!(debug.starts_with(case.caller), "{}: {debug}", case.name);
            assert_eq!(response.status(), if caller.is_ok() { 200 } else { 401 }, "{}", case.name);
            if caller.is_err() {
                let body = json!({ "error": "Token is invalid or expired", "statusCode": 401 });
                assert_eq!(json_of(&response), body, "{}", case.name);
            }
        }
    }

    #[test]
    fn accepts_a_long_ttl_without_a_limit() {
        let videosdk = start();
        let token = jwt(scope(Roles::Crawler, None), 0, 86_400);
        assert_eq!(call(&videosdk, &token, "POST", "/v2/rooms", "").status(), 401);
        videosdk.with(|videosdk| videosdk.max_ttl = None);
        assert_eq!(call(&videosdk, &token, "POST", "/v2/rooms", "").status(), 200);
    }

    #[test]
    fn checks_roles_version_and_room_of_valid_tokens() {
        let videosdk = start();
        let room = videosdk.with(|videosdk| videosdk.add_room(None, NOW));
        let validate = format!("/v2/rooms/validate/{room}");
        let v1 = jwt(Scope::V1, 0, 120);
        let rtc = jwt(scope(Roles::Rtc, None), 0, 120);
        let permitted = json!({ "permissions": ["allow_join"], "exp": NOW.0 + 60 });
        let with_roles = |roles: &[&str]| {
            let mut claims = permitted.clone();
            claims["roles"] = json!(roles);
            signed(&claims)
        };
        for (name, token, statuses) in [
            ("of version 1", v1, [401, 200]),
            ("for rooms only", rtc, [403, 403]),
            ("of an unknown role", with_roles(&["admin"]), [403, 403]),
            ("in upper case", with_roles(&["CRAWLER"]), [403, 403]),
            ("for this room", crawler(Some(&room)), [200, 200]),
            ("for another room", crawler(Some("other")), [403, 403]),
        ] {
            let v2 = call(&videosdk, &token, "GET", &validate, "").status();
            let v1 = call(&videosdk, &token, "POST", &format!("/v1/meetings/{room}"), "").status();
            assert_eq!([v2, v1], statuses, "{name}");
        }
    }

    #[test]
    fn creates_and_finds_rooms() {
        let videosdk = start();
        let token = crawler(None);
        let room = json_of(&call(&videosdk, &token, "POST", "/v2/rooms", "{\"customRoomId\":\"b \u{e9}\"}"));
        let date = "2023-11-14T22:13:20.000Z";
        let expected = json!({
            "roomId": "room-0000-test", "customRoomId": "b \u{e9}", "userId": "5f43b297f943f73d8c5a3b6e",
            "disabled": false, "createdAt": date, "updatedAt": date, "id": "613aff8dd9f9520000000000",
            "links": {
                "get_room": "https://api.videosdk.live/v2/rooms/room-0000-test",
                "get_session": "https://api.videosdk.live/v2/sessions/room-0000-test",
            },
        });
        assert_eq!(room, expected);
        for id in ["room-0000-test", "b%20%C3%A9"] {
            let found = call(&videosdk, &token, "GET", &format!("/v2/rooms/validate/{id}"), "");
            assert_eq!((found.status().as_u16(), json_of(&found)), (200, expected.clone()), "{id}");
            assert!(found.headers().contains_key("x-request-id"));
        }
        call(&videosdk, &token, "POST", "/v2/rooms", "{\"customRoomId\":\"b \u{e9}\"}");
        call(&videosdk, &token, "POST", "/v2/rooms", "");
        call(&videosdk, &token, "POST", "/v2/rooms", "{}");
        assert_eq!(videosdk.with(|videosdk| videosdk.rooms().len()), 3);
    }

    #[test]
    fn version_1_returns_meetings() {
        let videosdk = start();
        let token = jwt(Scope::V1, 0, 120);
        let body = "{\"userMeetingId\":\"unicorn\",\"region\":\"sg001\"}";
        let meeting = json_of(&call(&videosdk, &token, "POST", "/v1/meetings", body));
        let date = "2023-11-14T22:13:20.000Z";
        let expected = json!({
            "meetingId": "room-0000-test", "userMeetingId": "unicorn", "userId": "5f43b297f943f73d8c5a3b6e",
            "createdAt": date, "updatedAt": date, "id": "613aff8dd9f9520000000000",
        });
        assert_eq!(meeting, expected);
        let found = call(&videosdk, &token, "POST", "/v1/meetings/room-0000-test", "");
        assert_eq!((found.status().as_u16(), json_of(&found)), (200, expected));
    }

    #[test]
    fn unknown_rooms_get_the_configured_status() {
        let videosdk = start();
        for (status, kind) in [(400, "text/plain"), (402, "application/json"), (404, "application/json")] {
            videosdk.with(|videosdk| videosdk.unknown_room = status);
            let response = call(&videosdk, &crawler(None), "GET", "/v2/rooms/validate/nowhere", "");
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["content-type"], kind);
        }
    }

    #[test]
    fn rejects_invalid_requests() {
        let videosdk = start();
        for (method, target, body, status) in [
            ("GET", "/v2/rooms", "", 404),
            ("POST", "/v2/rooms/validate/x", "", 404),
            ("GET", "/v1/meetings/x", "", 404),
            ("POST", "/v2/rooms/", "", 404),
            ("POST", "/v2/rooms", "[]", 400),
            ("POST", "/v2/rooms", "{", 400),
            ("POST", "/v2/rooms", "{\"customRoomId\":7}", 400),
            ("POST", "/v2/rooms", "{\"customRoomId\":\"\"}", 400),
        ] {
            let response = call(&videosdk, &crawler(None), method, target, body);
            assert_eq!(response.status(), status, "{method} {target} {body}");
        }
        let mut request = request("POST", "/v2/rooms", &[("authorization", &crawler(None))], "{}");
        request.headers.retain(|(name, _)| name != "content-type");
        assert_eq!(send(&videosdk.url(), &request).status(), 400);
        assert!(videosdk.with(|videosdk| videosdk.rooms()).is_empty());
    }
}
