//! Requests of web pages from other origins (Fetch Standard, section 3.2.2: <https://fetch.spec.whatwg.org>).
//!
//! Credentials in the sense of browsers, which are cookies, are never allowed: callers prove themselves by a header.

use std::fmt;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION,
    HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use serde::de::{Deserialize, Deserializer, Error};

use crate::input::Request;
use crate::problem::Problem;

/// What web pages of other origins may do.
#[derive(Debug)]
pub(crate) struct Cors {
    pages: Pages,
    /// The headers that they may send, beside those that every page may.
    headers: HeaderValue,
}

/// Which pages may read the answers. Requests without an origin, as apps and servers send them, always pass.
#[derive(Debug, Default)]
pub(crate) enum Pages {
    /// None but those of the same origin: nothing is configured.
    #[default]
    SameOrigin,
    /// All.
    Any,
    /// Those of these origins.
    Listed(Vec<Pattern>),
}

/// Origins that are written as one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// This one.
    Exact(String),
    /// `https://*.example.com`: every host below the domain, but not the domain.
    Below {
        /// Up to and with `://`.
        scheme: String,
        /// From the dot on, with the port if there is one.
        domain: String,
    },
}

const ALWAYS: HeaderValue = HeaderValue::from_static("Authorization, Content-Type");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const EXPOSED: HeaderValue = HeaderValue::from_static("X-Request-Id, Retry-After");
/// A day, in seconds; browsers cut it to what they like, Chrome to two hours.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");
const ANY: HeaderValue = HeaderValue::from_static("*");
const VARY_BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

impl Cors {
    /// For no page of another origin.
    pub(crate) const CLOSED: Self = Self { pages: Pages::SameOrigin, headers: ALWAYS };

    /// For these pages, which send credentials in these headers.
    pub(crate) fn new(pages: Pages, credentials: &[HeaderName]) -> Self {
        let others = credentials.iter().filter(|name| **name != AUTHORIZATION);
        let headers =
            others.fold("Authorization, Content-Type".to_owned(), |list, name| format!("{list}, {name}"));
        // Names of headers can stand in one.
        let headers = HeaderValue::try_from(headers).unwrap_or(ALWAYS);
        Self { pages, headers }
    }

    pub(crate) const fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The headers that it looks at.
    pub(crate) fn headers_read(&self, method: &Method) -> &'static [HeaderName] {
        const OF_PREFLIGHT: &[HeaderName] = &[ORIGIN, ACCESS_CONTROL_REQUEST_METHOD];
        const OF_ALL: &[HeaderName] = &[ORIGIN];
        match self.pages {
            Pages::SameOrigin => &[],
            _ if method == Method::OPTIONS => OF_PREFLIGHT,
            Pages::Any | Pages::Listed(_) => OF_ALL,
        }
    }

    /// The answer to a browser that asks before it sends the request itself; `None` where this is no such question.
    pub(crate) fn preflight(&self, request: &Request, request_id: &str) -> Option<Response<Vec<u8>>> {
        let asks = request.method == Method::OPTIONS
            && request.headers.contains_key(ORIGIN)
            && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || matches!(self.pages, Pages::SameOrigin) {
            return None;
        }
        if self.allowed(&request.headers).is_none() {
            return Some(Problem::OriginNotAllowed.into_response(request_id));
        }
        let mut response = Response::new(Vec::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }

    /// Adds to any answer, errors included, what lets the page read it.
    pub(crate) fn finish(&self, request: &Request, response: &mut Response<Vec<u8>>) {
        let is_error = !response.status().is_success();
        let headers = response.headers_mut();
        if let Pages::Listed(_) = self.pages {
            headers.append(VARY, VARY_BY_ORIGIN);
        }
        if let Some(origin) = self.allowed(&request.headers) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            // Each header costs a Worker as much as an HMAC; these two say something where the page was refused.
            if is_error {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
    }

    /// What to allow the origin of this request, if it is allowed at all.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        match &self.pages {
            Pages::SameOrigin => None,
            Pages::Any => Some(ANY),
            Pages::Listed(patterns) => {
                let text = origin.to_str().ok()?;
                patterns.iter().any(|pattern| pattern.matches(text)).then(|| origin.clone())
            }
        }
    }
}

