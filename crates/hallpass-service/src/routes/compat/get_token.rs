//! The Go servers of today's documentation (agora-token-service, agora-go-backend-middleware): `POST /getToken` and
//! `POST /token/getNew` with `{tokenType, channel, role, uid, expire}`.
//!
//! Errors are a line of text. As Go does, names match in upper or lower case, and what follows the first JSON value
//! does not count.

use hallpass_token::agora::{Account, ChatUser, Role, RtmUser};
use http::{Method, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::read::{BodyUser, channel, first_object, life_field, number_or_account, text_or_empty, version};
use super::write;
use crate::answer::{self, JSON, TEXT};
use crate::ask::{AgoraAsk, Ask, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, Ttl, What};
use crate::problem::Problem;
use crate::routes::Call;
use crate::version::Version;

pub(in crate::routes) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    token(call).unwrap_or_else(|problem| answer::body(problem.status(), TEXT, format!("{problem}\n")))
}

/// What they say to other methods than POST.
pub(in crate::routes) fn refusal(call: Call<'_>, allow: &str) -> Response<Vec<u8>> {
    if !call.is(&Method::OPTIONS) {
        return write::gin_refusal(call, allow);
    }
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    answer::allow(response, allow)
}

fn token(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    #[derive(Serialize)]
    struct Answer {
        token: String,
    }

    let minter = call.minter()?;
    let body = first_object(call.body()?)?;
    let user = BodyUser::read(&body, "uid")?;
    let version = version(call, Version::V007, Some(&body))?;
    let services = match text_or_empty(&body, "tokenType")? {
        "rtc" => vec![rtc(&body, &user)?],
        "rtm" => rtm(&body, user.text("uid")?, version)?,
        "chat" => vec![ServiceAsk::Chat(chat(user.text("uid")?)?)],
        _ => return Err(Problem::verbatim("tokenType", "Unsupported tokenType")),
    };
    let ttl = life_field(&body, "expire")?;
    let what = What::Agora(AgoraAsk { version, services });
    let token = minter.mint(&Ask { project: None, ttl: ttl.map(Ttl::For), what })?.token;
    Ok(answer::json(StatusCode::OK, JSON, &Answer { token }))
}

fn rtc<'a>(body: &'a Map<String, Value>, user: &'a BodyUser<'_>) -> Result<ServiceAsk<'a>, Problem> {
    let name = text_or_empty(body, "channel")?;
    if name.is_empty() {
        return Err(Problem::verbatim("channel", "invalid: missing channel name"));
    }
    let role = match text_or_empty(body, "role")? {
        "" => RoleAsk::Usual(Role::Subscriber),
        "publisher" => RoleAsk::Asked(Role::Publisher),
        _ => RoleAsk::Asked(Role::Subscriber),
    };
    Ok(ServiceAsk::Rtc(RtcAsk {
        channel: Some(channel("channel", name)?),
        user: Some(user.in_channel("uid", |name, uid| number_or_account(name, named(uid)?))?),
        role,
        lives: None,
    }))
}

/// With a channel, which Signaling calls a stream channel, a token of format 007 is for that too.
fn rtm<'a>(
    body: &'a Map<String, Value>,
    uid: &'a str,
    version: Version,
) -> Result<Vec<ServiceAsk<'a>>, Problem> {
    let user = RtmUser::parse(named(uid)?).map_err(|error| Problem::field("uid", error))?;
    let mut services = vec![ServiceAsk::Rtm { user: Some(user), permissions: None }];
    let name = text_or_empty(body, "channel")?;
    if !name.is_empty() && version == Version::V007 {
        let user = Account::parse(uid).map_err(|error| Problem::field("uid", error))?;
        services.push(ServiceAsk::StreamChannel { channel: channel("channel", name)?, user });
    }
    Ok(services)
}

/// Without a user it is for the app itself.
fn chat(uid: &str) -> Result<ChatAsk<'_>, Problem> {
    if uid.is_empty() {
        return Ok(ChatAsk::App);
    }
    let user = ChatUser::parse(uid).map_err(|error| Problem::field("uid", error))?;
    Ok(ChatAsk::User(Some(user)))
}

fn named(uid: &str) -> Result<&str, Problem> {
    if uid.is_empty() {
        return Err(Problem::verbatim("uid", "invalid: missing user ID or account"));
    }
    Ok(uid)
}
