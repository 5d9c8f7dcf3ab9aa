//! Authentication errors.

/// An authentication error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// The credentials are missing or not accepted.
    Unauthorized(Unauthorized),
    /// The issuer's keys cannot be fetched.
    IssuerUnreachable,
    /// A page of another site sent the request, and a proxy may have added the credentials.
    CrossSite,
}

/// A reason for a response with status 401. Messages contain no part of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthorized {
    #[error(
        "The request has no credentials. Send `Authorization: Bearer` with a JWT from a configured issuer or a service key."
    )]
    Missing,
    #[error(
        "The scheme of `Authorization` is not `Bearer`. Send `Authorization: Bearer` with a JWT or a service key."
    )]
    WrongScheme,
    #[error("The JWT is longer than 8 KiB. Remove large claims at the identity provider.")]
    TooLarge,
    #[error(
        "The bearer token is not a configured service key. This header accepts only service keys. Send a JWT in the `header` of its entry in `auth.jwt`."
    )]
    NotAServiceKey,
    #[error(
        "The bearer token is not a JWT. Opaque and encrypted (five-part) access tokens are not accepted: ask the identity provider for a JWT, usually by requesting an audience."
    )]
    NotAJwt,
    #[error(
        "The bearer token is neither a configured service key nor a JWT. Send a service key, or a JWT from a configured issuer. Opaque and encrypted (five-part) access tokens are not accepted: ask the identity provider for a JWT, usually by requesting an audience."
    )]
    UnknownKey,
    #[error(
        "The bearer token is not a valid JWT. Expected three base64url parts separated by dots; the first two must be JSON objects without duplicate keys. `crit` is not supported; `kid` and `typ` must be strings, and `nbf` must be a number."
    )]
    MalformedJwt,
    #[error(
        "The JWT's `typ` is not accepted. Send an access token or an ID token, or compare `typ` with `types` in `auth.jwt`."
    )]
    WrongType,
    #[error(
        "The JWT's `alg` is not accepted for its issuer. Compare `alg` with `algorithms` in `auth.jwt`. HS256 needs `secret`, and other HMAC algorithms are not supported."
    )]
    AlgorithmNotAllowed,
    #[error(
        "The service cannot verify the JWT's `alg` ES512 on this platform. Configure the identity provider to sign with another algorithm, such as ES256 or RS256."
    )]
    AlgorithmNotSupported,
    #[error(
        "The JWT's `iss` is not a configured issuer. The configured `issuer` must equal `iss` exactly, including a trailing slash."
    )]
    UnknownIssuer,
    #[error("The JWT's `aud` does not contain the configured audience. Compare `aud` with `audience`.")]
    WrongAudience,
    #[error("The JWT does not have the required claims. Compare its claims with `claims` in `auth.jwt`.")]
    WrongClaims,
    #[error(
        "The JWT's `exp` is missing or not a number. Configure the identity provider to include `exp` as a number."
    )]
    NoExpiry,
    #[error(
        "The JWT's `exp` is too far in the future. The usual cause is a time in milliseconds: `exp` must be in seconds. Shorten the JWT's lifetime, or increase `max_ttl` in `auth.jwt`."
    )]
    ExpiryTooFar,
    #[error("The JWT has expired: its `exp` is at least 60 s in the past. Get a new JWT.")]
    Expired,
    #[error(
        "The JWT is not valid yet: its `nbf` is more than 60 s in the future. Correct the identity provider's clock."
    )]
    NotYetValid,
    #[error(
        "The issuer does not publish a key with the JWT's `kid` and `alg`. If the JWT has no `kid`, the issuer must publish exactly one key for its `alg`."
    )]
    UnknownSigningKey,
    #[error(
        "The issuer's key set contains no key that the service can use. Configure the identity provider to sign with RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 (Worker only), or EdDSA with Ed25519. The event `issuer_keys_not_usable` in the log describes the keys."
    )]
    NoUsableKey,
    #[error(
        "The JWT's signature does not match its issuer's key. Check that the JWT comes from this issuer; for HS256, compare the shared secret."
    )]
    BadSignature,
}

impl From<Unauthorized> for AuthError {
    fn from(unauthorized: Unauthorized) -> Self {
        Self::Unauthorized(unauthorized)
    }
}

impl Unauthorized {
    /// Returns the stable error code for the response.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Missing => "no_credentials",
            Self::WrongScheme => "wrong_scheme",
            Self::TooLarge => "credentials_too_large",
            Self::UnknownKey | Self::NotAServiceKey => "unknown_service_key",
            Self::MalformedJwt | Self::NotAJwt => "malformed_jwt",
            Self::WrongType => "wrong_jwt_type",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::AlgorithmNotSupported => "algorithm_not_supported",
            Self::UnknownIssuer => "unknown_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::WrongClaims => "wrong_claims",
            Self::NoExpiry => "no_expiry",
            Self::ExpiryTooFar => "expiry_too_far",
            Self::Expired => "jwt_expired",
            Self::NotYetValid => "jwt_not_yet_valid",
            Self::UnknownSigningKey => "unknown_signing_key",
            Self::NoUsableKey => "no_usable_key",
            Self::BadSignature => "bad_signature",
        }
    }

    /// Returns the value of `WWW-Authenticate` (RFC 6750 section 3). The value contains an error only if the request
    /// had a bearer token.
    pub(crate) const fn challenge(self) -> &'static str {
        if matches!(self, Self::Missing | Self::WrongScheme) {
            "Bearer"
        } else {
            "Bearer error=\"invalid_token\""
        }
    }
}
