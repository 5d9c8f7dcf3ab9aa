//! The route table. A request that matches no route gets a 404 response.

use http::Method;

use super::authorized::Authorized;
use super::compat::{agora_docs, agoracn, express, get_token, gin, quickstart, toolbox, videosdk};
use super::native::{self, agora, openapi, pages, rest_auth, rooms, token, uid};
use super::route::{CallerHandler, Dialect, Handler, Route, Slashes};
use crate::problem::Problem;
use crate::web::response::Response;
use crate::web::strings::join;

/// Converts an async function into a handler that waits for a provider.
macro_rules! async_caller {
    ($handler:path) => {
        Handler::Caller(CallerHandler::Async(|authorized| Box::pin($handler(authorized))))
    };
}

/// All routes. The most frequently used routes come first.
pub(super) static ROUTES: &[Route] = &[
    route(NATIVE, "/v1/token", POST, caller(token::mint)),
    route(NATIVE, "/v1/inspect", POST, caller(token::inspect)),
    route(NATIVE, "/v1/uid", GET, caller(uid::uid)),
    route(NATIVE, "/v1/videosdk/rooms", POST, async_caller!(rooms::create)),
    route(NATIVE, "/v1/videosdk/rooms/{id}/validate", GET, async_caller!(rooms::validate)),
    route(NATIVE, "/v1/agora/rest-auth", POST, caller(rest_auth::rest_auth)),
    route(NATIVE, "/v1/agora/projects", GET, async_caller!(agora::projects)),
    route(NATIVE, "/v1/agora/rtm/user-events", GET, async_caller!(agora::user_events)),
    route(NATIVE, "/v1/agora/kick", POST, async_caller!(agora::kick)),
    route(NATIVE, "/healthz", GET_AND_HEAD, Handler::Public(pages::health)),
    route(NATIVE, "/readyz", GET_AND_HEAD, Handler::PublicWithState(pages::ready)),
    route(NATIVE, "/openapi.json", GET_AND_HEAD, Handler::Public(openapi::respond)),
    route(NATIVE, "/", GET_AND_HEAD, Handler::Public(pages::home)),
    route(TOOLS, "/rtcToken", GET_AND_HEAD, caller(express::tools_rtc_token)),
    route(TOOLS, "/rtmToken", GET_AND_HEAD, caller(express::tools_rtm_token)),
    route(EXPRESS, "/rtctoken", POST, caller(express::rtc_token)),
    route(EXPRESS, "/rtmtoken", POST, caller(express::rtm_token)),
    route(DOCS, "/fetch_rtc_token", POST, caller(agora_docs::rtc_token)),
    route(DOCS, "/fetch_rtc_token_string", POST, caller(agora_docs::rtc_token_for_account)),
    route(DOCS, "/fetch_rtm_token", POST, caller(agora_docs::rtm_token)),
    route(PING, "/ping", GET_AND_HEAD, Handler::Public(gin::ping)),
    route(GIN, "/rtc/{channel}/{role}/{tokentype}/{uid}", GET, caller(gin::rtc)),
    route(GIN, "/rtm/{rtmuid}", GET, caller(gin::rtm)),
    route(GIN, "/rte/{channel}/{role}/{tokentype}/{uid}", GET, caller(gin::rte)),
    route(GIN, "/rte/{channel}/{role}/{tokentype}/{uid}/{rtmuid}", GET, caller(gin::rte_with_rtm_user)),
    route(GIN, "/chat/app", GET, caller(gin::chat_app)),
    route(GIN, "/chat/account/{chatid}", GET, caller(gin::chat_account)),
    route(GET_TOKEN, "/getToken", POST, caller(get_token::respond)),
    route(GET_TOKEN, "/token/getNew", POST, caller(get_token::respond)),
    route(AGORACN, "/token/generate", POST, caller(agoracn::respond)),
    route(QUICKSTART_CONFIG, "/get_config", GET, caller(quickstart::config)),
    route(QUICKSTART_CONFIG, "/api/get_config", GET, caller(quickstart::config)),
    route(QUICKSTART_TOKEN, "/api/generate-agora-token", GET_AND_HEAD, caller(quickstart::token)),
    route(TOOLBOX, "/v1/token/generate", POST, caller(toolbox::token_007)),
    route(TOOLBOX, "/v2/token/generate", POST, caller(toolbox::token_007)),
    route(TOOLBOX, "/v2/convoai/token/generate", POST, caller(toolbox::token_007)),
    route(TOOLBOX, "/v1/token006/generate", POST, caller(toolbox::token_006)),
    route(TOOLBOX, "/v2/token006/generate", POST, caller(toolbox::token_006)),
    route(EXPRESS, "/access_token", GET_AND_HEAD, caller(express::access_token)),
    route(EXPRESS, "/get-token", GET_HEAD_AND_POST, caller(videosdk::token)),
    route(EXPRESS, "/create-meeting", POST, async_caller!(videosdk::create_meeting)),
    route(EXPRESS, "/validate-meeting/{id}", GET_HEAD_AND_POST, async_caller!(videosdk::validate_meeting)),
];

