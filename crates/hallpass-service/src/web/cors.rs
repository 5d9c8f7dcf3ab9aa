//! Requests of web pages from other origins (Fetch Standard, section 3.2.2: <https://fetch.spec.whatwg.org>).
//!
//! Credentials in the sense of browsers, which are cookies, are never allowed: callers prove themselves by a header.

use std::borrow::Cow;

use super::headers::{AUTHORIZATION, Headers};
use super::json::{Invalid, Json};
use super::request::Request;
use super::response::{self, Response};
use http::{Method, StatusCode};

/// What web pages of other origins may do.
#[derive(Debug)]
pub(crate) struct Cors {
    pages: AllowedPages,
    /// The headers that the pages may send.
    headers: Cow<'static, str>,
}

/// The pages that may read responses. Requests without an origin, as apps and servers send them, always pass.
#[derive(Debug, Default)]
pub(crate) enum AllowedPages {
    /// None but those of the same origin: nothing is configured.
    #[default]
    SameOrigin,
    /// All.
    Any,
    /// Those of these origins. `https://*.example.com` is every host below the domain, but not the domain.
    Listed(Vec<String>),
}

/// The decision on a request that may be a preflight.
pub(crate) enum Preflight {
    /// The request is not a preflight.
    None,
    Allowed(Response),
    /// The page's origin is not configured.
    Denied,
}

const ORIGIN: &str = "origin";
const REQUEST_METHOD: &str = "access-control-request-method";
/// Headers that every page may send.
const ALWAYS: &str = "Authorization, Content-Type";
/// A day, in seconds; browsers cap it, Chrome at two hours.
const MAX_AGE: &str = "86400";

impl Cors {
    /// For no page of another origin.
    pub(crate) const CLOSED: Self = Self { pages: AllowedPages::SameOrigin, headers: Cow::Borrowed(ALWAYS) };

    /// For these pages, which send credentials in these headers.
    pub(crate) fn new(pages: AllowedPages, credentials: &[String]) -> Self {
        let others = credentials.iter().filter(|name| *name != AUTHORIZATION);
        let headers = others.fold(ALWAYS.to_owned(), |list, name| format!("{list}, {name}"));
        Self { pages, headers: headers.into() }
    }

    #[cfg(feature = "check")]
    pub(crate) const fn pages(&self) -> &AllowedPages {
        &self.pages
    }

    /// The headers that it looks at.
    pub(crate) fn headers_read(&self, method: &Method) -> &'static [&'static str] {
        match self.pages {
            AllowedPages::SameOrigin => &[],
            _ if method == Method::OPTIONS => &[ORIGIN, REQUEST_METHOD],
            AllowedPages::Any | AllowedPages::Listed(_) => &[ORIGIN],
        }
    }

    /// Decides on a request with which a browser asks before it sends the actual one.
    pub(crate) fn preflight(&self, request: &Request) -> Preflight {
        let is_preflight = request.method == Method::OPTIONS
            && request.headers.get(ORIGIN).is_some()
            && request.headers.get(REQUEST_METHOD).is_some();
        if !is_preflight || matches!(self.pages, AllowedPages::SameOrigin) {
            return Preflight::None;
        }
        if self.allowed(&request.headers).is_none() {
            return Preflight::Denied;
        }
        let mut response = response::empty(StatusCode::NO_CONTENT);
        response.headers.push("access-control-allow-methods", "GET, POST, OPTIONS");
        response.headers.push("access-control-allow-headers", self.headers.clone());
        response.headers.push("access-control-max-age", MAX_AGE);
        Preflight::Allowed(response)
    }

    /// Adds to any answer, errors included, what lets the page read it.
    pub(crate) fn finish(&self, request: &Request, response: &mut Response) {
        if let AllowedPages::Listed(_) = self.pages {
            response.headers.push("vary", "Origin");
        }
        if let Some(origin) = self.allowed(&request.headers) {
            response.headers.push("access-control-allow-origin", origin);
            // Each header costs a Worker as much as an HMAC; these two say something where the page was refused.
            if !response.status.is_success() {
                response.headers.push("access-control-expose-headers", "X-Request-Id, Retry-After");
            }
        }
    }

    /// What to allow the origin of this request, if it is allowed at all.
    fn allowed(&self, headers: &Headers) -> Option<Cow<'static, str>> {
        let origin = headers.get(ORIGIN)?;
        match &self.pages {
            AllowedPages::SameOrigin => None,
            AllowedPages::Any => Some("*".into()),
            AllowedPages::Listed(patterns) => {
                let is_listed = patterns.iter().any(|pattern| matches(pattern, origin));
                is_listed.then(|| origin.to_owned().into())
            }
        }
    }
}

