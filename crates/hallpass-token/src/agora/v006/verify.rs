//! Verification of 006 tokens.

use core::ops::Deref;

use super::{Subject, Untrusted006};
use crate::UnixSeconds;
use crate::agora::crc32::crc32;
use crate::agora::credentials::{AppCertificate, Project};
use crate::agora::error::VerifyError;
use crate::agora::field_str::FieldStr;
use crate::mac;

/// A 006 token that has a valid signature and had not expired at the time of the check. The signed channel and user are
/// the expected channel and user, or wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified006<'a> {
    token: &'a Untrusted006,
    subject: Subject<'a>,
    certificate: usize,
}

impl Untrusted006 {
    /// Verifies the project, the subject, the signature and the expiry of the token.
    ///
    /// A token for any user or for every channel is accepted too. [`Verified006::subject`] returns the subject that was
    /// signed. The expiry is exclusive: a token that expires at `now` is rejected.
    ///
    /// The official SDKs do not offer this function. Format 006 has a weakness, which [`super`] describes.
    ///
    /// # Errors
    /// Returns [`VerifyError`] if a check fails. The order of the variants is the order of the checks.
    pub fn verify<'a>(
        &'a self,
        project: Project<'_>,
        subject: Subject<'a>,
        now: UnixSeconds,
    ) -> Result<Verified006<'a>, VerifyError> {
        if self.app_id != *project.app_id {
            return Err(VerifyError::OtherProject);
        }
        let channel = self.matching_field(subject.channel, FieldStr::ANY_CHANNEL, self.channel_crc);
        let channel = channel.ok_or(VerifyError::OtherChannel)?;
        let user = self
            .matching_field(subject.user, FieldStr::EMPTY, self.user_crc)
            .ok_or(VerifyError::OtherUser)?;
        let subject = Subject { channel, user };
        let certificate =
            self.signing_certificate(subject, project.certificates).ok_or(VerifyError::BadSignature)?;
        let expired_at = self.expires_at();
        if now >= expired_at {
            return Err(VerifyError::Expired { expired_at, now });
        }
        Ok(Verified006 { token: self, subject, certificate })
    }

    /// Returns the index of the certificate that signed the token for exactly this subject. Does not try wildcards.
    pub(in crate::agora) fn signing_certificate(
        &self,
        subject: Subject<'_>,
        certificates: &[AppCertificate],
    ) -> Option<usize> {
        let app_id = self.app_id.as_str().as_bytes();
        let signed = [app_id, subject.channel.as_bytes(), subject.user.as_bytes(), &self.message];
        certificates
            .iter()
            .position(|certificate| mac::constant_time_eq(&certificate.key().sign(&signed), &self.signature))
    }

    /// Returns the first of the string and the wildcard that has the token's checksum.
    fn matching_field<'a>(
        &self,
        string: FieldStr<'a>,
        wildcard: FieldStr<'a>,
        crc: u32,
    ) -> Option<FieldStr<'a>> {
        [string, wildcard].into_iter().find(|string| crc32(string.as_bytes()) == crc)
    }
}

impl Verified006<'_> {
    /// Returns the signed subject. Each field is the expected value or the wildcard.
    #[must_use]
    pub const fn subject(&self) -> Subject<'_> {
        self.subject
    }

    /// Returns the index of the certificate that signed the token.
    #[must_use]
    pub const fn certificate_index(&self) -> usize {
        self.certificate
    }

    /// Returns whether the token has this privilege, and the privilege expires after `now`. A privilege never outlasts
    /// its token.
    #[must_use]
    pub fn grants(&self, privilege: u16, now: UnixSeconds) -> bool {
        let end = self.privileges().get(privilege);
        now < self.expires_at() && end.is_some_and(|end| end.0 == 0 || now < end)
    }
}

/// Provides access to the methods of the parsed token.
impl Deref for Verified006<'_> {
    type Target = Untrusted006;

    fn deref(&self) -> &Untrusted006 {
        self.token
    }
}
