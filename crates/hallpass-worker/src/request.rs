//! From a JavaScript request to one that the service reads.

use hallpass_service::{Body, Headers, Request, Service};
use http::Method;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    /// One header of a request.
    pub(crate) fn header(request: &JsValue, name: &str) -> Option<String>;
}

/// Puts a request together, and fetches those headers that the service looks at.
pub(crate) fn read(service: &Service, request: &JsValue, method: &str, url: &str, body: Body) -> Request {
    // JavaScript has no method that is no token; a route for TRACE does not exist.
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

/// The two parts of an absolute URL; the runtime has made it out of a request, so it has a path.
fn path_and_query(url: &str) -> (&str, &str) {
    let rest = url.split_once(':').map_or(url, |(_scheme, rest)| rest.trim_start_matches('/'));
    let rest = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
    rest.split_once('?').unwrap_or((rest, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_splits_into_path_and_query() {
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