/// Whether a string is an origin as browsers send it, or has `*.` in place of the first labels.
fn is_pattern(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let Some(host) = rest.strip_prefix("//") else { return false };
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && is_lowercase(scheme, b"+-.")
        && is_host(host.strip_prefix("*.").unwrap_or(host))
}

fn matches(pattern: &str, origin: &str) -> bool {
    let Some((scheme, domain)) = pattern.split_once('*') else { return pattern == origin };
    let below = origin.strip_prefix(scheme).and_then(|host| host.strip_suffix(domain));
    below.is_some_and(is_name)
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

/// Whether a string has labels with dots between them, in lower case, as browsers write them.
fn is_name(text: &str) -> bool {
    text.split('.').all(|label| !label.is_empty() && is_lowercase(label, b"-_"))
}

fn is_lowercase(text: &str, marks: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || marks.contains(&byte))
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
                if !is_pattern(text) {
                    return Err(Invalid::new(item, EXPECTED));
                }
                patterns.push(text.to_owned());
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

    #[test]
    fn an_origin_is_compared_as_a_whole() {
        const EXACT: &str = "https://app.example.com";
        const BELOW: &str = "https://*.example.com";
        for (pattern, origin, expected) in [
            (EXACT, "https://app.example.com:8443", false),
            (EXACT, "https://app.example.com.evil.com", false),
            (EXACT, "https://evil.com/https://app.example.com", false),
            (EXACT, "https://APP.example.com", false),
            (BELOW, "https://a.example.com", true),
            (BELOW, "https://a.b.example.com", true),
            (BELOW, "https://example.com", false),
            (BELOW, "https://.example.com", false),
            (BELOW, "https://evilexample.com", false),
            (BELOW, "https://a.example.com:8443", false),
            (BELOW, "http://a.example.com", false),
            (BELOW, "https://evil.com/a.example.com", false),
            (BELOW, "https://evil.com#.example.com", false),
            (BELOW, "https://user@a.example.com", false),
            (BELOW, "https://a.example.com.evil.com", false),
            (BELOW, "https://é.example.com", false),
            (BELOW, "https://a\r\nb.example.com", false),
            ("http://*.localhost:3000", "http://app.localhost:3000", true),
        ] {
            assert!(is_pattern(pattern) && matches(pattern, origin) == expected, "{pattern}: {origin}");
        }
    }

    #[test]
    fn a_page_may_send_its_credentials() {
        let headers = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            Cors::new(AllowedPages::Any, &names).headers
        };
        assert_eq!(headers(&[AUTHORIZATION]), "Authorization, Content-Type");
        assert_eq!(headers(&[AUTHORIZATION, "x-user-jwt"]), "Authorization, Content-Type, x-user-jwt");
    }

    #[test]
    fn what_no_browser_sends_is_no_pattern() {
        for text in ["https://*example.com", "https://example..com", " https://example.com"] {
            assert!(!is_pattern(text), "{text}");
        }
        for text in ["capacitor://localhost", "http://192.0.2.1:8080", "https://my_app.example.com"] {
            assert!(is_pattern(text), "{text}");
        }
    }
}