impl Pattern {
    /// `None` for what no browser sends as an origin.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
        let (domain, is_below) = match host.strip_prefix("*.") {
            Some(domain) => (domain, true),
            None => (host, false),
        };
        if !is_scheme || !is_host(domain) {
            return None;
        }
        Some(if is_below {
            Self::Below { scheme: format!("{scheme}://"), domain: format!(".{domain}") }
        } else {
            Self::Exact(text.to_owned())
        })
    }

    fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(exact) => origin == exact,
            Self::Below { scheme, domain } => {
                let label =
                    origin.strip_prefix(scheme.as_str()).and_then(|host| host.strip_suffix(domain.as_str()));
                label.is_some_and(is_name)
            }
        }
    }
}

/// As the document writes it.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(origin) => f.write_str(origin),
            Self::Below { scheme, domain } => write!(f, "{scheme}*{domain}"),
        }
    }
}

/// A name or an address with or without a port.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with('0');
    is_name(name) && port.is_none_or(is_port)
}

/// Labels with dots between them, in lower case, as browsers write them.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    text.split('.').all(is_label)
}

/// The list of the configuration.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorsDocument {
    #[serde(default)]
    origins: Vec<Origin>,
}

const EXPECTED: &str = "expected an origin such as https://app.example.com, http://localhost:3000 or https://*.example.com, or \"*\" alone for all";

#[derive(Debug)]
enum Origin {
    Any,
    Of(Pattern),
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "*" {
            return Ok(Self::Any);
        }
        Pattern::parse(&text).map(Self::Of).ok_or_else(|| D::Error::custom(EXPECTED))
    }
}

impl CorsDocument {
    /// What the list says; `Err` where `*` stands beside others.
    pub(crate) fn into_pages(self) -> Result<Pages, &'static str> {
        let count = self.origins.len();
        let patterns: Vec<_> = self
            .origins
            .into_iter()
            .filter_map(|origin| if let Origin::Of(pattern) = origin { Some(pattern) } else { None })
            .collect();
        match (count, patterns.len()) {
            (0, _) => Ok(Pages::SameOrigin),
            (1, 0) => Ok(Pages::Any),
            (count, listed) if count == listed => Ok(Pages::Listed(patterns)),
            _ => Err("expected \"*\" alone, or origins without it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, origin: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(origin)
    }

    #[test]
    fn an_origin_is_compared_as_a_whole() {
        assert!(matches("https://app.example.com", "https://app.example.com"));
        for origin in [
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.com",
            "https://evil.com/https://app.example.com",
            "https://APP.example.com",
            "null",
            "",
        ] {
            assert!(!matches("https://app.example.com", origin), "{origin}");
        }
    }

    #[test]
    fn a_star_stands_for_what_is_below_a_domain() {
        for origin in ["https://a.example.com", "https://a.b.example.com"] {
            assert!(matches("https://*.example.com", origin), "{origin}");
        }
        for origin in [
            "https://example.com",
            "https://.example.com",
            "https://evilexample.com",
            "https://a.example.com:8443",
            "http://a.example.com",
            "https://evil.com/a.example.com",
            "https://evil.com#.example.com",
            "https://user@a.example.com",
            "https://a.example.com.evil.com",
        ] {
            assert!(!matches("https://*.example.com", origin), "{origin}");
        }
        assert!(matches("http://*.localhost:3000", "http://app.localhost:3000"));
    }

    #[test]
    fn a_page_may_send_its_credentials() {
        let headers = |names: &[HeaderName]| Cors::new(Pages::Any, names).headers;
        assert_eq!(headers(&[AUTHORIZATION]), "Authorization, Content-Type");
        let other = HeaderName::from_static("x-user-jwt");
        assert_eq!(headers(&[AUTHORIZATION, other]), "Authorization, Content-Type, x-user-jwt");
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for text in [
            "app.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "https://",
            "https://*",
            "https://a.*.example.com",
            "https://*example.com",
            "https://example.com:99999",
            "https://example.com:",
            "https://example..com",
            " https://example.com",
        ] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
        for text in ["capacitor://localhost", "http://192.0.2.1:8080", "https://my_app.example.com"] {
            assert!(Pattern::parse(text).is_some(), "{text}");
        }
    }
}
