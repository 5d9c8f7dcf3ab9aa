//! The Node.js demo server of Agora's tools: `GET /rtcToken?channelName=…&uid=…`, `GET /rtmToken?account=…`.
//!
//! Its paths differ from those of the Express tutorial in method and case only, so case counts here.

use hallpass_token::agora::{Role, RtmUser};
use http::{Method, Response, StatusCode};
use serde::Serialize;

use super::read::{channel, query_value, user, version};
use super::{without_slash, write};
use crate::answer::{self, JSON_UTF8};
use crate::ask::{Ask, RtcAsk, ServiceAsk};
use crate::problem::Problem;
use crate::routes::Call;

pub(super) fn answer(call: Call<'_>, path: &str) -> Option<Response<Vec<u8>>> {
    let token = match without_slash(path) {
        "/rtcToken" => rtc_token,
        "/rtmToken" => rtm_token,
        _ => return None,
    };
    if call.is(&Method::POST) {
        return None;
    }
    if !call.is(&Method::GET) {
        return Some(write::express_not_found(call, without_slash(path), "GET, POST"));
    }
    Some(match token(call) {
        Ok(key) => {
            #[derive(Serialize)]
            struct Answer {
                key: String,
            }
            answer::json(StatusCode::OK, JSON_UTF8, &Answer { key })
        }
        Err(problem) => write::error(&problem),
    })
}

fn rtc_token(call: Call<'_>) -> Result<String, Problem> {
    let minter = call.minter()?;
    let name = required(call, "channelName", "channel name is required")?;
    let uid = query_value(call, "uid").unwrap_or_default();
    let version = version(call, minter.ready.compat.version, None)?;
    let rtc = ServiceAsk::Rtc(RtcAsk {
        channel: channel("channelName", &name)?,
        user: Some(user("uid", &uid)?),
        role: Role::Publisher,
        lives: None,
    });
    Ok(minter.mint(&Ask::for_service(version, None, rtc))?.token)
}

fn rtm_token(call: Call<'_>) -> Result<String, Problem> {
    let minter = call.minter()?;
    let account = required(call, "account", "account is required")?;
    let user = RtmUser::parse(&account).map_err(|error| Problem::field("account", error))?;
    let version = version(call, minter.ready.compat.version, None)?;
    let rtm = ServiceAsk::Rtm { user: Some(user), permissions: None };
    Ok(minter.mint(&Ask::for_service(version, None, rtm))?.token)
}

fn required(call: Call<'_>, name: &str, sentence: &str) -> Result<String, Problem> {
    query_value(call, name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Problem::InvalidField { field: Some(name.to_owned()), detail: sentence.to_owned() })
}
