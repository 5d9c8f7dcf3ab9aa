//! All routes. Nothing is answered that is not in this list.

use http::Method;

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    /// The path; `{name}` stands for any one part of it.
    pub(super) path: &'static str,
    /// The methods, as the header `Allow` names them.
    pub(super) methods: &'static str,
    pub(super) target: Target,
    spelling: Spelling,
}

/// What answers a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Home,
    Health,
    Readiness,
    OpenApi,
    Token,
    Inspect,
    /// One of the servers that apps use today, which refuses other methods in its own way.
    Compat,
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
pub(super) const ROUTES: &[Route] = &[
    own("/v1/token", POST, Target::Token),
    own("/v1/inspect", POST, Target::Inspect),
    own("/healthz", READ, Target::Health),
    own("/readyz", READ, Target::Readiness),
    own("/openapi.json", READ, Target::OpenApi),
    own("/", READ, Target::Home),
    // Express knows `POST /rtctoken` in upper and lower case, and another server `GET /rtcToken`.
    compat("/rtctoken", POST, Spelling::AnyEndAndCase),
    compat("/rtcToken", GET, Spelling::AnyEnd),
    compat("/rtmtoken", POST, Spelling::AnyEndAndCase),
    compat("/rtmToken", GET, Spelling::AnyEnd),
    compat("/fetch_rtc_token", POST_AND_OPTIONS, Spelling::Exact),
    compat("/fetch_rtc_token_string", POST_AND_OPTIONS, Spelling::Exact),
    compat("/fetch_rtm_token", POST_AND_OPTIONS, Spelling::Exact),
    compat("/ping", READ, Spelling::Exact),
    compat("/rtc/{channel}/{role}/{tokentype}/{uid}", GET, Spelling::AnyEnd),
    compat("/rtm/{rtmuid}", GET, Spelling::AnyEnd),
    compat("/rte/{channel}/{role}/{tokentype}/{uid}", GET, Spelling::AnyEnd),
    compat("/rte/{channel}/{role}/{tokentype}/{uid}/{rtmuid}", GET, Spelling::AnyEnd),
    compat("/chat/app", GET, Spelling::AnyEnd),
    compat("/chat/account/{chatid}", GET, Spelling::AnyEnd),
    compat("/getToken", POST_AND_OPTIONS, Spelling::AnyEnd),
    compat("/token/getNew", POST_AND_OPTIONS, Spelling::AnyEnd),
    compat("/token/generate", POST, Spelling::AnyEnd),
    compat("/access_token", GET, Spelling::AnyEndAndCase),
    compat("/get-token", GET_AND_POST, Spelling::AnyEnd),
];

const GET: &str = "GET";
const POST: &str = "POST";
const READ: &str = "GET, HEAD";
const GET_AND_POST: &str = "GET, POST";
const POST_AND_OPTIONS: &str = "POST, OPTIONS";

/// The route of a path that was decoded.
pub(super) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.fits(path))
}

const fn own(path: &'static str, methods: &'static str, target: Target) -> Route {
    Route { path, methods, target, spelling: Spelling::Exact }
}

const fn compat(path: &'static str, methods: &'static str, spelling: Spelling) -> Route {
    Route { path, methods, target: Target::Compat, spelling }
}

impl Route {
    pub(super) fn allows(&self, method: &Method) -> bool {
        self.methods.split(", ").any(|allowed| method == allowed)
    }

    fn fits(&self, path: &str) -> bool {
        let path = match self.spelling {
            Spelling::Exact => path,
            Spelling::AnyEnd | Spelling::AnyEndAndCase => path.strip_suffix('/').unwrap_or(path),
        };
        let is_same = |expected: &str, part: &str| match self.spelling {
            Spelling::AnyEndAndCase => expected.eq_ignore_ascii_case(part),
            Spelling::Exact | Spelling::AnyEnd => expected == part,
        };
        let (mut expected, mut parts) = (self.path.split('/'), path.split('/'));
        loop {
            match (expected.next(), parts.next()) {
                (None, None) => return true,
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
        find(path).map(|route| route.path)
    }

    #[test]
    fn a_path_is_known_in_its_spellings() {
        const RTC: &str = "/rtc/{channel}/{role}/{tokentype}/{uid}";
        for (path, expected) in [
            ("/", Some("/")),
            ("/v1/token", Some("/v1/token")),
            ("/rtctoken/", Some("/rtctoken")),
            ("/RTCToken", Some("/rtctoken")),
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
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn no_path_is_there_twice() {
        let mut paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
        paths.sort_unstable();
        assert!(paths.array_windows().all(|[one, other]| one != other));
    }
}
