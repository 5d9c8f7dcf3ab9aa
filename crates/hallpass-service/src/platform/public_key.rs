//! Public keys for signature verification.

/// A public key. Platforms that import keys as JSON use its JSON Web Key (RFC 7638 section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    material: KeyMaterial,
    jwk: String,
}

/// The algorithm and the parameters of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// An RSA key of 2048 to 4096 bits, for RSASSA-PKCS1-v1_5 with SHA-256. The modulus and the exponent are big-endian
    /// numbers without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A P-256 key for ECDSA with SHA-256. The coordinates are not validated, so the point might not be on the curve.
    P256 {
        /// The x coordinate, big-endian.
        x: [u8; 32],
        /// The y coordinate, big-endian.
        y: [u8; 32],
    },
    /// An Ed25519 key.
    Ed25519([u8; 32]),
}

impl PublicKey {
    pub(crate) const fn new(material: KeyMaterial, jwk: String) -> Self {
        Self { material, jwk }
    }

    /// Returns the algorithm and the parameters.
    #[must_use]
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Returns the JSON Web Key, which contains only the required members.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }
}
