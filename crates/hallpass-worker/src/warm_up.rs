//! Minting of a token before the first request.
//!
//! The runtime compiles each function of the module at the function's first call. Compiling takes several times as long
//! as a warm request. Cloudflare executes the global scope during the client's TLS handshake, so compiling in the global
//! scope delays no caller. The token is minted with placeholders. No secret is read, and the token, the response and the
//! log are discarded.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hallpass_service::{Body, RequestContext};
use wasm_bindgen::{JsError, JsValue};
use worker::Env;

use crate::isolate::Isolate;
use crate::{request, response};

/// Mints a token with placeholder bindings, and discards it.
///
/// # Errors
/// Returns an error if minting fails or must wait. In both cases, the runtime has not compiled all functions for minting.
pub(crate) fn mint(placeholder: &Env) -> Result<(), JsError> {
    let isolate = Isolate::new(placeholder);
    let body = br#"{"rtc":{"channel":"warm-up","uid":1,"role":"publisher"}}"#;
    let request = request::read(
        isolate.service(),
        &JsValue::UNDEFINED,
        "POST",
        "https://localhost/v1/token",
        Body::from_bytes(body.to_vec()),
    );
    let random = [0; RequestContext::RANDOM_BYTES];
    let handled = isolate.handle(JsValue::UNDEFINED, request, placeholder.clone(), random, None);
    // Minting does not wait, because the placeholder bindings contain every secret.
    let Poll::Ready(handled) = pin!(handled).poll(&mut Context::from_waker(Waker::noop())) else {
        return Err(JsError::new("the warm-up did not mint a token immediately"));
    };
    let response = handled.outcome.response;
    response::prepare(&response);
    match response.status.as_u16() {
        200 => Ok(()),
        status => Err(JsError::new(&format!("the warm-up failed with status {status}"))),
    }
}
