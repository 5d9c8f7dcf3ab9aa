//! Verification of tokens.

use thiserror::Error;

use super::credentials::{Project, Secret};
use super::parse::Untrusted;
use super::parsed_claims::ParsedClaims;
use crate::mac;
use crate::time::{Seconds, UnixSeconds};

/// A token that one of the project's secrets signed for this project, and that was valid at the time of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    claims: &'a ParsedClaims,
    secret: usize,
}

/// The error for a well-formed token that fails verification. `now` is the time of the check. `from` and `expired_at`
/// are times from the token. All times are Unix times in seconds.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the documentation of the enum and of the variants describes the fields")]
pub enum VerifyError {
    /// The token is for another API key.
    #[error("the token is for another API key")]
    OtherProject,
    /// None of the secrets produced the signature.
    #[error("none of the secrets signed the token")]
    BadSignature,
    /// The token has no `exp`, so it would never expire.
    #[error("the token has no `exp`, so it would never expire")]
    NoExpiry,
    /// The later of `iat` and `nbf` is more than [`VerifyError::LEEWAY`] after the time of the check.
    #[error("the token is not valid for another {} seconds", .from.saturating_sub(.now.0.into()))]
    NotYetValid { from: u64, now: UnixSeconds },
    /// The token's `exp` is not after the time of the check.
    #[error("the token expired {} seconds ago", u64::from(.now.0).saturating_sub(*.expired_at))]
    Expired { expired_at: u64, now: UnixSeconds },
}

impl VerifyError {
    /// The tolerance for the clocks of issuing servers that are ahead: 60 seconds.
    ///
    /// The tolerance applies only to `iat` and `nbf`. A tolerance for `exp` would extend the token's lifetime.
    pub const LEEWAY: Seconds = Seconds(60);
}

impl Untrusted {
    /// Verifies that the token is for this project, that one of the project's secrets signed the token, and that the
    /// token is valid at `now`.
    ///
    /// The expiry is exclusive (RFC 7519 section 4.1.4): a token that expires at `now` is rejected.
    ///
    /// # Errors
    /// Returns [`VerifyError`] if a check fails. The order of the variants is the order of the checks.
    pub fn verify(&self, project: Project<'_>, now: UnixSeconds) -> Result<Verified<'_>, VerifyError> {
        let claims = self.claims();
        if claims.api_key != project.api_key.as_str() {
            return Err(VerifyError::OtherProject);
        }
        let secret = self.signing_secret(project.secrets).ok_or(VerifyError::BadSignature)?;
        let expired_at = claims.expires_at.ok_or(VerifyError::NoExpiry)?;
        if let Some(from) = claims.future_start(now) {
            return Err(VerifyError::NotYetValid { from, now });
        }
        if expired_at <= u64::from(now.0) {
            return Err(VerifyError::Expired { expired_at, now });
        }
        Ok(Verified { claims, secret })
    }

    /// Returns the index of the secret that produced the signature. The comparison takes constant time.
    pub(super) fn signing_secret(&self, secrets: &[Secret]) -> Option<usize> {
        secrets.iter().position(|secret| {
            mac::constant_time_eq(&secret.key().sign(&[self.signed.as_bytes()]), &self.signature)
        })
    }
}

impl ParsedClaims {
    /// Returns the later of `iat` and `nbf`, if this time is more than [`VerifyError::LEEWAY`] after `now`.
    pub(super) fn future_start(&self, now: UnixSeconds) -> Option<u64> {
        let latest = u64::from(now.0) + u64::from(VerifyError::LEEWAY.0);
        self.issued_at.max(self.not_before).filter(|&from| from > latest)
    }
}

impl<'a> Verified<'a> {
    /// Returns the verified claims.
    #[must_use]
    pub const fn claims(&self) -> &'a ParsedClaims {
        self.claims
    }

