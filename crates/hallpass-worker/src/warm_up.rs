//! A mint before the first request.
//!
//! The runtime compiles each function of the module when it is first called, which takes several times as long as a warm
//! request. Cloudflare executes the global scope while the client's TLS handshake is under way, so what is compiled there
//! delays no caller. The mint uses placeholders: it reads no secret, and its token, response and log are discarded.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hallpass_service::{Body, RequestContext};
use wasm_bindgen::{JsError, JsValue};
use worker::Env;

use crate::isolate::Isolate;
use crate::{request, response};

/// Mints a token of a deployment with placeholder bindings, and discards it.
///
/// # Errors
/// If the deployment does not mint at once. It would compile other functions than those of a mint.
pub(crate) fn mint(placeholder: &Env) -> Result<(), JsError> {
    let isolate = Isolate::new(placeholder);
    let body = br#"{"rtc":{"channel":"warm-up","uid":1,"role":"publisher"}}"#;
    let read = request::read(
        isolate.service(),
        &JsValue::UNDEFINED,
        "POST",
        "https://localhost/v1/token",
        Body::from_bytes(body.to_vec()),
    );
    let random = [0; RequestContext::RANDOM_BYTES];
    let handled = isolate.handle(JsValue::UNDEFINED, read, placeholder.clone(), random, None);
    // With a placeholder for every secret, the mint waits for nothing.
    let Poll::Ready(handled) = pin!(handled).poll(&mut Context::from_waker(Waker::noop())) else {
        return Err(JsError::new("the first mint waits"));
    };
    let response = handled.outcome.response;
    response::prepare(&response);
    match response.status.as_u16() {
        200 => Ok(()),
        status => Err(JsError::new(&format!("the first mint is answered with status {status}"))),
    }
}
