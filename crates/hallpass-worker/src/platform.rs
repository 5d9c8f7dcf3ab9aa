//! What the runtime does for the service while it answers.

use std::cell::Cell;

use hallpass_service::{
    FETCH_SECONDS, FetchError, PAUSE_MILLISECONDS, Platform, PublicKey, STORE_MILLISECONDS, Secrets,
    StoreError,
};
use js_sys::{Array, Error, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::Env;
use zeroize::Zeroizing;

use crate::console_warn;
use crate::settings::{self, Secret};

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    /// The bytes of a document, or the number of an HTTP status, or one of the numbers below.
    fn fetch_document(url: &str, max_bytes: usize, seconds: u32) -> Promise;
    /// Whether the key signed the message; the key is a JWK.
    fn verify(jwk: &str, message: &[u8], signature: &[u8]) -> Promise;
    /// Whether a request is within the limit of this key.
    fn is_within_limit(env: &Env, key: &str) -> Promise;
    /// The values of these bindings.
    fn read_secrets(env: &Env, names: &Array, milliseconds: u32) -> Promise;
    fn pause(milliseconds: u32) -> Promise;
    fn has_limiter(env: &Env) -> bool;
}

/// The numbers are those of border.js; no HTTP status is as low.
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
        let (mut values, mut in_store) = (Vec::new(), Vec::new());
        for name in names.iter().map(|name| (*name).to_owned()) {
            match settings::secret(self.env, &name) {
                Some(Secret::Here(value)) => values.push((name, value)),
                Some(Secret::InStore) => in_store.push(name),
                None => {}
            }
        }
        if in_store.is_empty() {
            return Ok(Secrets::for_good(values));
        }
        let bindings = in_store.iter().map(|name| JsValue::from_str(name)).collect::<Array>();
        let read = JsFuture::from(read_secrets(self.env, &bindings, STORE_MILLISECONDS)).await;
        let read = read.map_err(|error| store_error(&error, &in_store))?;
        for (name, value) in in_store.into_iter().zip(Array::from(&read)) {
            if let Some(value) = value.as_string() {
                values.push((name, Zeroizing::new(value)));
            }
        }
        Ok(Secrets::from_store(values))
    }

    async fn fetch(&self, url: &str, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
        let answer = JsFuture::from(fetch_document(url, max_bytes, FETCH_SECONDS)).await;
        let answer = answer.map_err(|_| FetchError::Unreachable)?;
        match answer.as_f64().map(|number| number as u16) {
            None => Ok(Uint8Array::new(&answer).to_vec()),
            Some(TIMED_OUT) => Err(FetchError::TimedOut),
            Some(TOO_LARGE) => Err(FetchError::TooLarge),
            Some(status) => Err(FetchError::Status(status)),
        }
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

/// The error of `read_secrets`: its message is the name of a binding, or empty for a store that is too slow.
fn store_error(error: &JsValue, names: &[String]) -> StoreError {
    let name = error.dyn_ref::<Error>().map(|error| String::from(error.message()));
    match name.filter(|name| names.contains(name)) {
        Some(name) => StoreError {
            reason: format!(
                "the Secrets Store has nothing for the binding {name}: is there a secret of its `secret_name` in the \
                 store of its `store_id`?"
            )
            .into(),
            names: vec![name],
        },
        None => StoreError {
            names: names.to_vec(),
            reason: format!("the Secrets Store did not answer within {STORE_MILLISECONDS} ms").into(),
        },
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