    /// Returns the index in [`Project::secrets`] of the secret that signed the token.
    #[must_use]
    pub const fn secret_index(&self) -> usize {
        self.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::videosdk::credentials::ApiKey;
    use crate::videosdk::test_support::{self, DOCS_24H_JTI, NOW, SDK_MANAGEMENT, SDK_PARTICIPANT};
    use crate::videosdk::test_support::{SEED_0_1_X, V1_DEFAULT_10M, V2_ROOM};
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    /// Verifies a token, and returns the index of the secret that signed the token.
    fn verify_with(token: &str, secrets: &[Secret], now: UnixSeconds) -> Result<usize, VerifyError> {
        let project = Project { api_key: &test_support::api_key(), secrets };
        Untrusted::parse(token).unwrap().verify(project, now).map(|verified| verified.secret_index())
    }

    fn verify(token: &str, now: u32) -> Result<usize, VerifyError> {
        verify_with(token, &[test_support::secret()], UnixSeconds(now))
    }

    fn with_times(times: &str) -> String {
        test_support::token(&format!("{{\"apikey\":\"{}\"{times}}}", test_support::api_key().as_str()))
    }

    #[test]
    fn verifies_tokens_of_the_sdks() {
        let vectors = [V1_DEFAULT_10M, SEED_0_1_X, V2_ROOM, DOCS_24H_JTI, SDK_MANAGEMENT, SDK_PARTICIPANT];
        for vector in vectors {
            assert_eq!(verify(&vector.token(), NOW.0), Ok(0));
        }
    }

    #[test]
    fn returns_the_signing_secret() {
        let secrets = [Secret::parse("other").unwrap(), test_support::secret()];
        assert_eq!(verify_with(&V1_DEFAULT_10M.token(), &secrets, NOW), Ok(1));
    }

    #[test]
    fn rejects_every_token_without_secrets() {
        assert_eq!(verify_with(&V1_DEFAULT_10M.token(), &[], NOW), Err(VerifyError::BadSignature));
    }

    #[test]
    fn rejects_another_secret() {
        let secrets = [Secret::parse("other").unwrap()];
        assert_eq!(verify_with(&V1_DEFAULT_10M.token(), &secrets, NOW), Err(VerifyError::BadSignature));
    }

    #[test]
    fn checks_the_api_key_before_the_signature() {
        let token = Untrusted::parse(&V1_DEFAULT_10M.token()).unwrap();
        let api_key = &ApiKey::parse("other").unwrap();
        for secrets in [&[][..], &[test_support::secret()]] {
            assert_eq!(token.verify(Project { api_key, secrets }, NOW), Err(VerifyError::OtherProject));
        }
    }

    #[test]
    fn expires_at_exp() {
        let token = V1_DEFAULT_10M.token();
        assert_eq!(verify(&token, 1_700_000_599), Ok(0));
        let now = UnixSeconds(1_700_000_600);
        assert_eq!(verify(&token, now.0), Err(VerifyError::Expired { expired_at: 1_700_000_600, now }));
    }

    #[test]
    fn rejects_a_token_without_exp() {
        assert_eq!(verify(&with_times(""), NOW.0), Err(VerifyError::NoExpiry));
    }

    #[test]
    fn accepts_tokens_issued_up_to_60_seconds_ahead() {
        let token = V1_DEFAULT_10M.token();
        assert_eq!(verify(&token, NOW.0 - 60), Ok(0));
        let now = UnixSeconds(NOW.0 - 61);
        assert_eq!(verify(&token, now.0), Err(VerifyError::NotYetValid { from: 1_700_000_000, now }));
    }

    #[test]
    fn uses_the_later_of_iat_and_nbf() {
        let token = with_times(r#","iat":1000,"nbf":1061,"exp":2000"#);
        assert_eq!(verify(&token, 1001), Ok(0));
        let now = UnixSeconds(1000);
        assert_eq!(verify(&token, 1000), Err(VerifyError::NotYetValid { from: 1061, now }));
    }

    #[test]
    fn checks_the_signature_before_the_times() {
        let secrets = [Secret::parse("other").unwrap()];
        assert_eq!(verify_with(&with_times(""), &secrets, NOW), Err(VerifyError::BadSignature));
    }

    #[test]
    fn checks_the_start_before_the_expiry() {
        let token = with_times(r#","nbf":1061,"exp":1000"#);
        let now = UnixSeconds(1000);
        assert_eq!(verify(&token, 1000), Err(VerifyError::NotYetValid { from: 1061, now }));
    }

    /// The test flips every bit of the token string, not only the bits of the decoded parts.
    #[test]
    fn rejects_tokens_with_a_flipped_bit() {
        let token = SDK_PARTICIPANT.token().into_bytes();
        let project = Project { api_key: &test_support::api_key(), secrets: &[test_support::secret()] };
        let mut tried = 0;
        for position in 0..token.len() {
            for bit in 0..8 {
                let mut flipped: Vec<u8> = token.clone();
                flipped[position] ^= 1 << bit;
                let Ok(string) = core::str::from_utf8(&flipped) else { continue };
                tried += 1;
                if let Ok(token) = Untrusted::parse(string) {
                    let error = token.verify(project, NOW).unwrap_err();
                    let rejected = matches!(error, VerifyError::OtherProject | VerifyError::BadSignature);
                    assert!(rejected, "bit {bit} of byte {position}: {error}");
                }
            }
        }
        assert_eq!(tried, token.len() * 7);
    }
}
