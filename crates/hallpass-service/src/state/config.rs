//! The configuration document.

use std::sync::Arc;

use crate::auth::AuthConfig;
use crate::policy::{CallerConditions, RuleContext};
use crate::providers::{self, CompatConfig, IdentityConfig, Policy, ProjectConfigs};
use crate::settings::{BasePath, ConfigError, DOCUMENT, SecretName, SettingLookup, TtlConfig};
use crate::web::cors::{Cors, CorsConfig};
use crate::web::json::{Fields, Invalid, Json, JsonError, SyntaxError};
use crate::web::strings::{find, join, redact_hex};

/// The validated configuration, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    /// The accepted credentials; `None` if the document accepts no callers.
    pub(crate) auth: Option<AuthConfig>,
    pub(crate) providers: providers::Config,
    pub(crate) policy: Arc<Policy>,
    pub(crate) ttl: TtlConfig,
    pub(crate) cors: Cors,
    pub(crate) base_path: Option<BasePath>,
}

/// The fields of the document. The service ignores `$schema`; editors use this field to find the JSON Schema.
const FIELDS: [&str; 11] = [
    "$schema",
    "projects",
    "rest",
    "auth",
    "deny",
    "policy",
    "identity",
    "ttl",
    "compat",
    "cors",
    "base_path",
];

impl Config {
    /// Reads the configuration from the platform's settings. An empty setting counts as not set.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if a setting or value is invalid.
    pub(crate) fn read(setting: SettingLookup<'_>) -> Result<Self, ConfigError> {
        let setting: SettingLookup<'_> = &|name| setting(name).filter(|value| !value.is_empty());
        let text = setting(DOCUMENT).unwrap_or_else(|| "{}".into());
        let document =
            Json::parse(text.as_bytes()).map_err(|SyntaxError(detail)| ConfigError::Syntax(detail))?;
        let redact = |error: JsonError| redacted(&error);
        let projects = document.read(read_projects).map_err(redact)?;
        let projects = projects.map_or_else(|| ProjectConfigs::from_settings(setting), Ok)?;
        document.read(|root| Self::read_sections(root, projects)).map_err(redact)
    }

    #[inline(never)]
    fn read_sections<'j>(root: &'j Json<'j>, projects: ProjectConfigs) -> Result<Self, Invalid<'j>> {
        let fields = root.fields(&FIELDS)?;
        let ttl = fields.read("ttl", TtlConfig::read)?.unwrap_or(TtlConfig::DEFAULT);
        let cors = fields.read("cors", CorsConfig::read)?.unwrap_or_default();
        let auth = fields.read("auth", AuthConfig::read)?.flatten();
        let policy = Arc::new(read_policy(fields, auth.as_ref(), &projects)?);
        let identity = fields.read("identity", IdentityConfig::read)?.unwrap_or_default();
        let is_open = auth.as_ref().is_some_and(|auth| auth.open().is_some()) && policy.is_default();
        let compat = CompatConfig::read(fields.get("compat"), is_open)?;
        let cors = Cors::new(cors, auth.as_ref().map_or(&[], AuthConfig::headers));
        let base_path = fields.read("base_path", BasePath::read)?;
        let mut providers = projects.with_rest(fields.get("rest"))?;
        (providers.agora.identity, providers.agora.compat) = (identity, compat);
        Ok(Self { auth, providers, policy, ttl, cors, base_path })
    }

    /// Reads only the base path. Returns `None` if the base path is missing or invalid.
    #[cold]
    pub(crate) fn read_base_path(setting: SettingLookup<'_>) -> Option<BasePath> {
        let text = setting(DOCUMENT)?;
        BasePath::read(Json::parse(text.as_bytes()).ok()?.get("base_path")?).ok()
    }

    /// Returns the names of all secrets and their aliases.
    pub(crate) fn secret_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.secrets() {
            names.push(name.as_str());
            names.extend_from_slice(name.aliases());
        }
        names
    }

    /// Returns the names of all secrets, without duplicates.
    #[inline(never)]
    pub(crate) fn secrets(&self) -> Vec<&SecretName> {
        let mut names = self.providers.secret_names();
        if let Some(auth) = &self.auth {
            auth.add_secret_names(&mut names);
        }
        let mut distinct: Vec<&SecretName> = Vec::with_capacity(names.len());
        for name in names {
            if !distinct.iter().any(|known| known.as_str() == name.as_str()) {
                distinct.push(name);
            }
        }
        distinct
    }
}

/// Reads the projects. Returns `None` for a document without `projects`. Rejects duplicate field names and `null` in
/// the whole document. A `null` limit is rejected, because it could be interpreted as no limit.
#[inline(never)]
fn read_projects<'j>(root: &'j Json<'j>) -> Result<Option<ProjectConfigs>, Invalid<'j>> {
    let fields = root.fields(&FIELDS)?;
    root.check_names()?;
    if let Some(null) = root.first_null() {
        return Err(Invalid::new(null, "expected a value other than null"));
    }
    fields.read("projects", providers::read_projects)
}

