//! Calls to a provider that failed.

use std::fmt;

use crate::web::json::Json;
use crate::web::log::{Level, LogLine};
use crate::web::outbound::{OutboundResponse, SendError};
use http::StatusCode;

/// The names of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProviderNames {
    /// In responses and logs.
    pub(super) name: &'static str,
    /// In messages.
    pub(super) title: &'static str,
}

/// A failed call to a provider, and what the provider said. It contains no credential. Boxed, because every reader of a response
/// returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamError(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    provider: ProviderNames,
    reason: Reason,
    /// The provider's own words.
    message: Option<String>,
    /// What the provider's support asks for, by the names of its headers.
    request_ids: Vec<(&'static str, String)>,
    /// When to come again, as `Retry-After` has it.
    retry_after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// There was no answer: nobody knows whether the call was carried out.
    Sending(SendError),
    /// The answer has a status that is no success.
    Status(u16),
    /// The answer is a success, but not of the form that is known.
    NotUnderstood,
}

const REQUEST_IDS: [&str; 3] = ["x-request-id", "x-amz-request-id", "x-resource-id"];

impl UpstreamError {
    /// There is no answer.
    #[cold]
    pub(super) fn of_sending(provider: ProviderNames, error: SendError) -> Self {
        let reason = Reason::Sending(error);
        Self(Box::new(Parts { provider, reason, message: None, request_ids: Vec::new(), retry_after: None }))
    }

    /// The answer is a failure.
    #[cold]
    pub(super) fn of_response(provider: ProviderNames, answer: &OutboundResponse) -> Self {
        Self::about(provider, Reason::Status(answer.status), message(&answer.body), answer)
    }

    /// The answer is none.
    #[cold]
    pub(super) fn not_understood(provider: ProviderNames, answer: &OutboundResponse) -> Self {
        Self::about(provider, Reason::NotUnderstood, None, answer)
    }

    fn about(
        provider: ProviderNames,
        reason: Reason,
        message: Option<String>,
        answer: &OutboundResponse,
    ) -> Self {
        let header = |name: &'static str| {
            let (name, value) = answer.headers.iter().find(|(known, _)| *known == name)?;
            let is_plain =
                value.len() <= 64 && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            is_plain.then(|| (*name, value.clone()))
        };
        let request_ids = REQUEST_IDS.into_iter().filter_map(header).collect();
        let retry_after = header("retry-after").map(|(_, value)| value);
        Self(Box::new(Parts { provider, reason, message, request_ids, retry_after }))
    }

    /// Whether nobody knows if the call was carried out: the provider did not refuse it.
    pub(crate) fn is_in_doubt(&self) -> bool {
        !matches!(self.0.reason, Reason::Status(300..=407 | 409..=499))
    }

    /// The status of our answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self.0.reason {
            Reason::Sending(SendError::TimedOut) | Reason::Status(408 | 504) => StatusCode::GATEWAY_TIMEOUT,
            Reason::Status(429) => StatusCode::TOO_MANY_REQUESTS,
            Reason::Status(_) | Reason::Sending(_) | Reason::NotUnderstood => StatusCode::BAD_GATEWAY,
        }
    }

    /// The name that programs may rely on.
    pub(crate) fn code(&self) -> &'static str {
        match self.status() {
            StatusCode::GATEWAY_TIMEOUT => "provider_timeout",
            StatusCode::TOO_MANY_REQUESTS => "provider_busy",
            _ => "provider_failed",
        }
    }

    /// When the provider wants to be asked again.
    pub(crate) fn retry_after(&self) -> Option<&str> {
        self.0.retry_after.as_deref().filter(|_| self.0.reason == Reason::Status(429))
    }

    /// The status of the provider's answer.
    pub(crate) fn upstream_status(&self) -> Option<StatusCode> {
        if let Reason::Status(status) = self.0.reason { StatusCode::from_u16(status).ok() } else { None }
    }

    /// The provider's own words.
    pub(crate) fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Returns what an error document and the log say of the provider's response.
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

    /// The line for the person on call.
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
            Reason::Sending(SendError::TimedOut) => write!(f, "{name} did not answer in time"),
            Reason::Sending(SendError::Unreachable) => write!(f, "{name} cannot be reached"),
            Reason::Sending(SendError::TooLarge) => write!(f, "the answer of {name} is too long"),
            Reason::Status(status) => write!(f, "{name} answered with status {status}"),
            Reason::NotUnderstood => write!(f, "the answer of {name} is not what its documentation says"),
        }?;
        match self.message() {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

/// What an error document of a provider says: the member that VideoSDK's own SDKs look for, or one of Agora's; a text
/// that is no JSON says it itself, unless it is a page.
fn message(body: &[u8]) -> Option<String> {
    const MEMBERS: [&str; 6] = ["message", "error", "msg", "statusMessage", "reason", "error_msg"];
    let text = match Json::parse(body) {
        Ok(Json::Object(fields)) => {
            let text = |name: &str| {
                let (_, value) = fields.iter().rev().find(|(known, _)| known == name)?;
                value.as_str().map(tidy)
            };
            MEMBERS.into_iter().filter_map(text).find(|text| !text.is_empty())?
        }
        Ok(Json::String(text)) => tidy(&text),
        Ok(_) => return None,
        Err(_) => std::str::from_utf8(body).ok().map(tidy).filter(|text| !text.starts_with('<'))?,
    };
    (!text.is_empty()).then_some(text)
}

/// One line of others that may be shown: whatever is long enough to be a token or a key is left out.
fn tidy(text: &str) -> String {
    const MAX_CHARS: usize = 200;
    const LONGEST_WORD: usize = 23;
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "+/=_-.~:".contains(c);
    let mut tidied = String::new();
    for piece in text.split_inclusive(|c: char| !is_of_token(c)) {
        let word = piece.trim_end_matches(|c: char| !is_of_token(c));
        let rest = piece.get(word.len()..).unwrap_or_default();
        tidied.push_str(if word.len() > LONGEST_WORD { "…" } else { word });
        tidied.extend(rest.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    tidied.trim().chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_where_providers_put_it() {
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
    fn what_may_be_a_token_or_a_key_is_left_out() {
        assert_eq!(tidy("Token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x is expired"), "Token … is expired");
        assert_eq!(tidy("key=4f1e8a7c3b2d49658d0c7b6a5e4f3210!"), "…!");
        assert_eq!(tidy("room abcd-efgh-ijkl not found"), "room abcd-efgh-ijkl not found");
        assert_eq!(tidy(&"é ".repeat(300)).chars().count(), 200);
    }
}
