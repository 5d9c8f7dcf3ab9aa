//! From an answer of the service to a JavaScript response.

use wasm_bindgen::JsValue;
use worker::{Error, Result};

/// Writes a response.
pub(crate) fn write(response: http::Response<Vec<u8>>) -> Result<web_sys::Response> {
    let (parts, body) = response.into_parts();
    let headers = web_sys::Headers::new().map_err(failed)?;
    for (name, value) in &parts.headers {
        let value = value.to_str().map_err(|error| Error::RustError(error.to_string()))?;
        headers.set(name.as_str(), value).map_err(failed)?;
    }
    let init = web_sys::ResponseInit::new();
    init.set_status(parts.status.as_u16());
    init.set_headers(&headers);
    let body = js_sys::Uint8Array::from(body.as_slice());
    web_sys::Response::new_with_opt_buffer_source_and_init(Some(&body), &init).map_err(failed)
}

fn failed(error: JsValue) -> Error {
    Error::RustError(format!("the runtime refused the response: {error:?}"))
}
