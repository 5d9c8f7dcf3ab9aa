//! All routes. A request that matches none of them gets 404.

use http::Method;

use super::compat::{
    access_token, agora_docs, agoracn, express, get_token, gin, meetings, tools_nodejs, videosdk,
};
use super::dialect::Dialect;
use super::native::{self, agora_lists, inspect, kick, openapi, pages, readiness, rest_auth, rooms, token};
use super::path::PathMatching;
use super::route::{Handler, Route};

/// A handler for authorized callers out of an async function.
macro_rules! caller {
    ($handler:path) => {
        Handler::Caller(|authorized| Box::pin($handler(authorized)))
    };
}

/// Every route; the most frequent ones come first.
pub(super) static ROUTES: &[Route] = &[
    route(NATIVE, "/v1/token", POST, caller!(token::respond)),
    route(NATIVE, "/v1/inspect", POST, caller!(inspect::respond)),
    route(NATIVE, "/v1/videosdk/rooms", POST, caller!(rooms::create)),
    route(NATIVE, "/v1/videosdk/rooms/{id}/validate", GET, caller!(rooms::validate)),
    route(NATIVE, "/v1/agora/rest-auth", POST, caller!(rest_auth::respond)),
    route(NATIVE, "/v1/agora/projects", GET, caller!(agora_lists::projects)),
    route(NATIVE, "/v1/agora/rtm/user-events", GET, caller!(agora_lists::user_events)),
    route(NATIVE, "/v1/agora/kick", POST, caller!(kick::respond)),
    route(NATIVE, "/healthz", READ, Handler::Anyone(pages::health)),
    route(NATIVE, "/readyz", READ, Handler::State(readiness::respond)),
    route(NATIVE, "/openapi.json", READ, Handler::Anyone(openapi::respond)),
    route(NATIVE, "/", READ, Handler::Anyone(pages::home)),
    route(TOOLS, "/rtcToken", READ, caller!(tools_nodejs::rtc_token)),
    route(TOOLS, "/rtmToken", READ, caller!(tools_nodejs::rtm_token)),
    route(EXPRESS, "/rtctoken", POST, caller!(express::rtc_token)),
    route(EXPRESS, "/rtmtoken", POST, caller!(express::rtm_token)),
    route(DOCS, "/fetch_rtc_token", POST, caller!(agora_docs::rtc_token)),
    route(DOCS, "/fetch_rtc_token_string", POST, caller!(agora_docs::rtc_token_for_account)),
    route(DOCS, "/fetch_rtm_token", POST, caller!(agora_docs::rtm_token)),
    route(PING, "/ping", READ, Handler::Anyone(gin::ping)),
    route(GIN, "/rtc/{channel}/{role}/{tokentype}/{uid}", GET, caller!(gin::rtc)),
    route(GIN, "/rtm/{rtmuid}", GET, caller!(gin::rtm)),
    route(GIN, "/rte/{channel}/{role}/{tokentype}/{uid}", GET, caller!(gin::rte)),
    route(GIN, "/rte/{channel}/{role}/{tokentype}/{uid}/{rtmuid}", GET, caller!(gin::rte_with_rtm_user)),
    route(GIN, "/chat/app", GET, caller!(gin::chat_app)),
    route(GIN, "/chat/account/{chatid}", GET, caller!(gin::chat_account)),
    route(GET_TOKEN, "/getToken", POST, caller!(get_token::respond)),
    route(GET_TOKEN, "/token/getNew", POST, caller!(get_token::respond)),
    route(AGORACN, "/token/generate", POST, caller!(agoracn::respond)),
    route(EXPRESS, "/access_token", READ, caller!(access_token::respond)),
    route(EXPRESS, "/get-token", READ_AND_POST, caller!(videosdk::respond)),
    route(EXPRESS, "/create-meeting", POST, caller!(meetings::create)),
    route(EXPRESS, "/validate-meeting/{id}", READ_AND_POST, caller!(meetings::validate)),
];

