//! All routes. Nothing is answered that is not in this list.

use http::{Method, Response};

use super::agora::{self, kick, rest_auth};
use super::compat::{
    access_token, agora_docs, agoracn, express, get_token, gin, meetings, tools_nodejs, videosdk, write,
};
use super::step::Step;
use super::{Call, inspect, method_not_allowed, openapi, pages, readiness, rooms, token};

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    /// The path; `{name}` stands for any one part of it.
    pub(super) path: &'static str,
    /// The methods, as the header `Allow` names them.
    pub(super) methods: &'static str,
    pub(super) answer: Handler,
    pub(super) server: Server,
    pub(super) needs: Needs,
}

/// What answers the methods of a route.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    Here(fn(Call<'_>) -> Response<Vec<u8>>),
    /// After it has asked a provider.
    ByProvider(fn(Call<'_>) -> Step<'_>),
}

/// What there must be before a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// It gives nothing away, and waits for nothing.
    Nothing,
    /// It gives nothing away, and says how the deployment is.
    Setup,
    /// Somebody who may call.
    Caller,
}

/// What the routes of one server have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    spelling: Spelling,
    /// Answers the methods that a route does not have; the text is for the header `Allow`.
    pub(super) refuse: fn(Call<'_>, &str) -> Response<Vec<u8>>,
}

/// In which spellings a path is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Exact,
    /// With and without a slash at the end.
    AnyEnd,
    /// With and without a slash at the end, in upper and lower case.
    AnyEndAndCase,
}

/// Every route; those that are asked for most come first.
pub(super) static ROUTES: &[Route] = &[
    OURS.at("/v1/token", POST, token::answer),
    OURS.at("/v1/inspect", POST, inspect::answer),
    OURS.by_provider("/v1/videosdk/rooms", POST, rooms::create),
    OURS.by_provider("/v1/videosdk/rooms/{id}/validate", GET, rooms::validate),
    OURS.at("/v1/agora/rest-auth", POST, rest_auth::answer),
    OURS.by_provider("/v1/agora/projects", GET, agora::projects),
    OURS.by_provider("/v1/agora/rtm/user-events", GET, agora::user_events),
    OURS.by_provider("/v1/agora/kick", POST, kick::answer),
    OURS.at("/healthz", READ, pages::health).needs(Needs::Nothing),
    OURS.at("/readyz", READ, readiness::answer).needs(Needs::Setup),
    OURS.at("/openapi.json", READ, openapi::answer).needs(Needs::Nothing),
    OURS.at("/", READ, pages::home).needs(Needs::Nothing),
    TOOLS.at("/rtcToken", READ, tools_nodejs::rtc_token),
    TOOLS.at("/rtmToken", READ, tools_nodejs::rtm_token),
    EXPRESS.at("/rtctoken", POST, express::rtc_token),
    EXPRESS.at("/rtmtoken", POST, express::rtm_token),
    DOCS.at("/fetch_rtc_token", POST, agora_docs::rtc_token),
    DOCS.at("/fetch_rtc_token_string", POST, agora_docs::rtc_token_for_account),
    DOCS.at("/fetch_rtm_token", POST, agora_docs::rtm_token),
    PING.at("/ping", READ, gin::ping).needs(Needs::Nothing),
    GIN.at("/rtc/{channel}/{role}/{tokentype}/{uid}", GET, gin::rtc),
    GIN.at("/rtm/{rtmuid}", GET, gin::rtm),
    GIN.at("/rte/{channel}/{role}/{tokentype}/{uid}", GET, gin::rte),
    GIN.at("/rte/{channel}/{role}/{tokentype}/{uid}/{rtmuid}", GET, gin::rte_with_rtm_user),
    GIN.at("/chat/app", GET, gin::chat_app),
    GIN.at("/chat/account/{chatid}", GET, gin::chat_account),
    GET_TOKEN.at("/getToken", POST, get_token::answer),
    GET_TOKEN.at("/token/getNew", POST, get_token::answer),
    GIN.at("/token/generate", POST, agoracn::answer),
    EXPRESS.at("/access_token", READ, access_token::answer),
    EXPRESS.at("/get-token", READ_AND_POST, videosdk::answer),
    EXPRESS.by_provider("/create-meeting", POST, meetings::create),
    EXPRESS.by_provider("/validate-meeting/{id}", READ_AND_POST, meetings::validate),
];

