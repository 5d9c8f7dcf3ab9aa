//! The Gin guide's server, and those that kept its paths: `GET /rtc/:channel/:role/:tokentype/:uid`, `GET /ping`.
//!
//! Both `…/:uid` and `…/:uid/` are answered, where the original redirects from the one to the other.

use hallpass_token::Life;
use hallpass_token::agora::{Account, Channel, Role, User};
use http::{Method, Response, StatusCode};
use serde::Serialize;

use super::{digits, query_value, version};
use crate::answer::{self, JSON_UTF8, TEXT};
use crate::ask::{Ask, RtcAsk, ServiceAsk};
use crate::problem::Problem;
use crate::routes::Call;

/// What the path of an RTC route says, as it was sent.
struct RtcPath<'a> {
    channel: &'a str,
    role: &'a str,
    token_type: &'a str,
    uid: &'a str,
}

/// An error goes out under one of two names, by where the original finds it.
enum Fault {
    /// In the parameters: `message`.
    Parameter(Problem),
    /// While the token is built: `error`.
    Build(Problem),
}

pub(super) fn answer(call: Call<'_>, path: &str) -> Option<Response<Vec<u8>>> {
    if path == "/ping" {
        let pong = || answer::body(StatusCode::OK, JSON_UTF8, r#"{"message":"pong"}"#);
        return Some(if call.is_read() { pong() } else { not_found("GET, HEAD") });
    }
    let rtc = RtcPath::parse(path)?;
    if !call.is(&Method::GET) {
        return Some(not_found("GET"));
    }
    Some(rtc_token(call, &rtc).unwrap_or_else(Fault::into_response))
}

fn rtc_token(call: Call<'_>, path: &RtcPath<'_>) -> Result<Response<Vec<u8>>, Fault> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        rtc_token: String,
    }

    let minter = call.minter().map_err(Fault::Build)?;
    let ttl = expiry(call).map_err(Fault::Parameter)?;
    let version = version(call, minter.ready.compat.version, None).map_err(Fault::Parameter)?;
    let rtc = RtcAsk {
        channel: Channel::parse_or_any(path.channel).map_err(|error| build_fault("channelName", error))?,
        user: Some(path.user().map_err(Fault::Build)?),
        role: if path.role == "publisher" { Role::Publisher } else { Role::Subscriber },
        lives: None,
    };
    let ask = Ask::for_service(version, ttl, ServiceAsk::Rtc(rtc));
    let minted = minter.mint(&ask).map_err(Fault::Build)?;
    Ok(answer::json(StatusCode::OK, JSON_UTF8, &Answer { rtc_token: minted.token }))
}

impl<'a> RtcPath<'a> {
    /// `/rtc/` and four parts, with or without a slash at the end. The last may be empty where that slash is.
    fn parse(path: &'a str) -> Option<Self> {
        let parts = path.strip_prefix("/rtc/")?;
        let mut parts = parts.strip_suffix('/').unwrap_or(parts).split('/');
        let path = Self {
            channel: parts.next()?,
            role: parts.next()?,
            token_type: parts.next()?,
            uid: parts.next()?,
        };
        parts.next().is_none().then_some(path)
    }

    fn user(&self) -> Result<User<'a>, Problem> {
        let uid = self.uid;
        let detail = match self.token_type {
            "uid" => {
                let number = digits(uid).and_then(|number| u32::try_from(number).ok());
                match number {
                    Some(number) => return Ok(User::from_number_or_any(number)),
                    None => format!(
                        "failed to parse uidStr: {uid}, to uint causing error: must be a whole number from 1 to 4294967295"
                    ),
                }
            }
            "userAccount" => match Account::parse(uid) {
                Ok(account) => return Ok(User::Account(account)),
                Err(error) => format!("the account {error}"),
            },
            other => format!("failed to generate RTC token for Unknown Tokentype: {other}"),
        };
        Err(Problem::InvalidField { field: Some("uid".into()), detail })
    }
}

/// `?expiry=`: seconds, at most a day; more is cut to it, and nothing at all is no number.
fn expiry(call: Call<'_>) -> Result<Option<Life>, Problem> {
    let Some(text) = query_value(call, "expiry") else { return Ok(None) };
    match digits(&text) {
        Some(seconds) if seconds > 0 => {
            let life = u32::try_from(seconds).ok().and_then(|seconds| Life::new(seconds).ok());
            Ok(Some(life.unwrap_or(Life::MAX)))
        }
        _ => Err(Problem::InvalidField {
            field: Some("expiry".into()),
            detail: format!(
                "failed to parse expiry: {text}, causing error: must be a whole number of seconds, 1 or more"
            ),
        }),
    }
}

fn build_fault(field: &str, error: impl std::fmt::Display) -> Fault {
    Fault::Build(Problem::field(field, error))
}

impl Fault {
    fn into_response(self) -> Response<Vec<u8>> {
        #[derive(Serialize)]
        struct Parameter {
            message: String,
            status: u16,
        }
        #[derive(Serialize)]
        struct Build {
            error: String,
            status: u16,
        }
        match self {
            Self::Parameter(problem) => {
                let message = format!("Error Generating RTC token: {problem}");
                let status = problem.status();
                answer::json(status, JSON_UTF8, &Parameter { message, status: status.as_u16() })
            }
            Self::Build(problem) => {
                let error = format!("Error Generating RTC token - {problem}");
                let status = problem.status();
                answer::json(status, JSON_UTF8, &Build { error, status: status.as_u16() })
            }
        }
    }
}

fn not_found(allow: &'static str) -> Response<Vec<u8>> {
    answer::allow(answer::body(StatusCode::NOT_FOUND, TEXT, "404 page not found"), allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_may_be_empty_but_not_missing() {
        assert!(RtcPath::parse("/rtc/a/b/uid/1").is_some());
        assert!(RtcPath::parse("/rtc/a/b/uid/1/").is_some());
        assert_eq!(RtcPath::parse("/rtc/a/b/uid//").map(|path| path.uid), Some(""));
        for path in ["/rtc/a/b/uid", "/rtc/a/b/uid/", "/rtc/a/b/uid/1/2", "/rtc/", "/rtc", "/RTC/a/b/uid/1"] {
            assert!(RtcPath::parse(path).is_none(), "{path}");
        }
    }
}
