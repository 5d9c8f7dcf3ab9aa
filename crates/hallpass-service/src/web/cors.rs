//! Cross-origin requests of web pages (Fetch Standard, section 3.2.2: <https://fetch.spec.whatwg.org>).
//!
//! `Access-Control-Allow-Credentials` is never sent, because callers authenticate with a header
//! instead of cookies.

use std::borrow::Cow;

use super::headers::{AUTHORIZATION, Headers};
use super::json::{Invalid, Json};
use super::request::Request;
use super::response::{self, Response};
use http::{Method, StatusCode};

/// The CORS policy.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: AllowedOrigins,
    /// The value of `Access-Control-Allow-Headers`.
    headers: Cow<'static, str>,
}

/// The origins whose pages may read responses. Apps and servers send requests without `Origin`, and these requests are
/// always allowed.
#[derive(Debug, Default)]
pub(crate) enum AllowedOrigins {
    /// Only the service's own origin, because no origins are configured.
    #[default]
    SameOrigin,
    /// Every origin.
    Any,
    /// The listed origins. `https://*.example.com` matches every subdomain, but not the domain itself.
    Listed(Vec<String>),
}

/// The result of [`Cors::preflight`]: whether a request is an allowed preflight.
pub(crate) enum Preflight {
    /// The request is not a preflight.
    None,
    Allowed(Response),
    /// The request is a preflight from an origin that is not allowed.
    Denied,
}

const ORIGIN: &str = "origin";
const REQUEST_METHOD: &str = "access-control-request-method";
/// The headers that pages of every allowed origin may send.
const DEFAULT_HEADERS: &str = "Authorization, Content-Type";
/// The value of `Access-Control-Max-Age`: one day in seconds. Browsers cap the value; Chrome caps it at two hours.
const MAX_AGE: &str = "86400";

impl Cors {
    /// The policy that allows only the service's own origin.
    pub(crate) const CLOSED: Self =
        Self { origins: AllowedOrigins::SameOrigin, headers: Cow::Borrowed(DEFAULT_HEADERS) };

    /// Returns the policy for these origins. `credentials` are the names of the headers that carry credentials.
    pub(crate) fn new(origins: AllowedOrigins, credentials: &[String]) -> Self {
        let others = credentials.iter().filter(|name| *name != AUTHORIZATION);
        let headers = others.fold(DEFAULT_HEADERS.to_owned(), |list, name| format!("{list}, {name}"));
        Self { origins, headers: headers.into() }
    }

    #[cfg(feature = "check")]
    pub(crate) const fn origins(&self) -> &AllowedOrigins {
        &self.origins
    }

    /// Returns the names of the request headers that affect the CORS response for this method, in lower case.
    pub(crate) fn headers_read(&self, method: &Method) -> &'static [&'static str] {
        match self.origins {
            AllowedOrigins::SameOrigin => &[],
            _ if method == Method::OPTIONS => &[ORIGIN, REQUEST_METHOD],
            AllowedOrigins::Any | AllowedOrigins::Listed(_) => &[ORIGIN],
        }
    }

    /// Determines whether a request is a preflight. If the origin of a preflight is allowed, returns the response.
    pub(crate) fn preflight(&self, request: &Request) -> Preflight {
        let is_preflight = request.method == Method::OPTIONS
            && request.headers.get(ORIGIN).is_some()
            && request.headers.get(REQUEST_METHOD).is_some();
        if !is_preflight || matches!(self.origins, AllowedOrigins::SameOrigin) {
            return Preflight::None;
        }
        if self.allow_origin(&request.headers).is_none() {
            return Preflight::Denied;
        }
        let mut response = response::empty(StatusCode::NO_CONTENT);
        response.headers.push("access-control-allow-methods", "GET, POST, OPTIONS");
        response.headers.push("access-control-allow-headers", self.headers.clone());
        response.headers.push("access-control-max-age", MAX_AGE);
        Preflight::Allowed(response)
    }

    /// Adds the CORS headers to a response. Error responses also contain these headers, so that pages can read the
    /// errors.
    pub(crate) fn finish(&self, request: &Request, response: &mut Response) {
        if let AllowedOrigins::Listed(_) = self.origins {
            response.headers.push("vary", "Origin");
        }
        if let Some(origin) = self.allow_origin(&request.headers) {
            response.headers.push("access-control-allow-origin", origin);
            // For a Worker, each header takes as much time as an HMAC. Pages need these two headers only after a failed
            // request.
            if !response.status.is_success() {
                response.headers.push("access-control-expose-headers", "X-Request-Id, Retry-After");
            }
        }
    }

    /// Returns the value of `Access-Control-Allow-Origin`; `None` if the request has no allowed origin.
    fn allow_origin(&self, headers: &Headers) -> Option<Cow<'static, str>> {
        let origin = headers.get(ORIGIN)?;
        match &self.origins {
            AllowedOrigins::SameOrigin => None,
            AllowedOrigins::Any => Some("*".into()),
            AllowedOrigins::Listed(patterns) => {
                let is_listed = patterns.iter().any(|pattern| matches(pattern, origin));
                is_listed.then(|| origin.to_owned().into())
            }
        }
    }
}

