//! Public keys for signature verification.

/// A public key. Platforms that import keys as JSON use its JSON Web Key (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    material: KeyMaterial,
    jwk: String,
}

/// The type and the parameters of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// An RSA key of 2048 to 4096 bits. The modulus and the exponent are big-endian numbers without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A key for ECDSA. Both coordinates have the length of the curve. The coordinates are not validated, so the point
    /// might not be on the curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// The x coordinate, big-endian.
        x: Vec<u8>,
        /// The y coordinate, big-endian.
        y: Vec<u8>,
    },
    /// An Ed25519 key of 32 bytes.
    Ed25519(Vec<u8>),
}

/// An elliptic curve for ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256, with coordinates of 32 bytes.
    P256,
    /// P-384, with coordinates of 48 bytes.
    P384,
    /// P-521, with coordinates of 66 bytes.
    P521,
}

impl PublicKey {
    pub(crate) const fn new(material: KeyMaterial, jwk: String) -> Self {
        Self { material, jwk }
    }

    /// Returns the type and the parameters.
    #[must_use]
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Returns the JSON Web Key, which contains only the required members (RFC 7638 section 3.2). The modulus may have
    /// leading zeros.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }
}
