//! Everything that can be wrong with a request, and how it is said (RFC 9457).

use std::fmt;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::answer;
use crate::auth::Unauthorized;
use crate::input::MAX_BODY_BYTES;
use crate::json::JsonError;
use crate::policy::Refusal;
use crate::providers::{Fault, Upstream};

/// One variant for each thing that a caller may have to do something about. Display is the sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The body is no JSON.
    InvalidJson { detail: String },
    /// A part of the request holds what it must not; `field` is its path, where a single one is at fault.
    InvalidField { field: Option<String>, detail: String },
    /// The path does not decode to text.
    InvalidPath,
    /// The body ended early or could not be decoded.
    BodyBroken,
    /// The body is longer than [`MAX_BODY_BYTES`].
    BodyTooLarge,
    /// The credentials are missing or not accepted.
    Unauthorized(Unauthorized),
    /// The keys that a caller's credentials are checked with cannot be fetched.
    IssuerUnreachable,
    /// The caller calls too often.
    TooManyRequests,
    /// The policy does not give what was asked for.
    Refused(Refusal),
    /// No project of the provider is configured.
    NoProject { provider: String },
    /// The account at Agora is not configured.
    NoCustomer,
    /// A provider did not do what it was asked for.
    Provider(Box<Fault>),
    /// The origin of a web page is not configured.
    OriginNotAllowed,
    /// There is no such route.
    NotFound,
    /// The route exists, for these methods.
    MethodNotAllowed { allow: String },
    /// Nobody said who may have tokens.
    AuthNotConfigured,
    /// The service is not set up; what is wrong stands in the log and in no answer.
    NotReady,
}

/// The longest period that the platform's limiters count.
const RETRY_SECONDS: u32 = 60;
/// When the keys of an issuer are asked for again.
const RETRY_ISSUER_SECONDS: u32 = 10;

impl Problem {
    /// A problem with the field of this name.
    pub(crate) fn field(field: &str, detail: impl fmt::Display) -> Self {
        Self::InvalidField { field: Some(field.to_owned()), detail: format!("`{field}` {detail}") }
    }

    /// A problem with the field of this name, in a sentence that is said as it is.
    pub(crate) fn verbatim(field: &str, sentence: impl Into<String>) -> Self {
        Self::InvalidField { field: Some(field.to_owned()), detail: sentence.into() }
    }

    /// A problem with the body as a whole.
    pub(crate) fn body(detail: impl fmt::Display) -> Self {
        Self::InvalidField { field: None, detail: format!("the body: {detail}") }
    }

