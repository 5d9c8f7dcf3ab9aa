//! Errors of calls to a provider.

use std::fmt;

use crate::web::json::Json;
use crate::web::log::{Level, LogLine};
use crate::web::outbound::{OutboundResponse, SendError};
use http::StatusCode;

/// The names of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProviderNames {
    /// The name in responses and logs.
    pub(super) name: &'static str,
    /// The name in messages.
    pub(super) title: &'static str,
}

/// A failed call to a provider, with the provider's message. Contains no credentials. The content is boxed to keep
/// `Result` small, because every function that reads a response returns this error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamError(Box<UpstreamErrorInner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct UpstreamErrorInner {
    provider: ProviderNames,
    reason: Reason,
    /// The provider's message.
    message: Option<String>,
    /// The provider's request IDs with their header names. The provider's support requires these IDs.
    request_ids: Vec<(&'static str, String)>,
    /// The value of the provider's `Retry-After`.
    retry_after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// The service received no response. Therefore it is unknown whether the provider performed the call.
    Sending(SendError),
    /// The response has a status other than 2xx.
    Status(u16),
    /// The status of the response is 2xx, but the body has an unexpected form.
    UnexpectedBody,
}

const REQUEST_IDS: [&str; 3] = ["x-request-id", "x-amz-request-id", "x-resource-id"];

impl UpstreamError {
    /// Returns the error for a request without a response.
    #[cold]
    pub(super) fn from_send_error(provider: ProviderNames, error: SendError) -> Self {
        let (reason, request_ids) = (Reason::Sending(error), Vec::new());
        let inner = UpstreamErrorInner { provider, reason, message: None, request_ids, retry_after: None };
        Self(Box::new(inner))
    }

    /// Returns the error for a response with a status other than 2xx.
    #[cold]
    pub(super) fn from_response(provider: ProviderNames, response: &OutboundResponse) -> Self {
        Self::with_headers(provider, Reason::Status(response.status), message(&response.body), response)
    }

    /// Returns the error for a successful response with an unexpected body.
    #[cold]
    pub(super) fn from_unexpected_body(provider: ProviderNames, response: &OutboundResponse) -> Self {
        Self::with_headers(provider, Reason::UnexpectedBody, None, response)
    }

    fn with_headers(
        provider: ProviderNames,
        reason: Reason,
        message: Option<String>,
        response: &OutboundResponse,
    ) -> Self {
        let header = |name: &'static str| {
            let (name, value) = response.headers.iter().find(|(known, _)| *known == name)?;
            let is_printable =
                value.len() <= 64 && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            is_printable.then(|| (*name, value.clone()))
        };
        let request_ids = REQUEST_IDS.into_iter().filter_map(header).collect();
        let retry_after = header("retry-after").map(|(_, value)| value);
        Self(Box::new(UpstreamErrorInner { provider, reason, message, request_ids, retry_after }))
    }

    /// Returns whether the provider may have performed the call. Only a 3xx or 4xx status other than 408 proves a
    /// rejection.
    pub(crate) fn is_outcome_unknown(&self) -> bool {
        !matches!(self.0.reason, Reason::Status(300..=407 | 409..=499))
    }

    /// Returns the status of this service's response.
    pub(crate) fn status(&self) -> StatusCode {
        match self.0.reason {
            Reason::Sending(SendError::TimedOut) | Reason::Status(408 | 504) => StatusCode::GATEWAY_TIMEOUT,
            Reason::Status(429) => StatusCode::TOO_MANY_REQUESTS,
            Reason::Status(_) | Reason::Sending(_) | Reason::UnexpectedBody => StatusCode::BAD_GATEWAY,
        }
    }

    /// Returns the stable code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self.status() {
            StatusCode::GATEWAY_TIMEOUT => "provider_timeout",
            StatusCode::TOO_MANY_REQUESTS => "provider_busy",
            _ => "provider_failed",
        }
    }

    /// Returns the value of the provider's `Retry-After`, if the provider responded with status 429.
    pub(crate) fn retry_after(&self) -> Option<&str> {
        self.0.retry_after.as_deref().filter(|_| self.0.reason == Reason::Status(429))
    }

    /// Returns the status of the provider's response, if this status caused the error.
    pub(crate) fn upstream_status(&self) -> Option<StatusCode> {
        if let Reason::Status(status) = self.0.reason { StatusCode::from_u16(status).ok() } else { None }
    }

    /// Returns the provider's message.
    pub(crate) fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Returns the value of the field `upstream` in the error document and in the log line.
    pub(crate) fn to_json(&self) -> Json<'_> {
        let status = if let Reason::Status(status) = self.0.reason { Some(u32::from(status)) } else { None };
        let ids = self.0.request_ids.iter().map(|(name, id)| (*name, id.as_str().into()));
        Json::object([
            ("provider", self.0.provider.name.into()),
            ("status", status.into()),
            ("message", self.message().into()),
            ("request_ids", Json::from(ids.collect::<Vec<_>>())),
        ])
    }

    /// Returns the log line for the operator.
    pub(crate) fn log_line(&self, request_id: &str, route: &str) -> LogLine {
        let is_rejected = matches!(self.0.reason, Reason::Status(400..=499));
        let level = if is_rejected { Level::Warning } else { Level::Error };
        let fields = [
            ("request_id", request_id.into()),
            ("route", route.into()),
            ("reason", self.to_string().into()),
            ("upstream", self.to_json()),
        ];
        LogLine::new(level, "provider_failed", fields)
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.provider.title;
        match self.0.reason {
            Reason::Sending(SendError::TimedOut) => write!(f, "{name} did not respond in time"),
            Reason::Sending(SendError::Unreachable) => write!(f, "{name} is unreachable"),
            Reason::Sending(SendError::TooLarge) => write!(f, "The response from {name} is too large"),
            Reason::Status(status) => write!(f, "{name} responded with status {status}"),
            Reason::UnexpectedBody => {
                write!(f, "The response from {name} does not match the documentation of its API")
            }
        }?;
        match self.message() {
            Some(message) => write!(f, ": {message}"),
            None => f.write_str("."),
        }
    }
}

