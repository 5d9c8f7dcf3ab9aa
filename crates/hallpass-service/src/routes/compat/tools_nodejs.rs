//! The Node.js demo server of Agora's tools: `GET /rtcToken?channelName=…&uid=…`, `GET /rtmToken?account=…`.

use hallpass_token::agora::Role;
use http::StatusCode;

use super::mint::service_token;
use super::read::{channel, required_query, rtm_user, user, version};
use crate::problem::Problem;
use crate::providers::agora::{ChannelUser, RequestedRole, Rtc, Rtm};
use crate::routes::authorized::Authorized;
use crate::web::json::Json;
use crate::web::response::{self, JSON_UTF8, Response};

pub(in crate::routes) async fn rtc_token(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let name = required_query(&authorized, "channelName", "channel name is required")?;
    let uid = authorized.query("uid").unwrap_or_default();
    let version = version(&authorized, None, authorized.signing.compat.version)?;
    let place = ChannelUser::new(channel("channelName", &name)?, user("uid", &uid)?);
    let rtc = Rtc::new(place, RequestedRole::Default(Role::Publisher));
    Ok(key(service_token(&authorized, version, rtc)?))
}

pub(in crate::routes) async fn rtm_token(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let account = required_query(&authorized, "account", "account is required")?;
    let rtm = Rtm::new(rtm_user("account", &account)?);
    let version = version(&authorized, None, authorized.signing.compat.version)?;
    Ok(key(service_token(&authorized, version, rtm)?))
}

fn key(token: String) -> Response {
    response::json(StatusCode::OK, JSON_UTF8, &Json::object([("key", token.into())]))
}
