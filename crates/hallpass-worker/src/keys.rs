//! Verification of signatures with issuers' public keys, through WebCrypto.

use std::cell::RefCell;

use hallpass_service::{PublicKey, SignatureAlgorithm};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;

use crate::tasks::fulfilled;

#[wasm_bindgen(module = "/src/bindings.js")]
extern "C" {
    fn import_key(jwk: &str, algorithm: &str) -> Promise;
    #[wasm_bindgen(js_name = verify)]
    fn verify_with_key(key: &JsValue, message: &[u8], signature: &[u8]) -> Promise;
}

/// The maximum number of cached keys. The cache needs a maximum, because issuers replace their keys over time.
const MAX_KEYS: usize = 64;

/// A key that WebCrypto has imported for one algorithm.
struct ImportedKey {
    algorithm: SignatureAlgorithm,
    jwk: String,
    imported: JsValue,
}

thread_local! {
    /// The imported keys. The keys are cached, because passing a JWK to JavaScript takes half as long as minting a token.
    static KEYS: RefCell<Vec<ImportedKey>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether the key signed the message. If the key cannot be imported, returns `false`.
pub(crate) async fn verify(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    if let Some(verification) = verify_with_cached(key, algorithm, message, signature) {
        return is_valid(verification).await;
    }
    let Some(imported) = fulfilled(import_key(key.jwk(), algorithm.name())).await else { return false };
    let is_signed = is_valid(verify_with_key(&imported, message, signature)).await;
    // A key that has not verified a signature is not cached, so that JWTs without a valid signature cannot fill the cache.
    if is_signed {
        insert(key, algorithm, imported);
    }
    is_signed
}

async fn is_valid(verification: Promise) -> bool {
    fulfilled(verification).await.is_some_and(|is_valid| is_valid.is_truthy())
}

fn verify_with_cached(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<Promise> {
    KEYS.with_borrow(|keys| {
        let cached = keys.iter().find(|cached| cached.is(key, algorithm))?;
        Some(verify_with_key(&cached.imported, message, signature))
    })
}

fn insert(key: &PublicKey, algorithm: SignatureAlgorithm, imported: JsValue) {
    KEYS.with_borrow_mut(|keys| {
        // A concurrent request can have imported the same key in the meantime.
        if keys.iter().any(|cached| cached.is(key, algorithm)) {
            return;
        }
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.push(ImportedKey { algorithm, jwk: key.jwk().to_owned(), imported });
    });
}

impl ImportedKey {
    fn is(&self, key: &PublicKey, algorithm: SignatureAlgorithm) -> bool {
        self.algorithm == algorithm && self.jwk == key.jwk()
    }
}
