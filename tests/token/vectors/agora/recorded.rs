//! Vectors of the kinds `fixed` and `parse`: tokens from other sources, with their content.

use anyhow::{Context as _, ensure};
use hallpass_token::agora::v006::Subject;
use hallpass_token::agora::{AppCertificate, AppId, FieldStr};
use hallpass_token::{Seconds, UnixSeconds};
use serde::Deserialize;

use super::v006::Content006;
use super::v007::Content007;
use crate::service::ServiceJson;

#[derive(Deserialize)]
#[serde(tag = "format")]
pub(super) enum RecordedToken {
    #[serde(rename = "006")]
    V006(RecordedToken006),
    #[serde(rename = "007")]
    V007(RecordedToken007),
}

#[derive(Deserialize)]
pub(super) struct RecordedToken006 {
    token: String,
    app_id: String,
    app_certificate: Option<String>,
    signature_valid: Option<bool>,
    /// The channel. The channel and the user are known if the certificate is known.
    channel: Option<String>,
    uid_string: Option<String>,
    salt: u32,
    ts: u32,
    crc_channel: u32,
    crc_uid: u32,
    privileges: Vec<(u16, u32)>,
    signature_hex: String,
    message_hex: String,
}

#[derive(Deserialize)]
pub(super) struct RecordedToken007 {
    token: String,
    app_id: String,
    app_certificate: Option<String>,
    signature_valid: Option<bool>,
    issue_ts: u32,
    expire: u32,
    salt: u32,
    services: Vec<ServiceJson>,
    payload_hex: String,
    signature_hex: String,
}

impl RecordedToken {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        match self {
            Self::V006(known) => known.check(),
            Self::V007(known) => known.check(),
        }
    }
}

impl RecordedToken006 {
    fn check(&self) -> anyhow::Result<()> {
        let app_id = AppId::parse(&self.app_id)?;
        let content = Content006 {
            app_id: &app_id,
            salt: self.salt,
            expires_at: UnixSeconds(self.ts),
            channel_crc: self.crc_channel,
            user_crc: self.crc_uid,
            privileges: &self.privileges,
            signature_hex: &self.signature_hex,
            message_hex: &self.message_hex,
        };
        content.check(&self.token)?;
        let Some(certificate) = certificate(self.app_certificate.as_deref(), self.signature_valid)? else {
            return Ok(());
        };
        let channel = FieldStr::new(self.channel.as_deref().context("the vector has no `channel`")?)?;
        let user = FieldStr::new(self.uid_string.as_deref().context("the vector has no `uid_string`")?)?;
        content.check_signature(&self.token, Subject { channel, user }, &certificate)
    }
}

impl RecordedToken007 {
    fn check(&self) -> anyhow::Result<()> {
        let app_id = AppId::parse(&self.app_id)?;
        let content = Content007 {
            app_id: &app_id,
            issued_at: UnixSeconds(self.issue_ts),
            expires_in: Seconds(self.expire),
            salt: self.salt,
            services: &self.services,
            payload_hex: &self.payload_hex,
            signature_hex: &self.signature_hex,
        };
        content.check(&self.token)?;
        match certificate(self.app_certificate.as_deref(), self.signature_valid)? {
            Some(certificate) => content.check_signature(&self.token, &certificate),
            None => Ok(()),
        }
    }
}

fn certificate(string: Option<&str>, valid: Option<bool>) -> anyhow::Result<Option<AppCertificate>> {
    ensure!(
        valid == string.map(|_| true),
        "`signature_valid` must be true if and only if there is a certificate"
    );
    Ok(string.map(AppCertificate::parse).transpose()?)
}
