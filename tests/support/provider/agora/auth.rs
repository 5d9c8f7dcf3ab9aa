//! Who calls Agora: the customer, or a user of Signaling.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_token::UnixSeconds;
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::{Untrusted007, Verified007};
use hallpass_token::agora::{AppCertificate, AppId, ParseError, Project, RtmUser, Service, VerifyError};
use serde_json::json;

use super::{Agora, CUSTOMER_ID, CUSTOMER_SECRET, certificate_of, signaling_project};
use crate::provider::RecordedRequest;
use crate::provider::cross_check::Credential;
use crate::target::Request;

/// Whom Agora takes a caller for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The customer, by id and secret.
    Customer,
    /// A user of Signaling, by a token of format 007.
    User007 {
        /// The user that the token is for.
        user: String,
        /// Until when the token lets the user log in.
        until: UnixSeconds,
        /// The numbers of all services that the token opens; 2 is Signaling.
        services: Vec<u16>,
    },
    /// A user of Signaling, by a token of format 006 and the name beside it.
    User006 {
        /// The user that both name.
        user: String,
        /// Until when the token lets the user log in.
        until: UnixSeconds,
    },
}

/// Why Agora takes a caller for nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No header holds credentials.
    Missing,
    /// `Authorization` and a token in a header of its own.
    TwoForms,
    /// `Authorization` begins neither with `Basic` nor with `agora token=`.
    Scheme,
    /// What follows `Basic` is not the Base64 of the customer's id and secret.
    Customer,
    /// The path takes no token, but only the credentials of the customer.
    OnlyCustomer,
    /// The path names no project of the customer.
    Project,
    /// The token is none.
    Parse(ParseError),
    /// The token does not hold.
    Verify(VerifyError),
    /// The token of format 006 has no user beside it, or one that cannot be.
    User,
    /// The token does not let its user log in to Signaling.
    Login,
}

/// Privilege 1 of the service.
const LOGIN_007: u16 = 1;
const LOGIN_006: u16 = 1000;

pub(super) fn authenticate(request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
    let legacy = request.header("x-agora-token");
    match (request.header("authorization"), legacy) {
        (None, None) => Err(Rejection::Missing),
        (Some(_), Some(_)) => Err(Rejection::TwoForms),
        (None, Some(token)) => by_006(token, request, now),
        (Some(value), None) => match value.split_at_checked("Basic ".len()) {
            Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("Basic ") => customer(credentials),
            _ => {
                let token = value.strip_prefix("agora token=").ok_or(Rejection::Scheme)?;
                by_007(token, request, now)
            }
        },
    }
}

fn customer(credentials: &str) -> Result<Caller, Rejection> {
    let decoded = STANDARD.decode(credentials).map_err(|_| Rejection::Customer)?;
    let is_customer = decoded == format!("{CUSTOMER_ID}:{CUSTOMER_SECRET}").as_bytes();
    is_customer.then_some(Caller::Customer).ok_or(Rejection::Customer)
}

fn by_007(token: &str, request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
    let (app_id, certificate) = project_of(request)?;
    let token = Untrusted007::parse(token).map_err(Rejection::Parse)?;
    let project = Project { app_id: &app_id, certificates: &[certificate] };
    let verified = token.verify(project, now).map_err(Rejection::Verify)?;
    let (user, until) = login(&token, &verified, now).ok_or(Rejection::Login)?;
    Ok(Caller::User007 {
        user,
        until,
        services: verified.services().map(|service| service.number()).collect(),
    })
}

/// The first user whom the token lets log in, and until when.
fn login(
    token: &Untrusted007,
    verified: &Verified007<'_>,
    now: UnixSeconds,
) -> Option<(String, UnixSeconds)> {
    verified.services().find_map(|service| {
        let (Service::Rtm { user, privileges }, true) = (service, verified.grants(&service, LOGIN_007, now))
        else {
            return None;
        };
        Some((user.as_str().to_owned(), token.privilege_expires_at(privileges.get(LOGIN_007)?)))
    })
}

fn by_006(token: &str, request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
    let (app_id, certificate) = project_of(request)?;
    let token = Untrusted006::parse(token).map_err(Rejection::Parse)?;
    let user = request.header("x-agora-uid").ok_or(Rejection::User)?;
    let subject = Subject::rtm(RtmUser::parse(user).map_err(|_| Rejection::User)?);
    let project = Project { app_id: &app_id, certificates: &[certificate] };
    let verified = token.verify(project, subject, now).map_err(Rejection::Verify)?;
    // Of a token for the channel `*` the same texts hold, though it names nobody.
    if verified.subject() != subject {
        return Err(Rejection::Verify(VerifyError::OtherUser));
    }
    let end = verified.privileges().get(LOGIN_006).filter(|_| verified.grants(LOGIN_006, now));
    let until = match end.ok_or(Rejection::Login)? {
        UnixSeconds(0) => verified.expires_at(),
        end => end.min(verified.expires_at()),
    };
    Ok(Caller::User006 { user: user.to_owned(), until })
}

/// The project in the path, whose tokens it takes.
fn project_of(request: &Request) -> Result<(AppId, AppCertificate), Rejection> {
    let app_id = signaling_project(request.path_and_query().0).ok_or(Rejection::OnlyCustomer)?;
    let certificate = certificate_of(app_id).ok_or(Rejection::Project)?;
    let keys = AppId::parse(app_id).and_then(|id| Ok((id, AppCertificate::parse(certificate)?)));
    keys.map_err(|_| Rejection::Project)
}

pub(super) fn credential(seen: &RecordedRequest<Agora>) -> Option<Credential> {
    let header = |name| seen.request.header(name);
    let app_id = signaling_project(seen.request.path_and_query().0);
    let given = json!({
        "provider": "agora",
        "authorization": header("authorization"),
        "token": header("x-agora-token"),
        "user": header("x-agora-uid"),
        "now": seen.at.0,
        "customer": format!("{CUSTOMER_ID}:{CUSTOMER_SECRET}"),
        "app_id": app_id,
        "certificate": app_id.and_then(certificate_of),
    });
    let found = match &seen.caller {
        Ok(Caller::Customer) => json!({ "is": "customer" }),
        Ok(Caller::User007 { user, until, services }) => {
            json!({ "is": "007", "user": user, "until": until.0, "services": services })
        }
        Ok(Caller::User006 { user, until }) => json!({ "is": "006", "user": user, "until": until.0 }),
        Err(Rejection::Missing) => return None,
        Err(_) => json!({ "is": "rejected" }),
    };
    Some(Credential { given, found })
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no header holds credentials"),
            Self::TwoForms => f.write_str("there is both `Authorization` and `x-agora-token`"),
            Self::Scheme => {
                f.write_str("`Authorization` begins neither with `Basic` nor with `agora token=`")
            }
            Self::Customer => f.write_str("those are not id and secret of the customer"),
            Self::OnlyCustomer => f.write_str("the path takes id and secret of the customer, and no token"),
            Self::Project => f.write_str("the path names no project of the customer"),
            Self::Parse(error) => write!(f, "{error}"),
            Self::Verify(error) => write!(f, "{error}"),
            Self::User => f.write_str("`x-agora-uid` is missing, or no user"),
            Self::Login => f.write_str("the token does not let its user log in to Signaling"),
        }
    }
}
