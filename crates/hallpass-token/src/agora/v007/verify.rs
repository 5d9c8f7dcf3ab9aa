//! Verifies a 007 token.

use super::{Rest, Untrusted007};
use crate::agora::credentials::{AppCertificate, AppId, Project};
use crate::agora::error::VerifyError;
use crate::agora::service::Service;
use crate::{Seconds, UnixSeconds, mac};

/// A 007 token that the project signed and that is in time. Whom and what it is for, its services tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified007<'a> {
    token: &'a Untrusted007,
    certificate: usize,
}

impl Untrusted007 {
    /// Verifies that the token is for this project, signed by one of its certificates, and in time.
    ///
    /// The end is part of the life (Formats 2.7): a token that ends at `now` is accepted. No official SDK looks at the
    /// time.
    ///
    /// # Errors
    /// [`VerifyError`], the first one in the order of its variants.
    pub fn verify(&self, project: Project<'_>, now: UnixSeconds) -> Result<Verified007<'_>, VerifyError> {
        if self.app_id != *project.app_id {
            return Err(VerifyError::OtherProject);
        }
        let certificate = self.signer(project.certificates).ok_or(VerifyError::BadSignature)?;
        if self.issued_at > now.plus(VerifyError::LEEWAY) {
            return Err(VerifyError::NotYet { issued_at: self.issued_at, now });
        }
        let ended_at = self.ends_at();
        if now > ended_at {
            return Err(VerifyError::Expired { ended_at, now });
        }
        Ok(Verified007 { token: self, certificate })
    }

    /// Which certificate signed the token.
    pub(in crate::agora) fn signer(&self, certificates: &[AppCertificate]) -> Option<usize> {
        certificates.iter().position(|certificate| {
            let signature = super::sign(certificate, self.issued_at, self.salt, &self.signing_info);
            mac::same(&signature, &self.signature)
        })
    }
}

impl<'a> Verified007<'a> {
    /// The project that the token is for.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        self.token.app_id()
    }

    /// Which of the certificates signed, counted from 0.
    #[must_use]
    pub const fn certificate(&self) -> usize {
        self.certificate
    }

    /// When the token is issued.
    #[must_use]
    pub const fn issued_at(&self) -> UnixSeconds {
        self.token.issued_at()
    }

    /// How long the token says to live.
    #[must_use]
    pub const fn expires_in(&self) -> Seconds {
        self.token.expires_in()
    }

    /// When the token ends: at the end of its life, and after 24 hours at the latest.
    #[must_use]
    pub fn ends_at(&self) -> UnixSeconds {
        self.token.ends_at()
    }

    /// The services that could be read, in the order of the token.
    pub fn services(&self) -> impl Iterator<Item = Service<'a>> + use<'a> {
        self.token.services()
    }

    /// What follows after those services.
    #[must_use]
    pub const fn rest(&self) -> Rest {
        self.token.rest()
    }

    /// Whether the token holds this service, with a privilege that lasts until `now` or beyond.
    #[must_use]
    pub fn permits(&self, service: &Service<'_>, privilege: u16, now: UnixSeconds) -> bool {
        let lasting = service.privileges().get(privilege);
        lasting.is_some_and(|lasting| now <= self.token.end_of(lasting))
            && self.services().any(|held| held == *service)
    }
}
