//! Routes: path, methods, handler and dialect.

use http::{Method, StatusCode};

use super::authorized::Authorized;
use crate::platform::BoxFuture;
use crate::problem::Problem;
use crate::state::LoadedState;
use crate::web::json::Json;
use crate::web::request::{Request, segments};
use crate::web::response::{self, Response};

/// A route.
#[derive(Debug)]
pub(super) struct Route {
    /// The path; `{name}` matches any single segment.
    pub(super) path: &'static str,
    /// The methods, in the format of the header `Allow`.
    pub(super) methods: &'static str,
    pub(super) handler: Handler,
    pub(super) dialect: Dialect,
}

/// A handler. The variants differ in the inputs of the handler.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// Responds to any caller, without the state.
    Public(fn(&Request) -> Response),
    /// Responds to any caller, with the deployment's state.
    PublicWithState(fn(&LoadedState) -> Result<Response, Problem>),
    /// Responds to an authorized caller.
    Caller(CallerHandler),
}

/// A handler for authorized callers.
#[derive(Clone, Copy, Debug)]
pub(super) enum CallerHandler {
    Sync(fn(&Authorized<'_>) -> Result<Response, Problem>),
    /// Waits for a provider's response.
    Async(for<'a> fn(&'a Authorized<'a>) -> BoxFuture<'a, Result<Response, Problem>>),
}

/// The conventions of a server: how the server matches paths and formats errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) slashes: Slashes,
    /// True if paths are case-insensitive.
    pub(super) ignores_case: bool,
    /// Renders an error of the server's routes. Dispatch adds the headers that the error requires.
    pub(super) render: fn(&ErrorContext<'_>) -> Response,
}

/// The slashes that a server ignores in a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slashes {
    /// None. A proxy or firewall in front of the service can rely on the exact paths of the native routes.
    Exact,
    /// Additional slashes at the start, because an app may append a path to a base URL with a trailing slash.
    IgnoreLeading,
    /// Additional slashes at the start, and one trailing slash.
    Ignore,
}

/// An error and the request that caused it.
pub(super) struct ErrorContext<'a> {
    pub(super) problem: &'a Problem,
    pub(super) method: &'a Method,
    /// The path of the route.
    pub(super) route: &'static str,
    pub(super) request_id: &'a str,
}

#[cfg(feature = "check")]
impl Handler {
    /// Returns whether both handlers are the same synchronous function for authorized callers.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Caller(CallerHandler::Sync(this)), Self::Caller(CallerHandler::Sync(other))) => {
                std::ptr::fn_addr_eq(*this, *other)
            }
            _ => false,
        }
    }
}

impl Route {
    pub(super) fn allows(&self, method: &Method) -> bool {
        self.methods.split([',', ' ']).any(|allowed| method == allowed)
    }

    /// Returns whether the route allows the slashes at the start of this path.
    pub(super) fn allows_start(&self, path: &str) -> bool {
        !path.starts_with("//") || !matches!(self.dialect.slashes, Slashes::Exact)
    }

    /// Returns whether a decoded path matches the route.
    pub(super) fn matches(&self, path: &str) -> bool {
        let Dialect { slashes, ignores_case, .. } = self.dialect;
        let ignores_slash = matches!(slashes, Slashes::Ignore);
        let path = if ignores_slash { path.strip_suffix('/').unwrap_or(path) } else { path };
        let is_same = |expected: &[u8], part: &[u8]| {
            if ignores_case { expected.eq_ignore_ascii_case(part) } else { expected == part }
        };
        let (route, path) = (self.path.as_bytes(), path.as_bytes());
        let Some(start) = route.iter().position(|byte| *byte == b'{') else { return is_same(route, path) };
        // A comparison of the text before the first parameter excludes most routes.
        if !route.get(..start).zip(path.get(..start)).is_some_and(|(route, path)| is_same(route, path)) {
            return false;
        }
        let (mut expected, mut parts) = (segments(route), segments(path));
        loop {
            match (expected.next(), parts.next()) {
                (None, None) => return true,
                // Platforms and clients resolve the segments `.` and `..` differently, so no parameter matches them.
                (Some(_), Some(b"." | b"..")) => return false,
                (Some(expected), Some(part)) if expected.starts_with(b"{") || is_same(expected, part) => {}
                _ => return false,
            }
        }
    }
}

/// Responds with status 200 and this JSON value.
pub(super) fn ok(content_type: &'static str, value: &Json<'_>) -> Response {
    response::json(StatusCode::OK, content_type, value)
}
