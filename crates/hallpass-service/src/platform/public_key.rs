//! Keys that verify signatures.

/// A public key, with its JSON Web Key text (RFC 7638 section 3.2) for platforms that import keys as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    material: KeyMaterial,
    jwk: String,
}

/// The algorithm of a public key, and its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// For RSASSA-PKCS1-v1_5 with SHA-256: 2048 to 4096 bits, both numbers big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// For ECDSA on P-256 with SHA-256: the coordinates of a point that may not be on the curve.
    P256 {
        /// 32 bytes, big-endian.
        x: [u8; 32],
        /// 32 bytes, big-endian.
        y: [u8; 32],
    },
    /// For Ed25519.
    Ed25519([u8; 32]),
}

impl PublicKey {
    pub(crate) const fn new(material: KeyMaterial, jwk: String) -> Self {
        Self { material, jwk }
    }

    /// Returns the algorithm and the numbers.
    #[must_use]
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Returns the JSON Web Key, with its required members only.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }
}
