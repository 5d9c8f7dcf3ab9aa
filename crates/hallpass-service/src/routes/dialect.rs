//! What the routes of one server have in common: how paths are matched, and how errors look.

use http::{HeaderValue, Method, StatusCode};

use super::path::PathMatching;
use crate::problem::Problem;
use crate::web::response::{self, Response};

/// The conventions of one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) matching: PathMatching,
    /// Renders every error of the server's routes. Headers are added afterwards, the same for all servers.
    pub(super) render: fn(&ErrorContext<'_>) -> ErrorBody,
}

/// An error, and the request that it is for.
#[derive(Clone, Copy)]
pub(super) struct ErrorContext<'a> {
    pub(super) problem: &'a Problem,
    pub(super) method: &'a Method,
    /// The path of the route.
    pub(super) route: &'static str,
    pub(super) request_id: &'a str,
}

/// A rendered error.
pub(super) struct ErrorBody {
    pub(super) status: StatusCode,
    /// `None` if there is no body.
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

impl Dialect {
    pub(super) fn error_response(self, error: &ErrorContext<'_>) -> Response {
        response_of((self.render)(error), error.problem)
    }
}

impl ErrorBody {
    pub(super) fn new(status: StatusCode, content_type: HeaderValue, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: Some(content_type), body: body.into() }
    }
}

/// Returns a rendered error with the headers of its problem.
pub(super) fn response_of(error: ErrorBody, problem: &Problem) -> Response {
    let mut response = match error.content_type {
        Some(content_type) => response::body(error.status, content_type, error.body),
        None => response::empty(error.status),
    };
    response.headers_mut().extend(problem.header());
    response
}