const NATIVE: Dialect = native::DIALECT;
const EXPRESS: Dialect = express::DIALECT;
/// Its paths differ from those of the Express tutorial in case only.
const TOOLS: Dialect = Dialect { matching: PathMatching::OptionalSlash, ..EXPRESS };
const DOCS: Dialect = agora_docs::DIALECT;
const GIN: Dialect = gin::DIALECT;
const PING: Dialect = Dialect { matching: PathMatching::Exact, ..GIN };
const AGORACN: Dialect = agoracn::DIALECT;
const GET_TOKEN: Dialect = get_token::DIALECT;

const GET: &str = "GET";
const POST: &str = "POST";
const READ: &str = "GET, HEAD";
const READ_AND_POST: &str = "GET, HEAD, POST";

/// Finds the route for a decoded path. If two routes know the path, the method decides; if neither has it, the first stands
/// for both.
pub(crate) fn find(path: &str, method: &Method) -> Option<&'static Route> {
    let mut known = known(path);
    let first = known.next()?;
    if first.allows(method) {
        return Some(first);
    }
    Some(known.find(|route| route.allows(method)).unwrap_or(first))
}

/// Returns all methods of a path, as the header `Allow` names them.
pub(super) fn methods(path: &str) -> String {
    known(path).map(|route| route.methods).collect::<Vec<_>>().join(", ")
}

fn known(path: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.matches(path))
}

const fn route(dialect: Dialect, path: &'static str, methods: &'static str, handler: Handler) -> Route {
    Route { path, methods, handler, dialect }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::path::param;

    fn found(path: &str) -> Option<&'static str> {
        find(path, &Method::POST).map(|route| route.path)
    }

    #[test]
    fn a_path_is_known_in_its_spellings() {
        const RTC: &str = "/rtc/{channel}/{role}/{tokentype}/{uid}";
        for (path, expected) in [
            ("/", Some("/")),
            ("/v1/token", Some("/v1/token")),
            ("/rtctoken/", Some("/rtctoken")),
            ("/RTCToken", Some("/rtctoken")),
            ("/rtcToken", Some("/rtctoken")),
            ("/rtc/a/b/uid/1", Some(RTC)),
            ("/rtc/a/b/uid/1/", Some(RTC)),
            ("/rtc/a/b/uid//", Some(RTC)),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
        for path in [
            "",
            "//",
            "/v1/token/",
            "/V1/token",
            "/v1//token",
            "/v1/token/x",
            "/rtctoken//",
            "/fetch_rtc_token/",
            "/rtc/a/b/uid",
            "/rtc/a/b/uid/",
            "/rtc/a/b/uid/1/2/3",
            "/RTC/a/b/uid/1",
            "/rtc/./b/uid/1",
            "/rtc/a/b/uid/..",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn no_route_is_hidden_by_another_one() {
        for route in ROUTES {
            for method in route.methods.split(", ") {
                let found = find(route.path, &method.parse().unwrap()).unwrap();
                assert!(std::ptr::eq(found, route), "{method} {} leads to {}", route.path, found.path);
            }
        }
    }

    #[test]
    fn two_servers_share_a_path() {
        let found = |path, method| find(path, &method).unwrap().path;
        assert_eq!(found("/rtcToken", Method::GET), "/rtcToken");
        assert_eq!(found("/rtctoken", Method::GET), "/rtctoken");
        assert_eq!(found("/rtcToken", Method::PUT), "/rtcToken");
        assert_eq!(methods("/rtcToken/"), "GET, HEAD, POST");
        assert_eq!(methods("/rtctoken"), "POST");
    }

    #[test]
    fn a_part_of_a_path_has_a_name() {
        let path = "/rte/demo/publisher/uid//";
        let route = find(path, &Method::GET).unwrap();
        assert_eq!(param(route.path, path, "channel"), "demo");
        assert_eq!(param(route.path, path, "tokentype"), "uid");
        assert_eq!((param(route.path, path, "uid"), param(route.path, path, "rtmuid")), ("", ""));
        let path = "/rte/demo/publisher/uid/1/alice";
        assert_eq!(param(find(path, &Method::GET).unwrap().path, path, "rtmuid"), "alice");
    }
}
