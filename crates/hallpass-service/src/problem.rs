//! The errors of a request, and the error document for each error (RFC 9457).

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use crate::auth::{AuthError, Unauthorized};
use crate::policy::{PolicyError, TokenError};
use crate::providers::UpstreamError;
use crate::settings::ProjectError;
use crate::web::field_error::FieldError;
use crate::web::json::{Json, JsonError, SyntaxError};
use crate::web::path::PathError;
use crate::web::request::MAX_BODY_BYTES;

/// An error of a request. Each variant corresponds to one action that a client may have to take. [`row`](Self::row)
/// contains the titles. `Display` writes the `detail` of the error document in complete sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    InvalidJson {
        detail: String,
    },
    InvalidField(FieldError),
    InvalidPath(PathError),
    BodyBroken,
    BodyTooLarge,
    Unauthorized(Unauthorized),
    IssuerUnreachable,
    /// A page of another site sent the request, and a proxy may have added the credentials.
    CrossSite,
    TooManyRequests,
    Denied(PolicyError),
    NoProject {
        provider: &'static str,
    },
    /// No project has the App ID in the request.
    UnknownAppId,
    AgoraAccountNotConfigured,
    Upstream(UpstreamError),
    OriginNotAllowed,
    NotFound,
    /// The route supports only the methods in `allow`.
    MethodNotAllowed {
        allow: String,
    },
    /// The configuration has no `auth`. In responses to `/readyz`, `missing` names the missing or invalid settings and
    /// secrets.
    AuthNotConfigured {
        missing: Vec<String>,
    },
    /// A setting or secret is missing or invalid, and the log contains the reason. In responses to `/readyz`, `missing`
    /// names the missing or invalid settings and secrets.
    NotReady {
        missing: Vec<String>,
    },
}

/// The value of `Retry-After` for a rate-limited caller: the longest period that the platforms' rate limiters use.
const RETRY_SECONDS: &str = "60";
/// The value of `Retry-After` if an issuer's keys cannot be fetched: the time until the service can fetch the keys again.
const RETRY_ISSUER_SECONDS: &str = "10";

impl Problem {
    pub(crate) const NOT_READY: Self = Self::NotReady { missing: Vec::new() };

    /// Returns the problem for an invalid field. The detail consists of the field's name and the predicate.
    pub(crate) fn field(field: &str, predicate: impl fmt::Display) -> Self {
        Self::InvalidField(FieldError::new(field, predicate))
    }

