//! The servers of VideoSDK's examples: `POST /create-meeting` and `POST` or `GET /validate-meeting/{id}`, with the
//! caller's own `token` in the body.
//!
//! Unlike theirs, a failure of VideoSDK has its status; and where there is no token in the body, one is made for a call
//! that the policy allows.

use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::read::text_or_empty;
use super::videosdk::body;
use super::write;
use crate::answer::{self, JSON_UTF8};
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
    let (is_callers, token) = (token.is_callers, token.text);
    let options = RoomOptions { region, ..RoomOptions::default() };
    let request = videosdk::create(&minter.ready.rest, token, &options);
    Ok(Step::send(request, move |answer| {
        Step::Done(match videosdk::made(answer) {
            Ok(room) => answer::json(StatusCode::OK, JSON_UTF8, &room),
            Err(fault) => failure(call, fault, is_callers),
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
    let (is_callers, token) = (token.is_callers, token.text);
    let request = videosdk::validate(&minter.ready.rest, token, room);
    Ok(Step::send(request, move |answer| {
        Step::Done(match videosdk::validity(answer) {
            Ok(Validity::Valid(room)) => answer::json(StatusCode::OK, JSON_UTF8, &room),
            Ok(Validity::NotValid(fault)) => not_valid(&fault),
            Err(fault) => failure(call, fault, is_callers),
        })
    }))
}

/// A token for VideoSDK, and whose it is.
struct Token {
    text: Zeroizing<String>,
    is_callers: bool,
}

/// The caller's token, which is worth what VideoSDK says; without it, one for a call that the policy allows.
fn token(
    minter: &Minter<'_>,
    body: &Map<String, Value>,
    call: RoomCall,
    room: Option<&str>,
) -> Result<Token, Problem> {
    let token = text_or_empty(body, "token")?;
    if token.is_empty() {
        return Ok(Token { text: own_token(minter, None, call, room)?, is_callers: false });
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::field("token", "is not a token"));
    }
    minter.note_call_with_own_token(call, room);
    Ok(Token { text: Zeroizing::new(token.to_owned()), is_callers: true })
}

/// What VideoSDK said, as apps that call it themselves read it.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<bool>,
    error: &'a str,
    #[serde(rename = "statusCode")]
    status_code: u16,
}

/// As VideoSDK answers: apps look for `meetingId` or `roomId`, or at the status.
fn not_valid(fault: &Fault) -> Response<Vec<u8>> {
    let status = fault.upstream_status().unwrap_or(StatusCode::NOT_FOUND);
    let error = fault.message().unwrap_or("there is no such room");
    answer::json(status, JSON_UTF8, &Said { valid: Some(false), error, status_code: status.as_u16() })
}

/// That VideoSDK does not take a token is a matter of whoever brought it.
fn failure(call: Call<'_>, fault: Fault, is_callers_token: bool) -> Response<Vec<u8>> {
    let refused = fault
        .upstream_status()
        .filter(|status| matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN));
    if let (true, Some(status)) = (is_callers_token, refused) {
        let error = fault.message().unwrap_or("VideoSDK does not take this token");
        let said = Said { valid: None, error, status_code: status.as_u16() };
        // Not 401: that would be about the credentials for this service.
        return answer::json(StatusCode::FORBIDDEN, JSON_UTF8, &said);
    }
    let problem = call.provider_failed(fault);
    let mut response = write::error(&problem);
    problem.add_headers(response.headers_mut());
    response
}
