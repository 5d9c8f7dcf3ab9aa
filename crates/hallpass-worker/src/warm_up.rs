//! A mint before the first request.
//!
//! The runtime compiles each function of the module when it is first called, which takes several times as long as a warm
//! request. Cloudflare executes the global scope while the client's TLS handshake is under way, so what is compiled there
//! delays no caller. The mint uses placeholders: it reads no secret, and its token, response and log are discarded.

use std::pin::pin;
use std::task::{Context, Waker};

use hallpass_service::{Body, RequestContext};
use wasm_bindgen::JsValue;
use worker::Env;

use crate::isolate::Isolate;
use crate::{request, response};

/// Mints a token of a deployment with placeholder bindings, and discards it.
pub(crate) fn mint(placeholder: &Env) {
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
    let _ = pin!(handled)
        .poll(&mut Context::from_waker(Waker::noop()))
        .map(|handled| response::convert(&handled.outcome.response, &JsValue::from_str("warm-up")));
}
