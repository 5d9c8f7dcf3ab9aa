//! A route: its path and methods, its handler, and the conventions of its server.

use http::{Method, StatusCode};

use super::authorized::Authorized;
use crate::platform::BoxFuture;
use crate::problem::Problem;
use crate::state::LoadedState;
use crate::web::json::Json;
use crate::web::request::{Request, segments};
use crate::web::response::{self, Response};

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    /// The path; `{name}` stands for any one segment.
    pub(super) path: &'static str,
    /// The methods, as the header `Allow` names them.
    pub(super) methods: &'static str,
    pub(super) handler: Handler,
    pub(super) dialect: Dialect,
}

/// A handler, by what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// Responds to anyone, without the state.
    Anyone(fn(&Request) -> Response),
    /// Responds to anyone, with the state of the deployment.
    State(fn(&LoadedState) -> Result<Response, Problem>),
    /// Responds to an authorized caller.
    Caller(CallerHandler),
}

/// A handler for authorized callers.
#[derive(Clone, Copy, Debug)]
pub(super) enum CallerHandler {
    Sync(fn(&Authorized<'_>) -> Result<Response, Problem>),
    /// Waits for a provider.
    Async(for<'a> fn(&'a Authorized<'a>) -> BoxFuture<'a, Result<Response, Problem>>),
}

/// The conventions of one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Whether a path is matched with and without a slash at the end.
    pub(super) ignores_slash: bool,
    /// Whether a path is matched in upper and lower case.
    pub(super) ignores_case: bool,
    /// Renders every error of the server's routes. Headers are added afterwards, the same for all servers.
    pub(super) render: fn(&ErrorContext<'_>) -> Response,
}

/// An error, and the request that it is for.
pub(super) struct ErrorContext<'a> {
    pub(super) problem: &'a Problem,
    pub(super) method: &'a Method,
    /// The path of the route.
    pub(super) route: &'static str,
    pub(super) request_id: &'a str,
}

impl Route {
    pub(super) fn allows(&self, method: &Method) -> bool {
        self.methods.split([',', ' ']).any(|allowed| method == allowed)
    }

    /// Whether a decoded path is that of the route.
    pub(super) fn matches(&self, path: &str) -> bool {
        let Dialect { ignores_slash, ignores_case, .. } = self.dialect;
        let path = if ignores_slash { path.strip_suffix('/').unwrap_or(path) } else { path };
        let is_same = |expected: &[u8], part: &[u8]| {
            if ignores_case { expected.eq_ignore_ascii_case(part) } else { expected == part }
        };
        let (route, path) = (self.path.as_bytes(), path.as_bytes());
        let Some(start) = route.iter().position(|byte| *byte == b'{') else { return is_same(route, path) };
        // Most routes end here.
        if !route.get(..start).zip(path.get(..start)).is_some_and(|(route, path)| is_same(route, path)) {
            return false;
        }
        let (mut expected, mut parts) = (segments(route), segments(path));
        loop {
            match (expected.next(), parts.next()) {
                (None, None) => return true,
                // Platforms and clients differ in what they make of such segments.
                (Some(_), Some(b"." | b"..")) => return false,
                (Some(expected), Some(part)) if expected.starts_with(b"{") || is_same(expected, part) => {}
                _ => return false,
            }
        }
    }
}

/// Responds 200 with this value.
pub(super) fn ok(content_type: &'static str, value: &Json<'_>) -> Response {
    response::json(StatusCode::OK, content_type, value)
}
