//! Verification of 007 tokens.

use core::ops::Deref;

use super::Untrusted007;
use crate::agora::credentials::{AppCertificate, Project};
use crate::agora::error::VerifyError;
use crate::agora::service::Service;
use crate::{UnixSeconds, mac};

/// A 007 token that has a valid signature and was valid at the time of the check. The channel and the user are fields
/// of the token's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified007<'a> {
    token: &'a Untrusted007,
    certificate: usize,
}

impl Untrusted007 {
    /// Verifies that the token is for this project, that one of the project's certificates signed the token, and that
    /// the token is valid at `now`.
    ///
    /// The expiry is inclusive (Formats 2.7): a token that expires at `now` is accepted. The official SDKs verify only
    /// the signature, not the time.
    ///
    /// # Errors
    /// Returns [`VerifyError`] if a check fails. The order of the variants is the order of the checks.
    pub fn verify(&self, project: Project<'_>, now: UnixSeconds) -> Result<Verified007<'_>, VerifyError> {
        if self.app_id != *project.app_id {
            return Err(VerifyError::OtherProject);
        }
        let certificate = self.signing_certificate(project.certificates).ok_or(VerifyError::BadSignature)?;
        if self.issued_at > now.saturating_add(VerifyError::LEEWAY) {
            return Err(VerifyError::NotYetValid { issued_at: self.issued_at, now });
        }
        let expired_at = self.expires_at();
        if now > expired_at {
            return Err(VerifyError::Expired { expired_at, now });
        }
        Ok(Verified007 { token: self, certificate })
    }

    /// Returns the index of the certificate that signed the token.
    pub(in crate::agora) fn signing_certificate(&self, certificates: &[AppCertificate]) -> Option<usize> {
        certificates.iter().position(|certificate| {
            let signature = super::sign(certificate, self.issued_at, self.salt, &self.signing_info);
            mac::constant_time_eq(&signature, &self.signature)
        })
    }
}

impl Verified007<'_> {
    /// Returns the index of the certificate that signed the token.
    #[must_use]
    pub const fn certificate_index(&self) -> usize {
        self.certificate
    }

    /// Returns whether the token contains this service, and the service has this privilege with an expiry at or after
    /// `now`.
    #[must_use]
    pub fn grants(&self, service: &Service<'_>, privilege: u16, now: UnixSeconds) -> bool {
        let ttl = service.privileges().get(privilege);
        ttl.is_some_and(|ttl| now <= self.token.privilege_expires_at(ttl))
            && self.services().any(|held| held == *service)
    }
}

/// Provides access to the methods of the parsed token.
impl Deref for Verified007<'_> {
    type Target = Untrusted007;

    fn deref(&self) -> &Untrusted007 {
        self.token
    }
}
