//! Base64 encoding of a token's parts.

use alloc::string::String;
use core::mem::take;

use base64::engine::{Config as _, GeneralPurpose};
use base64::{Engine as _, encoded_len};

/// Appends the Base64 encoding of bytes to a string.
///
/// The functions of the crate `base64` that write to a string panic with debug output of an error. This debug output
/// would add 3 KB to a WebAssembly module.
pub(crate) fn push_base64(string: &mut String, engine: &GeneralPurpose, bytes: &[u8]) {
    let mut output = take(string).into_bytes();
    let start = output.len();
    let len = encoded_len(bytes.len(), engine.config().encode_padding()).unwrap_or_default();
    output.resize(start + len, 0);
    // Encoding cannot fail, because the slice has the length of the encoded bytes.
    let _ = engine.encode_slice(bytes, output.get_mut(start..).unwrap_or_default());
    *string = String::from_utf8(output).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    #[test]
    fn appends_what_the_engine_encodes() {
        for engine in [&BASE64_STANDARD, &BASE64_URL_SAFE_NO_PAD] {
            for len in 0..=64_u8 {
                let bytes: alloc::vec::Vec<_> = (0..len).map(|byte| byte.wrapping_mul(251)).collect();
                let mut string = String::from("007");
                push_base64(&mut string, engine, &bytes);
                assert_eq!(string, alloc::format!("007{}", engine.encode(&bytes)));
            }
        }
    }
}