const OURS: Server = Server { spelling: Spelling::Exact, refuse: method_not_allowed };
/// As Express matches paths.
const EXPRESS: Server = Server { spelling: Spelling::AnyEndAndCase, refuse: write::express_refusal };
/// Its paths differ from those of the Express tutorial in case only.
const TOOLS: Server = Server { spelling: Spelling::AnyEnd, ..EXPRESS };
const DOCS: Server = Server { spelling: Spelling::Exact, refuse: agora_docs::refusal };
const GIN: Server = Server { spelling: Spelling::AnyEnd, refuse: write::gin_refusal };
const PING: Server = Server { spelling: Spelling::Exact, ..GIN };
const GET_TOKEN: Server = Server { refuse: get_token::refusal, ..GIN };

const GET: &str = "GET";
const POST: &str = "POST";
const READ: &str = "GET, HEAD";
const READ_AND_POST: &str = "GET, HEAD, POST";

/// The route for a path that was decoded. Two may know it, for different methods; where none has this one, the first
/// stands for both.
pub(super) fn find(path: &str, method: &Method) -> Option<&'static Route> {
    let mut known = known(path);
    let first = known.next()?;
    if first.allows(method) {
        return Some(first);
    }
    Some(known.find(|route| route.allows(method)).unwrap_or(first))
}

/// All methods of a path, as the header `Allow` names them.
pub(super) fn methods(path: &str) -> String {
    known(path).map(|route| route.methods).collect::<Vec<_>>().join(", ")
}

fn known(path: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.fits(path))
}

impl Server {
    const fn at(
        self,
        path: &'static str,
        methods: &'static str,
        answer: fn(Call<'_>) -> Response<Vec<u8>>,
    ) -> Route {
        Route { path, methods, answer: Handler::Here(answer), server: self, needs: Needs::Caller }
    }

    const fn by_provider(
        self,
        path: &'static str,
        methods: &'static str,
        begin: fn(Call<'_>) -> Step<'_>,
    ) -> Route {
        Route { path, methods, answer: Handler::ByProvider(begin), server: self, needs: Needs::Caller }
    }
}

impl Route {
    const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    pub(super) fn allows(&self, method: &Method) -> bool {
        self.methods.split(", ").any(|allowed| method == allowed)
    }

    /// The part of the path that this route gives this name; empty where it gives it to none.
    pub(super) fn part<'a>(&self, path: &'a str, name: &str) -> &'a str {
        let mut parts = self.path.split('/').zip(path.split('/'));
        let part = parts.find(|(expected, _)| {
            expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(name)
        });
        part.map_or("", |(_, part)| part)
    }

    fn fits(&self, path: &str) -> bool {
        let spelling = self.server.spelling;
        let path = match spelling {
            Spelling::Exact => path,
            Spelling::AnyEnd | Spelling::AnyEndAndCase => path.strip_suffix('/').unwrap_or(path),
        };
        let is_same = |expected: &str, part: &str| match spelling {
            Spelling::AnyEndAndCase => expected.eq_ignore_ascii_case(part),
            Spelling::Exact | Spelling::AnyEnd => expected == part,
        };
        let (mut expected, mut parts) = (self.path.split('/'), path.split('/'));
        loop {
            match (expected.next(), parts.next()) {
                (None, None) => return true,
                // Platforms and clients differ in what they make of such parts.
                (Some(_), Some("." | "..")) => return false,
                (Some(expected), Some(part)) if expected.starts_with('{') || is_same(expected, part) => {}
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(route.part(path, "channel"), "demo");
        assert_eq!(route.part(path, "tokentype"), "uid");
        assert_eq!((route.part(path, "uid"), route.part(path, "rtmuid")), ("", ""));
        let path = "/rte/demo/publisher/uid/1/alice";
        assert_eq!(find(path, &Method::GET).unwrap().part(path, "rtmuid"), "alice");
    }
}
