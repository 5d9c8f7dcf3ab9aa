//! Why a caller could not be authenticated.

/// Why a caller could not be authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// The credentials are missing or not accepted.
    Unauthorized(Unauthorized),
    /// The keys to verify a JWT with cannot be fetched.
    IssuerUnreachable,
}

/// Why credentials are not accepted. Messages contain no part of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unauthorized {
    #[error("there are no credentials; send `Authorization: Bearer` with the app's JWT or a service key")]
    Missing,
    #[error("the scheme of `Authorization` must be `Bearer`")]
    WrongScheme,
    #[error("the credentials are too long; a JWT may have 8 KiB")]
    TooLarge,
    #[error("the bearer token is no configured service key")]
    UnknownKey,
    #[error(
        "the bearer token is no JWT: three parts of Base64url with dots between them, the first two JSON objects with each name once"
    )]
    MalformedJwt,
    #[error("the JWT's `alg` is not one that is configured for its issuer")]
    AlgorithmNotAllowed,
    #[error("the JWT's `iss` is not a configured issuer")]
    UnknownIssuer,
    #[error("the JWT's `aud` does not hold the configured audience")]
    WrongAudience,
    #[error("the JWT does not have the claims that are configured for its issuer")]
    WrongClaims,
    #[error("the JWT has no `exp`, or none that is a number")]
    NoExpiry,
    #[error("the JWT has ended: its `exp` is more than a minute ago")]
    Expired,
    #[error("the JWT is not valid yet: its `nbf` is more than a minute ahead")]
    NotYetValid,
    #[error(
        "the issuer publishes no key with the JWT's `kid` for its `alg`; without a `kid`, it must publish a single one"
    )]
    UnknownSigningKey,
    #[error("the JWT's signature does not fit its issuer's key")]
    BadSignature,
}

impl From<Unauthorized> for AuthError {
    fn from(unauthorized: Unauthorized) -> Self {
        Self::Unauthorized(unauthorized)
    }
}

impl Unauthorized {
    /// Returns the error code, which programs may rely on.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Missing => "no_credentials",
            Self::WrongScheme => "wrong_scheme",
            Self::TooLarge => "credentials_too_large",
            Self::UnknownKey => "unknown_service_key",
            Self::MalformedJwt => "malformed_jwt",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::UnknownIssuer => "unknown_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::WrongClaims => "wrong_claims",
            Self::NoExpiry => "no_expiry",
            Self::Expired => "jwt_expired",
            Self::NotYetValid => "jwt_not_yet_valid",
            Self::UnknownSigningKey => "unknown_signing_key",
            Self::BadSignature => "bad_signature",
        }
    }

    /// Returns the value of `WWW-Authenticate` (RFC 6750 section 3), which has an error only if there were credentials.
    pub(crate) const fn challenge(self) -> &'static str {
        if matches!(self, Self::Missing | Self::WrongScheme) {
            "Bearer"
        } else {
            "Bearer error=\"invalid_token\""
        }
    }
}
