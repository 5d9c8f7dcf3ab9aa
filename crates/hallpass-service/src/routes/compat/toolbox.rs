//! Agora's demo token service, which API-Examples and demo apps call: `POST /v1/token/generate`, `/v2/token/generate`,
//! `/v2/convoai/token/generate`, and `token006` in place of `token` for format 006. The body has the fields `appId`,
//! `channelName`, `uid`, `expire`, and `type` or `types`: 1 for RTC, 2 for Signaling, 3 for Chat.
//!
//! The backend of Agora's AUIKit has the same paths with the body `{appId, channelName, userId}`, and returns two tokens.
//!
//! A certificate in the body is ignored and logged as a warning. The response has one field `token`, and `data` contains
//! only strings, because some clients search the text of the response.

use hallpass_token::Ttl;
use hallpass_token::agora::{Account, Channel, Role, RtmUser, User};

use super::read::{
    self, body_user, named_user, number_or_account, object, parse_field, required_string, string_or_empty,
    ttl_field, value,
};
use super::{mint, mint_both};
use crate::problem::Problem;
use crate::providers::agora::{self, ChannelUser, RequestedRole, Rtc, Rtm, TokenService, Version};
use crate::routes::authorized::Authorized;
use crate::routes::route::{Dialect, ErrorContext, Slashes, ok};
use crate::token::{RequestedTtl, TokenRequest};
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) const DIALECT: Dialect =
    Dialect { slashes: Slashes::Ignore, ignores_case: false, render };

fn render(error: &ErrorContext<'_>) -> Response {
    let (status, message) = (error.problem.status(), error.problem.to_string());
    let code = u32::from(status.as_u16());
    // Some clients read `message`, others read `msg`.
    let fields =
        [("code", code.into()), ("message", message.as_str().into()), ("msg", message.as_str().into())];
    response::json(status, JSON, &Json::object(fields))
}

pub(in crate::routes) fn token_006(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    respond(authorized, Version::V006)
}

pub(in crate::routes) fn token_007(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    respond(authorized, Version::V007)
}

fn respond(authorized: &Authorized<'_>, version: Version) -> Result<Response, Problem> {
    let body = object(authorized)?;
    warn_about_certificate(authorized, &body);
    let project = project(authorized, string_or_empty(&body, "appId")?)?;
    if value(&body, "uid").is_some() {
        return one_token(authorized, &body, project, version);
    }
    if value(&body, "userId").is_some() {
        return two_tokens(authorized, &body, project, version);
    }
    Err(FieldError::new("uid", "is missing. Specify the user of the token").into())
}

/// Responds to a client of the demo token service.
fn one_token(
    authorized: &Authorized<'_>,
    body: &Json<'_>,
    project: Option<&str>,
    version: Version,
) -> Result<Response, Problem> {
    let user = body_user(body, "uid")?;
    let services = services(body, user.as_deref().unwrap_or_default(), version)?;
    let ttl = ttl_field(body, "expire")?.map(RequestedTtl::For);
    let request = TokenRequest::new(ttl, agora::TokenRequest::new(version, services));
    let token = mint(authorized, &mut TokenRequest { project, ..request })?.token;
    Ok(success(Json::object([("token", token.into())])))
}

/// Responds to a client of AUIKit with a token for RTC and a token for Signaling.
fn two_tokens(
    authorized: &Authorized<'_>,
    body: &Json<'_>,
    project: Option<&str>,
    version: Version,
) -> Result<Response, Problem> {
    let user = string_or_empty(body, "userId")?;
    let account = named_user("userId", user, Account::parse)?;
    let rtm = read::rtm("userId", user)?;
    let name = required_string(body, "channelName")?;
    let channel = parse_field("channelName", name, Channel::parse_or_any)?;
    let rtc = publisher(ChannelUser::or_own_account(channel, account));
    let ttl = Some(RequestedTtl::For(Ttl::MAX));
    let rtc = TokenRequest::new(ttl, agora::TokenRequest::one(version, rtc));
    let rtm = TokenRequest::new(ttl, agora::TokenRequest::one(version, rtm));
    let (rtc, rtm) = mint_both(authorized, TokenRequest { project, ..rtc }, TokenRequest { project, ..rtm })?;
    Ok(success(Json::object([
        ("appId", rtc.id.1.into()),
        ("rtcToken", rtc.token.into()),
        ("rtmToken", rtm.token.into()),
    ])))
}

fn success(data: Json<'_>) -> Response {
    let fields =
        [("code", 0.into()), ("data", data), ("message", "Success".into()), ("msg", "Success".into())];
    ok(JSON, &Json::object(fields))
}

