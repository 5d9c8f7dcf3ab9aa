//! What the runtime does for the service while it answers.

use std::future::ready;

use hallpass_service::{
    BoxFuture, CAPTURED_HEADERS, OutboundRequest, OutboundResponse, Platform, PublicKey, SLEEP_MILLISECONDS,
    STORE_MILLISECONDS, Secrets, SendError, StoreError,
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
    /// Status, body and headers of an answer; `undefined` if the body is too large, `null` after the time limit.
    fn send(
        method: &str,
        url: &str,
        headers: &Array,
        body: &[u8],
        taken: &Array,
        max_bytes: usize,
        seconds: u32,
    ) -> Promise;
    /// Whether a request is within the limit of this key.
    fn is_within_limit(env: &Env, key: &str) -> Promise;
    /// The values of these bindings; `undefined` for one that has none, `null` for one that is late.
    fn read_secrets(env: &Env, names: &Array, milliseconds: u32) -> Promise;
    fn sleep(milliseconds: u32) -> Promise;
    /// Whether the deployment has a rate limiter.
    pub(crate) fn has_limiter(env: &Env) -> bool;
}

/// The Workers runtime, on behalf of one request.
pub(crate) struct WorkerPlatform<'a> {
    pub(crate) env: &'a Env,
    pub(crate) has_limiter: bool,
}

impl Platform for WorkerPlatform<'_> {
    fn works_after_response(&self) -> bool {
        true
    }

    /// A secret of `wrangler secret put` changes with a deployment only, which makes other isolates.
    fn secrets<'a>(&'a self, names: &'a [&'a str]) -> BoxFuture<'a, Result<Secrets, StoreError>> {
        let (mut values, mut in_store, mut unbound) = (Vec::new(), Vec::new(), Vec::new());
        for name in names.iter().map(|name| (*name).to_owned()) {
            match settings::secret(self.env, &name) {
                Some(Secret::Here(value)) => values.push((name, value)),
                Some(Secret::InStore) => in_store.push(name),
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

    fn verify<'a>(
        &'a self,
        key: &'a PublicKey,
        message: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, bool> {
        Box::pin(keys::verify(key, message, signature))
    }

    fn is_within_limit<'a>(&'a self, key: &'a dyn Fn() -> Option<String>) -> BoxFuture<'a, bool> {
        let key = if self.has_limiter { key() } else { None };
        let Some(key) = key else { return Box::pin(ready(true)) };
        let within = is_within_limit(self.env, &key);
        Box::pin(async {
            match fulfilled(within).await {
                Some(within) => within.is_truthy(),
                // To lock everybody out would be worse than to let too many in; but somebody should know.
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

/// Reads those secrets that are in the Secrets Store. `values` are the others, and `unbound` are names without a binding.
async fn read_from_store(
    env: &Env,
    mut values: Vec<(String, Zeroizing<String>)>,
    in_store: Vec<String>,
    unbound: Vec<String>,
) -> Result<Secrets, StoreError> {
    let bindings = in_store.iter().map(|name| JsValue::from_str(name)).collect::<Array>();
    let read = fulfilled(read_secrets(env, &bindings, STORE_MILLISECONDS)).await;
    let read = read.map(|read| Array::from(&read)).unwrap_or_default();
    let (mut not_given, mut late) = (Vec::new(), Vec::new());
    for (place, name) in (0..).zip(in_store) {
        let secret = read.get(place);
        match secret.as_string() {
            Some(value) => values.push((name, Zeroizing::new(value))),
            None if secret.is_null() => late.push(name),
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
            ("the Secrets Store gives nothing under the `secret_name` and `store_id` bound as", not_given),
            ("there is no binding for", unbound),
        ],
    ))
}

async fn fetch(request: &OutboundRequest) -> Result<OutboundResponse, SendError> {
    let headers = request.headers.iter().flat_map(|(name, value)| [name, value.as_str()]);
    let headers = headers.map(JsValue::from_str).collect::<Array>();
    let taken = CAPTURED_HEADERS.into_iter().map(JsValue::from_str).collect::<Array>();
    let (method, body) = (request.method.as_str(), request.body.as_slice());
    let (max_bytes, seconds) = (request.max_bytes, request.seconds);
    let answer = send(method, &request.url, &headers, body, &taken, max_bytes, seconds);
    let answer = fulfilled(answer).await.ok_or(SendError::Unreachable)?;
    if answer.is_null() {
        return Err(SendError::TimedOut);
    }
    if answer.is_undefined() {
        return Err(SendError::TooLarge);
    }
    let answer = Array::from(&answer);
    let taken = CAPTURED_HEADERS.into_iter().zip(answer.iter().skip(2));
    Ok(OutboundResponse {
        status: answer.get(0).as_f64().unwrap_or_default() as u16,
        headers: taken.filter_map(|(name, value)| Some((name, value.as_string()?))).collect(),
        body: Uint8Array::new(&answer.get(1)).to_vec().into(),
    })
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
