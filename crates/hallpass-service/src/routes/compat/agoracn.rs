//! The image `agoracn/token`: `POST /token/generate`, all services in one token.
//!
//! As Go does, names match in upper or lower case, and what follows the first JSON value does not count.

use hallpass_token::Lasts;
use hallpass_token::agora::{ChatUser, Role, RtmUser};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::read::{channel, first_object, life_field, text_or_empty, user, user_text, value, version};
use crate::answer::{self, JSON_UTF8, TEXT};
use crate::ask::{AgoraAsk, ApaasAsk, Ask, ChatAsk, RtcAsk, ServiceAsk, What};
use crate::problem::Problem;
use crate::routes::Call;
use crate::version::Version;

/// An error has one of two numbers, by where the original finds it.
enum Fault {
    /// In the body: −1.
    Body(Problem),
    /// While the token is built: −2.
    Build(Problem),
}

/// The texts of the body outside of its services.
struct Texts<'a> {
    channel: &'a str,
    uid: &'a str,
}

pub(in crate::routes) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    match token(call) {
        Ok(token) => good(&token),
        // The original says so of JSON, by mistake; a client that looks at the type has to get what it knows.
        Err(Fault::Body(problem)) => refusal(-1, TEXT, &problem),
        Err(Fault::Build(problem)) => refusal(-2, JSON_UTF8, &problem),
    }
}

fn token(call: Call<'_>) -> Result<String, Fault> {
    let minter = call.minter().map_err(Fault::Build)?;
    let body = call.body().and_then(first_object).map_err(Fault::Body)?;
    let version = version(call, Version::V007, Some(&body)).map_err(Fault::Body)?;
    let ttl = life_field(&body, "tokenExpireTs").map_err(Fault::Body)?;
    let uid = user_text(&body, "uid").map_err(Fault::Body)?;
    let channel = text_or_empty(&body, "channelName").map_err(Fault::Body)?;
    let services = services(&body, &Texts { channel, uid: &uid })?;
    if services.is_empty() {
        let detail = "no service added".to_owned();
        return Err(Fault::Build(Problem::InvalidField { field: None, detail }));
    }
    let what = What::Agora(AgoraAsk { version, services });
    Ok(minter.mint(&Ask { project: None, ttl, what }).map_err(Fault::Build)?.token)
}

fn services<'a>(body: &'a Map<String, Value>, texts: &Texts<'a>) -> Result<Vec<ServiceAsk<'a>>, Fault> {
    let mut services = Vec::new();
    if let Some(rtc) = service(body, "serviceRtc")?
        && is_on(rtc, "enable")?
    {
        services.push(self::rtc(body, rtc, texts)?);
    }
    if let Some(rtm) = service(body, "serviceRtm")?
        && is_on(rtm, "enable")?
    {
        let user = RtmUser::parse(texts.uid).map_err(|error| build("uid", error))?;
        services.push(ServiceAsk::Rtm { user: Some(user), permissions: None });
    }
    if let Some(fpa) = service(body, "serviceFpa")?
        && is_on(fpa, "enable")?
    {
        services.push(ServiceAsk::Fpa);
    }
    if let Some(chat) = service(body, "serviceChat")? {
        if is_on(chat, "enableUser")? {
            let user = text_or_empty(chat, "userUuid").map_err(Fault::Body)?;
            let user = ChatUser::parse(user).map_err(|error| build("serviceChat.userUuid", error))?;
            services.push(ServiceAsk::Chat(ChatAsk::User(Some(user))));
        }
        if is_on(chat, "enableApp")? {
            services.push(ServiceAsk::Chat(ChatAsk::App));
        }
    }
    if let Some(apaas) = service(body, "serviceApaas")? {
        if is_on(apaas, "enableUser")? {
            let user = text_or_empty(apaas, "userUuid").map_err(Fault::Body)?;
            let user = RtmUser::parse(user).map_err(|error| build("serviceApaas.userUuid", error))?;
            services.push(ServiceAsk::Apaas(ApaasAsk::User(Some(user))));
        }
        if is_on(apaas, "enableApp")? {
            services.push(ServiceAsk::Apaas(ApaasAsk::App));
        }
    }
    Ok(services)
}

fn rtc<'a>(
    body: &Map<String, Value>,
    rtc: &Map<String, Value>,
    texts: &Texts<'a>,
) -> Result<ServiceAsk<'a>, Fault> {
    let role = match value(rtc, "role") {
        None | Some(Value::Null) => Role::Subscriber,
        Some(Value::Number(number)) if number.as_i64() == Some(1) => Role::Publisher,
        Some(Value::Number(_)) => Role::Subscriber,
        Some(_) => return Err(Fault::Body(Problem::field("serviceRtc.role", "must be a number"))),
    };
    let life = life_field(body, "privilegeExpireTs").map_err(Fault::Body)?;
    Ok(ServiceAsk::Rtc(RtcAsk {
        channel: channel("channelName", texts.channel).map_err(Fault::Build)?,
        user: Some(user("uid", texts.uid).map_err(Fault::Build)?),
        role,
        lives: life.map(|life| role.privileges(Lasts::For(life))),
    }))
}

fn service<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, Fault> {
    match value(body, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(service)) => Ok(Some(service)),
        Some(_) => Err(Fault::Body(Problem::field(name, "must be an object"))),
    }
}

fn is_on(service: &Map<String, Value>, name: &str) -> Result<bool, Fault> {
    match value(service, name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(is)) => Ok(*is),
        Some(_) => Err(Fault::Body(Problem::field(name, "must be true or false"))),
    }
}

fn build(field: &str, error: impl std::fmt::Display) -> Fault {
    Fault::Build(Problem::field(field, error))
}

fn good(token: &str) -> Response<Vec<u8>> {
    #[derive(Serialize)]
    struct Answer<'a> {
        code: i8,
        data: Data<'a>,
        message: &'a str,
    }
    #[derive(Serialize)]
    struct Data<'a> {
        token: &'a str,
    }
    answer::json(StatusCode::OK, JSON_UTF8, &Answer { code: 0, data: Data { token }, message: "Success" })
}

fn refusal(code: i8, content_type: HeaderValue, problem: &Problem) -> Response<Vec<u8>> {
    #[derive(Serialize)]
    struct Answer<'a> {
        code: i8,
        data: &'a str,
        message: String,
    }
    let answer = Answer { code, data: "", message: problem.to_string() };
    answer::json(problem.status(), content_type, &answer)
}