fn publisher(channel_user: ChannelUser<'_>) -> Rtc<'_> {
    Rtc::new(channel_user, RequestedRole::Named(Role::Publisher))
}

/// Returns the requested services. The user `0` and an empty user mean all users.
fn services<'j>(
    body: &'j Json<'j>,
    name: &'j str,
    version: Version,
) -> Result<Vec<Box<dyn TokenService<'j> + 'j>>, FieldError> {
    let user = if name.is_empty() { Some(User::Any) } else { number_or_account("uid", name)? };
    let has = requested_types(body)?;
    let mut services: Vec<Box<dyn TokenService<'j> + 'j>> = Vec::with_capacity(3);
    if has(RTC) {
        services.push(Box::new(publisher(ChannelUser::or_own_uid(channel(body)?, user))));
    }
    if has(SIGNALING) {
        services.push(Box::new(signaling(name, user, version)?));
    }
    if has(CHAT) {
        if user == Some(User::Any) {
            return Err(FieldError::new("uid", "must be the name of one user in a Chat token"));
        }
        services.push(Box::new(read::chat("uid", name)?));
    }
    Ok(services)
}

const RTC: u64 = 1;
const SIGNALING: u64 = 2;
const CHAT: u64 = 3;

/// Reads `types`, or otherwise `type`, and returns whether a type is requested. The default is RTC.
fn requested_types<'j>(body: &'j Json<'j>) -> Result<impl Fn(u64) -> bool + 'j, FieldError> {
    let types = match value(body, "types") {
        None => value(body, "type").map(std::slice::from_ref),
        Some(Json::Array(types)) => Some(types.as_slice()),
        Some(_) => return Err(FieldError::new("types", "must be an array of numbers")),
    };
    let is_type = |value: &Json<'_>| matches!(value.as_u64(), Some(RTC | SIGNALING | CHAT));
    if types.is_some_and(|types| types.is_empty() || !types.iter().all(is_type)) {
        let field = if value(body, "types").is_some() { "types" } else { "type" };
        return Err(FieldError::new(field, "accepts only 1 (RTC), 2 (Signaling) and 3 (Chat)"));
    }
    Ok(move |number| match types {
        None => number == RTC,
        Some(types) => types.iter().any(|value| value.as_u64() == Some(number)),
    })
}

/// Reads the channel. Demo apps send an empty name or `*` for a token that is valid in every channel.
fn channel<'j>(body: &'j Json<'j>) -> Result<Channel<'j>, FieldError> {
    match string_or_empty(body, "channelName")? {
        "" => Ok(Channel::Any),
        name => parse_field("channelName", name, Channel::parse_or_any),
    }
}

/// Returns a request for the Signaling user. A uid is also the name of a Signaling user.
fn signaling<'j>(name: &'j str, user: Option<User<'j>>, version: Version) -> Result<Rtm<'j>, FieldError> {
    match user {
        None => Ok(Rtm::for_channel_user()),
        Some(User::Any) if version == Version::V006 => Err(FieldError::new(
            "uid",
            "must name one user, because format 006 has no Signaling tokens for any user",
        )),
        Some(User::Any) => Ok(Rtm::for_number(0)),
        Some(User::Uid(uid)) => Ok(Rtm::for_number(uid.get())),
        Some(User::Account(_)) => Ok(Rtm::new(parse_field("uid", name, RtmUser::parse)?)),
    }
}

/// Returns the name of the project with this App ID; `None` for the default project if the request has no App ID.
fn project<'a>(authorized: &Authorized<'a>, app_id: &str) -> Result<Option<&'a str>, Problem> {
    if app_id.is_empty() {
        return Ok(None);
    }
    let mut projects = authorized.signing.providers.agora.projects.all().iter();
    let found = projects.find(|project| project.project.app_id.as_str() == app_id);
    found.map(|project| Some(project.name.as_str())).ok_or(Problem::UnknownAppId)
}

/// Logs a warning if the body contains a certificate, because anyone with the app then has the certificate.
fn warn_about_certificate(authorized: &Authorized<'_>, body: &Json<'_>) {
    let is_sent = |name| value(body, name).is_some_and(|value| value.as_str() != Some(""));
    let Some(field) = ["appCertificate", "appCert"].into_iter().find(|name| is_sent(name)) else { return };
    let message = "The client sends an App Certificate, which the service ignores. Anyone with the app can read this certificate. Remove it from the app, and rotate it.";
    authorized.log.add(LogLine::new(
        Level::Warning,
        "certificate_in_request",
        [
            ("request_id", authorized.context.request_id.as_str().into()),
            ("route", authorized.audit.route.into()),
            ("field", field.into()),
            ("message", message.into()),
        ],
    ));
}