    /// The name that programs may rely on.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::InvalidJson { .. } => "invalid_json",
            Self::InvalidField { .. } => "invalid_field",
            Self::InvalidPath => "invalid_path",
            Self::BodyBroken => "body_broken",
            Self::BodyTooLarge => "body_too_large",
            Self::Unauthorized(unauthorized) => unauthorized.code(),
            Self::IssuerUnreachable => "issuer_unreachable",
            Self::TooManyRequests => "too_many_requests",
            Self::Refused(_) => "policy_refused",
            Self::NoProject { .. } => "no_project",
            Self::NoCustomer => "no_customer",
            Self::Provider(fault) => fault.code(),
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::AuthNotConfigured => "auth_not_configured",
            Self::NotReady => "not_ready",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::InvalidJson { .. }
            | Self::InvalidField { .. }
            | Self::InvalidPath
            | Self::BodyBroken
            | Self::NoProject { .. }
            | Self::NoCustomer => StatusCode::BAD_REQUEST,
            Self::Provider(fault) => fault.status(),
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Refused(_) | Self::OriginNotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AuthNotConfigured | Self::NotReady | Self::IssuerUnreachable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::InvalidJson { .. } => "The body is not JSON",
            Self::InvalidField { .. } => "The request holds an invalid value",
            Self::InvalidPath => "The path is not UTF-8",
            Self::BodyBroken => "The body is incomplete",
            Self::BodyTooLarge => "The body is too large",
            Self::Unauthorized(_) => "The credentials are missing or not accepted",
            Self::IssuerUnreachable => "The credentials cannot be checked",
            Self::TooManyRequests => "Too many requests",
            Self::Refused(_) => "The policy refuses this token",
            Self::NoProject { .. } => "No project of this provider is configured",
            Self::NoCustomer => "The account at Agora is not configured",
            Self::Provider(_) => "The provider did not do it",
            Self::OriginNotAllowed => "The page's origin is not allowed",
            Self::NotFound => "There is no such route",
            Self::MethodNotAllowed { .. } => "The route does not know this method",
            Self::AuthNotConfigured => "No authentication is configured",
            Self::NotReady => "The service is not set up",
        }
    }

    /// Adds the headers that tell a client what to do: `WWW-Authenticate` (RFC 9110 section 11.6.1), `Retry-After`.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Self::Unauthorized(unauthorized) = self {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(unauthorized.challenge()));
        }
        if *self == Self::TooManyRequests {
            headers.insert(RETRY_AFTER, RETRY_SECONDS.into());
        }
        if let Self::Provider(fault) = self
            && let Some(Ok(after)) = fault.retry_after().map(HeaderValue::from_str)
        {
            headers.insert(RETRY_AFTER, after);
        }
        if *self == Self::IssuerUnreachable {
            headers.insert(RETRY_AFTER, RETRY_ISSUER_SECONDS.into());
        }
    }

    /// The path of the one field that is at fault.
    pub(crate) fn field_at_fault(&self) -> Option<&str> {
        if let Self::Refused(refusal) = self {
            return Some(refusal.field);
        }
        if let Self::InvalidField { field, .. } = self { field.as_deref() } else { None }
    }

    /// This problem as `application/problem+json`.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Vec<u8>> {
        self.into_response_naming(&[], request_id)
    }

    /// The same, with the names of settings and secrets that are missing or wrong.
    pub(crate) fn into_response_naming(self, missing: &[String], request_id: &str) -> Response<Vec<u8>> {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(rename = "type")]
            kind: String,
            title: &'a str,
            status: u16,
            detail: String,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            refused_by: Option<&'a str>,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            missing: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            upstream: Option<Upstream<'a>>,
            request_id: &'a str,
        }
        let document = Document {
            kind: format!("urn:hallpass:problem:{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            code: self.code(),
            field: self.field_at_fault(),
            refused_by: if let Self::Refused(refusal) = &self { Some(refusal.part.name()) } else { None },
            missing,
            upstream: if let Self::Provider(fault) = &self { Some(fault.upstream()) } else { None },
            request_id,
        };
        let mut response = answer::json(self.status(), answer::PROBLEM_JSON, &document);
        if matches!(self, Self::Provider(_)) {
            self.add_headers(response.headers_mut());
        }
        if let Self::MethodNotAllowed { allow } = &self { answer::allow(response, allow) } else { response }
    }
}

impl From<Unauthorized> for Problem {
    fn from(unauthorized: Unauthorized) -> Self {
        Self::Unauthorized(unauthorized)
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax { detail } => Self::InvalidJson { detail },
            JsonError::Value { path, detail } if path.is_empty() => Self::body(detail),
            JsonError::Value { path, detail } => Self::field(&path, format_args!("is not valid: {detail}")),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidJson { detail } | Self::InvalidField { detail, .. } => f.write_str(detail),
            Self::InvalidPath => f.write_str("the path, percent-decoded, must be UTF-8"),
            Self::BodyBroken => f.write_str("the body ended early or could not be decoded; send it again"),
            Self::BodyTooLarge => write!(f, "the body may have at most {MAX_BODY_BYTES} bytes"),
            Self::Unauthorized(unauthorized) => unauthorized.fmt(f),
            Self::IssuerUnreachable => {
                f.write_str("the keys of the JWT's issuer cannot be fetched; try again later")
            }
            Self::TooManyRequests => write!(f, "too many requests; wait {RETRY_SECONDS} s"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NoProject { provider } => {
                write!(f, "no project of {provider} is configured, so there are no tokens for it")
            }
            Self::NoCustomer => f.write_str(
                "there are no credentials for this: `rest.agora` in HALLPASS_CONFIG names no customer ID and secret",
            ),
            Self::Provider(fault) => fault.fmt(f),
            Self::OriginNotAllowed => {
                f.write_str("`cors.origins` in HALLPASS_CONFIG does not list the origin of this page")
            }
            Self::NotFound => f.write_str("see the README for the routes and how they are written"),
            Self::MethodNotAllowed { allow } => write!(f, "this route answers {allow}"),
            Self::AuthNotConfigured => {
                f.write_str("nothing is minted until `auth` in HALLPASS_CONFIG says who may call")
            }
            Self::NotReady => {
                f.write_str("a setting or a secret is missing or wrong; the service's log names it")
            }
        }
    }
}
