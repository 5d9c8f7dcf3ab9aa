//! The servers of VideoSDK's examples: `POST /create-meeting` and `POST` or `GET /validate-meeting/{id}`, with the
//! caller's own `token` in the body.
//!
//! Unlike theirs, a failure of VideoSDK has its status; and without a token in the body, the service signs one for a call
//! that the policy allows.

use http::StatusCode;
use zeroize::Zeroizing;

use super::read::text_or_empty;
use super::videosdk::body;
use crate::problem::Problem;
use crate::providers::UpstreamError;
use crate::providers::videosdk::RoomCall;
use crate::providers::videosdk::rest::{self, RoomOptions, Validity};
use crate::routes::authorized::Authorized;
use crate::routes::native::rooms::{own_token, room_id};
use crate::token::ProviderCall;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON_UTF8, Response};

pub(in crate::routes) async fn create(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = body(&authorized)?;
    let region = Some(text_or_empty(&body, "region")?).filter(|region| !region.is_empty());
    let token = CallToken::read(&authorized, &body, RoomCall::Create, None)?;
    let options = RoomOptions { region, ..RoomOptions::default() };
    let request = rest::create(&authorized.signing.providers.videosdk, token.text, &options);
    match rest::created(authorized.send(request).await) {
        Ok(room) => Ok(response::json(StatusCode::OK, JSON_UTF8, &room)),
        Err(error) => failed(&authorized, error, token.is_callers),
    }
}

pub(in crate::routes) async fn validate(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = body(&authorized)?;
    let room = room_id("meetingId", authorized.path_param("id"))?;
    let token = CallToken::read(&authorized, &body, RoomCall::Validate, Some(room.as_str()))?;
    let request = rest::validate(&authorized.signing.providers.videosdk, token.text, room);
    match rest::validity(authorized.send(request).await) {
        Ok(Validity::Valid(room)) => Ok(response::json(StatusCode::OK, JSON_UTF8, &room)),
        Ok(Validity::NotValid(error)) => Ok(not_valid(&error)),
        Err(error) => failed(&authorized, error, token.is_callers),
    }
}

/// The token for a call to VideoSDK.
struct CallToken {
    text: Zeroizing<String>,
    /// Whether it is the caller's own, on which VideoSDK decides.
    is_callers: bool,
}

impl CallToken {
    fn read(
        authorized: &Authorized<'_>,
        body: &Json<'_>,
        call: RoomCall,
        room: Option<&str>,
    ) -> Result<Self, Problem> {
        let token = text_or_empty(body, "token")?;
        if token.is_empty() {
            return Ok(Self { text: own_token(authorized, None, call, room)?, is_callers: false });
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FieldError::new("token", "is not a token").into());
        }
        let service = call.audit_name();
        authorized.note_call_with_own_token(ProviderCall {
            service,
            channel: room,
            ..ProviderCall::default()
        });
        Ok(Self { text: Zeroizing::new(token.to_owned()), is_callers: true })
    }
}

/// Relays that a room does not exist. Apps look for `meetingId` or `roomId`, or at the status.
fn not_valid(error: &UpstreamError) -> Response {
    let status = error.upstream_status().unwrap_or(StatusCode::NOT_FOUND);
    let message = error.message().unwrap_or("there is no such room");
    relay(status, status, vec![("valid", false.into()), ("error", message.into())])
}

/// If VideoSDK rejects the caller's own token, that is relayed: the caller can act on it.
fn failed(
    authorized: &Authorized<'_>,
    error: UpstreamError,
    is_callers_token: bool,
) -> Result<Response, Problem> {
    let rejected = error.upstream_status().filter(|status| {
        is_callers_token && matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    });
    let Some(rejected) = rejected else { return Err(authorized.upstream_failed(error)) };
    let message = error.message().unwrap_or("VideoSDK does not take this token");
    // Not 401, which would be about the credentials for this service.
    Ok(relay(StatusCode::FORBIDDEN, rejected, vec![("error", message.into())]))
}

/// Responds as VideoSDK does to apps that call it themselves.
fn relay(status: StatusCode, upstream: StatusCode, mut fields: Vec<(&'static str, Json<'_>)>) -> Response {
    fields.push(("statusCode", u32::from(upstream.as_u16()).into()));
    response::json(status, JSON_UTF8, &fields.into())
}
