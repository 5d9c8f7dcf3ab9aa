//! The Workers runtime as the service's platform.

use std::future::ready;

use hallpass_service::{
    BoxFuture, CAPTURED_HEADERS, OutboundRequest, OutboundResponse, Platform, PublicKey, SLEEP_MILLISECONDS,
    STORE_MILLISECONDS, Secrets, SendError, SignatureAlgorithm, StoreError, is_optional_secret,
};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;
use worker::js_sys::{Array, Promise, Uint8Array};
use zeroize::Zeroizing;

use crate::settings::{self, Secret};
use crate::tasks::fulfilled;
use crate::{console, keys};

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    /// Sends a request, and returns the status, body and captured headers of the response. Returns `undefined` if the
    /// body is too large, and `null` if the request exceeds the time limit.
    fn send(
        method: &str,
        url: &str,
        headers: &Array,
        body: &[u8],
        captured: &Array,
        max_bytes: usize,
        seconds: u32,
    ) -> Promise;
    /// Counts a request for this key, and returns whether the request is within the rate limit.
    fn is_within_limit(env: &Env, key: &str) -> Promise;
    /// Reads the secrets with these bindings. A value is `undefined` if the store does not return the secret, and `null`
    /// if reading the secret exceeds the time limit.
    fn read_secrets(env: &Env, names: &Array, milliseconds: u32) -> Promise;
    fn sleep(milliseconds: u32) -> Promise;
    /// Returns whether the deployment has a rate limiter.
    pub(crate) fn has_limiter(env: &Env) -> bool;
}

/// The Workers runtime, with the bindings of one request.
pub(crate) struct WorkerPlatform<'a> {
    pub(crate) env: &'a Env,
    pub(crate) has_limiter: bool,
}

impl Platform for WorkerPlatform<'_> {
    fn works_after_response(&self) -> bool {
        true
    }

    /// Reads secrets from the bindings and from the Secrets Store. A secret from `wrangler secret put` is permanent in an
    /// isolate, because a change of the secret deploys the Worker again, in new isolates.
    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>> {
        let is_bound = |name: &str| settings::secret(self.env, name).is_some();
        let (mut values, mut in_store, mut unbound) = (Vec::new(), Vec::new(), Vec::new());
        for name in names.iter().map(|name| (*name).to_owned()) {
            match settings::secret(self.env, &name) {
                Some(Secret::Value(value)) => values.push((name, value)),
                Some(Secret::InStore) => in_store.push(name),
                None if is_optional_secret(&name, &is_bound) => {}
                None => unbound.push(name),
            }
        }
        if in_store.is_empty() {
            return Box::pin(ready(Ok(Secrets::permanent(values))));
        }
        Box::pin(read_from_store(self.env, values, in_store, unbound))
    }

    fn send<'a>(
        &'a self,
        request: &'a OutboundRequest,
    ) -> BoxFuture<'a, Result<OutboundResponse, SendError>> {
        Box::pin(fetch(request))
    }

    /// Returns true, because WebCrypto in the Workers runtime has every algorithm.
    fn supports(&self, _algorithm: SignatureAlgorithm) -> bool {
        true
    }

    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        algorithm: SignatureAlgorithm,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        Box::pin(keys::verify(key, algorithm, message, signature))
    }

    fn is_within_limit<'a>(&'a self, key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool> {
        let key = if self.has_limiter { key() } else { None };
        let Some(key) = key else { return Box::pin(ready(true)) };
        let promise = is_within_limit(self.env, &key);
        Box::pin(async {
            match fulfilled(promise).await {
                Some(is_within_limit) => is_within_limit.is_truthy(),
                // If the rate limiter fails, the request is allowed, because an outage for all callers would be worse
                // than a missing limit.
                None => {
                    console::warn(r#"{"level":"WARN","event":"rate_limit_failed"}"#);
                    true
                }
            }
        })
    }

    fn sleep(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            fulfilled(sleep(SLEEP_MILLISECONDS)).await;
        })
    }
}

/// Reads the secrets named in `in_store` from the Secrets Store, and adds them to `values`. `unbound` contains the names
/// without a binding, which an error lists.
async fn read_from_store(
    env: &Env,
    mut values: Vec<(String, Zeroizing<String>)>,
    in_store: Vec<String>,
    unbound: Vec<String>,
) -> Result<Secrets, StoreError> {
    let bindings = in_store.iter().map(|name| JsValue::from_str(name)).collect::<Array>();
    let secrets = fulfilled(read_secrets(env, &bindings, STORE_MILLISECONDS)).await;
    let secrets = secrets.map(|secrets| Array::from(&secrets)).unwrap_or_default();
    let (mut missing, mut timed_out) = (Vec::new(), Vec::new());
    for (index, name) in (0..).zip(in_store) {
        let secret = secrets.get(index);
        match secret.as_string() {
            Some(value) => values.push((name, Zeroizing::new(value))),
            None if secret.is_null() => timed_out.push(name),
            None => missing.push(name),
        }
    }
    if timed_out.is_empty() && missing.is_empty() {
        return Ok(Secrets::from_store(values));
    }
    let is_timeout = !timed_out.is_empty();
    Err(store_error(
        is_timeout,
        [
            (&format!("the Secrets Store did not respond within {STORE_MILLISECONDS} ms for"), timed_out),
            ("the Secrets Store has no secret with the `secret_name` and `store_id` of the binding", missing),
            ("there is no binding for", unbound),
        ],
    ))
}

async fn fetch(request: &OutboundRequest) -> Result<OutboundResponse, SendError> {
    let headers = Array::new();
    for (name, value) in &request.headers {
        headers.push(&JsValue::from_str(name));
        headers.push(&JsValue::from_str(value));
    }
    let captured = CAPTURED_HEADERS.into_iter().map(JsValue::from_str).collect::<Array>();
    let (method, body) = (request.method.as_str(), request.body.as_slice());
    let (max_bytes, seconds) = (request.max_bytes, request.seconds);
    let response = send(method, &request.url, &headers, body, &captured, max_bytes, seconds);
    let response = fulfilled(response).await.ok_or(SendError::Unreachable)?;
    if response.is_null() {
        return Err(SendError::TimedOut);
    }
    if response.is_undefined() {
        return Err(SendError::TooLarge);
    }
    let response = Array::from(&response);
    let headers = CAPTURED_HEADERS.into_iter().zip(response.iter().skip(2));
    Ok(OutboundResponse {
        status: response.get(0).as_f64().unwrap_or_default() as u16,
        headers: headers.filter_map(|(name, value)| Some((name, value.as_string()?))).collect(),
        body: Uint8Array::new(&response.get(1)).to_vec().into(),
    })
}

/// Combines the failures of several secrets into one error. Each failure consists of a reason and the names of the
/// affected secrets.
fn store_error(is_timeout: bool, failures: [(&str, Vec<String>); 3]) -> StoreError {
    let (mut reasons, mut all_names) = (String::new(), Vec::new());
    for (reason, names) in failures {
        for (position, name) in names.iter().enumerate() {
            if position > 0 {
                reasons.push_str(", ");
            } else {
                reasons.push_str(if all_names.is_empty() { "" } else { "; " });
                reasons.push_str(reason);
                reasons.push(' ');
            }
            reasons.push_str(name);
        }
        all_names.extend(names);
    }
    StoreError { names: all_names, reason: reasons.into(), is_timeout }
}
