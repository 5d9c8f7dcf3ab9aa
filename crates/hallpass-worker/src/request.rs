//! From a JavaScript request to one that the service reads.

use futures_util::StreamExt as _;
use hallpass_service::{Body, MAX_BODY_BYTES, Request, Service};
use http::{HeaderMap, HeaderValue, Method};
use wasm_bindgen::JsValue;

/// Reads a request; what cannot be read of it is for the service to answer.
pub(crate) async fn read(request: &web_sys::Request, service: &Service) -> Request {
    // JavaScript has no method that is no token; a route for TRACE does not exist.
    let method = Method::from_bytes(request.method().as_bytes()).unwrap_or(Method::TRACE);
    let url = request.url();
    let (path, query) = path_and_query(&url);
    let mut headers = HeaderMap::new();
    for name in service.headers_read(&method, path) {
        let value = request.headers().get(name.as_str()).ok().flatten();
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    let has_body = method != Method::GET && method != Method::HEAD;
    let body = if has_body { read_body(request).await } else { Body::Whole(Vec::new()) };
    Request { method, path: path.to_owned(), query: query.to_owned(), headers, body }
}

/// The two parts of an absolute URL; the runtime has made it out of a request, so it has a path.
fn path_and_query(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(host..).unwrap_or_default();
    let rest = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
    rest.split_once('?').unwrap_or((rest, ""))
}

/// Reads a body of known length at once, one of unknown length piece by piece as far as the limit.
async fn read_body(request: &web_sys::Request) -> Body {
    let length = request.headers().get("content-length").ok().flatten();
    match length.map(|length| length.parse::<usize>()) {
        Some(Ok(length)) if length > MAX_BODY_BYTES => Body::TooLarge,
        Some(_) => read_at_once(request).await.map_or(Body::Broken, Body::from_bytes),
        None => read_in_pieces(request).await,
    }
}

async fn read_at_once(request: &web_sys::Request) -> Result<Vec<u8>, JsValue> {
    let buffer = js_sys::futures::JsFuture::from(request.array_buffer()?).await?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

async fn read_in_pieces(request: &web_sys::Request) -> Body {
    if request.body().is_none() {
        return Body::Whole(Vec::new());
    }
    let Ok(copy) = request.clone() else { return Body::Broken };
    let Ok(mut pieces) = worker::Request::from(copy).stream() else { return Body::Broken };
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(_) => return Body::Broken,
        }
        if bytes.len() > MAX_BODY_BYTES {
            return Body::TooLarge;
        }
    }
    Body::Whole(bytes)
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
