//! The Gin guide's server, and those that kept its paths and added to them: `GET /rtc/:channel/:role/:tokentype/:uid`,
//! `/rtm/:uid`, `/rte/…`, which gives both tokens, `/chat/app`, `/chat/account/:id`, `/ping`.
//!
//! Each is answered with and without a slash at the end, where the originals redirect from the one to the other.

mod fault;

use hallpass_token::Life;
use hallpass_token::agora::{Account, Channel, ChatUser, Role, RtmUser, User};
use http::{Response, StatusCode};
use serde::Serialize;

use self::fault::{Fault, Kind};
use super::read::{digits, life, version};
use crate::answer::{self, JSON_UTF8};
use crate::ask::{AgoraAsk, Ask, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, Ttl, What};
use crate::problem::Problem;
use crate::quote::quote;
use crate::routes::{Call, Minter, query_value};
use crate::version::Version;

/// The fields are in the order in which Go's encoder writes a map.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtc_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtm_token: Option<String>,
}

/// What all of these routes read from the query.
struct Asked<'a> {
    minter: Minter<'a>,
    version: Version,
    ttl: Option<Life>,
}

pub(in crate::routes) fn ping(_: Call<'_>) -> Response<Vec<u8>> {
    answer::body(StatusCode::OK, JSON_UTF8, r#"{"message":"pong"}"#)
}

pub(in crate::routes) fn rtc(call: Call<'_>) -> Response<Vec<u8>> {
    respond(Kind::Rtc, rtc_token(call))
}

pub(in crate::routes) fn rtm(call: Call<'_>) -> Response<Vec<u8>> {
    respond(Kind::Rtm, rtm_token(call))
}

pub(in crate::routes) fn rte(call: Call<'_>) -> Response<Vec<u8>> {
    respond(Kind::RtcAndRtm, both_tokens(call, call.part("uid")))
}

pub(in crate::routes) fn rte_with_rtm_user(call: Call<'_>) -> Response<Vec<u8>> {
    respond(Kind::RtcAndRtm, both_tokens(call, call.part("rtmuid")))
}

pub(in crate::routes) fn chat_app(call: Call<'_>) -> Response<Vec<u8>> {
    respond(Kind::Chat, chat_token(call, None))
}

pub(in crate::routes) fn chat_account(call: Call<'_>) -> Response<Vec<u8>> {
    respond(Kind::Chat, chat_token(call, Some(call.part("chatid"))))
}

fn respond(kind: Kind, tokens: Result<Tokens, Fault>) -> Response<Vec<u8>> {
    match tokens {
        Ok(tokens) => answer::json(StatusCode::OK, JSON_UTF8, &tokens),
        Err(fault) => fault.into_response(kind),
    }
}

fn rtc_token(call: Call<'_>) -> Result<Tokens, Fault> {
    let asked = Asked::read(call, None)?;
    Ok(Tokens { rtc_token: Some(asked.mint(vec![rtc_ask(call)?])?), ..Tokens::default() })
}

fn rtm_token(call: Call<'_>) -> Result<Tokens, Fault> {
    let asked = Asked::read(call, None)?;
    let user = call.part("rtmuid");
    if matches!(user, "" | "0") {
        return Err(Fault::parameter("rtmuid", format!("invalid RTM User ID: \"{user}\"")));
    }
    Ok(Tokens { rtm_token: Some(asked.mint(vec![rtm_ask(user)?])?), ..Tokens::default() })
}

/// In format 007 the token for Signaling is one for the channel too, which Signaling calls a stream channel.
fn both_tokens(call: Call<'_>, rtm_user: &str) -> Result<Tokens, Fault> {
    let asked = Asked::read(call, None)?;
    let rtc = rtc_ask(call)?;
    if matches!(rtm_user, "" | "0") {
        let detail = "failed to parse rtm user ID. Cannot be empty or \"0\"";
        return Err(Fault::parameter("rtmuid", detail));
    }
    let mut signaling = vec![rtm_ask(rtm_user)?];
    if asked.version == Version::V007 {
        let user = Account::parse(rtm_user).map_err(|error| Fault::build("rtmuid", error))?;
        signaling.push(ServiceAsk::StreamChannel { channel: channel(call)?, user });
    }
    let rtc_token = Some(asked.mint(vec![rtc])?);
    Ok(Tokens { rtc_token, rtm_token: Some(asked.mint(signaling)?), chat_token: None })
}

/// A token for a user, or for the app itself. Chat knows format 007 only.
fn chat_token(call: Call<'_>, user: Option<&str>) -> Result<Tokens, Fault> {
    let asked = Asked::read(call, Some(Version::V007))?;
    let chat = match user {
        None => ChatAsk::App,
        Some(user) => {
            ChatAsk::User(Some(ChatUser::parse(user).map_err(|error| Fault::build("chatid", error))?))
        }
    };
    Ok(Tokens { chat_token: Some(asked.mint(vec![ServiceAsk::Chat(chat)])?), ..Tokens::default() })
}

impl<'a> Asked<'a> {
    /// `usual` is the version where it is not the configured one.
    fn read(call: Call<'a>, usual: Option<Version>) -> Result<Self, Fault> {
        let minter = call.minter().map_err(Fault::Build)?;
        let ttl = expiry(call).map_err(Fault::Parameter)?;
        let usual = usual.unwrap_or(minter.ready.compat.version);
        let version = version(call, usual, None).map_err(Fault::Parameter)?;
        Ok(Self { minter, version, ttl })
    }

    fn mint<'b>(&'b self, services: Vec<ServiceAsk<'b>>) -> Result<String, Fault> {
        let what = What::Agora(AgoraAsk { version: self.version, services });
        let minted = self.minter.mint(&Ask { project: None, ttl: self.ttl.map(Ttl::For), what });
        Ok(minted.map_err(Fault::Build)?.token)
    }
}

