//! Base64 encoding.

use base64::engine::{Config as _, GeneralPurpose};
use base64::{Engine as _, encoded_len};

/// Returns the Base64 encoding of bytes.
///
/// [`base64::Engine::encode`] panics with debug output of an error. This debug output would add 3 KB to the Worker.
pub(crate) fn encode(engine: &GeneralPurpose, bytes: &[u8]) -> String {
    let len = encoded_len(bytes.len(), engine.config().encode_padding()).unwrap_or_default();
    let mut output = vec![0; len];
    // Encoding cannot fail, because the slice has the length of the encoded bytes.
    let _ = engine.encode_slice(bytes, &mut output);
    String::from_utf8(output).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    #[test]
    fn encodes_as_the_engine() {
        for engine in [&BASE64_STANDARD, &BASE64_URL_SAFE_NO_PAD] {
            for len in 0..=64 {
                let bytes = vec![251; len];
                assert_eq!(encode(engine, &bytes), engine.encode(&bytes));
            }
        }
    }
}
