//! Conversion of the service's response to a JavaScript response.

use std::cell::RefCell;

use hallpass_service::{COMMON_HEADERS, Headers, Response};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    fn respond(status: u16, headers: &JsValue, request_id: &JsValue, body: &[u8]) -> JsValue;
    fn parse_headers(lines: &[u8]) -> JsValue;
}

/// A cache of JavaScript objects that contain response headers, by the lines of the headers. Creating such an object
/// takes a quarter of the time of minting a token. Most responses have the same headers, except for headers that depend
/// on the caller's origin.
struct HeaderObjects(Vec<(Vec<u8>, JsValue)>);

thread_local! {
    static HEADER_OBJECTS: RefCell<HeaderObjects> = const { RefCell::new(HeaderObjects(Vec::new())) };
}

/// Converts a response to a JavaScript response. `request_id` is the JavaScript string that `entry.js` passed with the
/// request.
pub(crate) fn convert(response: &Response, request_id: &JsValue) -> JsValue {
    HEADER_OBJECTS.with_borrow_mut(|objects| {
        objects.get(&response.headers).map_or(JsValue::UNDEFINED, |headers| {
            respond(response.status.as_u16(), headers, request_id, &response.body)
        })
    })
}

/// Creates and caches the object with a response's headers. Does not create the response, because the runtime rejects the
/// creation of a response in the global scope.
pub(crate) fn prepare(response: &Response) {
    HEADER_OBJECTS.with_borrow_mut(|objects| {
        objects.get(&response.headers);
    });
}

impl HeaderObjects {
    /// The maximum number of cached objects. Without a maximum, a client that sends many different origins could fill the
    /// memory.
    const MAX: usize = 32;

    /// Returns the object with these headers and the common headers. If the object is not cached, creates and caches it.
    fn get(&mut self, headers: &Headers) -> Option<&JsValue> {
        let mut lines = Vec::new();
        headers.iter().for_each(|(name, value)| push_header(&mut lines, name, value));
        let cached = self.0.iter().position(|(cached_lines, _)| *cached_lines == lines);
        let index = cached.unwrap_or_else(|| {
            if self.0.len() >= Self::MAX {
                self.0.clear();
            }
            let mut all_lines = lines.clone();
            COMMON_HEADERS.iter().for_each(|(name, value)| push_header(&mut all_lines, name, value));
            self.0.push((lines, parse_headers(&all_lines)));
            self.0.len() - 1
        });
        self.0.get(index).map(|(_, object)| object)
    }
}

fn push_header(lines: &mut Vec<u8>, name: &str, value: &str) {
    for line in [name, value] {
        lines.extend_from_slice(line.as_bytes());
        lines.push(b'\n');
    }
}
