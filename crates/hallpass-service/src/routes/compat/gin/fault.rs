//! The errors of the Gin guide's server: they go out under one of two names, by where the original finds them.

use std::fmt;

use http::Response;
use serde::Serialize;

use crate::answer::{self, JSON_UTF8};
use crate::problem::Problem;

pub(super) enum Fault {
    /// In the parameters: `message`.
    Parameter(Problem),
    /// While the token is built: `error`.
    Build(Problem),
}

/// Which token was asked for, in the words of the original.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Rtc,
    Rtm,
    RtcAndRtm,
    Chat,
}

impl Fault {
    pub(super) fn parameter(field: &str, sentence: impl Into<String>) -> Self {
        Self::Parameter(Problem::verbatim(field, sentence))
    }

    pub(super) fn build(field: &str, error: impl fmt::Display) -> Self {
        Self::Build(Problem::field(field, error))
    }

    pub(super) fn into_response(self, kind: Kind) -> Response<Vec<u8>> {
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
                let message = format!("Error Generating {kind} token: {problem}");
                let status = problem.status();
                answer::json(status, JSON_UTF8, &Parameter { message, status: status.as_u16() })
            }
            Self::Build(problem) => {
                let error = format!("Error Generating {kind} token - {problem}");
                let status = problem.status();
                answer::json(status, JSON_UTF8, &Build { error, status: status.as_u16() })
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rtc => "RTC",
            Self::Rtm => "RTM",
            Self::RtcAndRtm => "RTC and RTM",
            Self::Chat => "Chat",
        })
    }
}
