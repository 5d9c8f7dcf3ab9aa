//! The server TokenServer-nodejs: `GET /access_token?channel=…&uid=…&expiredTs=…`.

use hallpass_token::agora::Role;
use hallpass_token::{Life, UnixSeconds};
use http::Response;

use super::read::{channel, digits, user, version};
use super::write;
use crate::ask::{Ask, RoleAsk, RtcAsk, ServiceAsk, Ttl};
use crate::problem::Problem;
use crate::routes::{Call, query_value};

pub(in crate::routes) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    token(call).unwrap_or_else(|problem| write::error(&problem))
}

fn token(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let name = query_value(call, "channel").unwrap_or_default();
    if name.is_empty() {
        return Err(Problem::verbatim("channel", "channel name is required"));
    }
    let uid = query_value(call, "uid").unwrap_or_default();
    let version = version(call, minter.ready.compat.version, None)?;
    let rtc = ServiceAsk::Rtc(RtcAsk {
        channel: Some(channel("channel", &name)?),
        user: Some(user("uid", &uid)?),
        role: RoleAsk::Usual(Role::Subscriber),
        lives: None,
    });
    Ok(write::token(&minter.mint(&Ask::for_service(version, Some(expiry(call)?), rtc))?.token))
}

/// `?expiredTs=`: when the token ends, as a Unix time. Nothing and 0 stand for a day.
fn expiry(call: Call<'_>) -> Result<Ttl, Problem> {
    const FIELD: &str = "expiredTs";
    let text = query_value(call, FIELD).unwrap_or_default();
    match digits(&text) {
        None if !text.is_empty() => {
            Err(Problem::field(FIELD, "must be a Unix time in seconds, or 0 for a day"))
        }
        None | Some(0) => Ok(Ttl::For(Life::MAX)),
        Some(end) => {
            Ok(Ttl::Until { end: UnixSeconds(u32::try_from(end).unwrap_or(u32::MAX)), field: FIELD })
        }
    }
}
