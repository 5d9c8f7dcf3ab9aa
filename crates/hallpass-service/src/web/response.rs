//! Responses, and the headers that all of them have.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, StatusCode};

use super::json::Json;

/// An HTTP response with its whole body.
pub(crate) type Response = http::Response<Vec<u8>>;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const JSON_UTF8: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Headers that every response has with the same value.
pub const COMMON_HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns a response with this body.
pub(crate) fn body(status: StatusCode, content_type: HeaderValue, body: impl Into<Vec<u8>>) -> Response {
    let mut response = empty(status);
    *response.body_mut() = body.into();
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Returns a response with this value as its body.
pub(crate) fn json(status: StatusCode, content_type: HeaderValue, value: &Json<'_>) -> Response {
    body(status, content_type, value.to_vec())
}

/// Returns a response without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}

/// Adds the headers that every response has: [`COMMON_HEADERS`] and `X-Request-Id`.
#[must_use]
pub fn with_common_headers(
    mut response: http::Response<Vec<u8>>,
    request_id: &str,
) -> http::Response<Vec<u8>> {
    let headers = response.headers_mut();
    headers.extend(COMMON_HEADERS);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    response
}
