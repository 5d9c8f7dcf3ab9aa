//! The HMACs of a token without the token: messages of the same lengths, each key absorbed where it is used.

use std::hint::black_box;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// One HMAC, with a certificate or a secret.
pub(crate) fn one(key: &[u8], message: &[u8]) {
    black_box(hmac(key, message));
}

/// The three HMACs of format 007: the certificate by the time, that by the salt, and the message by that.
pub(crate) fn three(certificate: &[u8], message: &[u8]) {
    let number = black_box([1, 2, 3, 4]);
    let key = hmac(&number, certificate);
    let key = hmac(&number, &key);
    black_box(hmac(&key, message));
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // A key of any length will do, so the other case does not occur.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(black_box(key)) else { return [0; 32] };
    mac.update(black_box(message));
    mac.finalize().into_bytes().into()
}
