//! A token that both the crate and an npm package create.

use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, AppId, Mint, Salt};
use hallpass_token::{Seconds, UnixSeconds};
use serde_json::{Value, json};

use super::{APP_ID, CERTIFICATE};

/// A token that both the crate and an npm package create from the same arguments.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The channel and the user of a 006 token. A 006 token does not contain these names.
    pub(super) subject: Option<Subject<'static>>,
    /// The part of the script's request that describes the package's token.
    build: Value,
    /// The function that creates the crate's token.
    mint: MintFn,
}

pub(super) type MintFn = Box<dyn Fn(&Mint<'_>) -> anyhow::Result<String>>;

impl Case {
    /// Returns a case with a builder of the package `agora-token`.
    pub(super) fn new(
        name: &'static str,
        (builder, call): (&str, &str),
        args: Value,
        mint: impl Fn(&Mint<'_>) -> String + 'static,
    ) -> Self {
        let build = json!({ "package": "agora-token", "builder": builder, "call": call, "args": args });
        Self { name, subject: None, build, mint: Box::new(move |with| Ok(mint(with))) }
    }

    /// Returns a case with a builder of the package `agora-access-token`.
    pub(super) fn new_006(
        name: &'static str,
        subject: Subject<'static>,
        (builder, call): (&str, &str),
        args: Value,
        mint: impl Fn(&Mint<'_>) -> String + 'static,
    ) -> Self {
        let build =
            json!({ "package": "agora-access-token", "builder": builder, "call": call, "args": args });
        Self { name, subject: Some(subject), build, mint: Box::new(move |with| Ok(mint(with))) }
    }

    /// Returns a case with a combination of services for which the package has no builder.
    pub(super) fn of_services(name: &'static str, services: Value, ttl: u32, mint: MintFn) -> Self {
        Self { name, subject: None, build: json!({ "services": services, "ttl": ttl }), mint }
    }

    pub(super) fn build_request(&self) -> Value {
        json!({ "app_id": APP_ID, "certificate": CERTIFICATE, "build": self.build })
    }

    pub(super) fn read_request(&self, token: &str) -> Value {
        let subject = self.subject.as_ref();
        let read = json!({
            "token": token,
            "channel": subject.map(|subject| subject.channel.as_str()),
            "user": subject.map(|subject| subject.user.as_str()),
        });
        json!({ "app_id": APP_ID, "certificate": CERTIFICATE, "read": read })
    }

    /// Mints the crate's token with the issue time and the salt of the package's token.
    pub(super) fn mint(
        &self,
        theirs: &str,
        app_id: &AppId,
        certificate: &AppCertificate,
    ) -> anyhow::Result<String> {
        let (issued_at, salt) = match self.subject {
            Some(_) => {
                let theirs = Untrusted006::parse(theirs)?;
                (UnixSeconds(theirs.expires_at().0 - Seconds::DAY.0), theirs.salt())
            }
            None => {
                let theirs = Untrusted007::parse(theirs)?;
                (theirs.issued_at(), theirs.salt())
            }
        };
        let salt = Salt::from_bytes(salt.to_le_bytes());
        (self.mint)(&Mint { app_id, certificate, issued_at, salt })
    }
}
