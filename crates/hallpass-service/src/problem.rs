//! Every error of a request, and the error document for it (RFC 9457).

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use crate::auth::{AuthError, Unauthorized};
use crate::policy::{PolicyError, TokenError};
use crate::providers::UpstreamError;
use crate::settings::ProjectError;
use crate::web::field_error::FieldError;
use crate::web::json::{Json, JsonError, SyntaxError};
use crate::web::request::MAX_BODY_BYTES;

/// An error of a request: one variant for each action that a client may have to take. The titles say what they mean. Display
/// is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    InvalidJson {
        detail: String,
    },
    InvalidField(FieldError),
    InvalidPath,
    BodyBroken,
    BodyTooLarge,
    Unauthorized(Unauthorized),
    IssuerUnreachable,
    TooManyRequests,
    Denied(PolicyError),
    NoProject {
        provider: &'static str,
    },
    AgoraAccountNotConfigured,
    Upstream(UpstreamError),
    OriginNotAllowed,
    NotFound,
    /// The route exists, for these methods.
    MethodNotAllowed {
        allow: String,
    },
    /// `missing` are names for `/readyz`.
    AuthNotConfigured {
        missing: Vec<String>,
    },
    /// A setting or a secret is missing or wrong; the log says which. `missing` are names for `/readyz`.
    NotReady {
        missing: Vec<String>,
    },
}

/// The longest period that the platform's limiters count.
const RETRY_SECONDS: &str = "60";
/// When the keys of an issuer are fetched again.
const RETRY_ISSUER_SECONDS: &str = "10";

impl Problem {
    pub(crate) const NOT_READY: Self = Self::NotReady { missing: Vec::new() };

    /// A problem with the field of this name.
    pub(crate) fn field(field: &str, predicate: impl fmt::Display) -> Self {
        Self::InvalidField(FieldError::new(field, predicate))
    }

    /// Returns the name that programs may rely on.
    pub(crate) fn code(&self) -> &'static str {
        self.row().0
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.row().1
    }

    /// The code, the status and the title.
    fn row(&self) -> (&'static str, StatusCode, &'static str) {
        const INVALID: StatusCode = StatusCode::BAD_REQUEST;
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::InvalidJson { .. } => ("invalid_json", INVALID, "The body is not JSON"),
            Self::InvalidField(_) => ("invalid_field", INVALID, "The request holds an invalid value"),
            Self::InvalidPath => ("invalid_path", INVALID, "The path is not UTF-8"),
            Self::BodyBroken => ("body_broken", INVALID, "The body is incomplete"),
            Self::BodyTooLarge => ("body_too_large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::Unauthorized(error) => {
                let title = "The credentials are missing or not accepted";
                (error.code(), StatusCode::UNAUTHORIZED, title)
            }
            Self::IssuerUnreachable => {
                ("issuer_unreachable", UNAVAILABLE, "The credentials cannot be checked")
            }
            Self::TooManyRequests => {
                ("too_many_requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            }
            Self::Denied(_) => ("policy_refused", StatusCode::FORBIDDEN, "The policy refuses this token"),
            Self::NoProject { .. } => ("no_project", INVALID, "No project of this provider is configured"),
            Self::AgoraAccountNotConfigured => {
                ("no_customer", INVALID, "The account at Agora is not configured")
            }
            Self::Upstream(error) => (error.code(), error.status(), "The provider did not do it"),
            Self::OriginNotAllowed => {
                ("origin_not_allowed", StatusCode::FORBIDDEN, "The page's origin is not allowed")
            }
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "There is no such route"),
            Self::MethodNotAllowed { .. } => {
                let title = "The route does not know this method";
                ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, title)
            }
            Self::AuthNotConfigured { .. } => {
                ("auth_not_configured", UNAVAILABLE, "No authentication is configured")
            }
            Self::NotReady { .. } => ("not_ready", UNAVAILABLE, "The service is not set up"),
        }
    }

    /// Returns the header that tells a client what to do: `WWW-Authenticate` (RFC 9110 section 11.6.1), `Retry-After` or
    /// `Allow`.
    pub(crate) fn header(&self) -> Option<(&'static str, Cow<'static, str>)> {
        if let Self::Unauthorized(error) = self {
            Some(("www-authenticate", error.challenge().into()))
        } else if let Self::MethodNotAllowed { allow } = self {
            Some(("allow", allow.clone().into()))
        } else if let Self::Upstream(error) = self {
            Some(("retry-after", error.retry_after()?.to_owned().into()))
        } else if *self == Self::TooManyRequests {
            Some(("retry-after", RETRY_SECONDS.into()))
        } else if *self == Self::IssuerUnreachable {
            Some(("retry-after", RETRY_ISSUER_SECONDS.into()))
        } else {
            None
        }
    }

    /// Returns the path of the field at fault, if it is a single one.
    pub(crate) fn field_at_fault(&self) -> Option<&str> {
        if let Self::Denied(error) = self {
            return Some(&error.field);
        }
        if let Self::InvalidField(error) = self { error.field.as_deref() } else { None }
    }

    /// Whether the server that a compatible route imitates finds the error while it reads the request.
    pub(crate) fn is_reading(&self) -> bool {
        if let Self::InvalidField(error) = self {
            return error.is_reading;
        }
        matches!(self, Self::InvalidJson { .. } | Self::BodyBroken | Self::BodyTooLarge)
    }

    /// Returns the error document.
    pub(crate) fn to_json<'a>(&'a self, request_id: &'a str) -> Json<'a> {
        let (code, status, title) = self.row();
        let mut fields = vec![
            ("type", format!("urn:hallpass:problem:{code}").into()),
            ("title", title.into()),
            ("status", u32::from(status.as_u16()).into()),
            ("detail", self.to_string().into()),
            ("code", code.into()),
        ];
        fields.extend(self.field_at_fault().map(|field| ("field", field.into())));
        if let Self::Denied(error) = self {
            fields.push(("refused_by", error.part.name().into()));
        } else if let Self::Upstream(error) = self {
            fields.push(("upstream", error.to_json()));
        } else if let Self::AuthNotConfigured { missing } | Self::NotReady { missing } = self
            && !missing.is_empty()
        {
            fields.push(("missing", missing.iter().map(String::as_str).collect::<Vec<_>>().into()));
        }
        fields.push(("request_id", request_id.into()));
        fields.into()
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthorized(error) => Self::Unauthorized(error),
            AuthError::IssuerUnreachable => Self::IssuerUnreachable,
        }
    }
}

