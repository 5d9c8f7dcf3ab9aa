//! The part `auth` of the configuration document.

use std::fmt;

use hmac::{Hmac, KeyInit as _};
use http::HeaderName;
use http::header::AUTHORIZATION;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Auth;
use super::algorithm::Algorithm;
use super::issuer::{Issuer, Keys};
use super::key_set::{KeySet, Source};
use super::preset::Preset;
use super::service_key::ServiceKey;
use super::url::is_safe;
use crate::caller::Kind;
use crate::claims::Claim;
use crate::config::{SecretName, without_hex};
use crate::json::{NamedOnce, Object, OneOrMore};
use crate::projects::Sources;
use crate::setup_error::SetupError;

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthDocument {
    #[serde(default, deserialize_with = "open")]
    pub(crate) open: Option<Open>,
    #[serde(default)]
    gateway: bool,
    #[serde(default)]
    jwt: Vec<Object<JwtDocument>>,
    #[serde(default)]
    keys: Vec<Object<KeyDocument>>,
}

/// The service is open to callers without credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// Where there is no policy, they may also have tokens that anybody may use (uid 0).
    #[serde(default)]
    pub(crate) wildcard: bool,
}

/// One identity provider. Which members must be there depends on the preset.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JwtDocument {
    pub(super) preset: Option<Preset>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<OneOrMore<String>>,
    pub(super) jwks_uri: Option<String>,
    secret: Option<SecretName>,
    header: Option<String>,
    algorithms: Option<OneOrMore<Algorithm>>,
    claims: Option<NamedOnce<OneOrMore<Claim>>>,
    pub(super) domain: Option<String>,
    pub(super) project: Option<String>,
    pub(super) team: Option<String>,
    pub(super) user_pool: Option<String>,
    pub(super) client_id: Option<OneOrMore<String>>,
    pub(super) token_use: Option<String>,
    pub(super) authorized_parties: Option<OneOrMore<String>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyDocument {
    name: String,
    secret: SecretName,
}

/// A member that is missing or wrong.
pub(super) struct Fault {
    pub(super) member: &'static str,
    pub(super) detail: &'static str,
}

impl AuthDocument {
    /// Whether it says who may call.
    pub(crate) fn is_configured(&self) -> bool {
        self.open.is_some() || self.gateway || !self.jwt.is_empty() || !self.keys.is_empty()
    }

    /// The kinds of callers whom it lets in.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        let kinds = [
            (Kind::Anonymous, self.open.is_some()),
            (Kind::User, !self.jwt.is_empty()),
            (Kind::Service, !self.keys.is_empty()),
            (Kind::Gateway, self.gateway),
        ];
        kinds.into_iter().filter_map(|(kind, may_call)| may_call.then_some(kind)).collect()
    }

    /// The names of the service keys.
    pub(crate) fn key_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|Object(key)| key.name.as_str())
    }

    /// Loads what it names.
    ///
    /// # Errors
    /// [`SetupError`] for the first thing that is missing or wrong.
    pub(crate) fn load(self, sources: &Sources<'_>) -> Result<Auth, SetupError> {
        let mut auth = Auth { open: self.open, trusts_gateway: self.gateway, ..Auth::default() };
        for (position, Object(document)) in self.keys.into_iter().enumerate() {
            let KeyDocument { name, secret } = document;
            let path = || format!("auth.keys[{position}].name");
            if name.is_empty() || without_hex(&name) != name {
                let detail = "expected a name for the logs and for rules, such as \"backend\"".to_owned();
                return Err(SetupError::Value { path: path(), detail });
            }
            if auth.keys.iter().any(|key| key.name() == name) {
                return Err(SetupError::Value { path: path(), detail: "expected each name once".to_owned() });
            }
            auth.keys.push(ServiceKey::new(name, &shared(&secret, sources)?));
        }
        for (position, Object(document)) in self.jwt.into_iter().enumerate() {
            auth.issuers.push(document.load(position, sources)?);
        }
        // Custom headers stand behind `Authorization`: a server in front of the app sends them along with everything.
        let of_keys = (!auth.keys.is_empty()).then_some(AUTHORIZATION);
        let of_issuers = auth.issuers.iter().map(|issuer| issuer.header.clone());
        for header in of_keys.into_iter().chain(of_issuers) {
            if !auth.headers.contains(&header) {
                auth.headers.push(header);
            }
        }
        auth.headers.sort_by_key(|header| *header != AUTHORIZATION);
        Ok(auth)
    }
}

