//! The Node.js demo server of Agora's tools: `GET /rtcToken?channelName=…&uid=…`, `GET /rtmToken?account=…`.

use hallpass_token::agora::{Role, RtmUser};
use http::{Response, StatusCode};
use serde::Serialize;

use super::read::{channel, user, version};
use super::write;
use crate::answer::{self, JSON_UTF8};
use crate::ask::{Ask, RoleAsk, RtcAsk, ServiceAsk};
use crate::problem::Problem;
use crate::routes::{Call, query_value};

pub(in crate::routes) fn rtc_token(call: Call<'_>) -> Response<Vec<u8>> {
    key(for_channel(call))
}

pub(in crate::routes) fn rtm_token(call: Call<'_>) -> Response<Vec<u8>> {
    key(for_signaling(call))
}

fn key(key: Result<String, Problem>) -> Response<Vec<u8>> {
    #[derive(Serialize)]
    struct Answer {
        key: String,
    }
    match key {
        Ok(key) => answer::json(StatusCode::OK, JSON_UTF8, &Answer { key }),
        Err(problem) => write::error(&problem),
    }
}

fn for_channel(call: Call<'_>) -> Result<String, Problem> {
    let minter = call.minter()?;
    let name = required(call, "channelName", "channel name is required")?;
    let uid = query_value(call, "uid").unwrap_or_default();
    let version = version(call, minter.ready.compat.version, None)?;
    let rtc = ServiceAsk::Rtc(RtcAsk {
        channel: Some(channel("channelName", &name)?),
        user: Some(user("uid", &uid)?),
        role: RoleAsk::Usual(Role::Publisher),
        lives: None,
    });
    Ok(minter.mint(&Ask::for_service(version, None, rtc))?.token)
}

fn for_signaling(call: Call<'_>) -> Result<String, Problem> {
    let minter = call.minter()?;
    let account = required(call, "account", "account is required")?;
    let user = RtmUser::parse(&account).map_err(|error| Problem::field("account", error))?;
    let version = version(call, minter.ready.compat.version, None)?;
    let rtm = ServiceAsk::Rtm { user: Some(user), permissions: None };
    Ok(minter.mint(&Ask::for_service(version, None, rtm))?.token)
}

fn required(call: Call<'_>, name: &str, sentence: &str) -> Result<String, Problem> {
    query_value(call, name).filter(|text| !text.is_empty()).ok_or_else(|| Problem::verbatim(name, sentence))
}