const NATIVE: Dialect = native::DIALECT;
const EXPRESS: Dialect = express::DIALECT;
/// The dialect of Agora's Tools server. Paths are case-sensitive, because they differ from the Express tutorial's paths
/// only in case.
const TOOLS: Dialect = Dialect { ignores_case: false, ..EXPRESS };
const DOCS: Dialect = agora_docs::DIALECT;
const GIN: Dialect = gin::DIALECT;
const PING: Dialect = Dialect { slashes: Slashes::IgnoreLeading, ..GIN };
const AGORACN: Dialect = agoracn::DIALECT;
const GET_TOKEN: Dialect = get_token::DIALECT;
const QUICKSTART_CONFIG: Dialect = quickstart::CONFIG_DIALECT;
const QUICKSTART_TOKEN: Dialect = quickstart::TOKEN_DIALECT;
const TOOLBOX: Dialect = toolbox::DIALECT;

const GET: &str = "GET";
const POST: &str = "POST";
const GET_AND_HEAD: &str = "GET, HEAD";
const GET_HEAD_AND_POST: &str = "GET, HEAD, POST";

/// Finds the route for a decoded path. If several routes match the path, returns the first route that allows the method.
/// If no matching route allows the method, returns the first matching route.
#[inline(never)]
pub(super) fn find(path: &str, method: &Method) -> Option<&'static Route> {
    let mut first = None;
    for route in matching(path) {
        if route.allows(method) {
            return Some(route);
        }
        first = first.or(Some(route));
    }
    first
}

/// Returns all methods that the routes of a path support, in the format of the header `Allow`.
#[cold]
#[inline(never)]
pub(super) fn methods(path: &str) -> String {
    join(&matching(path).map(|route| route.methods).collect::<Vec<_>>(), ", ")
}

fn matching(path: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.matches(path))
}

const fn caller(handler: fn(&Authorized<'_>) -> Result<Response, Problem>) -> Handler {
    Handler::Caller(CallerHandler::Sync(handler))
}

const fn route(dialect: Dialect, path: &'static str, methods: &'static str, handler: Handler) -> Route {
    Route { path, methods, handler, dialect }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_paths_by_dialect() {
        const RTC: &str = "/rtc/{channel}/{role}/{tokentype}/{uid}";
        let found = |path| find(path, &Method::POST).map(|route| route.path);
        for (path, expected) in [
            ("/", "/"),
            ("/v1/token", "/v1/token"),
            ("/rtctoken/", "/rtctoken"),
            ("/RTCToken", "/rtctoken"),
            ("/rtc/a/b/uid/1/", RTC),
            ("/rtc/a/b/uid//", RTC),
        ] {
            assert_eq!(found(path), Some(expected), "{path}");
        }
        let v1 = ["", "/v1/token/", "/V1/token", "/v1//token", "/v1/token/x"];
        let others =
            ["/rtctoken//", "/fetch_rtc_token/", "/rtc/a/b/uid/", "/RTC/a/b/uid/1", "/rtc/./b/uid/1"];
        for path in v1.into_iter().chain(others) {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn every_route_is_reachable() {
        for route in ROUTES {
            for method in route.methods.split(", ") {
                let found = find(route.path, &method.parse().unwrap()).unwrap();
                assert!(std::ptr::eq(found, route), "{method} {} leads to {}", route.path, found.path);
            }
        }
    }
}
