//! Dispatch of requests to handlers. If a route requires credentials, dispatch authenticates the caller and applies the
//! rate limit before the handler runs.

mod authorized;
mod compat;
mod native;
mod route;
mod table;

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use self::authorized::{Authorized, authorize};
pub(crate) use self::native::respond_with_problem;
#[cfg(feature = "check")]
pub(crate) use self::native::token::read_token_request;
use self::route::{CallerHandler, ErrorContext, Handler, Route};
use crate::platform::Platform;
use crate::policy::StringArena;
use crate::problem::Problem;
use crate::state::LoadedState;
use crate::token::AuditContext;
use crate::web::log::RequestLog;
use crate::web::request::{Request, RequestContext};
use crate::web::response::Response;

/// Responds to a request. If the route needs the deployment's state, calls `state` to load this state.
pub(crate) async fn respond(
    request: &Request,
    context: &RequestContext<'_>,
    platform: &dyn Platform,
    log: &RequestLog,
    state: impl AsyncFnOnce() -> Arc<LoadedState>,
) -> Response {
    // The path is decoded before matching, so that `%2F` separates segments as `/` does.
    let Ok(path) = percent_decode_str(&request.path).decode_utf8() else {
        return respond_with_problem(&Problem::InvalidPath, &context.request_id);
    };
    let Some(route) = table::find(&path, &request.method) else {
        return respond_with_problem(&Problem::NotFound, &context.request_id);
    };
    let handle = async {
        if !route.allows(&request.method) {
            return Err(Problem::MethodNotAllowed { allow: table::methods(&path) });
        }
        let handler = match route.handler {
            Handler::Public(handler) => return Ok(handler(request)),
            Handler::PublicWithState(handler) => return handler(&*state().await),
            Handler::Caller(handler) => handler,
        };
        let state = state().await;
        let audit = AuditContext { request_id: &context.request_id, route: route.path };
        let caller = authorize(&state, request, context, platform, log, audit).await?;
        let signing = state.signing.as_ref().map_err(|_| Problem::NOT_READY)?;
        let (caller, arena, path) = (&caller, &StringArena::default(), &path);
        let authorized = Authorized { signing, caller, request, context, path, platform, arena, audit, log };
        match handler {
            CallerHandler::Sync(handler) => handler(&authorized),
            CallerHandler::Async(handler) => handler(&authorized).await,
        }
    };
    handle.await.unwrap_or_else(|problem| render(&problem, route, request, context))
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
