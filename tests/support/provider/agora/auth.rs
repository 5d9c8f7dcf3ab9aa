//! Authentication at Agora: as the customer, or as a user of Signaling.

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

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The customer, authenticated by ID and secret.
    Customer,
    /// A user of Signaling, authenticated by a token of the format 007.
    User007 {
        /// The user of the token.
        user: String,
        /// The time at which the login privilege expires.
        expires_at: UnixSeconds,
        /// The numbers of all services in the token. Signaling is 2.
        services: Vec<u16>,
    },
    /// A user of Signaling, authenticated by a token of the format 006 and the user in a header.
    User006 {
        /// The user in the header.
        user: String,
        /// The time at which the login privilege expires.
        expires_at: UnixSeconds,
    },
}

/// The reason why credentials are rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No header contains credentials.
    Missing,
    /// Both `Authorization` and `x-agora-token` are set.
    TwoForms,
    /// `Authorization` begins neither with `Basic` nor with `agora token=`.
    Scheme,
    /// The value after `Basic` is not the Base64 of the customer's ID and secret.
    Customer,
    /// The route accepts only the customer's credentials, and not tokens.
    OnlyCustomer,
    /// The path contains no project of the customer.
    Project,
    /// The token cannot be parsed.
    Parse(ParseError),
    /// The token is not valid.
    Verify(VerifyError),
    /// The header with the user of a token of the format 006 is missing or invalid.
    User,
    /// The token does not grant the login to Signaling.
    Login,
}

/// The number of the login privilege in the service of Signaling.
const LOGIN_007: u16 = 1;
/// The number of the login privilege in tokens of the format 006.
const LOGIN_006: u16 = 1000;

pub(super) fn authenticate(request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
    let legacy = request.header("x-agora-token");
    match (request.header("authorization"), legacy) {
        (None, None) => Err(Rejection::Missing),
        (Some(_), Some(_)) => Err(Rejection::TwoForms),
        (None, Some(token)) => authenticate_006(token, request, now),
        (Some(value), None) => match value.split_at_checked("Basic ".len()) {
            Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("Basic ") => {
                authenticate_customer(credentials)
            }
            _ => {
                let token = value.strip_prefix("agora token=").ok_or(Rejection::Scheme)?;
                authenticate_007(token, request, now)
            }
        },
    }
}

fn authenticate_customer(credentials: &str) -> Result<Caller, Rejection> {
    let decoded = STANDARD.decode(credentials).map_err(|_| Rejection::Customer)?;
    let is_customer = decoded == format!("{CUSTOMER_ID}:{CUSTOMER_SECRET}").as_bytes();
    is_customer.then_some(Caller::Customer).ok_or(Rejection::Customer)
}

fn authenticate_007(token: &str, request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
    let (app_id, certificate) = project_of(request)?;
    let token = Untrusted007::parse(token).map_err(Rejection::Parse)?;
    let project = Project { app_id: &app_id, certificates: &[certificate] };
    let verified = token.verify(project, now).map_err(Rejection::Verify)?;
    let (user, expires_at) = login(&token, &verified, now).ok_or(Rejection::Login)?;
    Ok(Caller::User007 {
        user,
        expires_at,
        services: verified.services().map(|service| service.number()).collect(),
    })
}

/// Returns the first user to whom the token grants the login, and the time at which the login expires.
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

fn authenticate_006(token: &str, request: &Request, now: UnixSeconds) -> Result<Caller, Rejection> {
    let (app_id, certificate) = project_of(request)?;
    let token = Untrusted006::parse(token).map_err(Rejection::Parse)?;
    let user = request.header("x-agora-uid").ok_or(Rejection::User)?;
    let subject = Subject::rtm(RtmUser::parse(user).map_err(|_| Rejection::User)?);
    let project = Project { app_id: &app_id, certificates: &[certificate] };
    let verified = token.verify(project, subject, now).map_err(Rejection::Verify)?;
    // The subject is also compared, because a token for the channel `*` is valid for every user.
    if verified.subject() != subject {
        return Err(Rejection::Verify(VerifyError::OtherUser));
    }
    let end = verified.privileges().get(LOGIN_006).filter(|_| verified.grants(LOGIN_006, now));
    let expires_at = match end.ok_or(Rejection::Login)? {
        UnixSeconds(0) => verified.expires_at(),
        end => end.min(verified.expires_at()),
    };
    Ok(Caller::User006 { user: user.to_owned(), expires_at })
}

/// Returns the App ID and the certificate of the project in the path. Agora accepts the tokens of this project.
fn project_of(request: &Request) -> Result<(AppId, AppCertificate), Rejection> {
    let app_id = signaling_project(request.path_and_query().0).ok_or(Rejection::OnlyCustomer)?;
    let certificate = certificate_of(app_id).ok_or(Rejection::Project)?;
    let keys = AppId::parse(app_id).and_then(|id| Ok((id, AppCertificate::parse(certificate)?)));
    keys.map_err(|_| Rejection::Project)
}

pub(super) fn credential(recorded: &RecordedRequest<Agora>) -> Option<Credential> {
    let header = |name| recorded.request.header(name);
    let app_id = signaling_project(recorded.request.path_and_query().0);
    let input = json!({
        "provider": "agora",
        "authorization": header("authorization"),
        "token": header("x-agora-token"),
        "user": header("x-agora-uid"),
        "now": recorded.at.0,
        "customer": format!("{CUSTOMER_ID}:{CUSTOMER_SECRET}"),
        "app_id": app_id,
        "certificate": app_id.and_then(certificate_of),
    });
    let result = match &recorded.caller {
        Ok(Caller::Customer) => json!({ "kind": "customer" }),
        Ok(Caller::User007 { user, expires_at, services }) => {
            json!({ "kind": "007", "user": user, "expires_at": expires_at.0, "services": services })
        }
        Ok(Caller::User006 { user, expires_at }) => {
            json!({ "kind": "006", "user": user, "expires_at": expires_at.0 })
        }
        Err(Rejection::Missing) => return None,
        Err(_) => json!({ "kind": "rejected" }),
    };
    Some(Credential { input, result })
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no header contains credentials"),
            Self::TwoForms => f.write_str("both `Authorization` and `x-agora-token` are set"),
            Self::Scheme => {
                f.write_str("`Authorization` begins neither with `Basic` nor with `agora token=`")
            }
            Self::Customer => f.write_str("the ID and secret are not the customer's"),
            Self::OnlyCustomer => f.write_str("the route accepts only the customer's ID and secret"),
            Self::Project => f.write_str("the path contains no project of the customer"),
            Self::Parse(error) => write!(f, "{error}"),
            Self::Verify(error) => write!(f, "{error}"),
            Self::User => f.write_str("`x-agora-uid` is missing or is not a valid user"),
            Self::Login => f.write_str("the token does not grant the login to Signaling"),
        }
    }
}
