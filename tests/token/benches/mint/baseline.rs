//! The baseline: only the HMAC computations of a token. The messages have the same lengths as those of the token, and
//! the keys are not prepared in advance.

use std::hint::black_box;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Computes a single HMAC, with a certificate or a secret as the key.
pub(crate) fn single_hmac(key: &[u8], message: &[u8]) {
    black_box(hmac(key, message));
}

/// Computes the three HMACs of format 007. The first HMAC has the issue time as its key, and the certificate as its
/// message. The second has the salt as its key, and the first HMAC as its message. The third has the second HMAC as its
/// key, and signs `message`.
pub(crate) fn three_hmacs(certificate: &[u8], message: &[u8]) {
    let number = black_box([1, 2, 3, 4]);
    let key = hmac(&number, certificate);
    let key = hmac(&number, &key);
    black_box(hmac(&key, message));
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC accepts keys of any length, so the `else` branch is unreachable.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(black_box(key)) else { return [0; 32] };
    mac.update(black_box(message));
    mac.finalize().into_bytes().into()
}