/// The fields that may contain a message, in order of precedence: first the fields that VideoSDK's SDKs read, then
/// Agora's fields.
const MESSAGE_FIELDS: [&str; 6] = ["message", "error", "msg", "statusMessage", "reason", "error_msg"];

/// Returns the message in the body of an error response; `None` for an HTML page. The message is the first non-empty
/// string among [`MESSAGE_FIELDS`], a body that is a JSON string, or a body of plain text.
fn message(body: &[u8]) -> Option<String> {
    let message = match Json::parse(body) {
        Ok(Json::Object(fields)) => {
            let field = |name: &str| {
                let (_, value) = fields.iter().rev().find(|(known, _)| known == name)?;
                value.as_str().map(sanitize)
            };
            MESSAGE_FIELDS.into_iter().filter_map(field).find(|message| !message.is_empty())?
        }
        Ok(Json::String(message)) => sanitize(&message),
        Ok(_) => return None,
        Err(_) => std::str::from_utf8(body).ok().map(sanitize).filter(|text| !text.starts_with('<'))?,
    };
    (!message.is_empty()).then_some(message)
}

/// Converts a provider's message into one line of at most 200 characters. Replaces words of more than 23 bytes with `…`,
/// because such words may be tokens or keys.
fn sanitize(message: &str) -> String {
    const MAX_CHARS: usize = 200;
    const MAX_WORD_BYTES: usize = 23;
    let is_token_char =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.' | '~' | ':');
    let mut sanitized = String::new();
    for piece in message.split_inclusive(|c: char| !is_token_char(c)) {
        let word = piece.trim_end_matches(|c: char| !is_token_char(c));
        let rest = piece.get(word.len()..).unwrap_or_default();
        sanitized.push_str(if word.len() > MAX_WORD_BYTES { "…" } else { word });
        sanitized.extend(rest.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    sanitized.trim().chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_message_in_every_form() {
        for (body, found) in [
            (r#"{"message":"a","error":"b"}"#, Some("a")),
            (r#"{"message":"","error":"b"}"#, Some("b")),
            (r#"{"errorCode":1,"reason":"c"}"#, Some("c")),
            (r#"{"error_msg":"project not exist"}"#, Some("project not exist")),
            (r#""bare""#, Some("bare")),
            ("plain\ntext", Some("plain text")),
            ("<html>an error</html>", None),
            ("", None),
            ("[1]", None),
            (r#"{"message":7}"#, None),
        ] {
            assert_eq!(message(body.as_bytes()).as_deref(), found, "{body}");
        }
    }

    #[test]
    fn removes_possible_tokens_and_keys_from_messages() {
        assert_eq!(
            sanitize("Token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x is expired"),
            "Token … is expired"
        );
        assert_eq!(sanitize("key=4f1e8a7c3b2d49658d0c7b6a5e4f3210!"), "…!");
        assert_eq!(sanitize("room abcd-efgh-ijkl not found"), "room abcd-efgh-ijkl not found");
        assert_eq!(sanitize(&"é ".repeat(300)).chars().count(), 200);
    }
}