impl From<SyntaxError> for Problem {
    fn from(SyntaxError(detail): SyntaxError) -> Self {
        Self::InvalidJson { detail }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Self::InvalidField(error.into())
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::InvalidField(error)
    }
}

impl From<PolicyError> for Problem {
    fn from(error: PolicyError) -> Self {
        Self::Denied(error)
    }
}

impl From<ProjectError> for Problem {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::None { provider } => Self::NoProject { provider },
            ProjectError::Unknown | ProjectError::OtherProvider { .. } => Self::field("project", error),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Denied(error) => error.into(),
            TokenError::Field(error) => error.into(),
            TokenError::Project(error) => error.into(),
            TokenError::NoKey => Self::NOT_READY,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidJson { detail } => f.write_str(detail),
            Self::InvalidField(error) => error.fmt(f),
            Self::InvalidPath => f.write_str("the path, percent-decoded, must be UTF-8"),
            Self::BodyBroken => f.write_str("the body ended early or could not be decoded; send it again"),
            Self::BodyTooLarge => write!(f, "the body may have at most {MAX_BODY_BYTES} bytes"),
            Self::Unauthorized(unauthorized) => unauthorized.fmt(f),
            Self::IssuerUnreachable => {
                f.write_str("the keys of the JWT's issuer cannot be fetched; try again later")
            }
            Self::TooManyRequests => write!(f, "too many requests; wait {RETRY_SECONDS} s"),
            Self::Denied(error) => error.fmt(f),
            Self::NoProject { provider } => ProjectError::None { provider }.fmt(f),
            Self::AgoraAccountNotConfigured => f.write_str(
                "there are no credentials for this: `rest.agora` in HALLPASS_CONFIG names no customer ID and secret",
            ),
            Self::Upstream(error) => error.fmt(f),
            Self::OriginNotAllowed => {
                f.write_str("`cors.origins` in HALLPASS_CONFIG does not list the origin of this page")
            }
            Self::NotFound => f.write_str("see the README for the routes and how they are written"),
            Self::MethodNotAllowed { allow } => write!(f, "this route answers {allow}"),
            Self::AuthNotConfigured { .. } => {
                f.write_str("nothing is minted until `auth` in HALLPASS_CONFIG says who may call")
            }
            Self::NotReady { .. } => {
                f.write_str("a setting or a secret is missing or wrong; the service's log names it")
            }
        }
    }
}
