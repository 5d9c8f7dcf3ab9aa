//! From an answer of the service to a JavaScript response.

use std::cell::RefCell;

use hallpass_service::COMMON_HEADERS;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    fn respond(
        status: u16,
        content_type: &JsValue,
        request_id: &JsValue,
        more: &JsValue,
        body: &[u8],
    ) -> JsValue;
    fn more_headers(lines: &[u8]) -> JsValue;
    fn set_common_headers(lines: &[u8]);
}

thread_local! {
    /// Content types as JavaScript texts; there are a handful, and making one costs more than the call that uses it.
    static CONTENT_TYPES: RefCell<Vec<(HeaderValue, JsValue)>> = const { RefCell::new(Vec::new()) };
    /// Blocks of other headers as JavaScript objects. Pages of a few origins send most of the requests, and to read a
    /// block costs as much as a quarter of a mint.
    static BLOCKS: RefCell<Vec<(Vec<u8>, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// A client that sends ever other origins gets no more than this many blocks kept.
const MAX_BLOCKS: usize = 16;

/// Hands those headers over that every response carries, so that they need not cross with each.
pub(crate) fn set_common() {
    let mut lines = Vec::new();
    for (name, value) in &COMMON_HEADERS {
        push_line(&mut lines, name, value);
    }
    set_common_headers(&lines);
}

/// Writes a response; its id is that of the request, which is a JavaScript text already.
pub(crate) fn write(response: &Response<Vec<u8>>, request_id: &JsValue) -> JsValue {
    let mut lines = Vec::new();
    for (name, value) in response.headers() {
        let crosses_otherwise = name == CONTENT_TYPE
            || name == "x-request-id"
            || COMMON_HEADERS.iter().any(|(common, same)| common == name && same == value);
        if !crosses_otherwise {
            push_line(&mut lines, name, value);
        }
    }
    let status = response.status().as_u16();
    let more = block(lines);
    with_content_type(response, |content_type| {
        respond(status, content_type, request_id, &more, response.body())
    })
}

/// The block of these lines; nothing for no line.
fn block(lines: Vec<u8>) -> JsValue {
    if lines.is_empty() {
        return JsValue::UNDEFINED;
    }
    BLOCKS.with_borrow_mut(|blocks| {
        if let Some((_, block)) = blocks.iter().find(|(known, _)| *known == lines) {
            return block.clone();
        }
        let block = more_headers(&lines);
        if blocks.len() < MAX_BLOCKS {
            blocks.push((lines, block.clone()));
        }
        block
    })
}

fn with_content_type(response: &Response<Vec<u8>>, use_it: impl FnOnce(&JsValue) -> JsValue) -> JsValue {
    let Some(wanted) = response.headers().get(CONTENT_TYPE) else {
        return use_it(&JsValue::UNDEFINED);
    };
    CONTENT_TYPES.with_borrow_mut(|types| {
        let known = types.iter().position(|(known, _)| known == wanted);
        let index = known.unwrap_or_else(|| {
            types.push((wanted.clone(), JsValue::from_str(wanted.to_str().unwrap_or_default())));
            types.len() - 1
        });
        use_it(types.get(index).map_or(&JsValue::UNDEFINED, |(_, text)| text))
    })
}

fn push_line(lines: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    lines.extend_from_slice(name.as_str().as_bytes());
    lines.push(b'\n');
    lines.extend_from_slice(value.as_bytes());
    lines.push(b'\n');
}