fn channel(call: Call<'_>) -> Result<Channel<'_>, Fault> {
    Channel::parse_or_any(call.part("channel")).map_err(|error| Fault::build("channelName", error))
}

fn rtc_ask(call: Call<'_>) -> Result<ServiceAsk<'_>, Fault> {
    let role = if call.part("role") == "publisher" { Role::Publisher } else { Role::Subscriber };
    Ok(ServiceAsk::Rtc(RtcAsk {
        channel: Some(channel(call)?),
        user: Some(user(call).map_err(Fault::Build)?),
        role: RoleAsk::Asked(role),
        lives: None,
    }))
}

fn rtm_ask(user: &str) -> Result<ServiceAsk<'_>, Fault> {
    let user = RtmUser::parse(user).map_err(|error| Fault::build("rtmuid", error))?;
    Ok(ServiceAsk::Rtm { user: Some(user), permissions: None })
}

fn user(call: Call<'_>) -> Result<User<'_>, Problem> {
    let uid = call.part("uid");
    let sentence = match call.part("tokentype") {
        "uid" => {
            let number = digits(uid).and_then(|number| u32::try_from(number).ok());
            match number {
                Some(number) => return Ok(User::from_number_or_any(number)),
                None => format!(
                    "failed to parse uidStr: {}, to uint causing error: must be a whole number from 1 to 4294967295",
                    quote(uid)
                ),
            }
        }
        "userAccount" => match Account::parse(uid) {
            Ok(account) => return Ok(User::Account(account)),
            Err(error) => format!("the account {error}"),
        },
        other => format!("failed to generate RTC token for Unknown Tokentype: {}", quote(other)),
    };
    Err(Problem::verbatim("uid", sentence))
}

/// `?expiry=`: seconds, at most a day; more is cut to it, and nothing at all is no number.
fn expiry(call: Call<'_>) -> Result<Option<Life>, Problem> {
    let Some(text) = query_value(call, "expiry") else { return Ok(None) };
    match digits(&text).and_then(life) {
        Some(life) => Ok(Some(life)),
        None => Err(Problem::verbatim(
            "expiry",
            format!(
                "failed to parse expiry: {}, causing error: must be a whole number of seconds, 1 or more",
                quote(&text)
            ),
        )),
    }
}
