//! Requests of web pages from other origins (Fetch Standard, section 3.2.2: <https://fetch.spec.whatwg.org>).
//!
//! Credentials in the sense of browsers, which are cookies, are never allowed: callers prove themselves by a header.

use std::fmt;

use super::json::{Invalid, Json};
use super::request::Request;
use super::response::{self, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION,
    HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// What web pages of other origins may do.
#[derive(Debug)]
pub(crate) struct Cors {
    pages: AllowedPages,
    /// The headers that they may send, beside those that every page may.
    headers: HeaderValue,
}

/// The pages that may read responses. Requests without an origin, as apps and servers send them, always pass.
#[derive(Debug, Default)]
pub(crate) enum AllowedPages {
    /// None but those of the same origin: nothing is configured.
    #[default]
    SameOrigin,
    /// All.
    Any,
    /// Those of these origins.
    Listed(Vec<OriginPattern>),
}

/// The decision on a request that may be a preflight.
pub(crate) enum Preflight {
    /// The request is not a preflight.
    None,
    Allowed(Response),
    /// The page's origin is not configured.
    Denied,
}

/// Origins that are written as one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OriginPattern {
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
    pub(crate) const CLOSED: Self = Self { pages: AllowedPages::SameOrigin, headers: ALWAYS };

    /// For these pages, which send credentials in these headers.
    pub(crate) fn new(pages: AllowedPages, credentials: &[HeaderName]) -> Self {
        let others = credentials.iter().filter(|name| **name != AUTHORIZATION);
        let headers =
            others.fold("Authorization, Content-Type".to_owned(), |list, name| format!("{list}, {name}"));
        // Names of headers can stand in one.
        let headers = HeaderValue::try_from(headers).unwrap_or(ALWAYS);
        Self { pages, headers }
    }

    #[cfg(feature = "check")]
    pub(crate) const fn pages(&self) -> &AllowedPages {
        &self.pages
    }

    /// The headers that it looks at.
    pub(crate) fn headers_read(&self, method: &Method) -> &'static [HeaderName] {
        const OF_PREFLIGHT: &[HeaderName] = &[ORIGIN, ACCESS_CONTROL_REQUEST_METHOD];
        const OF_ALL: &[HeaderName] = &[ORIGIN];
        match self.pages {
            AllowedPages::SameOrigin => &[],
            _ if method == Method::OPTIONS => OF_PREFLIGHT,
            AllowedPages::Any | AllowedPages::Listed(_) => OF_ALL,
        }
    }

    /// Decides on a request with which a browser asks before it sends the actual one.
    pub(crate) fn preflight(&self, request: &Request) -> Preflight {
        let is_preflight = request.method == Method::OPTIONS
            && request.headers.contains_key(ORIGIN)
            && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || matches!(self.pages, AllowedPages::SameOrigin) {
            return Preflight::None;
        }
        if self.allowed(&request.headers).is_none() {
            return Preflight::Denied;
        }
        let mut response = response::empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Preflight::Allowed(response)
    }

    /// Adds to any answer, errors included, what lets the page read it.
    pub(crate) fn finish(&self, request: &Request, response: &mut Response) {
        let is_error = !response.status().is_success();
        let headers = response.headers_mut();
        if let AllowedPages::Listed(_) = self.pages {
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
            AllowedPages::SameOrigin => None,
            AllowedPages::Any => Some(ANY),
            AllowedPages::Listed(patterns) => {
                let text = origin.to_str().ok()?;
                patterns.iter().any(|pattern| pattern.matches(text)).then(|| origin.clone())
            }
        }
    }
}

impl OriginPattern {
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
impl fmt::Display for OriginPattern {
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

const EXPECTED: &str = "expected an origin such as https://app.example.com, http://localhost:3000 or https://*.example.com, or \"*\" alone for all";

impl AllowedPages {
    /// Reads the section `cors` of the configuration.
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let Some(list) = section.fields(&["origins"])?.get("origins") else {
            return Ok(Self::SameOrigin);
        };
        let mut patterns = Vec::new();
        let items = list.items()?;
        for item in items {
            let text = item.string()?;
            if text != "*" {
                patterns.push(OriginPattern::parse(text).ok_or_else(|| Invalid::new(item, EXPECTED))?);
            }
        }
        match (items.len(), patterns.len()) {
            (0, _) => Ok(Self::SameOrigin),
            (1, 0) => Ok(Self::Any),
            (count, listed) if count == listed => Ok(Self::Listed(patterns)),
            _ => Err(Invalid::new(list, "expected \"*\" alone, or origins without it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, origin: &str) -> bool {
        OriginPattern::parse(pattern).unwrap().matches(origin)
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
        let headers = |names: &[HeaderName]| Cors::new(AllowedPages::Any, names).headers;
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
            assert_eq!(OriginPattern::parse(text), None, "{text}");
        }
        for text in ["capacitor://localhost", "http://192.0.2.1:8080", "https://my_app.example.com"] {
            assert!(OriginPattern::parse(text).is_some(), "{text}");
        }
    }
}
