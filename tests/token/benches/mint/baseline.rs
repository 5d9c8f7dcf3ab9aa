//! The baseline: a token's HMACs without the token, with messages of the same lengths and unprepared keys.

use std::hint::black_box;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Computes a single HMAC, with a certificate or a secret as the key.
pub(crate) fn single_hmac(key: &[u8], message: &[u8]) {
    black_box(hmac(key, message));
}

/// Computes the three HMACs of format 007: the certificate with the issue time, the result with the salt, and the
/// message with that result.
pub(crate) fn three_hmacs(certificate: &[u8], message: &[u8]) {
    let number = black_box([1, 2, 3, 4]);
    let key = hmac(&number, certificate);
    let key = hmac(&number, &key);
    black_box(hmac(&key, message));
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // Keys of any length are valid, so the other branch is unreachable.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(black_box(key)) else { return [0; 32] };
    mac.update(black_box(message));
    mac.finalize().into_bytes().into()
}
