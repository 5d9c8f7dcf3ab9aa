//! The servers of VideoSDK's examples: `GET` and `POST /get-token` with `roomId` and `peerId` or `participantId`, in
//! the query or in a JSON body.
//!
//! Unlike theirs, its tokens let their holders moderate only where a rule of the policy says so.

use hallpass_token::videosdk::{ParticipantId, RoomId};
use http::{Method, Response};
use serde_json::{Map, Value};

use super::read::text_or_empty;
use super::write;
use crate::ask::{Ask, VideoSdkAsk, VideoSdkScopeAsk, VideoSdkV2Ask, What};
use crate::json::{self, Object};
use crate::problem::Problem;
use crate::routes::{Call, query_value};

pub(in crate::routes) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    token(call).unwrap_or_else(|problem| write::error(&problem))
}

fn token(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let body = body(call)?;
    let room = field(call, &body, "roomId")?;
    let (name, participant) = match field(call, &body, "peerId")? {
        Some(participant) => ("peerId", Some(participant)),
        None => ("participantId", field(call, &body, "participantId")?),
    };
    let room = room.as_deref().map(RoomId::parse).transpose();
    let room = room.map_err(|error| Problem::field("roomId", error))?;
    let participant = participant.as_deref().map(ParticipantId::parse).transpose();
    let participant = participant.map_err(|error| Problem::field(name, error))?;
    // The examples bind a token to nothing where they are told of nothing.
    let scope = match (room, participant) {
        (None, None) => VideoSdkScopeAsk::V1OrV2,
        (room, participant) => VideoSdkScopeAsk::V2(VideoSdkV2Ask { roles: None, room, participant }),
    };
    let what = What::VideoSdk(VideoSdkAsk { permissions: None, scope });
    Ok(write::token(&minter.mint(&Ask { project: None, ttl: None, what })?.token))
}

/// A body counts with POST only: not every client and platform sends one with GET.
pub(super) fn body(call: Call<'_>) -> Result<Map<String, Value>, Problem> {
    if !call.is(&Method::POST) {
        return Ok(Map::new());
    }
    match call.body()? {
        [] => Ok(Map::new()),
        body => Ok(json::parse::<Object<_>>(body)?.0),
    }
}

/// A text of the body, else of the query; an empty one counts for nothing, as in the examples.
fn field(call: Call<'_>, body: &Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    let in_body = text_or_empty(body, name)?;
    let text = if in_body.is_empty() { query_value(call, name) } else { Some(in_body.to_owned()) };
    Ok(text.filter(|text| !text.is_empty()))
}
