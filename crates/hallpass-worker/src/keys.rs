//! Verification of signatures with issuers' public keys, through WebCrypto.

use std::cell::RefCell;

use hallpass_service::PublicKey;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;

use crate::tasks::fulfilled;

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    fn import_key(jwk: &str) -> Promise;
    #[wasm_bindgen(js_name = verify)]
    fn verify_with_key(key: &JsValue, message: &[u8], signature: &[u8]) -> Promise;
}

/// The maximum number of cached keys. The cache needs a maximum, because issuers replace their keys over time.
const MAX_KEYS: usize = 64;

thread_local! {
    /// Imported keys, each with its JWK. The keys are cached, because passing a JWK to JavaScript takes half as long as
    /// minting a token.
    static KEYS: RefCell<Vec<(String, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether the key signed the message. If the key cannot be imported, returns `false`.
pub(crate) async fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let mut verification = verify_with_cached(key, message, signature);
    if verification.is_none()
        && let Some(imported) = fulfilled(import_key(key.jwk())).await
    {
        insert(key, imported);
        verification = verify_with_cached(key, message, signature);
    }
    match verification {
        Some(promise) => fulfilled(promise).await.is_some_and(|is_valid| is_valid.is_truthy()),
        None => false,
    }
}

fn verify_with_cached(key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<Promise> {
    KEYS.with_borrow(|keys| {
        let (_, imported) = keys.iter().find(|(jwk, _)| jwk == key.jwk())?;
        Some(verify_with_key(imported, message, signature))
    })
}

fn insert(key: &PublicKey, imported: JsValue) {
    KEYS.with_borrow_mut(|keys| {
        // A concurrent request can have imported the same key in the meantime.
        if keys.iter().any(|(jwk, _)| jwk == key.jwk()) {
            return;
        }
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.push((key.jwk().to_owned(), imported));
    });
}
