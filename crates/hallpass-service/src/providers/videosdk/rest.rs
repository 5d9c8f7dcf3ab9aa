//! VideoSDK's REST API: rooms, which its version 1 calls meetings.
//! <https://docs.videosdk.live/api-reference/realtime-communication/create-room>

use hallpass_token::videosdk::{Claims, Permissions, Roles, RoomId, Scope};
use hallpass_token::{Life, UnixSeconds};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::NAME;
use super::project::{Provider, RoomsVersion, VideoSdkProject};
use crate::providers::upstream::UpstreamError;
use crate::web::json::Json;
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// How long a call may take.
const SECONDS: u32 = 8;
/// The size limit of a response; a room has about 500 bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The lifetime of a token for the service's own call, with some time for clock skew.
const TWO_MINUTES: Life = match Life::new(120) {
    Ok(life) => life,
    Err(_) => Life::MAX,
};
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// The properties of a new room.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoomOptions<'a> {
    pub(crate) custom_room_id: Option<&'a str>,
    /// The region of its media servers.
    pub(crate) region: Option<&'a str>,
    pub(crate) geo_fence: Option<&'a str>,
}

/// Whether a room exists.
#[derive(Debug)]
pub(crate) enum Validity {
    /// The room exists; VideoSDK's fields.
    Valid(Json<'static>),
    NotValid(UpstreamError),
}

/// Signs a token for the service's own calls. Only VideoSDK receives it.
pub(crate) fn own_token(
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

/// Returns a request that asks whether a room exists.
pub(crate) fn validate(provider: &Provider, token: Zeroizing<String>, room: RoomId<'_>) -> OutboundRequest {
    let url = &provider.url;
    let room = utf8_percent_encode(room.as_str(), SEGMENT);
    match provider.rooms_version {
        RoomsVersion::V2 => {
            request(Method::GET, format!("{url}/v2/rooms/validate/{room}"), token, Vec::new())
        }
        RoomsVersion::V1 => request(Method::POST, format!("{url}/v1/meetings/{room}"), token, Vec::new()),
    }
}

fn request(method: Method, url: String, token: Zeroizing<String>, body: Vec<u8>) -> OutboundRequest {
    let headers = vec![
        // The token as it is, without `Bearer`.
        ("authorization", token),
        ("content-type", "application/json".to_owned().into()),
        ("accept", "application/json".to_owned().into()),
    ];
    OutboundRequest { method, url, headers, body, max_bytes: MAX_BYTES, seconds: SECONDS }
}

/// Reads a created room.
///
/// # Errors
/// [`UpstreamError`]
pub(crate) fn created(response: Result<OutboundResponse, SendError>) -> Result<Json<'static>, UpstreamError> {
    let response = response.map_err(|error| UpstreamError::of_sending(NAME, error))?;
    if (200..300).contains(&response.status) {
        room(&response)
    } else {
        Err(UpstreamError::of_response(NAME, &response))
    }
}

/// Reads whether a room exists. VideoSDK responds 400, 402 or 404 if not.
///
/// # Errors
/// [`UpstreamError`]
pub(crate) fn validity(response: Result<OutboundResponse, SendError>) -> Result<Validity, UpstreamError> {
    let response = response.map_err(|error| UpstreamError::of_sending(NAME, error))?;
    match response.status {
        200..300 => room(&response).map(Validity::Valid),
        400 | 402 | 404 => Ok(Validity::NotValid(UpstreamError::of_response(NAME, &response))),
        _ => Err(UpstreamError::of_response(NAME, &response)),
    }
}

/// Reads a room, and names it in both ways: apps of version 1 read `meetingId`, those of version 2 `roomId`.
fn room(response: &OutboundResponse) -> Result<Json<'static>, UpstreamError> {
    const NAMES: [&str; 2] = ["roomId", "meetingId"];
    let not_understood = || UpstreamError::not_understood(NAME, response);
    let room = Json::parse(&response.body).map_err(|_| not_understood())?;
    let ids = NAMES.into_iter().filter_map(|name| room.get(name)?.as_str());
    let id = ids.map(str::to_owned).find(|id| !id.is_empty()).ok_or_else(not_understood)?;
    let Json::Object(fields) = room else { return Err(not_understood()) };
    let others = fields.into_iter().filter(|(name, _)| !NAMES.contains(&name.as_ref()));
    let [room_id, meeting_id] = NAMES;
    let room = Json::Object(others.collect()).into_owned();
    Ok(room.with(room_id, id.clone().into()).with(meeting_id, id.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Result<OutboundResponse, SendError> {
        Ok(OutboundResponse { status, body: body.as_bytes().to_vec().into(), ..OutboundResponse::default() })
    }

    #[test]
    fn a_room_has_both_names() {
        for body in [r#"{"roomId":"a-b"}"#, r#"{"meetingId":"a-b"}"#, r#"{"roomId":"","meetingId":"a-b"}"#] {
            let room = created(response(200, body)).unwrap();
            assert_eq!(
                (room.get("roomId"), room.get("meetingId")),
                (Some(&"a-b".into()), Some(&"a-b".into()))
            );
        }
        for body in ["{}", r#"{"roomId":7}"#, "[]", "", r#"{"error":"x"}"#] {
            assert_eq!(
                created(response(200, body)).unwrap_err(),
                UpstreamError::not_understood("videosdk", &OutboundResponse::default())
            );
        }
    }

    #[test]
    fn some_failures_mean_that_there_is_no_room() {
        for status in [400, 402, 404] {
            assert!(matches!(validity(response(status, "not found")), Ok(Validity::NotValid(_))), "{status}");
        }
        for status in [301, 401, 403, 409, 429, 500] {
            assert!(validity(response(status, "not found")).is_err(), "{status}");
        }
    }
}
