//! VideoSDK's REST API for rooms. Version 1 of the API calls the rooms "meetings".
//! <https://docs.videosdk.live/api-reference/realtime-communication/create-room>

use hallpass_token::videosdk::{Claims, Permissions, Roles, RoomId, Scope};
use hallpass_token::{Ttl, UnixSeconds};
use http::Method;
use zeroize::Zeroizing;

use super::NAMES;
use super::config::{Provider, RoomsVersion, VideoSdkProject};
use crate::providers::rest;
use crate::providers::upstream::UpstreamError;
use crate::web::json::Json;
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// The time limit of a call, in seconds.
const SECONDS: u32 = 8;
/// The size limit of a response, in bytes. The response for a room takes about 500 bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The lifetime of a token for the service's own calls. This lifetime allows for clock skew.
const TWO_MINUTES: Ttl = match Ttl::new(120) {
    Ok(ttl) => ttl,
    Err(_) => Ttl::MAX,
};

/// The properties of a new room.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoomOptions<'a> {
    pub(crate) custom_room_id: Option<&'a str>,
    /// The region of the media servers.
    pub(crate) region: Option<&'a str>,
    pub(crate) geo_fence: Option<&'a str>,
}

/// The result of a room's validation.
#[derive(Debug)]
pub(crate) enum RoomValidation {
    /// The room exists. The value contains the fields of VideoSDK's response.
    Exists(Json<'static>),
    /// The room does not exist.
    NotFound(UpstreamError),
}

/// Signs a token for the service's own calls. The service sends this token only to VideoSDK.
pub(crate) fn rest_token(
    project: &VideoSdkProject,
    version: RoomsVersion,
    now: UnixSeconds,
) -> Option<Zeroizing<String>> {
    let scope = match version {
        RoomsVersion::V1 => Scope::V1,
        RoomsVersion::V2 => Scope::V2 { roles: Roles::Crawler, room: None, participant: None },
    };
    let claims = Claims {
        api_key: &project.api_key,
        permissions: Permissions::Join,
        scope,
        issued_at: now,
        expires_in: TWO_MINUTES,
        id: None,
    };
    Some(claims.sign(project.secrets.first()?).into())
}

/// Returns a request that creates a room.
pub(crate) fn create(
    provider: &Provider,
    token: Zeroizing<String>,
    options: &RoomOptions<'_>,
) -> OutboundRequest {
    let (path, names) = match provider.rooms_version {
        RoomsVersion::V2 => ("/v2/rooms", ["customRoomId", "region", "geoFence"]),
        RoomsVersion::V1 => ("/v1/meetings", ["userMeetingId", "region", ""]),
    };
    let values = [options.custom_room_id, options.region, options.geo_fence];
    let named = names.into_iter().zip(values).filter(|(name, _)| !name.is_empty());
    let body: Vec<_> = named.filter_map(|(name, value)| Some((name, value?.into()))).collect();
    let body = Json::from(body).to_vec();
    request(Method::POST, format!("{}{path}", provider.url), token, body)
}

/// Returns a request that checks whether a room exists.
pub(crate) fn validate(provider: &Provider, token: Zeroizing<String>, room: RoomId<'_>) -> OutboundRequest {
    let url = &provider.url;
    let room = percent_encode(room.as_str());
    match provider.rooms_version {
        RoomsVersion::V2 => {
            request(Method::GET, format!("{url}/v2/rooms/validate/{room}"), token, Vec::new())
        }
        RoomsVersion::V1 => request(Method::POST, format!("{url}/v1/meetings/{room}"), token, Vec::new()),
    }
}

/// Percent-encodes a path segment. Also encodes `.`, because `.` and `..` are not ordinary segments.
fn percent_encode(segment: &str) -> String {
    let mut encoded = String::new();
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn request(method: Method, url: String, token: Zeroizing<String>, body: Vec<u8>) -> OutboundRequest {
    // VideoSDK expects the token without `Bearer`.
    rest::request(method, url, vec![("authorization", token)], body, (MAX_BYTES, SECONDS))
}

/// Reads a created room. Adds the room's ID as `roomId` for apps that use version 2, and as `meetingId` for version 1.
pub(crate) fn read_room(
    response: Result<OutboundResponse, SendError>,
) -> Result<Json<'static>, UpstreamError> {
    const ID_FIELDS: [&str; 2] = ["roomId", "meetingId"];
    rest::read(NAMES, response, |room| {
        let ids = ID_FIELDS.into_iter().filter_map(|name| room.get(name)?.as_str());
        let id = ids.map(str::to_owned).find(|id| !id.is_empty())?;
        let Json::Object(fields) = room else { return None };
        let others = fields.into_iter().filter(|(name, _)| !ID_FIELDS.contains(&name.as_ref()));
        let [room_id, meeting_id] = ID_FIELDS;
        let room = Json::Object(others.collect()).into_owned();
        Some(room.with(room_id, id.clone().into()).with(meeting_id, id.into()))
    })
}

/// Reads whether a room exists. If the room does not exist, VideoSDK responds with status 400, 402 or 404.
pub(crate) fn read_validation(
    response: Result<OutboundResponse, SendError>,
) -> Result<RoomValidation, UpstreamError> {
    match read_room(response) {
        Ok(room) => Ok(RoomValidation::Exists(room)),
        Err(error) => match error.upstream_status().map(|status| status.as_u16()) {
            Some(400 | 402 | 404) => Ok(RoomValidation::NotFound(error)),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

    #[test]
    fn encodes_every_character_except_unreserved_ones() {
        const SET: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');
        let characters: String = ('\0'..='\u{ff}').chain(['…', '\u{10ffff}']).collect();
        assert_eq!(percent_encode(&characters), utf8_percent_encode(&characters, SET).to_string());
    }
}