/// Reads the sections `deny` and `policy`. If the document has no `policy`, returns the default policy.
#[inline(never)]
fn read_policy<'j>(
    fields: Fields<'j>,
    auth: Option<&AuthConfig>,
    projects: &ProjectConfigs,
) -> Result<Policy, Invalid<'j>> {
    let kinds = auth.map_or_else(Vec::new, AuthConfig::kinds);
    let keys = auth.map_or_else(Vec::new, |auth| auth.key_names().collect());
    let read_who = |who| CallerConditions::read(who, &kinds, &keys);
    let denied = fields.get("deny").map_or(Ok(Vec::new()), |list| list.read_items(read_who))?;
    let is_wildcard = auth.and_then(AuthConfig::open).is_some_and(|open| open.wildcard);
    let Some(section) = fields.get("policy") else {
        return Ok(providers::default_policy(denied, is_wildcard));
    };
    let wildcard = fields.get("auth").and_then(|auth| auth.get("open")?.get("wildcard"));
    if let Some(wildcard) = wildcard.filter(|_| is_wildcard) {
        let detail =
            "applies only without `policy`. Remove it, and set `\"identity\": \"wildcard\"` in a rule.";
        return Err(Invalid::new(wildcard, detail));
    }
    let projects: Vec<_> = projects.names().into_iter().map(|(name, _)| name).collect();
    providers::read_policy(denied, section, &RuleContext { kinds: &kinds, keys: &keys, projects: &projects })
}

/// Redacts everything in an error that may be a secret, because the log contains the error, and `/readyz` returns the
/// path.
fn redacted(JsonError { path, detail, .. }: &JsonError) -> ConfigError {
    let path = redacted_path(path);
    let detail = if detail.starts_with("duplicate field") {
        format!("duplicate field `{}`", path.rsplit('.').next().unwrap_or_default())
    } else {
        expectation(detail)
    };
    ConfigError::Value { path, detail }
}

/// Returns the part of an error message that states the expected value. Omits the found value, because it may be a
/// secret.
fn expectation(detail: &str) -> String {
    let expected = find(detail, "expected ").and_then(|at| detail.get(at..));
    match expected {
        Some(expected) if detail.starts_with("unknown field") => format!("unknown field, {expected}"),
        Some(expected) => expected.to_owned(),
        None => redact_hex(detail),
    }
}

/// Replaces each part of a path that is not a plain name with `…`.
fn redacted_path(path: &str) -> String {
    const MAX_NAME_BYTES: usize = 32;
    let redact = |name: &str| {
        let is_plain = name.len() <= MAX_NAME_BYTES
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_[]$".contains(&byte));
        if is_plain { redact_hex(name) } else { "…".to_owned() }
    };
    join(&path.split('.').map(redact).collect::<Vec<_>>(), ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacts_secrets_in_every_position() {
        let key = "Zx8kQ+/b3o9Jw0m5uTtR1yVn7cPq2sLdEhGfAaXwyE=";
        for document in [
            r#"{"projects":{"default":{"provider":"agora","app_id":"x","certificates":["SECRET"]}}}"#,
            r#"{"projects":{"default":{"provider":"agora","certificates":["SECRET"]}}}"#,
            r#"{"projects":{"default":{"provider":"SECRET"}}}"#,
            r#"{"projects":{"default":{"provider":{"SECRET":1}}}}"#,
            r#"{"projects":{"SECRET":{"provider":"agora","app_id":"y"}}}"#,
            r#"{"projects":{"default":{"SECRET":1}}}"#,
            r#"{"auth":{"open":"SECRET"}}"#,
            r#"{"auth":{"keys":[{"SECRET":"backend"}]}}"#,
            r#"{"auth":{"keys":[{"name":"backend","secret":"SECRET"}]}}"#,
            r#"{"SECRET":1}"#,
            r#"{"SECRET":1,"SECRET":1}"#,
            r#"{"SECRET":null}"#,
            r#"{"ttl":{"max":"SECRET"}}"#,
            r#"{"compat":{"version":"SECRET"}}"#,
        ] {
            for secret in ["5CFd2fd1755d40ecb72977518be15d3b", "ABCDEF0123456789ABCDEF0123456789", key] {
                let text = document.replace("SECRET", secret);
                let setting = |name: &str| (name == DOCUMENT).then(|| text.clone());
                let message = Config::read(&setting).unwrap_err().to_string();
                assert!(!message.contains(&secret[..5]), "{message}");
            }
        }
    }
}
