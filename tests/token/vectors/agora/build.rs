//! Vectors of kind `build`: the token that an official builder returned for given arguments.

use anyhow::{Context as _, ensure};
use hallpass_token::agora::v006::{Subject, Token006};
use hallpass_token::agora::v007::{Services, Token007};
use hallpass_token::agora::{AppCertificate, AppId, FieldStr, Privileges};
use hallpass_token::{Seconds, UnixSeconds};
use serde::Deserialize;
use serde_json::Value;

use super::builder::Builder;
use super::content::Content;
use super::v006::{Content006, content_hex};
use super::v007::{Content007, payload_hex};
use crate::service::ServiceJson;

#[derive(Deserialize)]
pub(super) struct Build {
    format: String,
    app_id: String,
    app_certificate: String,
    salt: u32,
    /// The issue time of a 007 token, or the expiry of a 006 token.
    #[serde(alias = "issue_ts")]
    ts: u32,
    #[serde(flatten)]
    builder: Builder,
    expected: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected006 {
    token: String,
    content_hex: String,
    signature_hex: String,
    message_hex: String,
    crc_channel: u32,
    crc_uid: u32,
    uid_string: String,
    privileges: Vec<(u16, u32)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected007 {
    payload_hex: String,
    signature_hex: String,
    signing_info_hex: String,
    expire: u32,
    services: Vec<ServiceJson>,
    token_strings: Vec<TokenString>,
}

/// A token string. A vector has several token strings, because SDKs can compress the same payload differently.
#[derive(Deserialize)]
struct TokenString {
    token: String,
}

impl Build {
    /// Checks the vector. Returns whether `Mint` also produced the token, and the number of parsed SDK tokens.
    pub(super) fn check(&self) -> anyhow::Result<(bool, usize)> {
        let app_id = AppId::parse(&self.app_id)?;
        let certificate = AppCertificate::parse(&self.app_certificate)?;
        let minted = self.builder.mint(&app_id, &certificate, self.salt, self.ts);
        let (format, tokens) = match self.builder.content()? {
            Content::V006 { channel, user, privileges } => {
                let subject = Subject { channel: string(channel)?, user: string(&user)? };
                ("006", self.check_006(&app_id, &certificate, subject, &privileges, minted.as_deref())?)
            }
            Content::V007 { ttl, services } => {
                ("007", self.check_007(&app_id, &certificate, Seconds(ttl), &services, minted.as_deref())?)
            }
        };
        ensure!(self.format == format, "the builder has format {format}, but the vector {}", self.format);
        Ok((minted.is_some(), tokens))
    }

    fn check_006(
        &self,
        app_id: &AppId,
        certificate: &AppCertificate,
        subject: Subject<'_>,
        privileges: &[(u16, u32)],
        minted: Option<&str>,
    ) -> anyhow::Result<usize> {
        let expected = Expected006::deserialize(&self.expected)?;
        let expiries: Vec<_> = privileges.iter().map(|&(id, end)| (id, UnixSeconds(end))).collect();
        let token = Token006 {
            app_id,
            subject,
            salt: self.salt,
            expires_at: UnixSeconds(self.ts),
            privileges: Privileges::new(&expiries)?,
        };
        let ours = token.sign(certificate);
        ensure!(ours == expected.token, "Token006 produces {ours}");
        if let Some(minted) = minted {
            ensure!(minted == expected.token, "Mint produces {minted}");
        }
        let content = content_hex(&ours)?;
        ensure!(content == expected.content_hex, "the Base64 contains {content}");
        ensure!(subject.user.as_str() == expected.uid_string, "the user is {:?}", subject.user);

        let content = Content006 {
            app_id,
            salt: self.salt,
            expires_at: UnixSeconds(self.ts),
            channel_crc: expected.crc_channel,
            user_crc: expected.crc_uid,
            privileges: &expected.privileges,
            signature_hex: &expected.signature_hex,
            message_hex: &expected.message_hex,
        };
        content.check(&expected.token)?;
        content.check_signature(&expected.token, subject, certificate)?;
        Ok(1)
    }

    fn check_007(
        &self,
        app_id: &AppId,
        certificate: &AppCertificate,
        expires_in: Seconds,
        services: &[ServiceJson],
        minted: Option<&str>,
    ) -> anyhow::Result<usize> {
        let expected = Expected007::deserialize(&self.expected)?;
        ensure!(expires_in.0 == expected.expire, "the builder's TTL is {} seconds", expires_in.0);
        let trees = services.iter().map(ServiceJson::tree).collect::<anyhow::Result<Vec<_>>>()?;
        let services = services.iter().zip(&trees).map(|(service, tree)| service.service(tree));
        let mut services = services.collect::<anyhow::Result<Vec<_>>>()?;
        let token = Token007 {
            app_id,
            issued_at: UnixSeconds(self.ts),
            expires_in,
            salt: self.salt,
            services: Services::new(&mut services).context("the vector has no service")?,
        };
        let ours = token.sign(certificate);
        let payload = payload_hex(&ours)?;
        ensure!(payload == expected.payload_hex, "Token007 produces {payload}");
        if let Some(minted) = minted {
            let payload = payload_hex(minted)?;
            ensure!(payload == expected.payload_hex, "Mint produces {payload}");
        }
        let parts = format!("2000{}{}", expected.signature_hex, expected.signing_info_hex);
        ensure!(payload == parts, "the payload {payload} is not the signature and the signed data");

        let content = Content007 {
            app_id,
            issued_at: UnixSeconds(self.ts),
            expires_in,
            salt: self.salt,
            services: &expected.services,
            payload_hex: &expected.payload_hex,
            signature_hex: &expected.signature_hex,
        };
        ensure!(!expected.token_strings.is_empty(), "the vector has no token");
        for token in expected.token_strings.iter().map(|string| &string.token).chain([&ours]) {
            content.check(token).with_context(|| token.clone())?;
            content.check_signature(token, certificate).with_context(|| token.clone())?;
        }
        Ok(expected.token_strings.len())
    }
}

fn string(string: &str) -> anyhow::Result<FieldStr<'_>> {
    FieldStr::new(string).context("a string is too long for a token")
}
