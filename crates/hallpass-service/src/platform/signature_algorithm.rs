//! Signature algorithms with a public key.

use super::public_key::{Curve, KeyMaterial};

/// A signature algorithm with a public key (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// ECDSA on P-256 with SHA-256. A signature has 64 bytes.
    Es256,
    /// ECDSA on P-384 with SHA-384. A signature has 96 bytes.
    Es384,
    /// ECDSA on P-521 with SHA-512. A signature has 132 bytes.
    Es512,
    /// EdDSA on Ed25519.
    Ed25519,
}

impl SignatureAlgorithm {
    /// All algorithms.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Ed25519,
    ];

    /// Returns the algorithm with this value of `alg`. Ed25519 has two names (RFC 9864 section 2.2).
    pub(crate) fn parse(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::Ed25519);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Returns the value of `alg`. For Ed25519, returns `EdDSA`, the name that most identity providers use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Ed25519 => "EdDSA",
        }
    }

    /// Returns whether the algorithm can verify signatures with this key.
    pub(crate) const fn fits(self, key: &KeyMaterial) -> bool {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                matches!(key, KeyMaterial::Rsa { .. })
            }
            Self::Es256 => matches!(key, KeyMaterial::Ec { curve: Curve::P256, .. }),
            Self::Es384 => matches!(key, KeyMaterial::Ec { curve: Curve::P384, .. }),
            Self::Es512 => matches!(key, KeyMaterial::Ec { curve: Curve::P521, .. }),
            Self::Ed25519 => matches!(key, KeyMaterial::Ed25519(_)),
        }
    }
}
