//! The section `auth` of the configuration.

use std::sync::Arc;

use super::caller::CallerKind;
use super::claims::read_conditions;
use super::issuer::{Issuer, KeySource};
use super::jwt::normal_type;
use super::preset;
use crate::platform::SignatureAlgorithm;
use crate::settings::SecretName;
use crate::web::headers::{self, AUTHORIZATION};
use crate::web::json::{Invalid, Json};
use crate::web::strings::redact_hex;
use crate::web::url::is_https_or_loopback;

/// The setting `auth.open`, with which the service accepts callers without credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenAccess {
    /// True if the default policy also grants anonymous callers uid 0. Any user can use a token for uid 0.
    pub(crate) wildcard: bool,
}

/// The section `auth` of the configuration, without the values of secrets.
#[derive(Clone, Debug)]
pub(crate) struct AuthConfig {
    pub(super) open: Option<OpenAccess>,
    /// True if the claims of an API Gateway authorizer are accepted.
    pub(super) trusts_gateway: bool,
    /// The name of each service key, with the name of its secret.
    pub(super) keys: Arc<[(String, SecretName)]>,
    pub(super) issuers: Arc<[Issuer]>,
    /// The headers that contain credentials, without duplicates.
    pub(super) headers: Arc<[String]>,
}

impl AuthConfig {
    /// Reads the section `auth`. Returns `None` if the section accepts no callers.
    #[inline(never)]
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Option<Self>, Invalid<'j>> {
        let fields = section.fields(&["open", "gateway", "jwt", "keys"])?;
        let open = fields.read("open", read_open)?.flatten();
        let trusts_gateway = fields.get("gateway").map_or(Ok(false), Json::boolean)?;
        let keys = fields.get("keys").map_or(Ok(Vec::new()), read_keys)?;
        let issuers = fields.get("jwt").map_or(Ok(Vec::new()), |items| items.read_items(read_issuer))?;
        if open.is_none() && !trusts_gateway && keys.is_empty() && issuers.is_empty() {
            return Ok(None);
        }
        // `Authorization` has precedence, because a proxy may add another header with credentials to every request.
        let key_header = (!keys.is_empty()).then_some(AUTHORIZATION);
        let mut headers: Vec<String> = Vec::new();
        for header in key_header.into_iter().chain(issuers.iter().map(|issuer| issuer.header.as_str())) {
            if !headers.iter().any(|known| known == header) {
                let position = if header == AUTHORIZATION { 0 } else { headers.len() };
                headers.insert(position, header.to_owned());
            }
        }
        let (keys, issuers, headers) = (keys.into(), issuers.into(), headers.into());
        Ok(Some(Self { open, trusts_gateway, keys, issuers, headers }))
    }

    /// Returns the setting `auth.open`, or `None` if the service does not accept callers without credentials.
    pub(crate) const fn open(&self) -> Option<OpenAccess> {
        self.open
    }

    /// Returns the headers that contain credentials, in lower case.
    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Returns the accepted caller kinds.
    pub(crate) fn kinds(&self) -> Vec<CallerKind> {
        let kinds = [
            (CallerKind::Anonymous, self.open.is_some()),
            (CallerKind::User, !self.issuers.is_empty()),
            (CallerKind::Service, !self.keys.is_empty()),
            (CallerKind::Gateway, self.trusts_gateway),
        ];
        kinds.into_iter().filter_map(|(kind, is_accepted)| is_accepted.then_some(kind)).collect()
    }

    /// Returns the names of the service keys.
    pub(crate) fn key_names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    /// Adds the names of all secrets that the section `auth` refers to.
    pub(crate) fn add_secret_names<'a>(&'a self, names: &mut Vec<&'a SecretName>) {
        names.extend(self.keys.iter().map(|(_, secret)| secret));
        names.extend(self.issuers.iter().filter_map(|issuer| issuer.keys.secret_name()));
    }
}

/// Reads `auth.open`: `true`, `false`, or an object with `wildcard`.
fn read_open<'j>(value: &'j Json<'j>) -> Result<Option<OpenAccess>, Invalid<'j>> {
    match value {
        Json::Bool(is_open) => Ok(is_open.then_some(OpenAccess { wildcard: false })),
        Json::Object(_) => {
            let wildcard = value.fields(&["wildcard"])?.get("wildcard");
            Ok(Some(OpenAccess { wildcard: wildcard.map_or(Ok(false), Json::boolean)? }))
        }
        Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            Err(value.expected("true, false, or an object with `wildcard`"))
        }
    }
}

