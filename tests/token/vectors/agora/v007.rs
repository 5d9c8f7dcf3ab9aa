//! Checks of the content, the signature and the validity period of a 007 token.

use anyhow::{Context as _, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_token::agora::v007::{Remainder, Untrusted007};
use hallpass_token::agora::{AppCertificate, AppId, Project, VerifyError};
use hallpass_token::{Seconds, UnixSeconds};

use super::hex;
use super::rejection::{expect_error, other_project};
use crate::service::ServiceJson;

/// The expected content of a 007 token.
pub(super) struct Content007<'a> {
    pub(super) app_id: &'a AppId,
    pub(super) issued_at: UnixSeconds,
    pub(super) expires_in: Seconds,
    pub(super) salt: u32,
    pub(super) services: &'a [ServiceJson],
    pub(super) payload_hex: &'a str,
    pub(super) signature_hex: &'a str,
}

impl Content007<'_> {
    /// Parses a token, and compares the content of the token with the expected content.
    pub(super) fn check(&self, token: &str) -> anyhow::Result<()> {
        let read = Untrusted007::parse(token)?;
        ensure!(read.app_id() == self.app_id, "the App ID is parsed as {:?}", read.app_id());
        ensure!(read.issued_at() == self.issued_at, "the issue time is parsed as {:?}", read.issued_at());
        ensure!(read.expires_in() == self.expires_in, "the TTL is parsed as {:?}", read.expires_in());
        ensure!(read.salt() == self.salt, "the salt is parsed as {}", read.salt());
        ensure!(read.remainder() == Remainder::Empty, "the remainder is parsed as {:?}", read.remainder());
        let services: Vec<_> = read
            .services()
            .map(|service| ServiceJson::from_service(&service))
            .collect::<anyhow::Result<_>>()?;
        ensure!(services == self.services, "the services are parsed as {services:?}");
        let payload = payload_hex(token)?;
        ensure!(payload == self.payload_hex, "the payload is {payload}");
        ensure!(payload.get(4..68) == Some(self.signature_hex), "the signature differs in {payload}");
        Ok(())
    }

    /// Verifies a token for the signing project and for other projects, and at times around the token's validity
    /// period.
    pub(super) fn check_signature(&self, token: &str, certificate: &AppCertificate) -> anyhow::Result<()> {
        let token = Untrusted007::parse(token)?;
        let (other_app_id, other_certificate) = other_project()?;
        let certificates = [other_certificate, certificate.clone()];
        let project = Project { app_id: self.app_id, certificates: &certificates };
        let issued_at = self.issued_at;
        let expired_at = issued_at.saturating_add(self.expires_in.min(Seconds::DAY));

        let verified = token.verify(project, issued_at).context("the token is rejected at its issue time")?;
        ensure!(verified.certificate_index() == 1, "the wrong certificate is returned");
        ensure!(verified.expires_at() == expired_at, "the expiry is {:?}", verified.expires_at());
        ensure!(token.verify(project, expired_at).is_ok(), "the token is rejected at its expiry");
        for service in verified.services() {
            for (id, seconds) in service.privileges().iter() {
                let end = match seconds {
                    Seconds(0) => expired_at,
                    _ => issued_at.saturating_add(seconds).min(expired_at),
                };
                ensure!(verified.grants(&service, id, end), "privilege {id} of {service:?} is not granted");
                let late = end.saturating_add(Seconds(1));
                ensure!(
                    !verified.grants(&service, id, late),
                    "privilege {id} of {service:?} is granted after its expiry"
                );
            }
            ensure!(
                !verified.grants(&service, 999, issued_at),
                "a privilege that the service does not have is granted"
            );
        }

        let now = expired_at.saturating_add(Seconds(1));
        expect_error(token.verify(project, now), VerifyError::Expired { expired_at, now })?;
        if let Some(early) = issued_at.0.checked_sub(VerifyError::LEEWAY.0) {
            ensure!(
                token.verify(project, UnixSeconds(early)).is_ok(),
                "the token is rejected within the leeway"
            );
            let now = UnixSeconds(early.saturating_sub(1));
            expect_error(token.verify(project, now), VerifyError::NotYetValid { issued_at, now })?;
        }
        let other = Project { app_id: &other_app_id, ..project };
        expect_error(token.verify(other, issued_at), VerifyError::OtherProject)?;
        let other = Project { certificates: &certificates[..1], ..project };
        expect_error(token.verify(other, issued_at), VerifyError::BadSignature)
    }
}

/// Inflates the payload of a token, and returns the bytes in hexadecimal.
pub(super) fn payload_hex(token: &str) -> anyhow::Result<String> {
    let stream = STANDARD.decode(token.strip_prefix("007").context("the token does not start with 007")?)?;
    let payload = miniz_oxide::inflate::decompress_to_vec_zlib(&stream)
        .map_err(|error| anyhow!("the token does not inflate: {error}"))?;
    Ok(hex(&payload))
}
