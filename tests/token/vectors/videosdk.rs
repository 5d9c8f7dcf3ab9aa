//! The test vectors of the file `videosdk.json`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hallpass_token::videosdk::{
    ApiKey, Claims, ParsedClaims, ParticipantId, Permissions, Project, Roles, RoomId, Scope, Secret, TokenId,
    Untrusted, VerifyError, Version,
};
use hallpass_token::{Ttl, UnixSeconds};
use serde::Deserialize;
use serde_json::Value;

use super::run::Passed;

/// The vectors that the crate does not reproduce. Each entry has the name of the vector and the claims of the crate's
/// token.
const DEVIATIONS: [(&str, &str); 1] = [
    // VideoSDK's documentation of the server SDK 0.1.x has the role in upper case. VideoSDK's SDKs and this crate write
    // the role in lowercase.
    (
        "seed_0_1_x",
        r#"{"apikey":"7b1c2f6e-0000-4000-8000-000000000001","permissions":["allow_join"],"version":2,"roles":["crawler"],"iat":1700000000,"exp":1700000600}"#,
    ),
];

#[derive(Deserialize)]
struct Vector {
    name: String,
    api_key: String,
    secret: String,
    iat: u32,
    token: String,
    header: String,
    payload: String,
}

/// The claims of a vector, in JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    apikey: String,
    #[serde(default)]
    permissions: Vec<String>,
    version: Option<u64>,
    #[serde(default)]
    roles: Vec<String>,
    room_id: Option<String>,
    participant_id: Option<String>,
    iat: Option<u32>,
    nbf: Option<u32>,
    exp: Option<u32>,
    jti: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

pub(super) fn check(vector: &Value) -> anyhow::Result<Passed> {
    let vector = Vector::deserialize(vector)?;
    let payload: Payload = serde_json::from_str(&vector.payload).context("parsing the payload")?;
    vector.check_parts()?;
    vector.check_content(&payload)?;
    vector.check_signature(&payload)?;
    let typed = vector.check_mint(&payload)?;
    Ok(Passed { kind: "videosdk".to_owned(), typed, tokens: 1 })
}

impl Vector {
    fn check_parts(&self) -> anyhow::Result<()> {
        let parts =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(&self.header), URL_SAFE_NO_PAD.encode(&self.payload));
        let signed = self.token.rsplit_once('.').map(|(signed, _)| signed);
        ensure!(signed == Some(&parts), "`header` and `payload` do not match the token");
        Ok(())
    }

    fn check_content(&self, payload: &Payload) -> anyhow::Result<()> {
        let read = Untrusted::parse(&self.token)?;
        let expected = ParsedClaims {
            api_key: payload.apikey.clone(),
            permissions: payload.permissions.clone(),
            version: payload.version.map(Version::Number),
            roles: payload.roles.clone(),
            room: payload.room_id.clone(),
            participant: payload.participant_id.clone(),
            issued_at: payload.iat.map(u64::from),
            not_before: payload.nbf.map(u64::from),
            expires_at: payload.exp.map(u64::from),
            id: payload.jti.clone(),
        };
        ensure!(*read.claims() == expected, "the claims are parsed as {:?}", read.claims());
        let roles = Roles::parse(payload.roles.iter().map(String::as_str))?;
        ensure!(read.claims().known_roles() == roles, "the roles are parsed as {:?}", roles);
        Ok(())
    }

    fn check_signature(&self, payload: &Payload) -> anyhow::Result<()> {
        let token = Untrusted::parse(&self.token)?;
        let api_key = ApiKey::parse(&self.api_key)?;
        let secrets = [Secret::parse("other")?, Secret::parse(&self.secret)?];
        let issued_at = UnixSeconds(self.iat);
        let project = Project { api_key: &api_key, secrets: &secrets };
        let expect_error = |project: Project<'_>, now, expected: VerifyError| {
            let result = token.verify(project, now).map(|verified| verified.secret_index());
            ensure!(result == Err(expected), "the result is {result:?}, expected {expected:?}");
            Ok(())
        };

        let other_secrets = Project { secrets: &secrets[..1], ..project };
        expect_error(other_secrets, issued_at, VerifyError::BadSignature)?;
        let other_key = Project { api_key: &ApiKey::parse("other")?, ..project };
        expect_error(other_key, issued_at, VerifyError::OtherProject)?;
        let Some(end) = payload.exp else {
            return expect_error(project, issued_at, VerifyError::NoExpiry);
        };
        let verified = token.verify(project, issued_at).context("the token is rejected at its issue time")?;
        ensure!(verified.secret_index() == 1, "the wrong secret is returned");
        let last = UnixSeconds(end.saturating_sub(1));
        ensure!(token.verify(project, last).is_ok(), "the token is rejected in its last second");
        let (expired_at, now) = (u64::from(end), UnixSeconds(end));
        expect_error(project, now, VerifyError::Expired { expired_at, now })?;
        if let Some(early) = self.iat.checked_sub(VerifyError::LEEWAY.0 + 1) {
            let (from, now) = (u64::from(self.iat), UnixSeconds(early));
            expect_error(project, now, VerifyError::NotYetValid { from, now })?;
        }
        Ok(())
    }

    /// Mints the token with [`Claims`], and checks the minted token. Returns `false` if the types of the crate reject a
    /// value.
    fn check_mint(&self, payload: &Payload) -> anyhow::Result<bool> {
        let api_key = ApiKey::parse(&self.api_key)?;
        let Some(claims) = payload.claims(&api_key) else { return Ok(false) };
        let minted = claims.sign(&Secret::parse(&self.secret)?);
        match DEVIATIONS.iter().find(|(name, _)| *name == self.name) {
            None => ensure!(minted == self.token, "Claims produces {minted}"),
            Some(_) if minted == self.token => {
                bail!("Claims produces the same token, but it is listed as a deviation")
            }
            Some((_, ours)) => {
                let payload = minted.split('.').nth(1).context("the token has no claims")?;
                let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload)?)?;
                ensure!(payload == *ours, "Claims produces {payload}");
            }
        }
        Ok(true)
    }
}

impl Payload {
    /// Converts the JSON to [`Claims`]. Returns `None` if the types of the crate reject a value.
    fn claims<'a>(&'a self, api_key: &'a ApiKey) -> Option<Claims<'a>> {
        let roles = Roles::parse(self.roles.iter().map(String::as_str)).ok()?;
        let room = parse_optional(self.room_id.as_deref(), RoomId::parse)?;
        let participant = parse_optional(self.participant_id.as_deref(), ParticipantId::parse)?;
        let scope = match self.version {
            None if (roles, room, participant) == (Roles::None, None, None) => Scope::V1,
            Some(2) => Scope::V2 { roles, room, participant },
            _ => return None,
        };
        if self.nbf.is_some() || !self.others.is_empty() {
            return None;
        }
        let issued_at = self.iat?;
        Some(Claims {
            api_key,
            permissions: Permissions::parse(self.permissions.iter().map(String::as_str)).ok()?,
            scope,
            issued_at: UnixSeconds(issued_at),
            expires_in: Ttl::new(self.exp?.checked_sub(issued_at)?).ok()?,
            id: parse_optional(self.jti.as_deref(), TokenId::parse)?,
        })
    }
}

/// Parses an optional string. Returns `None` if the string is invalid, and `Some(None)` if the string is missing.
fn parse_optional<'a, T, E>(
    string: Option<&'a str>,
    parse: fn(&'a str) -> Result<T, E>,
) -> Option<Option<T>> {
    string.map(parse).transpose().ok()
}
