//! What the runtime does for the service while it answers.

use std::cell::Cell;

use hallpass_service::{
    HEADERS_TAKEN, Incoming, Outgoing, PAUSE_MILLISECONDS, Platform, PublicKey, STORE_MILLISECONDS, Secrets,
    SendError, StoreError,
};
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use worker::Env;
use zeroize::Zeroizing;

use crate::console_warn;
use crate::settings::{self, Secret};

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    /// Status, body and headers of an answer, or one of the numbers below.
    fn send(
        method: &str,
        url: &str,
        headers: &Array,
        body: &[u8],
        taken: &Array,
        max_bytes: usize,
        seconds: u32,
    ) -> Promise;
    /// Whether the key signed the message; the key is a JWK.
    fn verify(jwk: &str, message: &[u8], signature: &[u8]) -> Promise;
    /// Whether a request is within the limit of this key.
    fn is_within_limit(env: &Env, key: &str) -> Promise;
    /// The values of these bindings; `undefined`, or `TIMED_OUT`, for one that has none.
    fn read_secrets(env: &Env, names: &Array, milliseconds: u32) -> Promise;
    fn pause(milliseconds: u32) -> Promise;
    fn has_limiter(env: &Env) -> bool;
}

/// The numbers are those of border.js.
const TIMED_OUT: u16 = 1;
const TOO_LARGE: u16 = 2;

/// The runtime, on behalf of one request.
pub(crate) struct Runtime<'a> {
    pub(crate) env: &'a Env,
}

impl Platform for Runtime<'_> {
    const WORKS_AFTER_ANSWER: bool = true;

    /// A secret of `wrangler secret put` changes with a deployment only, which makes other isolates.
    async fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let (mut values, mut in_store, mut unbound) = (Vec::new(), Vec::new(), Vec::new());
        for name in names.iter().map(|name| (*name).to_owned()) {
            match settings::secret(self.env, &name) {
                Some(Secret::Here(value)) => values.push((name, value)),
                Some(Secret::InStore) => in_store.push(name),
                None => unbound.push(name),
            }
        }
        if in_store.is_empty() {
            return Ok(Secrets::for_good(values));
        }
        let bindings = in_store.iter().map(|name| JsValue::from_str(name)).collect::<Array>();
        let read = JsFuture::from(read_secrets(self.env, &bindings, STORE_MILLISECONDS)).await;
        let read = read.map(|read| Array::from(&read)).unwrap_or_default();
        let (mut not_given, mut late) = (Vec::new(), Vec::new());
        for (place, name) in (0..).zip(in_store) {
            let secret = read.get(place);
            match secret.as_string() {
                Some(value) => values.push((name, Zeroizing::new(value))),
                None if secret == TIMED_OUT => late.push(name),
                None => not_given.push(name),
            }
        }
        if late.is_empty() && not_given.is_empty() {
            return Ok(Secrets::from_store(values));
        }
        let is_timeout = !late.is_empty();
        Err(store_error(
            is_timeout,
            [
                (&format!("the Secrets Store did not answer within {STORE_MILLISECONDS} ms for"), late),
                (
                    "the Secrets Store gives nothing under the `secret_name` and `store_id` bound as",
                    not_given,
                ),
                ("there is no binding for", unbound),
            ],
        ))
    }

    async fn send(&self, request: &Outgoing) -> Result<Incoming, SendError> {
        let headers = request.headers.iter().flat_map(|(name, value)| [name, value.as_str()]);
        let headers = headers.map(JsValue::from_str).collect::<Array>();
        let taken = HEADERS_TAKEN.into_iter().map(JsValue::from_str).collect::<Array>();
        let (method, body) = (request.method.as_str(), request.body.as_slice());
        let (max_bytes, seconds) = (request.max_bytes, request.seconds);
        let answer = send(method, &request.url, &headers, body, &taken, max_bytes, seconds);
        let answer = JsFuture::from(answer).await.map_err(|_| SendError::Unreachable)?;
        match answer.as_f64().map(|number| number as u16) {
            Some(TIMED_OUT) => return Err(SendError::TimedOut),
            Some(TOO_LARGE) => return Err(SendError::TooLarge),
            Some(_) | None => {}
        }
        let answer = Array::from(&answer);
        let taken = HEADERS_TAKEN.into_iter().zip(answer.iter().skip(2));
        Ok(Incoming {
            status: answer.get(0).as_f64().unwrap_or_default() as u16,
            headers: taken.filter_map(|(name, value)| Some((name, value.as_string()?))).collect(),
            body: Uint8Array::new(&answer.get(1)).to_vec().into(),
        })
    }

    async fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let verified = JsFuture::from(verify(&key.to_jwk(), message, signature)).await;
        verified.is_ok_and(|verified| verified.is_truthy())
    }

    async fn is_within_limit(&self, key: impl Fn() -> Option<String>) -> bool {
        if !limits(self.env) {
            return true;
        }
        let Some(key) = key() else { return true };
        match JsFuture::from(is_within_limit(self.env, &key)).await {
            Ok(within) => within.is_truthy(),
            // To lock everybody out would be worse than to let too many in; but somebody should know.
            Err(_) => {
                console_warn(r#"{"level":"WARN","event":"rate_limit_failed"}"#);
                true
            }
        }
    }

    async fn pause(&self) {
        let _: Result<JsValue, JsValue> = JsFuture::from(pause(PAUSE_MILLISECONDS)).await;
    }
}

/// What is wrong, and with which names.
fn store_error(is_timeout: bool, faults: [(&str, Vec<String>); 3]) -> StoreError {
    let reasons: Vec<_> = faults
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(fault, names)| format!("{fault} {}", names.join(", ")))
        .collect();
    StoreError {
        names: faults.into_iter().flat_map(|(_, names)| names).collect(),
        reason: reasons.join("; ").into(),
        is_timeout,
    }
}

/// Whether the deployment has a limiter; asked once for each isolate.
fn limits(env: &Env) -> bool {
    thread_local! {
        static LIMITS: Cell<Option<bool>> = const { Cell::new(None) };
    }
    LIMITS.get().unwrap_or_else(|| {
        let limits = has_limiter(env);
        LIMITS.set(Some(limits));
        limits
    })
}
