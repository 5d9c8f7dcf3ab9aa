//! `POST /v1/videosdk/rooms` and `GET /v1/videosdk/rooms/{id}/validate`: VideoSDK's own answer, to a token that this
//! service makes and nobody sees.

use hallpass_token::videosdk::RoomId;
use http::{Response, StatusCode};
use serde_json::json;
use zeroize::Zeroizing;

use super::step::Step;
use super::{Call, Minter, query_value};
use crate::answer::{self, JSON};
use crate::config::RoomsVersion;
use crate::json::{self, Object};
use crate::policy::RoomCall;
use crate::problem::Problem;
use crate::providers::videosdk::{self, RoomOptions, Validity};

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    project: Option<String>,
    custom_room_id: Option<String>,
    region: Option<String>,
    geo_fence: Option<String>,
}

pub(super) fn create(call: Call<'_>) -> Step<'_> {
    begin_create(call).unwrap_or_else(|problem| Step::Done(refusal(call, problem)))
}

fn begin_create(call: Call<'_>) -> Result<Step<'_>, Problem> {
    let minter = call.minter()?;
    let body = match call.body()? {
        [] => CreateBody::default(),
        body => json::parse::<Object<_>>(body)?.0,
    };
    let custom_room_id = body.custom_room_id.as_deref();
    custom_room_id.map(|id| room_id("custom_room_id", id)).transpose()?;
    if body.geo_fence.is_some() && minter.ready.rest.videosdk_version == RoomsVersion::V1 {
        let detail = "is for version 2 of VideoSDK's API, and `rest.videosdk.version` is \"v1\" here";
        return Err(Problem::field("geo_fence", detail));
    }
    let token = own_token(&minter, body.project.as_deref(), RoomCall::Create, custom_room_id)?;
    let options =
        RoomOptions { custom_room_id, region: body.region.as_deref(), geo_fence: body.geo_fence.as_deref() };
    let request = videosdk::create(&minter.ready.rest, token, &options);
    Ok(Step::send(request, move |answer| {
        Step::Done(match videosdk::made(answer) {
            Ok(room) => answer::json(StatusCode::OK, JSON, &room),
            Err(fault) => refusal(call, call.provider_failed(fault)),
        })
    }))
}

pub(super) fn validate(call: Call<'_>) -> Step<'_> {
    begin_validate(call).unwrap_or_else(|problem| Step::Done(refusal(call, problem)))
}

fn begin_validate(call: Call<'_>) -> Result<Step<'_>, Problem> {
    let minter = call.minter()?;
    let room = room_id("id", call.part("id"))?;
    let project = query_value(call, "project");
    let token = own_token(&minter, project.as_deref(), RoomCall::Validate, Some(room.as_str()))?;
    let request = videosdk::validate(&minter.ready.rest, token, room);
    Ok(Step::send(request, move |answer| {
        Step::Done(match videosdk::validity(answer) {
            Ok(Validity::Valid(mut room)) => {
                room.insert("valid".to_owned(), true.into());
                answer::json(StatusCode::OK, JSON, &room)
            }
            Ok(Validity::NotValid(fault)) => {
                let room = json!({ "valid": false, "reason": fault.message() });
                answer::json(StatusCode::OK, JSON, &room)
            }
            Err(fault) => refusal(call, call.provider_failed(fault)),
        })
    }))
}

/// A room's id that can stand in a path. `.` and `..` are no part of one: they lead elsewhere.
pub(super) fn room_id<'a>(field: &str, text: &'a str) -> Result<RoomId<'a>, Problem> {
    let room = RoomId::parse(text).map_err(|error| Problem::field(field, error))?;
    if matches!(text, "." | "..") { Err(Problem::field(field, "is no id of a room")) } else { Ok(room) }
}

/// The token for a call that the policy allows.
pub(super) fn own_token(
    minter: &Minter<'_>,
    project: Option<&str>,
    call: RoomCall,
    room: Option<&str>,
) -> Result<Zeroizing<String>, Problem> {
    let project = minter.ready.projects.videosdk(project)?;
    minter.allow_room_call(call, &project.name, room)?;
    let version = minter.ready.rest.videosdk_version;
    videosdk::own_token(&project.project, version, minter.inputs.now).ok_or(Problem::NotReady)
}

fn refusal(call: Call<'_>, problem: Problem) -> Response<Vec<u8>> {
    problem.into_response(&call.inputs.request_id)
}
