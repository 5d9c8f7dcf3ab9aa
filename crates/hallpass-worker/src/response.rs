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

/// Headers by their lines, as JavaScript objects. Most responses have the headers of a few pages' origins, and to create
/// such an object costs as much as a quarter of a mint.
struct HeaderObjects(Vec<(Vec<u8>, JsValue)>);

thread_local! {
    static HEADER_OBJECTS: RefCell<HeaderObjects> = const { RefCell::new(HeaderObjects(Vec::new())) };
}

/// Converts a response. Its request id is the JavaScript string that came with the request.
pub(crate) fn convert(response: &Response, request_id: &JsValue) -> JsValue {
    HEADER_OBJECTS.with_borrow_mut(|objects| {
        objects.get(&response.headers).map_or(JsValue::UNDEFINED, |headers| {
            respond(response.status.as_u16(), headers, request_id, &response.body)
        })
    })
}

/// Creates the headers of a response, and no response, which the runtime rejects in the global scope.
pub(crate) fn prepare(response: &Response) {
    HEADER_OBJECTS.with_borrow_mut(|objects| {
        objects.get(&response.headers);
    });
}

impl HeaderObjects {
    /// The most objects that are kept. A client that changes its origin does not fill the memory.
    const MAX: usize = 32;

    /// Returns the object with these headers and the common ones.
    fn get(&mut self, headers: &Headers) -> Option<&JsValue> {
        let mut lines = Vec::new();
        headers.iter().for_each(|(name, value)| push_line(&mut lines, name, value));
        let known = self.0.iter().position(|(known, _)| *known == lines);
        let index = known.unwrap_or_else(|| {
            if self.0.len() >= Self::MAX {
                self.0.clear();
            }
            let mut all = lines.clone();
            COMMON_HEADERS.iter().for_each(|(name, value)| push_line(&mut all, name, value));
            self.0.push((lines, parse_headers(&all)));
            self.0.len() - 1
        });
        self.0.get(index).map(|(_, object)| object)
    }
}

fn push_line(lines: &mut Vec<u8>, name: &str, value: &str) {
    for text in [name, value] {
        lines.extend_from_slice(text.as_bytes());
        lines.push(b'\n');
    }
}
