//! Dispatch of requests to handlers. If a route requires credentials, dispatch authenticates the caller and applies the
//! rate limit before the handler runs.

mod authorized;
mod compat;
mod native;
mod route;
mod table;

use std::sync::Arc;

use http::Method;

use self::authorized::{Authorized, authorize, check_caller};
pub(crate) use self::native::respond_with_problem;
#[cfg(feature = "check")]
pub(crate) use self::native::token::read_token_request;
use self::route::{CallerHandler, ErrorContext, Handler, Route};
use crate::platform::Platform;
use crate::policy::StringArena;
use crate::problem::Problem;
use crate::settings::BasePath;
use crate::state::LoadedState;
use crate::token::AuditContext;
use crate::web::cors::Cors;
use crate::web::log::RequestLog;
use crate::web::path::{self, PathError};
use crate::web::request::{Request, RequestContext};
use crate::web::response::Response;

/// Responds to a request. If the route needs the deployment's state, calls `state` to load this state.
pub(crate) async fn respond(
    request: &Request,
    context: &RequestContext<'_>,
    platform: &dyn Platform,
    log: &RequestLog,
    base_path: Option<&BasePath>,
    cors: &Cors,
    state: impl AsyncFnOnce() -> Arc<LoadedState>,
) -> Response {
    let (path, error) = path::decode(&request.path);
    let Some((route, path)) = find(&path, &request.method, base_path) else {
        return not_found(error, &context.request_id);
    };
    let handle = async {
        if error.is_some() || !route.allows(&request.method) {
            return Err(invalid(error, path));
        }
        let handler = match route.handler {
            Handler::Public(handler) => return Ok(handler(request)),
            Handler::PublicWithState(handler) => return handler(&*state().await),
            Handler::Caller(handler) => handler,
        };
        let state = state().await;
        let audit = AuditContext { request_id: &context.request_id, route: route.path };
        let caller = authorize(&state, request, context, cors, platform, log, audit).await?;
        let signing = state.signing.as_ref().map_err(|_| Problem::NOT_READY)?;
        check_caller(&signing.policy, &caller, audit, log)?;
        let (caller, arena) = (&caller, &StringArena::default());
        let authorized = Authorized { signing, caller, request, context, path, platform, arena, audit, log };
        match handler {
            CallerHandler::Sync(handler) => handler(&authorized),
            CallerHandler::Async(handler) => handler(&authorized).await,
        }
    };
    handle.await.unwrap_or_else(|problem| render(&problem, route, request, context))
}

/// Returns the problem of a request whose path is invalid, or whose method the route does not support.
#[cold]
#[inline(never)]
fn invalid(error: Option<PathError>, path: &str) -> Problem {
    error.map_or_else(|| Problem::MethodNotAllowed { allow: table::methods(path) }, Problem::InvalidPath)
}

/// Responds to a request that matches no route.
#[cold]
#[inline(never)]
fn not_found(error: Option<PathError>, request_id: &str) -> Response {
    let invalid = error.filter(|error| *error == PathError::NotUtf8).map(Problem::InvalidPath);
    respond_with_problem(&invalid.unwrap_or(Problem::NotFound), request_id)
}

/// Finds the route of a decoded path, and returns the part of the path that matches the route. If no route matches the path,
/// removes the base path.
#[inline(never)]
fn find<'p>(
    path: &'p str,
    method: &Method,
    base_path: Option<&BasePath>,
) -> Option<(&'static Route, &'p str)> {
    let rest = path::without_empty_start(path);
    if let Some(route) = table::find(rest, method) {
        return route.allows_start(path).then_some((route, rest));
    }
    let below_base = base_path?.remove_from(rest)?;
    let rest = path::without_empty_start(below_base);
    let route = table::find(rest, method)?;
    (route.allows_start(path) && route.allows_start(below_base)).then_some((route, rest))
}

/// Returns whether a path can be the path of the home page, which is the only page that depends on the header `Accept`.
pub(crate) fn is_home(path: &str, base_path: Option<&BasePath>) -> bool {
    path == "/" || base_path.and_then(|base_path| base_path.remove_from(path)) == Some("/")
}

/// Returns whether the path of a route below this base path is also the path of a route with a different handler.
#[cfg(feature = "check")]
pub(crate) fn is_ambiguous(base_path: &BasePath) -> bool {
    table::ROUTES.iter().any(|route| {
        let path = format!("{}{}", base_path.as_str(), route.path);
        let path = path.strip_suffix('/').unwrap_or(&path);
        table::ROUTES.iter().any(|other| other.matches(path) && !other.handler.is_same(&route.handler))
    })
}

/// Renders an error in the dialect of the route, and adds the headers that the error requires.
#[cold]
#[inline(never)]
fn render(problem: &Problem, route: &Route, request: &Request, context: &RequestContext<'_>) -> Response {
    let mut response = (route.dialect.render)(&ErrorContext {
        problem,
        method: &request.method,
        route: route.path,
        request_id: &context.request_id,
    });
    if let Some((name, value)) = problem.header() {
        response.headers.push(name, value);
    }
    response
}
