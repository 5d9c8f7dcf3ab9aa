//! Hallpass as a Cloudflare Worker.
//!
//! Knows the platform: bindings, the clock, random bytes, the JavaScript request and response.
//! Knows nothing of routes, status codes, policy or token formats.
//!
//! The boundary to JavaScript is expensive: a call across it costs about as much as an HMAC. So `entry.js`, the
//! Worker's main module, waits for the body and makes one call. `worker::Request` would fetch things that no one
//! asked for, and would turn an unknown method into GET.

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

use crate::isolate::{Handled, Isolate};
use crate::tasks::Step;

/// A fifth of the standard library's allocator in size, and faster.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Returns the most bytes of a body that `entry.js` reads.
#[wasm_bindgen]
pub fn max_body_bytes() -> usize {
    MAX_BODY_BYTES
}

/// Reads the configuration, and compiles what a request executes, before the first request. `placeholder` are the bindings
/// of a deployment that does not exist.
///
/// # Errors
/// If the mint fails.
#[wasm_bindgen]
pub fn start(env: &Env, placeholder: &Env) -> Result<(), JsError> {
    Isolate::get(env);
    warm_up::mint(placeholder)
}

/// Responds to one request: with a response, or with what `entry.js` awaits for it. Without a body, the body of the request
/// exceeds the limit or is broken.
///
/// # Errors
/// If the runtime supplies no random bytes; it then responds 500 by itself.
#[wasm_bindgen]
pub fn answer(
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
    let read = request::read(isolate.service(), &request, method, url, body);
    let respond = async move {
        let handled = isolate.handle(request, read, env, random, request_id.as_string()).await;
        finish(isolate, handled, &request_id)
    };
    Ok(tasks::run(Box::pin(respond)).into_js(&JsValue::UNDEFINED))
}

/// Writes the log, and converts the response. Reads the secrets again after it, if that is due.
fn finish(isolate: &'static Isolate, handled: Handled, request_id: &JsValue) -> JsValue {
    let Handled { outcome, now, env } = handled;
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
        Step::Ended(_) => response,
        step => step.into_js(&response),
    }
}
