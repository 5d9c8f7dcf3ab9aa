//! Cross-origin requests of web pages (Fetch Standard, section 3.2.2: <https://fetch.spec.whatwg.org>).
//!
//! `Access-Control-Allow-Credentials` is never sent, because callers authenticate with a header
//! instead of cookies.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::headers::{self, AUTHORIZATION, Headers};
use super::json::{Invalid, Json};
use super::request::Request;
use super::response::{self, Response};
use super::strings::join;
use super::url::is_loopback;
use http::{Method, StatusCode};

/// The CORS policy.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: AllowedOrigins,
    /// The value of `Access-Control-Allow-Headers`.
    headers: Cow<'static, str>,
    /// True if a header other than `Authorization` carries credentials. A proxy may add such a header to the requests of
    /// every page.
    checks_site: bool,
}

/// The section `cors` of the configuration.
#[derive(Debug, Default)]
pub(crate) struct CorsConfig {
    origins: AllowedOrigins,
    /// The names of the headers that pages may send in addition to the default headers.
    headers: Vec<String>,
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
    /// The listed origins and patterns. In a pattern, `*` replaces one or more of the first labels, a part of the first
    /// label, or the port of a loopback host.
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
/// The relation of the page to the service, which every current browser sends (Fetch Metadata Request Headers).
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const REQUEST_METHOD: &str = "access-control-request-method";
/// The headers that pages of every allowed origin may send.
const DEFAULT_HEADERS: &str = "Authorization, Content-Type";
/// The value in `Access-Control-Allow-Headers` that allows every header except `Authorization`.
const ANY_HEADER: &str = "*";
/// The value of `Access-Control-Max-Age`: one day in seconds. Browsers cap the value; Chrome caps it at two hours.
const MAX_AGE: &str = "86400";

impl Cors {
    /// The policy that allows only the service's own origin.
    pub(crate) const CLOSED: Self = Self {
        origins: AllowedOrigins::SameOrigin,
        headers: Cow::Borrowed(DEFAULT_HEADERS),
        checks_site: false,
    };

    /// Returns the policy of the configuration. `credentials` are the names of the headers that carry credentials.
    pub(crate) fn new(config: CorsConfig, credentials: &[String]) -> Self {
        let mut names = vec!["Authorization", "Content-Type"];
        for name in credentials.iter().chain(&config.headers) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        let checks_site = credentials.iter().any(|name| name != AUTHORIZATION);
        Self { headers: join(&names, ", ").into(), origins: config.origins, checks_site }
    }

    #[cfg(feature = "check")]
    pub(crate) const fn origins(&self) -> &AllowedOrigins {
        &self.origins
    }

    /// Returns the names of the headers that pages may send, separated by commas.
    #[cfg(feature = "check")]
    pub(crate) fn headers(&self) -> &str {
        &self.headers
    }

    /// Returns the names of the request headers that this policy reads for this method, in lower case.
    pub(crate) fn headers_read(&self, method: &Method) -> &'static [&'static str] {
        match self.origins {
            AllowedOrigins::Any | AllowedOrigins::Listed(_) if method == Method::OPTIONS => {
                &[ORIGIN, REQUEST_METHOD]
            }
            _ if self.checks_site => &[ORIGIN, SEC_FETCH_SITE],
            AllowedOrigins::SameOrigin => &[],
            AllowedOrigins::Any | AllowedOrigins::Listed(_) => &[ORIGIN],
        }
    }

    /// Returns whether a page of another site sent the request, and the page's origin is not listed. A browser adds
    /// cookies to such a request, and a proxy may convert a cookie to a header with credentials.
    pub(crate) fn is_cross_site(&self, headers: &Headers) -> bool {
        let site = headers.get(SEC_FETCH_SITE);
        match (headers.get(ORIGIN), &self.origins) {
            (None, _) => site == Some("cross-site"),
            (Some(origin), AllowedOrigins::Listed(patterns)) if is_listed(patterns, origin) => false,
            (Some(_), _) => site != Some("same-origin"),
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
            AllowedOrigins::Listed(patterns) => is_listed(patterns, origin).then(|| origin.to_owned().into()),
        }
    }
}

fn is_listed(patterns: &[String], origin: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, origin))
}

/// Returns whether a valid pattern matches an origin.
fn matches(pattern: &str, origin: &str) -> bool {
    match (pattern.strip_suffix(ANY_PORT), origin.rsplit_once(':')) {
        (Some(pattern), Some((host, port))) if is_port(port) => matches_host(pattern, host),
        (Some(pattern), _) => matches_host(pattern, origin),
        (None, _) => matches_host(pattern, origin),
    }
}