/// Reads the array `auth.keys`: the name of each service key, with the name of its secret.
#[inline(never)]
fn read_keys<'j>(items: &'j Json<'j>) -> Result<Vec<(String, SecretName)>, Invalid<'j>> {
    let mut keys: Vec<(String, SecretName)> = Vec::new();
    for item in items.items()? {
        let fields = item.fields(&["name", "secret"])?;
        let (name_value, secret_value) = (fields.required("name")?, fields.required("secret")?);
        let (name, secret) = (name_value.string()?, SecretName::read(secret_value)?);
        if name.is_empty() || redact_hex(name) != name {
            let expected = "expected a non-empty name, such as \"backend\", that is not a secret";
            return Err(Invalid::new(name_value, expected));
        }
        if keys.iter().any(|(known, _)| known == name) {
            return Err(Invalid::new(name_value, "expected a name that no other key has"));
        }
        // If two keys had the same secret, the service could not determine which key the caller sent.
        if keys.iter().any(|(_, known)| *known == secret) {
            return Err(Invalid::new(secret_value, "expected a secret that no other key has"));
        }
        keys.push((name.to_owned(), secret));
    }
    Ok(keys)
}

/// Reads an item of `auth.jwt`.
#[inline(never)]
fn read_issuer<'j>(item: &'j Json<'j>) -> Result<Issuer, Invalid<'j>> {
    let fields = item.fields(&[
        "preset",
        "issuer",
        "audience",
        "jwks_uri",
        "secret",
        "header",
        "algorithms",
        "claims",
        "types",
        "max_ttl",
        "domain",
        "project",
        "team",
        "user_pool",
        "client_id",
        "token_use",
        "authorized_parties",
        "tenant",
        "authorization_server",
    ])?;
    let mut issuer = preset::read_issuer(fields)?;
    if let Some(value) = fields.get("claims") {
        issuer.claims.extend(read_conditions(value)?);
    }
    if let Some(value) = fields.get("types") {
        issuer.types = value.read_one_or_more(read_type)?;
    }
    if let Some(value) = fields.get("max_ttl") {
        issuer.max_ttl = value.whole_number(1..=MAX_MAX_TTL, "seconds from 1 to 315360000 (10 years)")?;
    }
    // If neither `audience` nor `claims` were required, JWTs that the provider issued for other apps would be accepted.
    // A condition on `iss` repeats the check of the issuer.
    let identifies_app = issuer.identifies_app
        || !issuer.audiences.is_empty()
        || issuer.claims.iter().any(|(name, _)| !matches!(name.as_str(), "iss" | "/iss"));
    if !identifies_app {
        let expected = "expected the required `aud`, or `claims` that identify the app";
        return Err(Invalid::field(item, "audience", expected));
    }
    if let Some(value) = fields.get("header") {
        let name = value.string()?;
        if !headers::is_name(name) {
            return Err(Invalid::new(value, "expected a header name"));
        }
        issuer.header = name.to_ascii_lowercase();
    }
    let (url, algorithms) = (fields.get("jwks_uri"), fields.get("algorithms"));
    if let Some(value) = fields.get("secret") {
        issuer.keys = KeySource::Secret(SecretName::read(value)?);
        if url.is_some() || algorithms.is_some() {
            let detail = "is for HS256 only. Remove `algorithms` and `jwks_uri`, or remove `secret`.";
            return Err(Invalid::new(value, detail));
        }
    } else if let KeySource::Published { algorithms: accepted, keys } = &mut issuer.keys {
        if !is_https_or_loopback(&keys.url) {
            let field = if url.is_some() { "jwks_uri" } else { "issuer" };
            let expected = "expected an https URL, or an http URL of this machine";
            return Err(Invalid::field(item, field, expected));
        }
        if let Some(value) = algorithms {
            *accepted = value.read_one_or_more(read_algorithm)?;
        }
    }
    Ok(issuer)
}

/// The largest value of `max_ttl`: 10 years in seconds.
const MAX_MAX_TTL: u32 = 10 * 365 * 24 * 60 * 60;

/// Reads an accepted media type in `typ`.
fn read_type<'j>(value: &'j Json<'j>) -> Result<String, Invalid<'j>> {
    let media_type = normal_type(value.string()?);
    if media_type.is_empty() {
        return Err(Invalid::new(value, "expected a value of `typ`, such as \"at+jwt\""));
    }
    Ok(media_type)
}

/// Reads the name of an algorithm that verifies a signature with a public key.
fn read_algorithm<'j>(value: &'j Json<'j>) -> Result<SignatureAlgorithm, Invalid<'j>> {
    value.one_of(
        "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519",
        SignatureAlgorithm::parse,
    )
}
