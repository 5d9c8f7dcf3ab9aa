//! From an answer of the service to a JavaScript response.

use hallpass_service::COMMON_HEADERS;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    fn respond(status: u16, lines: &[u8], body: &[u8]) -> JsValue;
    fn set_common_headers(lines: &[u8]);
}

/// Hands those headers over that every response carries, so that they need not cross with each.
pub(crate) fn set_common() {
    let mut lines = Vec::new();
    for (name, value) in &COMMON_HEADERS {
        push_line(&mut lines, name, value);
    }
    set_common_headers(&lines);
}

/// Writes a response.
pub(crate) fn write(response: &http::Response<Vec<u8>>) -> JsValue {
    let mut lines = Vec::with_capacity(128);
    for (name, value) in response.headers() {
        if !COMMON_HEADERS.iter().any(|(common, same)| common == name && same == value) {
            push_line(&mut lines, name, value);
        }
    }
    respond(response.status().as_u16(), &lines, response.body())
}

fn push_line(lines: &mut Vec<u8>, name: &http::HeaderName, value: &http::HeaderValue) {
    lines.extend_from_slice(name.as_str().as_bytes());
    lines.push(b'\n');
    lines.extend_from_slice(value.as_bytes());
    lines.push(b'\n');
}