/// Returns whether a valid pattern without `:*` matches an origin.
fn matches_host(pattern: &str, origin: &str) -> bool {
    let Some((start, end)) = pattern.split_once('*') else { return pattern == origin };
    let replaced = origin.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    let is_whole_label = start.ends_with('/') && end.starts_with('.');
    replaced.is_some_and(if is_whole_label { is_name } else { is_label })
}

/// Returns whether a string is an origin in the form that browsers send.
pub(crate) fn is_origin(string: &str) -> bool {
    check_pattern(string).is_ok() && !string.contains('*')
}

/// Checks that a string is an origin in the form that browsers send, or a pattern of such origins. Returns the expected
/// value otherwise.
fn check_pattern(string: &str) -> Result<(), &'static str> {
    let (scheme, rest) = string.split_once(':').ok_or(EXPECTED)?;
    let authority = rest.strip_prefix("//").ok_or(EXPECTED)?;
    if !scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !is_lowercase(scheme, b"+-.") {
        return Err(EXPECTED);
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_local = host == "localhost" || host.ends_with(".localhost") || is_loopback(host);
    match port {
        Some("*") if !is_local => return Err(EXPECTED_PORT),
        Some(port) if port != "*" && !is_port(port) => return Err(EXPECTED),
        _ => {}
    }
    if matches!((scheme, port), ("https", Some("443")) | ("http", Some("80"))) {
        return Err(EXPECTED_NO_PORT);
    }
    match host.split_once('*') {
        None if host == "[::1]" || is_host(host) => Ok(()),
        None => Err(EXPECTED),
        Some(("", end)) if end.strip_prefix('.').is_some_and(is_name) => Ok(()),
        Some((start, end)) if is_partial_label(start, end) => Ok(()),
        Some(_) => Err(EXPECTED_WILDCARD),
    }
}

/// Returns whether a `*` between these parts of a host replaces a part of the first label, and at least two labels
/// follow. With one label, the pattern would match other domains: `*example.com` matches `evilexample.com`.
fn is_partial_label(start: &str, end: &str) -> bool {
    let Some((rest_of_label, domain)) = end.split_once('.') else { return false };
    is_lowercase(start, LABEL_MARKS)
        && is_lowercase(rest_of_label, LABEL_MARKS)
        && is_name(domain)
        && domain.contains('.')
}

/// Returns whether a string is a port number in the form that browsers send.
fn is_port(string: &str) -> bool {
    !string.starts_with(['0', '+']) && string.parse::<u16>().is_ok()
}

/// Returns whether a string is a host name or an IPv4 address. Browsers send IPv4 addresses only with four numbers.
fn is_host(string: &str) -> bool {
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    is_name(string)
        && (!string.rsplit('.').next().is_some_and(is_number) || string.parse::<Ipv4Addr>().is_ok())
}

/// Returns whether a string consists of lowercase labels separated by dots. Browsers send host names in lower case.
fn is_name(string: &str) -> bool {
    string.split('.').all(is_label)
}

fn is_label(string: &str) -> bool {
    !string.is_empty() && is_lowercase(string, LABEL_MARKS)
}

fn is_lowercase(string: &str, marks: &[u8]) -> bool {
    string.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || marks.contains(&byte))
}

/// The end of a pattern that matches every port of a loopback host.
const ANY_PORT: &str = ":*";
const LABEL_MARKS: &[u8] = b"-_";
const EXPECTED: &str = "expected an origin in lower case, without path and trailing slash, such as https://app.example.com, http://localhost:3000 or https://*.example.com, or only \"*\" to allow every origin";
const EXPECTED_NO_PORT: &str = "expected no port, because browsers omit 443 for https and 80 for http";
const EXPECTED_PORT: &str =
    "expected a port number, because `:*` is valid only for loopback hosts, as in http://localhost:*";
const EXPECTED_WILDCARD: &str = "expected one `*`: the first label, as in https://*.example.com, or a part of it before at least two other labels, as in https://*--site.netlify.app";
const EXPECTED_HEADERS: &str =
    "expected names of headers such as X-Requested-With, or only \"*\" to allow every header";

impl CorsConfig {
    /// Reads the section `cors` of the configuration.
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(&["origins", "headers"])?;
        let origins = fields.read("origins", AllowedOrigins::read)?.unwrap_or_default();
        let headers = fields.read("headers", read_headers)?.unwrap_or_default();
        if matches!(origins, AllowedOrigins::SameOrigin) && !headers.is_empty() {
            let detail = "expected at least one origin, because `headers` is set";
            return Err(Invalid::field(section, "origins", detail));
        }
        Ok(Self { origins, headers })
    }
}

