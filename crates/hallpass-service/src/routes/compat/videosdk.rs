//! The servers of VideoSDK's examples: `GET` and `POST /get-token` with `roomId` and `peerId` or `participantId`, in
//! the query or in a JSON body.
//!
//! Unlike theirs, the tokens allow their holders to moderate only if a rule of the policy grants it.

use std::borrow::Cow;

use hallpass_token::videosdk::{ParticipantId, RoomId};
use http::Method;

use super::express;
use super::read::{object, text_or_empty};
use crate::problem::Problem;
use crate::providers::videosdk::{self, Binding, RequestedScope};
use crate::routes::authorized::Authorized;
use crate::token::TokenRequest;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::Response;

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let body = body(&authorized)?;
    let room = field(&authorized, &body, "roomId")?;
    let (name, participant) = match field(&authorized, &body, "peerId")? {
        Some(participant) => ("peerId", Some(participant)),
        None => ("participantId", field(&authorized, &body, "participantId")?),
    };
    let room = room.as_deref().map(RoomId::parse).transpose();
    let room = room.map_err(|error| FieldError::new("roomId", error))?;
    let participant = participant.as_deref().map(ParticipantId::parse).transpose();
    let participant = participant.map_err(|error| FieldError::new(name, error))?;
    // If a request names nothing, the examples bind the token to nothing.
    let scope = match (room, participant) {
        (None, None) => RequestedScope::V1OrV2,
        (room, participant) => RequestedScope::V2(Binding { roles: None, room, participant }),
    };
    let mut request = TokenRequest::new(None, videosdk::TokenRequest::new(scope));
    Ok(express::token(authorized.mint(&mut request)?.token))
}

/// Reads the body of a POST. That of a GET is ignored, because not every client and platform sends it.
pub(super) fn body<'a>(authorized: &Authorized<'a>) -> Result<Json<'a>, Problem> {
    if authorized.request.method != Method::POST || authorized.body()?.is_empty() {
        return Ok(Json::object([]));
    }
    object(authorized)
}

/// Reads a string of the body or the query. As in the examples, an empty string is the same as none.
fn field<'j>(
    authorized: &Authorized<'_>,
    body: &'j Json<'j>,
    name: &str,
) -> Result<Option<Cow<'j, str>>, FieldError> {
    let text = match text_or_empty(body, name)? {
        "" => authorized.query(name).map(Cow::Owned),
        text => Some(Cow::Borrowed(text)),
    };
    Ok(text.filter(|text| !text.is_empty()))
}