impl JwtDocument {
    fn load(mut self, position: usize, sources: &Sources<'_>) -> Result<Issuer, SetupError> {
        let at = |Fault { member, detail }: Fault| SetupError::Value {
            path: format!("auth.jwt[{position}].{member}"),
            detail: detail.to_owned(),
        };
        let preset = self.preset.unwrap_or(Preset::None);
        preset.check_members(&self).map_err(at)?;
        let plan = preset.plan(&mut self).map_err(at)?;
        let fault = |member, detail| Err(at(Fault { member, detail }));
        let mut claims = plan.claims;
        if let Some(NamedOnce(more)) = self.claims {
            claims.extend(more.into_iter().map(|(name, OneOrMore(wanted))| (name, wanted)));
        }
        if plan.audiences.iter().any(String::is_empty) {
            return fault("audience", "expected a text that is not empty");
        }
        let audiences = plan.audiences.into_iter().map(Claim::Text).collect::<Vec<_>>();
        // Without either, a JWT that the provider made for any other app would do.
        if audiences.is_empty() && claims.is_empty() {
            return fault("audience", "expected what `aud` must be, or `claims` that say for whom a JWT is");
        }
        let header = match self.header.as_deref().or(plan.header) {
            None => AUTHORIZATION,
            Some(name) => match HeaderName::try_from(name) {
                Ok(name) => name,
                Err(_) => return fault("header", "expected the name of a header"),
            },
        };
        let keys = match (self.secret, plan.source) {
            (Some(_), _) if self.algorithms.is_some() || self.jwks_uri.is_some() => {
                return fault("secret", "is for HS256 alone, and stands without `algorithms` and `jwks_uri`");
            }
            (Some(name), _) => match Hmac::<Sha256>::new_from_slice(shared(&name, sources)?.as_bytes()) {
                Ok(key) => Keys::Secret(key),
                Err(_) => return fault("secret", "expected a secret that an HMAC can take"),
            },
            (None, source) => {
                let url = match &source {
                    Source::Keys(url) => url,
                    Source::Discovery { issuer } => issuer,
                };
                if !is_safe(url) {
                    let member = if self.jwks_uri.is_some() { "jwks_uri" } else { plan.url_member };
                    return fault(member, "expected an address with https, or of this machine");
                }
                let algorithms = self
                    .algorithms
                    .map_or_else(|| Algorithm::PUBLIC.to_vec(), |OneOrMore(algorithms)| algorithms);
                Keys::Published { algorithms, keys: KeySet::new(source) }
            }
        };
        Ok(Issuer { name: plan.issuer, audiences, claims, header, keys })
    }
}

/// A secret that both sides know. Blanks around it are a slip of whoever stored it, and would fit nothing.
fn shared(SecretName(name): &SecretName, sources: &Sources<'_>) -> Result<Zeroizing<String>, SetupError> {
    /// Those of 256 random bits.
    const MIN_BYTES: usize = 32;
    let secret = sources.load(name)?;
    if secret.trim() != secret.as_str() {
        return Err(SetupError::SecretBlank(name.clone()));
    }
    if secret.len() < MIN_BYTES { Err(SetupError::SecretShort(name.clone(), MIN_BYTES)) } else { Ok(secret) }
}

/// `true`, `false`, or an object with `wildcard`.
fn open<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Open>, D::Error> {
    struct Switch;

    impl<'de> Visitor<'de> for Switch {
        type Value = Option<Open>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, or an object with `wildcard`")
        }

        fn visit_bool<E: Error>(self, open: bool) -> Result<Option<Open>, E> {
            Ok(open.then(Open::default))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Open>, A::Error> {
            Open::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(Switch)
}