impl AllowedOrigins {
    fn read<'j>(list: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let mut patterns = Vec::new();
        let items = list.items()?;
        for item in items {
            let origin = item.string()?;
            if origin != "*" {
                check_pattern(origin).map_err(|expected| Invalid::new(item, expected))?;
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

/// Reads the names of headers that pages may send.
#[inline(never)]
fn read_headers<'j>(list: &'j Json<'j>) -> Result<Vec<String>, Invalid<'j>> {
    let mut names: Vec<String> = Vec::new();
    let items = list.one_or_more()?;
    for item in items {
        let name = item.string()?;
        if !headers::is_name(name) || (name == ANY_HEADER && items.len() > 1) {
            return Err(Invalid::new(item, EXPECTED_HEADERS));
        }
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(Invalid::new(item, "expected each name once"));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_origins_only() {
        const EXACT: &str = "https://app.example.com";
        const SUBDOMAINS: &str = "https://*.example.com";
        const SUFFIX: &str = "https://*--site.netlify.app";
        const MIDDLE: &str = "https://app-git-*-team.vercel.app";
        const LOCALHOST: &str = "http://localhost:*";
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
            (SUFFIX, "https://deploy-preview-7--site.netlify.app", true),
            (SUFFIX, "https://--site.netlify.app", false),
            (SUFFIX, "https://site.netlify.app", false),
            (SUFFIX, "https://a.b--site.netlify.app", false),
            (SUFFIX, "https://evil.com/--site.netlify.app", false),
            (SUFFIX, "https://user@b--site.netlify.app", false),
            (SUFFIX, "https://A--site.netlify.app", false),
            (SUFFIX, "https://a--site.netlify.app.evil.com", false),
            (SUFFIX, "http://a--site.netlify.app", false),
            (SUFFIX, "https://a--site.netlify.app:8443", false),
            (MIDDLE, "https://app-git-fix-login-team.vercel.app", true),
            (MIDDLE, "https://app-git--team.vercel.app", false),
            (MIDDLE, "https://app-git-a.b-team.vercel.app", false),
            // The prefix and the suffix must not overlap.
            (MIDDLE, "https://app-git-team.vercel.app", false),
            ("https://pr-*.app.example.com:8443", "https://pr-1.app.example.com:8443", true),
            (LOCALHOST, "http://localhost", true),
            (LOCALHOST, "http://localhost:3000", true),
            (LOCALHOST, "http://localhost:", false),
            (LOCALHOST, "http://localhost:+3000", false),
            (LOCALHOST, "http://localhost:03000", false),
            (LOCALHOST, "http://localhost:70000", false),
            (LOCALHOST, "http://localhost:3000:3000", false),
            (LOCALHOST, "http://localhost:3000.evil.com", false),
            (LOCALHOST, "http://user:3000@localhost:3000", false),
            (LOCALHOST, "https://localhost:3000", false),
            (LOCALHOST, "http://localhost.evil.com:3000", false),
            (LOCALHOST, "http://127.0.0.1:3000", false),
            ("http://*.localhost:*", "http://app.localhost:3000", true),
            ("http://*.localhost:*", "http://a.b.localhost", true),
            ("http://*.localhost:*", "http://localhost:3000", false),
            ("http://127.0.0.1:*", "http://127.0.0.1:5173", true),
            ("http://127.0.0.1:*", "http://127.0.0.2:5173", false),
            ("http://[::1]:*", "http://[::1]", true),
            ("http://[::1]:*", "http://[::1]:5173", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("http://[::1]", "http://[::1]:3000", false),
        ] {
            assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
            assert_eq!(matches(pattern, origin), expected, "{pattern}: {origin}");
        }
    }

    #[test]
    fn allows_the_headers_of_the_configuration() {
        let headers = |credentials: &[&str], document: &str| cors(document, credentials).headers;
        const ORIGINS: &str = r#"{"origins":["*"]}"#;
        assert_eq!(headers(&["authorization"], ORIGINS), "Authorization, Content-Type");
        assert_eq!(
            headers(&["authorization", "x-user-jwt"], ORIGINS),
            "Authorization, Content-Type, x-user-jwt"
        );
        assert_eq!(
            headers(
                &["x-user-jwt"],
                r#"{"origins":["*"],"headers":["content-type","baggage","X-User-JWT"]}"#
            ),
            "Authorization, Content-Type, x-user-jwt, baggage"
        );
        for any in [r#""*""#, r#"["*"]"#] {
            assert_eq!(
                headers(&["x-user-jwt"], &format!(r#"{{"origins":["*"],"headers":{any}}}"#)),
                "Authorization, Content-Type, x-user-jwt, *"
            );
        }
    }

    fn cors(document: &str, credentials: &[&str]) -> Cors {
        let credentials: Vec<_> = credentials.iter().map(|name| (*name).to_owned()).collect();
        let document = Json::parse(document.as_bytes()).unwrap();
        Cors::new(document.read(CorsConfig::read).unwrap(), &credentials)
    }

    #[test]
    fn recognizes_requests_from_pages_of_other_sites() {
        const APP: &str = "https://app.example.com";
        let listed = r#"{"origins":["https://*.example.com"]}"#;
        for (document, origin, site, expected) in [
            ("{}", None, None, false),
            ("{}", None, Some("none"), false),
            ("{}", None, Some("same-origin"), false),
            ("{}", None, Some("cross-site"), true),
            ("{}", Some(APP), None, true),
            ("{}", Some(APP), Some("same-origin"), false),
            ("{}", Some(APP), Some("same-site"), true),
            ("{}", Some(APP), Some("Same-Origin"), true),
            (listed, Some(APP), None, false),
            (listed, Some(APP), Some("cross-site"), false),
            (listed, Some("https://evil.example"), Some("cross-site"), true),
            (listed, Some("null"), None, true),
            (listed, Some(""), None, true),
            (r#"{"origins":["*"]}"#, Some(APP), None, true),
            (r#"{"origins":["*"]}"#, Some(APP), Some("same-origin"), false),
        ] {
            let mut headers = Headers::default();
            for (name, value) in [(ORIGIN, origin), (SEC_FETCH_SITE, site)] {
                if let Some(value) = value {
                    headers.push(name, value);
                }
            }
            let is_cross_site = cors(document, &["x-jwt"]).is_cross_site(&headers);
            assert_eq!(is_cross_site, expected, "{document} {origin:?} {site:?}");
        }
    }

    #[test]
    fn reads_the_site_only_if_a_proxy_may_add_credentials() {
        let (closed, listed) = ("{}", r#"{"origins":["https://app.example.com"]}"#);
        for (document, credentials, get, options) in [
            (closed, &[AUTHORIZATION][..], &[][..], &[][..]),
            (listed, &[AUTHORIZATION], &[ORIGIN], &[ORIGIN, REQUEST_METHOD]),
            (closed, &[AUTHORIZATION, "x-jwt"], &[ORIGIN, SEC_FETCH_SITE], &[ORIGIN, SEC_FETCH_SITE]),
            (listed, &["x-jwt"], &[ORIGIN, SEC_FETCH_SITE], &[ORIGIN, REQUEST_METHOD]),
        ] {
            let cors = cors(document, credentials);
            assert_eq!(cors.headers_read(&Method::GET), get, "{document} {credentials:?}");
            assert_eq!(cors.headers_read(&Method::OPTIONS), options, "{document} {credentials:?}");
        }
    }

    #[test]
    fn rejects_patterns_that_match_no_origin_or_other_domains() {
        for (pattern, expected) in [
            ("https://example..com", EXPECTED),
            (" https://example.com", EXPECTED),
            ("https:example.com", EXPECTED),
            ("https://example.com:+8443", EXPECTED),
            ("https://[::2]", EXPECTED),
            ("https://::1", EXPECTED),
            ("https://[::1", EXPECTED),
            ("http://127.1:3000", EXPECTED),
            ("http://010.0.0.1", EXPECTED),
            ("https://app.example.com:443", EXPECTED_NO_PORT),
            ("http://localhost:80", EXPECTED_NO_PORT),
            ("https://*--site.netlify.app:443", EXPECTED_NO_PORT),
            ("https://app.example.com:*", EXPECTED_PORT),
            ("https://*.example.com:*", EXPECTED_PORT),
            ("http://localhost.example.com:*", EXPECTED_PORT),
            ("http://10.0.0.1:*", EXPECTED_PORT),
            ("https://*", EXPECTED_WILDCARD),
            ("https://*example.com", EXPECTED_WILDCARD),
            ("https://a*b.com", EXPECTED_WILDCARD),
            ("https://app.*.example.com", EXPECTED_WILDCARD),
            ("https://*-*.example.com", EXPECTED_WILDCARD),
            ("https://*.*.example.com", EXPECTED_WILDCARD),
            ("https://*a..example.com", EXPECTED_WILDCARD),
        ] {
            assert_eq!(check_pattern(pattern), Err(expected), "{pattern}");
        }
        for pattern in [
            "capacitor://localhost",
            "http://192.0.2.1:8080",
            "https://my_app.example.com",
            "http://app.example.com:443",
            "https://app.example.com:80",
            "http://*.localhost:*",
        ] {
            assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
        }
    }
}
