//! Responses, and the headers that all responses have.

use http::{HeaderName, HeaderValue, StatusCode};

use super::headers::Headers;
use super::json::Json;

/// An HTTP response with its complete body.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const JSON_UTF8: &str = "application/json; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// The headers that every response has, with constant values.
pub const COMMON_HEADERS: [(&str, &str); 2] =
    [("cache-control", "no-store"), ("x-content-type-options", "nosniff")];

/// Returns a response with this body.
pub(crate) fn body(status: StatusCode, content_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let mut headers = Headers::default();
    headers.push("content-type", content_type);
    Response { status, headers, body: body.into() }
}

/// Returns a response with this value as its body.
pub(crate) fn json(status: StatusCode, content_type: &'static str, value: &Json<'_>) -> Response {
    body(status, content_type, value.to_vec())
}

/// Returns a response without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    Response { status, headers: Headers::default(), body: Vec::new() }
}

/// Adds the headers that every response has: [`COMMON_HEADERS`] and `X-Request-Id`.
#[must_use]
pub fn with_common_headers(mut response: Response, request_id: &str) -> Response {
    for (name, value) in COMMON_HEADERS {
        response.headers.push(name, value);
    }
    response.headers.push("x-request-id", request_id.to_owned());
    response
}

/// Converts a response for platforms that use the types of the `http` crate.
impl From<Response> for http::Response<Vec<u8>> {
    fn from(response: Response) -> Self {
        let mut converted = Self::new(response.body);
        *converted.status_mut() = response.status;
        converted.headers_mut().extend(response.headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
        }));
        converted
    }
}
