//! The part `auth` of the configuration document.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use http::header::AUTHORIZATION;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::algorithm::Algorithm;
use super::config::{AuthConfig, IssuerConfig, KeySource};
use super::key_set::{KeySet, Source};
use super::preset::{NOT_EMPTY, Preset};
use crate::claims::{Claim, PLAIN};
use crate::config::{SecretName, without_hex};
use crate::json::{NamedOnce, Object, OneOrMore};
use crate::setup_error::SetupError;
use crate::url::is_safe;

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
    /// Who may call; `None` where it says nothing.
    ///
    /// # Errors
    /// [`SetupError`] for the first thing that is missing or wrong.
    pub(crate) fn check(self) -> Result<Option<AuthConfig>, SetupError> {
        let is_configured =
            self.open.is_some() || self.gateway || !self.jwt.is_empty() || !self.keys.is_empty();
        if !is_configured {
            return Ok(None);
        }
        let mut keys: Vec<(String, SecretName)> = Vec::new();
        for (position, Object(KeyDocument { name, secret })) in self.keys.into_iter().enumerate() {
            let fault = |detail: &str| SetupError::Value {
                path: format!("auth.keys[{position}].name"),
                detail: detail.to_owned(),
            };
            if name.is_empty() || without_hex(&name) != name {
                return Err(fault("expected a name for the logs and for rules, such as \"backend\""));
            }
            if keys.iter().any(|(known, _)| *known == name) {
                return Err(fault("expected each name once"));
            }
            // Only one of two would ever be found.
            if keys.iter().any(|(_, known)| *known == secret) {
                return Err(SetupError::Value {
                    path: format!("auth.keys[{position}].secret"),
                    detail: "expected each secret once".to_owned(),
                });
            }
            keys.push((name, secret));
        }
        let issuers = self.jwt.into_iter().enumerate().map(|(position, Object(document))| {
            document.check().map_err(|Fault { member, detail }| SetupError::Value {
                path: format!("auth.jwt[{position}].{member}"),
                detail: detail.to_owned(),
            })
        });
        let issuers = issuers.collect::<Result<Vec<_>, _>>()?;
        // Custom headers stand behind `Authorization`: a server in front of the app sends them along with everything.
        let of_keys = (!keys.is_empty()).then_some(AUTHORIZATION);
        let of_issuers = issuers.iter().map(|issuer| issuer.header.clone());
        let mut headers = Vec::new();
        for header in of_keys.into_iter().chain(of_issuers) {
            if !headers.contains(&header) {
                headers.push(header);
            }
        }
        headers.sort_by_key(|header| *header != AUTHORIZATION);
        let (open, trusts_gateway, headers) = (self.open, self.gateway, headers.into());
        Ok(Some(AuthConfig { open, trusts_gateway, keys, issuers, headers }))
    }
}

impl JwtDocument {
    fn check(mut self) -> Result<IssuerConfig, Fault> {
        let fault = |member, detail| Err(Fault { member, detail });
        let preset = self.preset.unwrap_or(Preset::None);
        preset.check_members(&self)?;
        let plan = preset.plan(&mut self)?;
        let mut claims = plan.claims;
        if let Some(NamedOnce(more)) = self.claims {
            if !more.iter().all(|(_, OneOrMore(wanted))| wanted.iter().all(Claim::is_plain)) {
                return fault("claims", PLAIN);
            }
            claims.extend(more.into_iter().map(|(name, OneOrMore(wanted))| (name, wanted)));
        }
        if plan.audiences.iter().any(String::is_empty) {
            return fault("audience", NOT_EMPTY);
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
            (Some(name), _) => KeySource::Secret(name),
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
                KeySource::Published { algorithms, keys: Arc::new(KeySet::new(source)) }
            }
        };
        Ok(IssuerConfig { name: plan.issuer, audiences, claims, header, keys })
    }
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
