//! The servers in VideoSDK's examples:
//! - `GET` and `POST /get-token` with `roomId` and `peerId` or `participantId`, in the query or in the body;
//! - `POST /create-meeting` and `POST` or `GET /validate-meeting/{id}`, with the caller's own `token` in the body.
//!
//! A body is a JSON object or a form.
//!
//! Differences from the examples:
//! - A token allows moderation only if a rule grants it.
//! - If a call to VideoSDK fails, the response has an error status.
//! - If the body has no token and the policy allows the call, the service signs a token.

use std::borrow::Cow;

use hallpass_token::videosdk::{ParticipantId, RoomId};
use http::{Method, StatusCode};
use zeroize::Zeroizing;

use super::express;
use super::read::{body_text, object, parse_field, string_or_empty};
use crate::problem::Problem;
use crate::providers::UpstreamError;
use crate::providers::videosdk::rest::{self, RoomOptions, RoomValidation};
use crate::providers::videosdk::{self, Binding, RequestedScope, RoomCall};
use crate::routes::authorized::{Authorized, is_form};
use crate::routes::native::rooms::{rest_token, room_id};
use crate::routes::route::ok;
use crate::token::{ProviderCall, TokenRequest};
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON_UTF8, Response};

pub(in crate::routes) fn token(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = body(authorized)?;
    let room = field(authorized, &body, "roomId")?;
    let (name, participant) = match field(authorized, &body, "peerId")? {
        Some(participant) => ("peerId", Some(participant)),
        None => ("participantId", field(authorized, &body, "participantId")?),
    };
    let room = room.as_deref().map(|id| parse_field("roomId", id, RoomId::parse)).transpose()?;
    let participant =
        participant.as_deref().map(|id| parse_field(name, id, ParticipantId::parse)).transpose()?;
    // Without a room and a participant, the examples issue tokens without a binding.
    let scope = match (room, participant) {
        (None, None) => RequestedScope::V1OrV2,
        (room, participant) => RequestedScope::V2(Binding { roles: None, room, participant }),
    };
    let mut request = TokenRequest::new(None, videosdk::TokenRequest::new(scope));
    Ok(express::token("token", authorized.mint(&mut request)?.token))
}

pub(in crate::routes) async fn create_meeting(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = body(authorized)?;
    let region = Some(string_or_empty(&body, "region")?).filter(|region| !region.is_empty());
    let (token, is_callers) = call_token(authorized, &body, RoomCall::Create, None)?;
    let options = RoomOptions { region, ..RoomOptions::default() };
    let request = rest::create(&authorized.signing.providers.videosdk, token, &options);
    match rest::read_room(authorized.send(request).await) {
        Ok(room) => Ok(ok(JSON_UTF8, &room)),
        Err(error) => call_failed(authorized, error, is_callers),
    }
}

pub(in crate::routes) async fn validate_meeting(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = body(authorized)?;
    let room = room_id("meetingId", authorized.path_param("id"))?;
    let (token, is_callers) = call_token(authorized, &body, RoomCall::Validate, Some(room.as_str()))?;
    let request = rest::validate(&authorized.signing.providers.videosdk, token, room);
    match rest::read_validation(authorized.send(request).await) {
        Ok(RoomValidation::Exists(room)) => Ok(ok(JSON_UTF8, &room)),
        Ok(RoomValidation::NotFound(error)) => Ok(room_not_found(&error)),
        Err(error) => call_failed(authorized, error, is_callers),
    }
}

/// Returns the token for a call to VideoSDK, and whether the caller supplied this token. If the caller supplied it,
/// VideoSDK authorizes the call, and the policy does not apply.
fn call_token(
    authorized: &Authorized<'_>,
    body: &Json<'_>,
    call: RoomCall,
    room: Option<&str>,
) -> Result<(Zeroizing<String>, bool), Problem> {
    let token = string_or_empty(body, "token")?;
    if token.is_empty() {
        return Ok((rest_token(authorized, None, call, room)?, false));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(FieldError::new("token", "is not a token").into());
    }
    let call = ProviderCall { service: call.audit_name(), channel: room, ..ProviderCall::default() };
    authorized.audit_call(call, Ok(None))?;
    Ok((Zeroizing::new(token.to_owned()), true))
}

/// Returns the response for a room that does not exist. Apps check for `meetingId` or `roomId`, or check the status.
fn room_not_found(error: &UpstreamError) -> Response {
    let status = error.upstream_status().unwrap_or(StatusCode::NOT_FOUND);
    let message = error.message().unwrap_or("The room does not exist.");
    videosdk_response(status, status, vec![("valid", false.into()), ("error", message.into())])
}

/// Responds to a failed call. If VideoSDK rejected the caller's own token, the response contains VideoSDK's message,
/// because the caller can request another token.
fn call_failed(
    authorized: &Authorized<'_>,
    error: UpstreamError,
    is_callers: bool,
) -> Result<Response, Problem> {
    let rejected = error
        .upstream_status()
        .filter(|status| is_callers && matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN));
    let Some(rejected) = rejected else { return Err(authorized.upstream_failed(error)) };
    let message = error.message().unwrap_or("VideoSDK rejected this token.");
    // The status is not 401, because 401 would concern the credentials for this service.
    Ok(videosdk_response(StatusCode::FORBIDDEN, rejected, vec![("error", message.into())]))
}

/// Responds in the format that VideoSDK uses for apps that call VideoSDK directly.
fn videosdk_response(
    status: StatusCode,
    upstream: StatusCode,
    mut fields: Vec<(&'static str, Json<'_>)>,
) -> Response {
    fields.push(("statusCode", u32::from(upstream.as_u16()).into()));
    response::json(status, JSON_UTF8, &fields.into())
}

/// Reads the body of a POST request: a JSON object or a form. Ignores the body of a GET request, because some clients and
/// platforms do not send it.
fn body<'a>(authorized: &Authorized<'a>) -> Result<Json<'a>, Problem> {
    if authorized.request.method != Method::POST {
        return Ok(Json::object([]));
    }
    match body_text(authorized)? {
        [] => Ok(Json::object([])),
        text if is_form(text) => Ok(form(text)),
        _ => object(authorized),
    }
}

/// Parses a form as an object of strings.
#[cold]
#[inline(never)]
fn form(text: &[u8]) -> Json<'_> {
    let mut fields: Vec<(Cow<'_, str>, Json<'_>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(text.trim_ascii_end()) {
        // As in the query, the first value of a name applies.
        if fields.iter().all(|(known, _)| *known != name) {
            fields.push((name, Json::String(value)));
        }
    }
    Json::Object(fields)
}

/// Reads a string in the body or the query. As in the examples, an empty string is treated as missing.
fn field<'j>(
    authorized: &Authorized<'_>,
    body: &'j Json<'j>,
    name: &str,
) -> Result<Option<Cow<'j, str>>, FieldError> {
    let text = match string_or_empty(body, name)? {
        "" => authorized.query(name).map(Cow::Owned),
        text => Some(Cow::Borrowed(text)),
    };
    Ok(text.filter(|text| !text.is_empty()))
}
