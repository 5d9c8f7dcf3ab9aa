//! The server TokenServer-nodejs: `GET /access_token?channel=…&uid=…&expiredTs=…`.

use hallpass_token::agora::Role;
use hallpass_token::{Life, UnixSeconds};

use super::express;
use super::mint::agora_token;
use super::read::{channel, digits, required_query, user, version};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, RequestedRole, Rtc};
use crate::routes::authorized::Authorized;
use crate::token::RequestedTtl;
use crate::web::field_error::FieldError;
use crate::web::response::Response;

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let name = required_query(&authorized, "channel", "channel name is required")?;
    let uid = authorized.query("uid").unwrap_or_default();
    let version = version(&authorized, None, authorized.signing.compat.version)?;
    let place = ChannelUser::new(channel("channel", &name)?, user("uid", &uid)?);
    let rtc = Rtc::new(place, RequestedRole::Default(Role::Subscriber));
    let ttl = Some(ttl(&authorized)?);
    Ok(express::token(agora_token(&authorized, ttl, agora::TokenRequest::one(version, rtc))?))
}

/// Reads `?expiredTs=`, the Unix time when the token expires. Nothing and 0 stand for a day.
fn ttl(authorized: &Authorized<'_>) -> Result<RequestedTtl, FieldError> {
    const FIELD: &str = "expiredTs";
    let text = authorized.query(FIELD).unwrap_or_default();
    match digits(&text) {
        None if !text.is_empty() => {
            Err(FieldError::new(FIELD, "must be a Unix time in seconds, or 0 for a day"))
        }
        None | Some(0) => Ok(RequestedTtl::For(Life::MAX)),
        Some(end) => {
            let end = UnixSeconds(u32::try_from(end).unwrap_or(u32::MAX));
            Ok(RequestedTtl::Until { end, field: FIELD })
        }
    }
}
