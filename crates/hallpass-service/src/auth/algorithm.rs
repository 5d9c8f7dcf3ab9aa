//! The signature algorithms of JWTs (RFC 7518 section 3.1, RFC 8037 section 3.1).

/// A signature algorithm of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256 and a secret that the issuer and the service share.
    Hs256,
}

impl Algorithm {
    /// The algorithms that verify a signature with a public key.
    pub(super) const PUBLIC: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256, Self::EdDsa, Self::Hs256].into_iter().find(|known| known.as_str() == name)
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