/// Returns whether a string is an origin in the form that browsers send, optionally with `*.` in place of the first
/// labels.
fn is_pattern(string: &str) -> bool {
    let Some((scheme, rest)) = string.split_once(':') else { return false };
    let Some(host) = rest.strip_prefix("//") else { return false };
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && is_lowercase(scheme, b"+-.")
        && is_host(host.strip_prefix("*.").unwrap_or(host))
}

fn matches(pattern: &str, origin: &str) -> bool {
    let Some((scheme, domain)) = pattern.split_once('*') else { return pattern == origin };
    let subdomain = origin.strip_prefix(scheme).and_then(|host| host.strip_suffix(domain));
    subdomain.is_some_and(is_name)
}

/// Returns whether a string is a host name or an IPv4 address, with or without a port.
fn is_host(string: &str) -> bool {
    let (name, port) = match string.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (string, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with('0');
    is_name(name) && port.is_none_or(is_port)
}

/// Returns whether a string consists of lowercase labels separated by dots. Browsers send host names in lower case.
fn is_name(string: &str) -> bool {
    string.split('.').all(|label| !label.is_empty() && is_lowercase(label, b"-_"))
}

fn is_lowercase(string: &str, marks: &[u8]) -> bool {
    string.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || marks.contains(&byte))
}

const EXPECTED: &str = "expected an origin such as https://app.example.com, http://localhost:3000 or https://*.example.com, or only \"*\" to allow every origin";

impl AllowedOrigins {
    /// Reads the section `cors` of the configuration.
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let Some(list) = section.fields(&["origins"])?.get("origins") else { return Ok(Self::SameOrigin) };
        let mut patterns = Vec::new();
        let items = list.items()?;
        for item in items {
            let origin = item.string()?;
            if origin != "*" {
                if !is_pattern(origin) {
                    return Err(Invalid::new(item, EXPECTED));
                }
                patterns.push(origin.to_owned());
            }
        }
        match (items.len(), patterns.len()) {
            (0, _) => Ok(Self::SameOrigin),
            (1, 0) => Ok(Self::Any),
            (count, listed) if count == listed => Ok(Self::Listed(patterns)),
            _ => Err(Invalid::new(list, "expected either only \"*\", or origins without \"*\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_origins_only() {
        const EXACT: &str = "https://app.example.com";
        const SUBDOMAINS: &str = "https://*.example.com";
        for (pattern, origin, expected) in [
            (EXACT, "https://app.example.com:8443", false),
            (EXACT, "https://app.example.com.evil.com", false),
            (EXACT, "https://evil.com/https://app.example.com", false),
            (EXACT, "https://APP.example.com", false),
            (SUBDOMAINS, "https://a.example.com", true),
            (SUBDOMAINS, "https://a.b.example.com", true),
            (SUBDOMAINS, "https://example.com", false),
            (SUBDOMAINS, "https://.example.com", false),
            (SUBDOMAINS, "https://evilexample.com", false),
            (SUBDOMAINS, "https://a.example.com:8443", false),
            (SUBDOMAINS, "http://a.example.com", false),
            (SUBDOMAINS, "https://evil.com/a.example.com", false),
            (SUBDOMAINS, "https://evil.com#.example.com", false),
            (SUBDOMAINS, "https://user@a.example.com", false),
            (SUBDOMAINS, "https://a.example.com.evil.com", false),
            (SUBDOMAINS, "https://é.example.com", false),
            (SUBDOMAINS, "https://a\r\nb.example.com", false),
            ("http://*.localhost:3000", "http://app.localhost:3000", true),
        ] {
            assert!(is_pattern(pattern) && matches(pattern, origin) == expected, "{pattern}: {origin}");
        }
    }

    #[test]
    fn allows_the_headers_that_carry_credentials() {
        let headers = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            Cors::new(AllowedOrigins::Any, &names).headers
        };
        assert_eq!(headers(&[AUTHORIZATION]), "Authorization, Content-Type");
        assert_eq!(headers(&[AUTHORIZATION, "x-user-jwt"]), "Authorization, Content-Type, x-user-jwt");
    }

    #[test]
    fn rejects_patterns_that_match_no_origin() {
        for pattern in ["https://*example.com", "https://example..com", " https://example.com"] {
            assert!(!is_pattern(pattern), "{pattern}");
        }
        for pattern in ["capacitor://localhost", "http://192.0.2.1:8080", "https://my_app.example.com"] {
            assert!(is_pattern(pattern), "{pattern}");
        }
    }
}
