//! Conversion of a JavaScript request to the service's request.

use hallpass_service::{Body, Headers, Request, Service};
use http::Method;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    /// Returns the value of a request header.
    pub(crate) fn header(request: &JsValue, name: &str) -> Option<String>;
}

/// Creates the service's request. Reads only the headers that the service needs for this method and path.
pub(crate) fn read(service: &Service, request: &JsValue, method: &str, url: &str, body: Body) -> Request {
    // In JavaScript, every method is a valid HTTP token, so the fallback TRACE is never used. No route has the method
    // TRACE.
    let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::TRACE);
    let (path, query) = path_and_query(url);
    let mut headers = Headers::default();
    for name in service.headers_read(&method, path) {
        if let Some(value) = header(request, name) {
            headers.push(name.to_owned(), value);
        }
    }
    Request { method, path: path.to_owned(), query: query.to_owned(), headers, body }
}

/// Splits an absolute URL into its path and query. The runtime has already normalized the URL.
fn path_and_query(url: &str) -> (&str, &str) {
    let rest = url.split_once(':').map_or(url, |(_scheme, rest)| rest.trim_start_matches('/'));
    let rest = rest.find(['/', '?']).and_then(|start| rest.get(start..)).unwrap_or("/");
    rest.split_once('?').unwrap_or((rest, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_url_into_path_and_query() {
        let cases = [
            ("http://localhost:8787/ping", "/ping", ""),
            (
                "https://h/rtc/a%20b/publisher/uid/1/?expiry=60&x=?",
                "/rtc/a%20b/publisher/uid/1/",
                "expiry=60&x=?",
            ),
            ("https://h//double//slash", "//double//slash", ""),
            ("https://h", "/", ""),
            ("https://h?q", "", "q"),
        ];
        for (url, path, query) in cases {
            assert_eq!(path_and_query(url), (path, query), "{url}");
        }
    }
}
