//! The image `agoracn/token`: `POST /token/generate`, all services in one token.
//!
//! As Go does, names match in upper or lower case, and what follows the first JSON value does not count.

use std::fmt;

use hallpass_token::Lasts;
use hallpass_token::agora::{ChatUser, Role, RtmUser};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::read::{BodyUser, channel, first_object, life_field, text_or_empty, user, value, version};
use crate::answer::{self, JSON_UTF8, TEXT};
use crate::ask::{AgoraAsk, ApaasAsk, Ask, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, Ttl, What};
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

/// What the body names outside of its services.
struct Named<'a> {
    channel: &'a str,
    user: &'a BodyUser<'a>,
}

/// The part of the body for one service.
struct Service<'a> {
    name: &'static str,
    /// `None` where it is left out.
    fields: Option<&'a Map<String, Value>>,
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
    let user = BodyUser::read(&body, "uid").map_err(Fault::Body)?;
    let channel = text_or_empty(&body, "channelName").map_err(Fault::Body)?;
    let services = services(&body, &Named { channel, user: &user })?;
    if services.is_empty() {
        let detail = "no service added".to_owned();
        return Err(Fault::Build(Problem::InvalidField { field: None, detail }));
    }
    let what = What::Agora(AgoraAsk { version, services });
    Ok(minter.mint(&Ask { project: None, ttl: ttl.map(Ttl::For), what }).map_err(Fault::Build)?.token)
}

fn services<'a>(body: &'a Map<String, Value>, named: &Named<'a>) -> Result<Vec<ServiceAsk<'a>>, Fault> {
    let mut services = Vec::new();
    let service = Service::read(body, "serviceRtc")?;
    if service.is_on("enable")? {
        services.push(rtc(body, &service, named)?);
    }
    if Service::read(body, "serviceRtm")?.is_on("enable")? {
        let user = named.user.text("uid").map_err(Fault::Build)?;
        let user = RtmUser::parse(user).map_err(|error| build("uid", error))?;
        services.push(ServiceAsk::Rtm { user: Some(user), permissions: None });
    }
    if Service::read(body, "serviceFpa")?.is_on("enable")? {
        services.push(ServiceAsk::Fpa);
    }
    let service = Service::read(body, "serviceChat")?;
    if service.is_on("enableUser")? {
        let user = service.user(ChatUser::parse)?;
        services.push(ServiceAsk::Chat(ChatAsk::User(Some(user))));
    }
    if service.is_on("enableApp")? {
        services.push(ServiceAsk::Chat(ChatAsk::App));
    }
    let service = Service::read(body, "serviceApaas")?;
    if service.is_on("enableUser")? {
        let user = service.user(RtmUser::parse)?;
        services.push(ServiceAsk::Apaas(ApaasAsk::User(Some(user))));
    }
    if service.is_on("enableApp")? {
        services.push(ServiceAsk::Apaas(ApaasAsk::App));
    }
    Ok(services)
}

fn rtc<'a>(
    body: &Map<String, Value>,
    service: &Service<'_>,
    named: &Named<'a>,
) -> Result<ServiceAsk<'a>, Fault> {
    let asked = match service.value("role") {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) if number.as_i64() == Some(1) => Some(Role::Publisher),
        Some(Value::Number(_)) => Some(Role::Subscriber),
        Some(_) => return Err(service.wrong("role", "must be a number")),
    };
    let life = life_field(body, "privilegeExpireTs").map_err(Fault::Body)?;
    Ok(ServiceAsk::Rtc(RtcAsk {
        channel: Some(channel("channelName", named.channel).map_err(Fault::Build)?),
        user: Some(named.user.in_channel("uid", user).map_err(Fault::Build)?),
        role: RoleAsk::or_usual(asked, Role::Subscriber),
        lives: life.map(|life| asked.unwrap_or(Role::Subscriber).privileges(Lasts::For(life))),
    }))
}

impl<'a> Service<'a> {
    fn read(body: &'a Map<String, Value>, name: &'static str) -> Result<Self, Fault> {
        match value(body, name) {
            None | Some(Value::Null) => Ok(Self { name, fields: None }),
            Some(Value::Object(fields)) => Ok(Self { name, fields: Some(fields) }),
            Some(_) => Err(Fault::Body(Problem::field(name, "must be an object"))),
        }
    }

    fn value(&self, field: &str) -> Option<&'a Value> {
        value(self.fields?, field)
    }

    fn is_on(&self, field: &str) -> Result<bool, Fault> {
        match self.value(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(is)) => Ok(*is),
            Some(_) => Err(self.wrong(field, "must be true or false")),
        }
    }

    fn user<T, E: fmt::Display>(&self, parse: fn(&'a str) -> Result<T, E>) -> Result<T, Fault> {
        let user = match self.value("userUuid") {
            None | Some(Value::Null) => "",
            Some(Value::String(user)) => user,
            Some(_) => return Err(self.wrong("userUuid", "must be a string")),
        };
        parse(user).map_err(|error| build(&format!("{}.userUuid", self.name), error))
    }

    fn wrong(&self, field: &str, detail: &str) -> Fault {
        Fault::Body(Problem::field(&format!("{}.{field}", self.name), detail))
    }
}

fn build(field: &str, error: impl fmt::Display) -> Fault {
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
