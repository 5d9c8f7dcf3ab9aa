//! The servers of VideoSDK's examples: `POST /create-meeting` and `POST` or `GET /validate-meeting/{id}`, with the
//! caller's own `token` in the body.
//!
//! Unlike theirs, a failure of VideoSDK has its status; and where there is no token in the body, one is made for a call
//! that the policy allows.

use http::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::read::text_or_empty;
use super::write;
use crate::answer::{self, JSON_UTF8};
use crate::json::{self, Object};
use crate::policy::RoomCall;
use crate::problem::Problem;
use crate::providers::Fault;
use crate::providers::videosdk::{self, RoomOptions, Validity};
use crate::routes::rooms::{own_token, room_id};
use crate::routes::step::Step;
use crate::routes::{Call, Minter};

pub(in crate::routes) fn create(call: Call<'_>) -> Step<'_> {
    begin_create(call).unwrap_or_else(|problem| Step::Done(write::error(&problem)))
}

fn begin_create(call: Call<'_>) -> Result<Step<'_>, Problem> {
    let minter = call.minter()?;
    let body = body(call)?;
    let region = Some(text_or_empty(&body, "region")?).filter(|region| !region.is_empty());
    let token = token(&minter, &body, RoomCall::Create, None)?;
    let options = RoomOptions { region, ..RoomOptions::default() };
    let request = videosdk::create(&minter.ready.rest, token, &options);
    Ok(Step::send(request, move |answer| {
        Step::Done(match videosdk::made(answer) {
            Ok(room) => answer::json(StatusCode::OK, JSON_UTF8, &room),
            Err(fault) => failure(call, fault),
        })
    }))
}

pub(in crate::routes) fn validate(call: Call<'_>) -> Step<'_> {
    begin_validate(call).unwrap_or_else(|problem| Step::Done(write::error(&problem)))
}

fn begin_validate(call: Call<'_>) -> Result<Step<'_>, Problem> {
    let minter = call.minter()?;
    let body = body(call)?;
    let room = room_id("meetingId", call.part("id"))?;
    let token = token(&minter, &body, RoomCall::Validate, Some(room.as_str()))?;
    let request = videosdk::validate(&minter.ready.rest, token, room);
    Ok(Step::send(request, move |answer| {
        Step::Done(match videosdk::validity(answer) {
            Ok(Validity::Valid(room)) => answer::json(StatusCode::OK, JSON_UTF8, &room),
            Ok(Validity::NotValid(fault)) => not_valid(&fault),
            Err(fault) => failure(call, fault),
        })
    }))
}

/// A body counts with POST only: not every client and platform sends one with GET.
fn body(call: Call<'_>) -> Result<Map<String, Value>, Problem> {
    if !call.is(&Method::POST) {
        return Ok(Map::new());
    }
    match call.body()? {
        [] => Ok(Map::new()),
        body => Ok(json::parse::<Object<_>>(body)?.0),
    }
}

/// The caller's token, which is worth what VideoSDK says; without it, one for a call that the policy allows.
fn token(
    minter: &Minter<'_>,
    body: &Map<String, Value>,
    call: RoomCall,
    room: Option<&str>,
) -> Result<Zeroizing<String>, Problem> {
    let token = text_or_empty(body, "token")?;
    if token.is_empty() {
        return own_token(minter, None, call, room);
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::field("token", "is not a token"));
    }
    minter.note_call_with_own_token(call, room);
    Ok(Zeroizing::new(token.to_owned()))
}

#[derive(Serialize)]
struct NotValid<'a> {
    valid: bool,
    error: &'a str,
    #[serde(rename = "statusCode")]
    status_code: u16,
}

/// As VideoSDK answers: apps look for `meetingId` or `roomId`, or at the status.
fn not_valid(fault: &Fault) -> Response<Vec<u8>> {
    let status = fault.upstream_status().unwrap_or(StatusCode::NOT_FOUND);
    let error = fault.message().unwrap_or("there is no such room");
    answer::json(status, JSON_UTF8, &NotValid { valid: false, error, status_code: status.as_u16() })
}

fn failure(call: Call<'_>, fault: Fault) -> Response<Vec<u8>> {
    let problem = call.provider_failed(fault);
    let mut response = write::error(&problem);
    problem.add_headers(response.headers_mut());
    response
}
