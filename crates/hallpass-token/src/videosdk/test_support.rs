//! Fixtures for the tests of this module: test vectors with the tokens of other implementations, and functions that
//! sign arbitrary claims.

use alloc::format;
use alloc::string::String;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::claims::HEADER;
use super::credentials::{ApiKey, Secret};
use crate::time::UnixSeconds;

/// The issue time of the test vectors.
pub(super) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

/// A token created by `jsonwebtoken` 9.0.3 or `@videosdk.live/server-sdk` 0.1.1 with the clock set to [`NOW`].
pub(super) struct Vector {
    payload: &'static str,
    signature: &'static str,
}

pub(super) const V1_DEFAULT_10M: Vector = Vector {
    payload: r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join","allow_mod"],"iat":1700000000,"exp":1700000600}"#,
    signature: "-PCDtEVC2O9zu9hO80L1FhPOtjjENntU9_7PpyZ-Pc8",
};

pub(super) const V2_ROOM: Vector = Vector {
    payload: r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join","allow_mod"],"version":2,"roles":["rtc"],"roomId":"2kyv-gzay-64pg","iat":1700000000,"exp":1700000600}"#,
    signature: "RCDUkl7owu9Jx68bemnrbkOPq-7p0G8tq28pNiT12eA",
};

pub(super) const DOCS_24H_JTI: Vector = Vector {
    payload: r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join"],"iat":1700000000,"exp":1700086400,"jti":"00000000-0000-4000-8000-000000000000"}"#,
    signature: "ofC5W68J1nnpfgoEcVSylIUYtH5mHsMRgEj9N4QMdnw",
};

pub(super) const SDK_MANAGEMENT: Vector = Vector {
    payload: r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join","allow_mod"],"version":2,"roles":["crawler"],"iat":1700000000,"exp":1700086400}"#,
    signature: "083vK1nWss1nH1Q5NZWl3odt1Pxunn8NvblLPrho-BY",
};

pub(super) const SDK_PARTICIPANT: Vector = Vector {
    payload: r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join"],"version":2,"roles":["rtc"],"participantId":"user-123","roomId":"2kyv-gzay-64pg","iat":1700000000,"exp":1700000900}"#,
    signature: "CfsQaM6nSgVNXS_WGDxR3-ChNkHeO5CkR5bkea8kAng",
};

/// A token with the role in upper case, as in VideoSDK's documentation of the server SDK 0.1.x.
#[cfg(feature = "inspect")]
pub(super) const SEED_0_1_X: Vector = Vector {
    payload: r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join"],"version":2,"roles":["CRAWLER"],"iat":1700000000,"exp":1700000600}"#,
    signature: "cuFOE2K1wb_etrKnh4tBias-mTXUBt3EWZZvtp3mQgo",
};

impl Vector {
    pub(super) fn token(&self) -> String {
        format!("{HEADER}.{}.{}", encode(self.payload), self.signature)
    }
}

/// Returns the API key of all test vectors.
pub(super) fn api_key() -> ApiKey {
    ApiKey::parse("7b1c2f6e-0000-4000-8000-000000000001").unwrap()
}

/// Returns the secret of all test vectors.
pub(super) fn secret() -> Secret {
    Secret::parse("d2c4e6f8a0b1c3d5e7f9123456789abcdef0123456789abcdef0123456789ab").unwrap()
}

/// Returns a token with the default header and these claims, signed with [`secret`].
#[cfg(feature = "inspect")]
pub(super) fn token(claims: &str) -> String {
    token_with(r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

/// Returns a token with this header and these claims, signed with [`secret`] even if the header specifies another
/// algorithm.
#[cfg(feature = "inspect")]
pub(super) fn token_with(header: &str, claims: &str) -> String {
    sign(&format!("{}.{}", encode(header), encode(claims)))
}

/// Appends a dot and the signature of the string by [`secret`].
#[cfg(feature = "inspect")]
pub(super) fn sign(signed: &str) -> String {
    format!("{signed}.{}", encode(secret().key().sign(&[signed.as_bytes()])))
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
