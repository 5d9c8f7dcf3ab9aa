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
mod platform;
mod random;
mod request;
mod response;
mod settings;
mod warm_up;

use std::task::{Context, Poll, Waker};

use hallpass_service::{Body, BoxFuture, MAX_BODY_BYTES};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use worker::Env;
use worker::js_sys::Promise;
use worker::wasm_bindgen_futures::future_to_promise;

use crate::isolate::{Handled, Isolate};

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    /// Keeps a request's rights until the promise is settled.
    fn wait_until(context: &JsValue, promise: &Promise);
}

/// Returns the most bytes of a body that `entry.js` reads.
#[wasm_bindgen]
pub fn max_body_bytes() -> usize {
    MAX_BODY_BYTES
}

/// Reads the configuration, and compiles what a request executes, before the first request. `placeholder` are the bindings
/// of a deployment that does not exist.
#[wasm_bindgen]
pub fn start(env: &Env, placeholder: &Env) {
    Isolate::get(env);
    warm_up::mint(placeholder);
}

/// Responds to one request: with a response, or with a promise of one if the service waits for something. Without a body,
/// the body of the request exceeds the limit or is broken.
///
/// # Errors
/// If the runtime supplies no random bytes; it then responds 500 by itself.
#[wasm_bindgen]
#[expect(
    clippy::too_many_arguments,
    reason = "each further call across the boundary costs as much as an HMAC"
)]
pub fn answer(
    request: JsValue,
    env: Env,
    context: &JsValue,
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
    let mut handled = Box::pin(isolate.handle(request, read, env, random, request_id.as_string()));
    // Most requests wait for nothing, and a promise costs as much as a token.
    match handled.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(handled) => Ok(finish(isolate, handled, context, &request_id)),
        Poll::Pending => {
            let context = context.clone();
            let response = async move { finish(isolate, handled.await, &context, &request_id) };
            Ok(promise(Box::pin(response)).into())
        }
    }
}

/// Writes the log, and converts the response. Reads the secrets again after it, if that is due.
fn finish(isolate: &'static Isolate, handled: Handled, context: &JsValue, request_id: &JsValue) -> JsValue {
    let Handled { outcome, now, env } = handled;
    outcome.log.iter().for_each(console::log);
    if outcome.is_refresh_due {
        let refresh = async move {
            isolate.refresh(now, &env).await;
            JsValue::UNDEFINED
        };
        wait_until(context, &promise(Box::pin(refresh)));
    }
    response::convert(&outcome.response, request_id)
}

/// Returns a promise of what a future returns. The future is boxed, because each type of future would bring another copy of
/// the executor.
fn promise(future: BoxFuture<'static, JsValue>) -> Promise {
    future_to_promise(async { Ok(future.await) })
}
