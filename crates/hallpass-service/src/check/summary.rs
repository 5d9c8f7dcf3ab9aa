//! The summary of a configuration that `cargo xtask check-config` prints.

use std::{fmt, iter};

use super::InputError;
use super::identity_warnings::identity_warnings;
use super::placeholder::{PLACEHOLDER_APP_ID, with_placeholders};
use crate::auth::{AuthConfig, CallerKind};
use crate::policy::PolicyDescription;
use crate::providers::{self, CompatConfig, ProjectDescription, ProviderDescription};
use crate::routes::is_ambiguous;
use crate::settings::{BasePath, SecretName};
use crate::state::Config;
use crate::web::cors::{AllowedOrigins, Cors};
use crate::web::strings::{listed, redact_hex};

/// A summary of a configuration. Display writes plain text for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    text: String,
    /// True if the settings or the document define a project.
    pub has_projects: bool,
    /// The secrets that the configuration requires, without duplicates.
    pub secrets: Vec<RequiredSecret>,
}

/// A secret that a configuration requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredSecret {
    /// The name of the secret.
    pub name: String,
    /// Other names under which the secret may be stored, in order of precedence.
    pub aliases: &'static [&'static str],
}

/// Summarizes the configuration in these settings. If neither the settings nor the document define a project, the summary
/// assumes one project of each provider.
///
/// # Errors
/// Returns [`InputError`] if a setting is missing or invalid.
pub fn summarize(setting: &dyn Fn(&str) -> Option<String>) -> Result<Summary, InputError> {
    let config = Config::read(&with_placeholders(setting)).map_err(|error| InputError::from(&error))?;
    let (auth, max_ttl) = (config.auth.as_ref(), config.ttl.max);
    let kinds = auth.map_or_else(Vec::new, AuthConfig::kinds);
    let providers = config.providers.describe();
    let policy = providers::describe_policy(&config.policy, &kinds, max_ttl);
    let warnings = warnings(&config, &kinds, &policy);
    let secrets = secrets(&providers, auth, config.providers.agora.identity.uid_secret.as_ref());
    let default_ttl = config.ttl.default.seconds().0;
    let max_ttl = max_ttl.seconds().0;
    let or = |lines: Vec<String>, text: &str| if lines.is_empty() { vec![text.to_owned()] } else { lines };
    let sections = [
        ("projects", providers.iter().flat_map(projects).collect()),
        ("callers", or(auth.map_or_else(Vec::new, AuthConfig::describe), "none")),
        ("policy", or(policy.lines, "no rules: every token request is denied")),
        ("token TTL", vec![format!("default {default_ttl} s, maximum {max_ttl} s")]),
        ("compatible routes", compatible_routes(config.providers.agora.compat)),
        ("provider REST APIs", providers.iter().filter_map(|provider| provider.rest.clone()).collect()),
        ("CORS", cors(&config.cors)),
        ("base path", config.base_path.iter().map(base_path).collect()),
        ("secrets", secrets.iter().map(secret_line).collect()),
        ("warnings", warnings),
    ];
    let mut text = String::new();
    for (title, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        text += &format!("{title}\n  {}\n", lines.join("\n  "));
    }
    let mut projects = providers.iter().flat_map(|provider| &provider.projects);
    let has_projects = projects.any(|project| project.id != PLACEHOLDER_APP_ID);
    Ok(Summary { text, has_projects, secrets: secrets.into_iter().map(|(name, _)| name.into()).collect() })
}

fn projects(provider: &ProviderDescription<'_>) -> Vec<String> {
    let ProviderDescription { title, short_settings, projects, .. } = provider;
    let describe = |ProjectDescription { name, id_name, id, .. }: &ProjectDescription<'_>| {
        // The name is redacted, because a secret may have been entered as the name by mistake.
        let name = redact_hex(name);
        if *id == PLACEHOLDER_APP_ID {
            format!("{name}: {title}, if {} is set", listed(*short_settings, "or"))
        } else {
            format!("{name}: {title}, {id_name} {id}")
        }
    };
    projects.iter().map(describe).collect()
}

fn compatible_routes(compat: CompatConfig) -> Vec<String> {
    let mut lines =
        vec![format!("format {} if the original server issues format 006", compat.version.as_str())];
    if compat.grants_006 {
        lines.push("format 006 is granted by every rule without `version`, on every route".to_owned());
    }
    if compat.narrow_role {
        lines.push(
            "a request for a publisher gets a subscriber token if a rule grants only `subscriber`".to_owned(),
        );
    }
    lines
}

