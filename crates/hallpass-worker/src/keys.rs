//! Keys of issuers, as WebCrypto has imported them.

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
    fn verify_with(key: &JsValue, message: &[u8], signature: &[u8]) -> Promise;
}

/// The most keys that are kept; issuers have a handful, and change them.
const MAX_KEYS: usize = 64;

thread_local! {
    /// Imported keys by their JWKs. To pass a JWK to JavaScript costs as much as half a mint.
    static KEYS: RefCell<Vec<(String, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether the key signed the message; `false` if the key is invalid.
pub(crate) async fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let mut verified = verify_with_imported(key, message, signature);
    if verified.is_none()
        && let Some(imported) = fulfilled(import_key(key.jwk())).await
    {
        keep(key, imported);
        verified = verify_with_imported(key, message, signature);
    }
    match verified {
        Some(verified) => fulfilled(verified).await.is_some_and(|verified| verified.is_truthy()),
        None => false,
    }
}

fn verify_with_imported(key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<Promise> {
    KEYS.with_borrow(|keys| {
        let (_, imported) = keys.iter().find(|(jwk, _)| jwk == key.jwk())?;
        Some(verify_with(imported, message, signature))
    })
}

fn keep(key: &PublicKey, imported: JsValue) {
    KEYS.with_borrow_mut(|keys| {
        // Requests at the same time import the same key.
        if keys.iter().any(|(jwk, _)| jwk == key.jwk()) {
            return;
        }
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.push((key.jwk().to_owned(), imported));
    });
}
