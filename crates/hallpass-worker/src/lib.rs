//! Hallpass as a Cloudflare Worker.
//!
//! This crate handles the platform: bindings, the clock, random bytes, and the JavaScript request and response. Routes,
//! status codes, policy and token formats belong to `hallpass-service`.
//!
//! A call between JavaScript and WebAssembly takes about as long as an HMAC. Therefore `entry.js`, the Worker's main
//! module, waits for the body and then passes the request in one call. `worker::Request` is not used, because this type
//! fetches properties that the service does not need, and converts an unknown method to GET.

mod console;
mod isolate;
mod keys;
mod platform;
mod random;
mod request;
mod response;
mod settings;
mod tasks;
mod warm_up;

use hallpass_service::{Body, MAX_BODY_BYTES};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use worker::Env;

use crate::isolate::{HandledRequest, Isolate};
use crate::tasks::Progress;

/// An allocator that is faster than the allocator of the standard library, and has a fifth of its code size.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Returns the maximum length of a request's body in bytes.
#[wasm_bindgen]
pub fn max_body_bytes() -> usize {
    MAX_BODY_BYTES
}

/// Reads the configuration, and mints a token with the bindings in `placeholder`. Minting makes the runtime compile the
/// functions that handle a request. `placeholder` belongs to no deployment.
///
/// # Errors
/// Returns an error if the token cannot be minted.
#[wasm_bindgen]
pub fn start(env: &Env, placeholder: &Env) -> Result<(), JsError> {
    Isolate::get(env);
    warm_up::mint(placeholder)
}

/// Handles one request. Returns a response, or an array with a task that `entry.js` resumes. `body` is `None` if the
/// request's body exceeds the limit (`is_too_large`) or could not be read.
///
/// # Errors
/// Returns an error if the runtime supplies no random bytes. The runtime then responds with status 500.
#[wasm_bindgen]
pub fn handle(
    request: JsValue,
    env: Env,
    method: &str,
    url: &str,
    request_id: JsValue,
    body: Option<Vec<u8>>,
    is_too_large: bool,
) -> Result<JsValue, JsError> {
    let isolate = Isolate::get(&env);
    isolate.log_notices();
    let random = random::take()?;
    let body = match body {
        Some(body) => Body::from_bytes(body),
        None if is_too_large => Body::TooLarge,
        None => Body::Broken,
    };
    let service_request = request::read(isolate.service(), &request, method, url, body);
    let task = async move {
        let handled = isolate.handle(request, service_request, env, random, request_id.as_string()).await;
        finish(isolate, handled, &request_id)
    };
    Ok(tasks::run(Box::pin(task)).into_js(&JsValue::UNDEFINED))
}

/// Writes the log, and converts the response. If a refresh of the secrets is due, starts the refresh, which can continue
/// after the response.
fn finish(isolate: &'static Isolate, handled: HandledRequest, request_id: &JsValue) -> JsValue {
    let HandledRequest { outcome, now, env } = handled;
    outcome.log.iter().for_each(console::log);
    let response = response::convert(&outcome.response, request_id);
    if !outcome.is_refresh_due {
        return response;
    }
    let refresh = async move {
        isolate.refresh(now, &env).await;
        JsValue::UNDEFINED
    };
    match tasks::run(Box::pin(refresh)) {
        Progress::Completed(_) => response,
        pending => pending.into_js(&response),
    }
}
