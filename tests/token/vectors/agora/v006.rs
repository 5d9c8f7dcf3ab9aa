//! Checks of the content, the signature and the expiry of a 006 token.

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_token::UnixSeconds;
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::{AppCertificate, AppId, FieldStr, Project, VerifyError};

use super::hex;
use super::rejection::{expect_error, other_project};

/// The expected content of a 006 token.
pub(super) struct Content006<'a> {
    pub(super) app_id: &'a AppId,
    pub(super) salt: u32,
    pub(super) expires_at: UnixSeconds,
    pub(super) channel_crc: u32,
    pub(super) user_crc: u32,
    pub(super) privileges: &'a [(u16, u32)],
    pub(super) signature_hex: &'a str,
    pub(super) message_hex: &'a str,
}

impl Content006<'_> {
    /// Parses a token, and compares the content of the token with the expected content.
    pub(super) fn check(&self, token: &str) -> anyhow::Result<()> {
        let read = Untrusted006::parse(token)?;
        ensure!(read.app_id() == self.app_id, "the App ID is parsed as {:?}", read.app_id());
        ensure!(read.salt() == self.salt, "the salt is parsed as {}", read.salt());
        ensure!(read.expires_at() == self.expires_at, "the expiry is parsed as {:?}", read.expires_at());
        ensure!(
            read.channel_crc() == self.channel_crc,
            "the channel's CRC is parsed as {}",
            read.channel_crc()
        );
        ensure!(read.user_crc() == self.user_crc, "the user's CRC is parsed as {}", read.user_crc());
        let privileges: Vec<_> = read.privileges().iter().map(|(id, UnixSeconds(end))| (id, end)).collect();
        ensure!(privileges == self.privileges, "the privileges are parsed as {privileges:?}");
        let content = content_hex(token)?;
        ensure!(content.get(4..68) == Some(self.signature_hex), "the signature differs in {content}");
        ensure!(content.get(88..) == Some(self.message_hex), "the message differs in {content}");
        Ok(())
    }

    /// Verifies a token for the signed subject and for other subjects, and at times around the token's expiry.
    pub(super) fn check_signature(
        &self,
        token: &str,
        subject: Subject<'_>,
        certificate: &AppCertificate,
    ) -> anyhow::Result<()> {
        let token = Untrusted006::parse(token)?;
        let (other_app_id, other_certificate) = other_project()?;
        let certificates = [other_certificate, certificate.clone()];
        let project = Project { app_id: self.app_id, certificates: &certificates };
        let expired_at = self.expires_at;
        let last = before(expired_at);

        let verified = token.verify(project, subject, last).context("the token is rejected")?;
        ensure!(verified.subject() == subject, "the subject is {:?}", verified.subject());
        ensure!(verified.certificate_index() == 1, "the wrong certificate is returned");
        for &(id, end) in self.privileges {
            let end = if end == 0 { expired_at } else { UnixSeconds(end) };
            let last = before(end.min(expired_at));
            ensure!(verified.grants(id, last), "privilege {id} is not granted in its last second");
            ensure!(!verified.grants(id, end.min(expired_at)), "privilege {id} is granted after its expiry");
        }
        ensure!(!verified.grants(999, last), "a privilege that the token does not have is granted");

        expect_error(
            token.verify(project, subject, expired_at),
            VerifyError::Expired { expired_at, now: expired_at },
        )?;
        let other = Project { app_id: &other_app_id, ..project };
        expect_error(token.verify(other, subject, last), VerifyError::OtherProject)?;
        let other = Project { certificates: &certificates[..1], ..project };
        expect_error(token.verify(other, subject, last), VerifyError::BadSignature)?;
        let other_project = FieldStr::new("other").context("the name is too long")?;
        if subject.channel.as_str() != "*" {
            let other = Subject { channel: other_project, ..subject };
            expect_error(token.verify(project, other, last), VerifyError::OtherChannel)?;
        }
        let other = Subject { user: other_project, ..subject };
        match subject.user.as_str() {
            "" => ensure!(
                token.verify(project, other, last).is_ok(),
                "a token for any user is rejected for another user"
            ),
            _ => expect_error(token.verify(project, other, last), VerifyError::OtherUser)?,
        }
        Ok(())
    }
}

/// Decodes the Base64 after the App ID, and returns the bytes in hexadecimal.
pub(super) fn content_hex(token: &str) -> anyhow::Result<String> {
    Ok(hex(&STANDARD.decode(token.get(35..).context("the token has no content")?)?))
}

fn before(end: UnixSeconds) -> UnixSeconds {
    UnixSeconds(end.0.saturating_sub(1))
}
