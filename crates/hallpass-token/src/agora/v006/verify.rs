//! Verifies an 006 token.

use core::ops::Deref;

use super::{Subject, Untrusted006};
use crate::UnixSeconds;
use crate::agora::crc32::crc32;
use crate::agora::credentials::{AppCertificate, Project};
use crate::agora::error::VerifyError;
use crate::agora::field_str::FieldStr;
use crate::mac;

/// An 006 token that the project signed, for this subject or for anybody in its place, and that is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified006<'a> {
    token: &'a Untrusted006,
    subject: Subject<'a>,
    certificate: usize,
}

impl Untrusted006 {
    /// Verifies that the token is for this project and subject, signed by one of its certificates, and in time.
    ///
    /// A token for anybody, or for every channel, is for this subject as well;
    /// [`Verified006::subject`] tells. The end is not part of the life: a token that ends at `now` has ended.
    ///
    /// No official SDK can do this. Mind the weakness of the format that is described at [`super`].
    ///
    /// # Errors
    /// [`VerifyError`], the first one in the order of its variants.
    pub fn verify<'a>(
        &'a self,
        project: Project<'_>,
        subject: Subject<'a>,
        now: UnixSeconds,
    ) -> Result<Verified006<'a>, VerifyError> {
        if self.app_id != *project.app_id {
            return Err(VerifyError::OtherProject);
        }
        let channel = self.bound_to(subject.channel, FieldStr::ANY_CHANNEL, self.channel_crc);
        let channel = channel.ok_or(VerifyError::OtherChannel)?;
        let user =
            self.bound_to(subject.user, FieldStr::EMPTY, self.user_crc).ok_or(VerifyError::OtherUser)?;
        let subject = Subject { channel, user };
        let certificate = self.signer(subject, project.certificates).ok_or(VerifyError::BadSignature)?;
        let expired_at = self.expires_at();
        if now >= expired_at {
            return Err(VerifyError::Expired { expired_at, now });
        }
        Ok(Verified006 { token: self, subject, certificate })
    }

    /// Which certificate signed the token for exactly this subject.
    pub(in crate::agora) fn signer(
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

    /// The text that the token is for: the given one, or the wildcard.
    fn bound_to<'a>(&self, text: FieldStr<'a>, wildcard: FieldStr<'a>, crc: u32) -> Option<FieldStr<'a>> {
        [text, wildcard].into_iter().find(|text| crc32(text.as_bytes()) == crc)
    }
}

impl Verified006<'_> {
    /// What the token is for: what was asked for, or a wildcard in its place.
    #[must_use]
    pub const fn subject(&self) -> Subject<'_> {
        self.subject
    }

    /// Which of the certificates signed, counted from 0.
    #[must_use]
    pub const fn certificate_index(&self) -> usize {
        self.certificate
    }

    /// Whether the token has a privilege that lasts beyond `now`; none lasts beyond the token.
    #[must_use]
    pub fn grants(&self, privilege: u16, now: UnixSeconds) -> bool {
        let end = self.privileges().get(privilege);
        now < self.expires_at() && end.is_some_and(|end| end.0 == 0 || now < end)
    }
}

/// A verified token says what the token itself says.
impl Deref for Verified006<'_> {
    type Target = Untrusted006;

    fn deref(&self) -> &Untrusted006 {
        self.token
    }
}
