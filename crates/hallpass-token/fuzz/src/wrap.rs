//! Encoding and signing of arbitrary content, without the code of `hallpass-token`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::project::{APP_ID, CERTIFICATE, SECRET};

/// Returns a 006 token whose Base64 encodes `content`.
pub(crate) fn token_006(content: &[u8]) -> String {
    format!("006{APP_ID}{}", STANDARD.encode(content))
}

/// Returns a signed 006 token with this message, for an empty channel and an empty user. The checksums are 0.
pub(crate) fn signed_006(message: &[u8]) -> Option<String> {
    let len = u16::try_from(message.len()).ok()?;
    let mut content = vec![32, 0];
    content.extend_from_slice(&hmac(CERTIFICATE.as_bytes(), &[APP_ID.as_bytes(), message]));
    content.extend_from_slice(&[0; 8]);
    content.extend_from_slice(&len.to_le_bytes());
    content.extend_from_slice(message);
    Some(token_006(&content))
}

/// Returns a 007 token that inflates to `payload`.
pub(crate) fn token_007(payload: &[u8]) -> Option<String> {
    let len = u16::try_from(payload.len()).ok()?;
    let mut stream = vec![0x78, 0x01, 1];
    stream.extend_from_slice(&len.to_le_bytes());
    stream.extend_from_slice(&(!len).to_le_bytes());
    stream.extend_from_slice(payload);
    stream.extend_from_slice(&adler32(payload).to_be_bytes());
    Some(format!("007{}", STANDARD.encode(stream)))
}

/// Returns a 007 token that contains `signing_info` and a valid signature of these bytes.
pub(crate) fn signed_007(signing_info: &[u8]) -> Option<String> {
    // `signing_info` starts with the length of the App ID, the App ID, the issue time, the TTL and the salt.
    let (issued_at, salt) = (signing_info.get(34..38)?, signing_info.get(42..46)?);
    let key = hmac(salt, &[&hmac(issued_at, &[CERTIFICATE.as_bytes()])]);
    let mut payload = vec![32, 0];
    payload.extend_from_slice(&hmac(&key, &[signing_info]));
    payload.extend_from_slice(signing_info);
    token_007(&payload)
}

/// Returns a signed JWT. If `content` has a zero byte, the last zero byte separates the header from the claims.
/// Otherwise, `content` is the claims, and the header is the default header.
pub(crate) fn signed_jwt(content: &[u8]) -> String {
    let mut parts = content.rsplitn(2, |byte| *byte == 0);
    let claims = parts.next().unwrap_or_default();
    let header = parts.next().unwrap_or(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = hmac(SECRET.as_bytes(), &[signed.as_bytes()]);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}