fn cors(cors: &Cors) -> Vec<String> {
    let origins = match cors.origins() {
        AllowedOrigins::SameOrigin => return vec!["same origin only".to_owned()],
        AllowedOrigins::Any => "all origins".to_owned(),
        AllowedOrigins::Listed(patterns) => format!("origins {}", listed(patterns, "and")),
    };
    vec![origins, format!("headers {}", cors.headers())]
}

fn base_path(base_path: &BasePath) -> String {
    format!("{}: the routes work with and without this prefix", base_path.as_str())
}

/// Returns the names of the secrets without duplicates, each with its purposes.
fn secrets<'a>(
    providers: &'a [ProviderDescription<'_>],
    auth: Option<&'a AuthConfig>,
    uid_secret: Option<&'a SecretName>,
) -> Vec<(&'a SecretName, String)> {
    let project_secrets = providers.iter().flat_map(|provider| &provider.projects).flat_map(|project| {
        let name = redact_hex(project.name);
        let uses = iter::once("signs tokens for").chain(iter::repeat("verifies tokens in /v1/inspect for"));
        project.secrets.iter().zip(uses).map(move |(secret, usage)| (secret, format!("{usage} `{name}`")))
    });
    let auth_secrets = auth.into_iter().flat_map(AuthConfig::secret_uses);
    let account_secrets = providers.iter().flat_map(|provider| &provider.account_secrets);
    let account_secrets = account_secrets.map(|(secret, purpose)| (*secret, (*purpose).to_owned()));
    let uid_secret = uid_secret.map(|secret| (secret, "key of derived uids".to_owned()));
    let mut secrets: Vec<(&SecretName, String)> = Vec::new();
    for (secret, purpose) in project_secrets.chain(auth_secrets).chain(account_secrets).chain(uid_secret) {
        match secrets.iter_mut().find(|(name, _)| name.as_str() == secret.as_str()) {
            Some((_, known)) => *known += &format!("; {purpose}"),
            None => secrets.push((secret, purpose)),
        }
    }
    secrets
}

fn secret_line((name, purpose): &(&SecretName, String)) -> String {
    format!("{}: {purpose}", listed(name.all(), "or"))
}

impl From<&SecretName> for RequiredSecret {
    fn from(name: &SecretName) -> Self {
        Self { name: name.as_str().to_owned(), aliases: name.aliases() }
    }
}

fn warnings(config: &Config, kinds: &[CallerKind], policy: &PolicyDescription) -> Vec<String> {
    let mut warnings = Vec::new();
    if kinds.is_empty() {
        let warning =
            "`auth` accepts no callers, so no tokens are issued. Set `jwt`, `keys`, `gateway` or `open`.";
        warnings.push(warning.to_owned());
    }
    if kinds.contains(&CallerKind::Anonymous) {
        let warning = if config.policy.is_default() {
            "anyone who finds the URL can get tokens for any channel and any user"
        } else if policy.kinds.contains(&CallerKind::Anonymous) {
            "anyone who finds the URL gets everything that the rules grant to anonymous callers"
        } else {
            "anonymous callers are accepted, but no rule grants them anything"
        };
        warnings.push(format!("`auth.open`: {warning}"));
    }
    warnings.extend(config.auth.iter().flat_map(AuthConfig::warnings));
    warnings.extend_from_slice(&policy.warnings);
    warnings.extend(identity_warnings(config, kinds));
    let is_open = kinds.contains(&CallerKind::Anonymous) && config.policy.is_default();
    if config.providers.agora.compat.grants_006 && !is_open {
        let warning = "every rule without `version` grants format 006, and the holder of a 006 token can change its channel and its user";
        warnings.push(format!("`compat.version`: {warning}"));
    }
    if config.base_path.as_ref().is_some_and(is_ambiguous) {
        let warning = "below this path, some routes look like other routes";
        warnings.push(format!("`base_path`: {warning}"));
    }
    if matches!(config.cors.origins(), AllowedOrigins::Any) {
        warnings.push("`cors.origins`: web pages of every origin can call the service".to_owned());
    }
    warnings
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
