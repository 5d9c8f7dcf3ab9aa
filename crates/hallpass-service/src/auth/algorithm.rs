//! The signatures that a JWT may have (RFC 7518 section 3.1, RFC 8037 section 3.1).

use serde::de::{Deserialize, Deserializer};

use crate::json::named;

/// How a JWT is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256, where issuer and service share a secret.
    Hs256,
}

impl Algorithm {
    /// Those whose keys an issuer publishes.
    pub(super) const PUBLIC: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            "HS256" => Some(Self::Hs256),
            _ => None,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

/// As a configuration names those of public keys.
impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "\"RS256\", \"ES256\" or \"EdDSA\"", |name| {
            Self::parse(name).filter(|algorithm| Self::PUBLIC.contains(algorithm))
        })
    }
}
