//! Responses, and the headers that every one of them carries.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::log::LogLine;

/// What the service has to say about one request.
#[derive(Debug)]
pub struct Answer {
    /// The response to the client.
    pub response: Response<Vec<u8>>,
    /// Lines for the log: one for each decision, and where the person on call should know.
    pub log: Vec<LogLine>,
    /// Whether [`Service::refresh`](crate::Service::refresh) is to be called; no answer waits for it.
    pub is_refresh_due: bool,
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const JSON_UTF8: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Headers that every response carries with the same value.
pub const COMMON_HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A response of this type and body; the headers of every response are added by [`finish`].
pub(crate) fn body(
    status: StatusCode,
    content_type: HeaderValue,
    body: impl Into<Vec<u8>>,
) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// A response with this value as JSON.
pub(crate) fn json(
    status: StatusCode,
    content_type: HeaderValue,
    value: &impl Serialize,
) -> Response<Vec<u8>> {
    match serde_json::to_vec(value) {
        Ok(bytes) => body(status, content_type, bytes),
        // Nothing that is answered here has a key that is no string, the one thing that JSON cannot hold.
        Err(_) => body(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the answer could not be written as JSON"),
    }
}

/// Says which methods there are.
pub(crate) fn allow(mut response: Response<Vec<u8>>, methods: &str) -> Response<Vec<u8>> {
    if let Ok(methods) = HeaderValue::from_str(methods) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

/// Adds what every response carries.
pub(crate) fn finish(response: &mut Response<Vec<u8>>, request_id: &str) {
    let headers = response.headers_mut();
    headers.extend(COMMON_HEADERS);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
}
