//! The credentials that sign the inputs, and credentials that sign none of the inputs.

use hallpass_token::agora::{AppCertificate, AppId};
use hallpass_token::videosdk::{ApiKey, Secret};

/// The App ID of the test vectors.
pub(crate) const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";

/// The App Certificate of the test vectors.
pub(crate) const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

/// The API key of the VideoSDK test vectors.
const API_KEY: &str = "7b1c2f6e-0000-4000-8000-000000000001";

/// The secret of the VideoSDK test vectors.
pub(crate) const SECRET: &str = "d2c4e6f8a0b1c3d5e7f9123456789abcdef0123456789abcdef0123456789ab";

pub(crate) fn app_id() -> AppId {
    AppId::parse(APP_ID).expect("32 hexadecimal characters")
}

pub(crate) fn certificate() -> AppCertificate {
    AppCertificate::parse(CERTIFICATE).expect("32 hexadecimal characters")
}

/// Returns a certificate that signs none of the inputs.
pub(crate) fn other_certificate() -> AppCertificate {
    AppCertificate::parse("00000000000000000000000000000000").expect("32 hexadecimal characters")
}

pub(crate) fn api_key() -> ApiKey {
    ApiKey::parse(API_KEY).expect("an API key")
}

pub(crate) fn secret() -> Secret {
    Secret::parse(SECRET).expect("a secret")
}

/// Returns a secret that signs none of the inputs.
pub(crate) fn other_secret() -> Secret {
    Secret::parse("other").expect("a secret")
}
