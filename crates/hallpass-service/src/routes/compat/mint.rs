//! How these servers get Agora tokens.

use super::read::{account, channel, rtm_user};
use crate::problem::Problem;
use crate::providers::agora::{self, Rtc, Rtm, TokenService, Version};
use crate::routes::authorized::Authorized;
use crate::token::{RequestedTtl, TokenRequest};
use crate::web::field_error::FieldError;

/// Mints a token of the default project.
pub(super) fn agora_token<'a>(
    authorized: &'a Authorized<'_>,
    ttl: Option<RequestedTtl>,
    request: agora::TokenRequest<'a>,
) -> Result<String, Problem> {
    Ok(authorized.mint(&mut TokenRequest::new(ttl, request))?.token)
}

/// Mints a token of the default project and the default lifetime, for one service.
pub(super) fn service_token<'a>(
    authorized: &'a Authorized<'_>,
    version: Version,
    service: impl TokenService<'a> + 'a,
) -> Result<String, Problem> {
    agora_token(authorized, None, agora::TokenRequest::one(version, service))
}

/// Returns a request for Signaling. In format 007 the token is for the channel too, if one is named: Signaling calls it a
/// stream channel. Each argument is the name of a field and its value.
pub(super) fn signaling<'a>(
    version: Version,
    (user_field, user): (&str, &'a str),
    (channel_field, channel_name): (&str, &'a str),
) -> Result<agora::TokenRequest<'a>, FieldError> {
    let mut request = agora::TokenRequest::one(version, Rtm::new(rtm_user(user_field, user)?));
    if version == Version::V007 && !channel_name.is_empty() {
        let account = account(user_field, user)?;
        request.services.push(Box::new(Rtc::stream_channel(channel(channel_field, channel_name)?, account)));
    }
    Ok(request)
}
