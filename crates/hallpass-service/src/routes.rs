//! Which request goes where. A request is authenticated and authorized before its handler runs.

mod authorize;
mod authorized;
mod compat;
mod dialect;
mod native;
mod path;
mod route;
mod table;

use self::authorize::authorize;
use self::authorized::Authorized;
use self::dialect::ErrorContext;
pub(crate) use self::native::respond_with_problem;
#[cfg(feature = "check")]
pub(crate) use self::native::token::read_token_request;
use self::route::Handler;
pub(crate) use self::route::Route;
pub(crate) use self::table::find;
use crate::platform::Platform;
use crate::policy::Texts;
use crate::problem::Problem;
use crate::state::LoadedState;
use crate::token::AuditContext;
use crate::web::log::RequestLog;
use crate::web::request::{Request, RequestContext};
use crate::web::response::Response;

/// Responds to a request for a route. `state` is set if the route [needs](Route::needs_state) it.
pub(crate) async fn respond(
    route: &'static Route,
    path: &str,
    request: &Request,
    context: &RequestContext<'_>,
    state: Option<&LoadedState>,
    platform: &impl Platform,
    log: &RequestLog,
) -> Response {
    let response = handle(route, path, request, context, state, platform, log).await;
    response.unwrap_or_else(|problem| {
        let error = ErrorContext {
            problem: &problem,
            method: &request.method,
            route: route.path,
            request_id: &context.request_id,
        };
        route.dialect.error_response(&error)
    })
}

async fn handle(
    route: &'static Route,
    path: &str,
    request: &Request,
    context: &RequestContext<'_>,
    state: Option<&LoadedState>,
    platform: &impl Platform,
    log: &RequestLog,
) -> Result<Response, Problem> {
    if !route.allows(&request.method) {
        return Err(Problem::MethodNotAllowed { allow: table::methods(path) });
    }
    match (route.handler, state) {
        (Handler::Anyone(handler), _) => Ok(handler(request)),
        (Handler::State(handler), Some(state)) => handler(state),
        (Handler::Caller(handler), Some(state)) => {
            let audit = AuditContext { request_id: &context.request_id, route: route.path };
            let caller = authorize(state, request, context, platform, log, audit).await?;
            let signing = state.signing.as_ref().map_err(|_| Problem::NOT_READY)?;
            let texts = Texts::default();
            let authorized = Authorized {
                signing,
                caller: &caller,
                request,
                context,
                path,
                platform,
                texts: &texts,
                audit,
                log,
            };
            handler(authorized).await
        }
        (Handler::State(_) | Handler::Caller(_), None) => Err(Problem::NOT_READY),
    }
}
