//! The server in the Docker image `agoracn/token`: `POST /token/generate`, which issues one token for all services.
//!
//! Like the original server in Go, the route ignores everything after the first JSON value.

use std::fmt;

use hallpass_token::PrivilegeTtl;
use hallpass_token::agora::{Channel, ChatUser, Role, RtmUser, User};

use super::read::{
    self, body_user, first_object, named_user, parse_field, single_user, string_or_empty, ttl_field, user,
    value, version,
};
use super::{agora_token, gin};
use crate::problem::Problem;
use crate::providers::agora::{
    self, Apaas, ChannelUser, Chat, FieldlessService, RequestedRole, Rtc, TokenService, Version,
};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::token::RequestedTtl;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON_UTF8, Response, TEXT};

pub(in crate::routes) const DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: false, render };

fn render(error: &ErrorContext<'_>) -> Response {
    let problem = error.problem;
    if matches!(problem, Problem::MethodNotAllowed { .. }) {
        return gin::page_not_found();
    }
    // The original server sends the wrong content type for errors in the body. Clients that check the content type rely
    // on this value.
    let (code, content_type) = if problem.is_parse_error() { (-1, TEXT) } else { (-2, JSON_UTF8) };
    let body = envelope(code, "".into(), problem.to_string().into());
    response::json(problem.status(), content_type, &body)
}

fn envelope<'a>(code: i8, data: Json<'a>, message: Json<'a>) -> Json<'a> {
    Json::object([("code", Json::Number(code.into())), ("data", data), ("message", message)])
}

pub(in crate::routes) fn respond(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let body = first_object(authorized)?;
    let version = version(authorized, Some(&body), Version::V007)?;
    let ttl = ttl_field(&body, "tokenExpireTs")?.map(RequestedTtl::For);
    let user = body_user(&body, "uid")?;
    let services = services(&body, string_or_empty(&body, "channelName")?, user.as_deref())?;
    if services.is_empty() {
        return Err(FieldError::without_field("no service added").into());
    }
    let token = agora_token(authorized, ttl, agora::TokenRequest::new(version, services))?;
    let data = Json::object([("token", token.into())]);
    Ok(ok(JSON_UTF8, &envelope(0, data, "Success".into())))
}

fn services<'j>(
    body: &'j Json<'j>,
    channel_name: &'j str,
    body_user: Option<&'j str>,
) -> Result<Vec<Box<dyn TokenService<'j> + 'j>>, FieldError> {
    let mut services: Vec<Box<dyn TokenService<'j> + 'j>> = Vec::new();
    let section = Section::read(body, "serviceRtc")?;
    if section.is_enabled("enable")? {
        services.push(Box::new(rtc(body, section, channel_name, body_user)?));
    }
    if Section::read(body, "serviceRtm")?.is_enabled("enable")? {
        services.push(Box::new(read::rtm("uid", single_user("uid", body_user)?)?));
    }
    if Section::read(body, "serviceFpa")?.is_enabled("enable")? {
        services.push(Box::new(FieldlessService::Fpa));
    }
    let section = Section::read(body, "serviceChat")?;
    if section.is_enabled("enableUser")? {
        services.push(Box::new(Chat::User(section.user(ChatUser::parse)?)));
    }
    if section.is_enabled("enableApp")? {
        services.push(Box::new(Chat::App));
    }
    let section = Section::read(body, "serviceApaas")?;
    if section.is_enabled("enableUser")? {
        services.push(Box::new(Apaas::User(section.user(RtmUser::parse)?)));
    }
    if section.is_enabled("enableApp")? {
        services.push(Box::new(Apaas::App));
    }
    Ok(services)
}

fn rtc<'j>(
    body: &Json<'_>,
    section: Section<'_>,
    channel_name: &'j str,
    body_user: Option<&'j str>,
) -> Result<Rtc<'j>, FieldError> {
    let named = match section.value("role") {
        None => None,
        Some(Json::Number(number)) if number.as_i64() == Some(1) => Some(Role::Publisher),
        Some(Json::Number(_)) => Some(Role::Subscriber),
        Some(_) => return Err(section.error("role", "must be a number")),
    };
    let ttl = ttl_field(body, "privilegeExpireTs")?;
    let channel = parse_field("channelName", channel_name, Channel::parse_or_any)?;
    let user = body_user.map_or(Ok(Some(User::Any)), |text| user("uid", text))?;
    let channel_user = ChannelUser::or_own_uid(channel, user);
    let mut rtc = Rtc::new(channel_user, RequestedRole::or_default(named, Role::Subscriber));
    rtc.privileges = ttl.map(|ttl| named.unwrap_or(Role::Subscriber).privileges(PrivilegeTtl::For(ttl)));
    Ok(rtc)
}

/// The section of the body for one service.
#[derive(Clone, Copy)]
struct Section<'j> {
    name: &'static str,
    fields: Option<&'j Json<'j>>,
}

impl<'j> Section<'j> {
    fn read(body: &'j Json<'j>, name: &'static str) -> Result<Self, FieldError> {
        match value(body, name) {
            fields @ (None | Some(Json::Object(_))) => Ok(Self { name, fields }),
            Some(_) => Err(FieldError::new(name, "must be an object").while_parsing()),
        }
    }

    fn value(self, field: &str) -> Option<&'j Json<'j>> {
        value(self.fields?, field)
    }

    fn is_enabled(self, field: &str) -> Result<bool, FieldError> {
        match self.value(field) {
            None => Ok(false),
            Some(Json::Bool(is_enabled)) => Ok(*is_enabled),
            Some(_) => Err(self.error(field, "must be true or false")),
        }
    }

    fn user<T, E: fmt::Display>(self, parse: fn(&'j str) -> Result<T, E>) -> Result<Option<T>, FieldError> {
        let user = match self.value("userUuid") {
            None => "",
            Some(Json::String(user)) => user,
            Some(_) => return Err(self.error("userUuid", "must be a string")),
        };
        named_user(&format!("{}.userUuid", self.name), user, parse)
    }

    fn error(self, field: &str, predicate: &str) -> FieldError {
        FieldError::new(&format!("{}.{field}", self.name), predicate).while_parsing()
    }
}