    /// Returns the stable error code for programs.
    pub(crate) fn code(&self) -> &'static str {
        self.row().0
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.row().1
    }

    /// Returns the code, the status and the title.
    fn row(&self) -> (&'static str, StatusCode, &'static str) {
        const INVALID: StatusCode = StatusCode::BAD_REQUEST;
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Self::InvalidJson { .. } => ("invalid_json", INVALID, "The body is not valid JSON"),
            Self::InvalidField(_) => ("invalid_field", INVALID, "The request contains an invalid value"),
            Self::InvalidPath(_) => ("invalid_path", INVALID, "The path is invalid"),
            Self::BodyBroken => ("body_broken", INVALID, "The body is incomplete"),
            Self::BodyTooLarge => ("body_too_large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::Unauthorized(error) => {
                let title = "The credentials are missing or invalid";
                (error.code(), StatusCode::UNAUTHORIZED, title)
            }
            Self::IssuerUnreachable => {
                ("issuer_unreachable", UNAVAILABLE, "The credentials cannot be verified")
            }
            Self::CrossSite => {
                let title = "A page of another site sent the request";
                ("cross_site_request", StatusCode::FORBIDDEN, title)
            }
            Self::TooManyRequests => {
                ("too_many_requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            }
            Self::Denied(_) => ("policy_refused", StatusCode::FORBIDDEN, "The policy denies this request"),
            Self::NoProject { .. } => ("no_project", INVALID, "No project of this provider is configured"),
            Self::UnknownAppId => ("unknown_app_id", StatusCode::NOT_FOUND, "No project has this App ID"),
            Self::AgoraAccountNotConfigured => {
                ("no_customer", INVALID, "The Agora account is not configured")
            }
            Self::Upstream(error) => (error.code(), error.status(), "The request to the provider failed"),
            Self::OriginNotAllowed => {
                ("origin_not_allowed", StatusCode::FORBIDDEN, "The origin is not allowed")
            }
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "The route does not exist"),
            Self::MethodNotAllowed { .. } => {
                let title = "The route does not support this method";
                ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, title)
            }
            Self::AuthNotConfigured { .. } => {
                ("auth_not_configured", UNAVAILABLE, "Authentication is not configured")
            }
            Self::NotReady { .. } => ("not_ready", UNAVAILABLE, "The service is not ready"),
        }
    }

    /// Returns the additional header of the response: `WWW-Authenticate` (RFC 9110 section 11.6.1), `Retry-After` or
    /// `Allow`.
    pub(crate) fn header(&self) -> Option<(&'static str, Cow<'static, str>)> {
        if let Self::Unauthorized(error) = self {
            Some(("www-authenticate", error.challenge().into()))
        } else if let Self::MethodNotAllowed { allow } = self {
            Some(("allow", allow.clone().into()))
        } else if let Self::Upstream(error) = self {
            Some(("retry-after", error.retry_after()?.to_owned().into()))
        } else if matches!(self, Self::TooManyRequests) {
            Some(("retry-after", RETRY_SECONDS.into()))
        } else if matches!(self, Self::IssuerUnreachable) {
            Some(("retry-after", RETRY_ISSUER_SECONDS.into()))
        } else {
            None
        }
    }

    /// Returns the path of the invalid or denied field; `None` if the problem does not concern a single field.
    pub(crate) fn field_path(&self) -> Option<&str> {
        if let Self::Denied(error) = self {
            return Some(error.field.as_str()).filter(|field| !field.is_empty());
        }
        if let Self::InvalidField(error) = self { error.field.as_deref() } else { None }
    }

    /// Returns whether the imitated server of a compatible route detects the error while parsing the request.
    pub(crate) fn is_parse_error(&self) -> bool {
        if let Self::InvalidField(error) = self {
            return error.is_parse_error;
        }
        matches!(
            self,
            Self::InvalidJson { .. } | Self::InvalidPath(_) | Self::BodyBroken | Self::BodyTooLarge
        )
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
        fields.extend(self.field_path().map(|field| ("field", field.into())));
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
            AuthError::CrossSite => Self::CrossSite,
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
            Self::InvalidJson { detail } => write!(f, "The body is not valid JSON: {detail}."),
            Self::InvalidField(error) => error.fmt(f),
            Self::InvalidPath(PathError::NotUtf8) => f.write_str("The percent-decoded path must be valid UTF-8."),
            Self::InvalidPath(PathError::Slash) => f.write_str(
                "A segment of the path contains an encoded slash (`%2F`). Send a name without a slash, because Agora allows no slash in names.",
            ),
            Self::InvalidPath(PathError::QuestionMark) => f.write_str(
                "The platform removed a part of the path, because the path contains an encoded question mark (`%3F`). Send names with a question mark in the body of POST /v1/token.",
            ),
            Self::BodyBroken => f.write_str("The body ended early or could not be decoded. Send the request again."),
            Self::BodyTooLarge => write!(f, "The body must not exceed {MAX_BODY_BYTES} bytes."),
            Self::Unauthorized(unauthorized) => unauthorized.fmt(f),
            Self::IssuerUnreachable => {
                f.write_str("The keys of the JWT's issuer cannot be fetched. Try again later.")
            }
            Self::CrossSite => f.write_str(
                "A page of another site sent this request, and a proxy may have added the credentials. Send the JWT in `Authorization`, or add the origin of the page to `cors.origins` in HALLPASS_CONFIG.",
            ),
            Self::TooManyRequests => write!(f, "The caller exceeded the rate limit. Wait {RETRY_SECONDS} seconds."),
            Self::Denied(error) => error.fmt(f),
            Self::NoProject { provider } => ProjectError::None { provider }.fmt(f),
            Self::UnknownAppId => f.write_str(
                "`appId` is not the App ID of a configured project. Use a configured App ID, or add the project to `projects` in HALLPASS_CONFIG.",
            ),
            Self::AgoraAccountNotConfigured => f.write_str(
                "This request needs the credentials of the Agora account. Set `customer_id` and `customer_secret` in `rest.agora` of HALLPASS_CONFIG.",
            ),
            Self::Upstream(error) => error.fmt(f),
            Self::OriginNotAllowed => {
                f.write_str("The origin of this page is not allowed. Add it to `cors.origins` in HALLPASS_CONFIG.")
            }
            Self::NotFound => f.write_str("No route matches this path. For all routes, see docs/api.md and docs/compatibility.md."),
            Self::MethodNotAllowed { allow } => write!(f, "Allowed methods: {allow}."),
            Self::AuthNotConfigured { .. } => {
                f.write_str("No tokens are issued until `auth` is set in HALLPASS_CONFIG. See docs/configuration.md.")
            }
            Self::NotReady { .. } => {
                f.write_str("A setting or secret is missing or invalid. The service's log names it.")
            }
        }
    }
}
