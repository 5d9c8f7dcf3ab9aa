//! VideoSDK's REST API: rooms, which its version 1 calls meetings.
//! <https://docs.videosdk.live/api-reference/realtime-communication/create-room>

use hallpass_token::videosdk::{Claims, Permissions, Roles, RoomId, Scope};
use hallpass_token::{Life, UnixSeconds};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Fault, Rest};
use crate::config::RoomsVersion;
use crate::outbound::{Incoming, Outgoing, SendError};
use crate::projects::VideoSdkProject;

/// How long a call may take, in seconds.
const SECONDS: u32 = 8;
/// The most bytes of an answer; a room has about 500.
const MAX_BYTES: usize = 64 * 1024;
/// The life of a token that this service makes for itself: for one call, and clocks that differ.
const TWO_MINUTES: Life = match Life::new(120) {
    Ok(life) => life,
    Err(_) => Life::MAX,
};
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// What a room is to be like, in VideoSDK's names.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_room_id: Option<&'a str>,
    /// In which region its media servers are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) geo_fence: Option<&'a str>,
}

/// Whether there is a room.
#[derive(Debug)]
pub(crate) enum Validity {
    /// There is, and this is what VideoSDK says of it.
    Valid(Map<String, Value>),
    /// There is none.
    NotValid(Fault),
}

/// A token for this service's own calls. It never leaves but to VideoSDK.
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

/// Makes a room.
pub(crate) fn create(rest: &Rest, token: Zeroizing<String>, options: &RoomOptions<'_>) -> Outgoing {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct MeetingOptions<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        user_meeting_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        region: Option<&'a str>,
    }
    // What is written here has no key that is no string, the one thing that JSON cannot hold.
    let (path, body) = match rest.videosdk_version {
        RoomsVersion::V2 => ("/v2/rooms", serde_json::to_vec(options).unwrap_or_default()),
        RoomsVersion::V1 => {
            let options = MeetingOptions { user_meeting_id: options.custom_room_id, region: options.region };
            ("/v1/meetings", serde_json::to_vec(&options).unwrap_or_default())
        }
    };
    request(Method::POST, format!("{}{path}", rest.videosdk_url), token, body)
}

/// Asks whether there is a room of this id.
pub(crate) fn validate(rest: &Rest, token: Zeroizing<String>, room: RoomId<'_>) -> Outgoing {
    let url = &rest.videosdk_url;
    let room = utf8_percent_encode(room.as_str(), SEGMENT);
    match rest.videosdk_version {
        RoomsVersion::V2 => {
            request(Method::GET, format!("{url}/v2/rooms/validate/{room}"), token, Vec::new())
        }
        RoomsVersion::V1 => request(Method::POST, format!("{url}/v1/meetings/{room}"), token, Vec::new()),
    }
}

fn request(method: Method, url: String, token: Zeroizing<String>, body: Vec<u8>) -> Outgoing {
    let headers = vec![
        // The token as it is, without `Bearer`.
        ("authorization", token),
        ("content-type", "application/json".to_owned().into()),
        ("accept", "application/json".to_owned().into()),
    ];
    Outgoing { method, url, headers, body, max_bytes: MAX_BYTES, seconds: SECONDS }
}

/// The room that was made.
///
/// # Errors
/// [`Fault`]
pub(crate) fn made(answer: Result<Incoming, SendError>) -> Result<Map<String, Value>, Fault> {
    let answer = answer.map_err(|error| Fault::of_sending("videosdk", error))?;
    if (200..300).contains(&answer.status) {
        room(&answer)
    } else {
        Err(Fault::of_answer("videosdk", &answer))
    }
}

/// Whether the room is one. VideoSDK answers 400, 402 or 404 for one that is not.
///
/// # Errors
/// [`Fault`]
pub(crate) fn validity(answer: Result<Incoming, SendError>) -> Result<Validity, Fault> {
    let answer = answer.map_err(|error| Fault::of_sending("videosdk", error))?;
    match answer.status {
        200..300 => room(&answer).map(Validity::Valid),
        400 | 402 | 404 => Ok(Validity::NotValid(Fault::of_answer("videosdk", &answer))),
        _ => Err(Fault::of_answer("videosdk", &answer)),
    }
}

/// A room by both of its names: apps of version 1 read `meetingId`, those of version 2 `roomId`.
fn room(answer: &Incoming) -> Result<Map<String, Value>, Fault> {
    let fault = || Fault::not_understood("videosdk", answer);
    let mut room: Map<String, Value> = serde_json::from_slice(&answer.body).map_err(|_| fault())?;
    let id = ["roomId", "meetingId"].into_iter().filter_map(|name| room.get(name)?.as_str());
    let id = id.map(str::to_owned).find(|id| !id.is_empty()).ok_or_else(fault)?;
    room.insert("roomId".to_owned(), id.clone().into());
    room.insert("meetingId".to_owned(), id.into());
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Incoming, SendError> {
        Ok(Incoming { status, body: body.as_bytes().to_vec().into(), ..Incoming::default() })
    }

    #[test]
    fn a_room_has_both_names() {
        for body in [r#"{"roomId":"a-b"}"#, r#"{"meetingId":"a-b"}"#, r#"{"roomId":"","meetingId":"a-b"}"#] {
            let room = made(answer(200, body)).unwrap();
            assert_eq!((&room["roomId"], &room["meetingId"]), (&"a-b".into(), &"a-b".into()), "{body}");
        }
        for body in ["{}", r#"{"roomId":7}"#, "[]", "", r#"{"error":"x"}"#] {
            assert_eq!(
                made(answer(200, body)).unwrap_err(),
                Fault::not_understood("videosdk", &Incoming::default())
            );
        }
    }

    #[test]
    fn some_failures_mean_that_there_is_no_room() {
        for status in [400, 402, 404] {
            assert!(matches!(validity(answer(status, "not found")), Ok(Validity::NotValid(_))), "{status}");
        }
        for status in [301, 401, 403, 409, 429, 500] {
            assert!(validity(answer(status, "not found")).is_err(), "{status}");
        }
    }
}
