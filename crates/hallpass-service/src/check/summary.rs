//! A summary of what a deployment with a configuration does: for people who write a configuration.

use std::{fmt, iter};

use super::InputError;
use super::dry_run::PLACEHOLDER_APP_ID;
use crate::auth::{AuthConfig, CallerKind};
use crate::policy::PolicyDescription;
use crate::providers::{self, ProjectDescription, ProviderDescription, short_settings};
use crate::state::Config;
use crate::web::cors::AllowedPages;
use crate::web::text::{listed, without_hex};

/// What a deployment does. Display is text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    text: String,
    /// Whether the settings define a project.
    pub has_projects: bool,
    /// The names of the secrets to store, each once.
    pub secrets: Vec<String>,
}

/// Summarizes what a deployment with these settings does. If neither the settings nor the document define a project, the
/// summary is that of a project of each provider.
///
/// # Errors
/// [`InputError`] for the first setting that is missing or wrong.
pub fn summarize(setting: &dyn Fn(&str) -> Option<String>) -> Result<Summary, InputError> {
    let short_settings = short_settings();
    let is_open = short_settings.iter().all(|name| setting(name).is_none_or(|id| id.is_empty()));
    let with_placeholders = |name: &str| {
        let is_placeholder = is_open && short_settings.contains(&name);
        if is_placeholder { Some(PLACEHOLDER_APP_ID.to_owned()) } else { setting(name) }
    };
    let config = Config::read(&with_placeholders).map_err(|error| InputError::from(&error))?;
    let (auth, max_ttl, version) = (config.auth.as_ref(), config.ttl.max, config.compat.version.as_str());
    let kinds = auth.map_or_else(Vec::new, AuthConfig::kinds);
    let providers = config.providers.describe();
    let policy = providers::describe_policy(&config.policy, &kinds, max_ttl);
    let warnings = warnings(&config, &kinds, &policy);
    let secrets = secrets(&providers, auth);
    let default_ttl = config.ttl.default.seconds().0;
    let max_ttl = max_ttl.seconds().0;
    let or = |lines: Vec<String>, text: &str| if lines.is_empty() { vec![text.to_owned()] } else { lines };
    let sections = [
        ("projects", providers.iter().flat_map(projects).collect()),
        ("callers", or(auth.map_or_else(Vec::new, AuthConfig::describe), "nobody")),
        ("rules", or(policy.lines, "none: nobody gets anything")),
        ("lives", vec![format!("{default_ttl} s where a request does not say, {max_ttl} s at most")]),
        ("routes of other servers", vec![format!("tokens of format {version} where theirs have 006")]),
        ("calls to providers", providers.iter().filter_map(|provider| provider.rest.clone()).collect()),
        ("web pages that may call", vec![pages(config.cors.pages())]),
        ("secrets to store", secrets.iter().map(|(name, purpose)| format!("{name} {purpose}")).collect()),
        ("warnings", warnings),
    ];
    let mut text = String::new();
    for (title, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        text += &format!("{title}\n  {}\n", lines.join("\n  "));
    }
    let mut projects = providers.iter().flat_map(|provider| &provider.projects);
    let has_projects = projects.any(|project| project.id != PLACEHOLDER_APP_ID);
    Ok(Summary {
        text,
        has_projects,
        secrets: secrets.into_iter().map(|(name, _)| name.to_owned()).collect(),
    })
}

fn projects(provider: &ProviderDescription<'_>) -> Vec<String> {
    let ProviderDescription { title, short_setting, projects, .. } = provider;
    let describe = |ProjectDescription { name, id_name, id, .. }: &ProjectDescription<'_>| {
        // A secret in the place of a name is not repeated.
        let name = without_hex(name);
        if *id == PLACEHOLDER_APP_ID {
            format!("{name}: {title}, if {short_setting} is set")
        } else {
            format!("{name}: {title}, {id_name} {id}")
        }
    };
    projects.iter().map(describe).collect()
}

fn pages(pages: &AllowedPages) -> String {
    match pages {
        AllowedPages::SameOrigin => "none of other origins".to_owned(),
        AllowedPages::Any => "those of every origin".to_owned(),
        AllowedPages::Listed(patterns) => format!("those of {}", listed(patterns, "and")),
    }
}

/// Returns the names of the secrets, each once, with their purposes.
fn secrets<'a>(
    providers: &'a [ProviderDescription<'_>],
    auth: Option<&'a AuthConfig>,
) -> Vec<(&'a str, String)> {
    let of_projects = providers.iter().flat_map(|provider| &provider.projects).flat_map(|project| {
        let name = without_hex(project.name);
        let verbs = iter::once("signs the tokens of").chain(iter::repeat("is known to /v1/inspect for"));
        project.secrets.iter().zip(verbs).map(move |(secret, verb)| (secret, format!("{verb} `{name}`")))
    });
    let of_auth = auth.into_iter().flat_map(AuthConfig::secret_uses);
    let of_accounts = providers.iter().flat_map(|provider| &provider.account_secrets);
    let of_accounts = of_accounts.map(|(secret, purpose)| (*secret, (*purpose).to_owned()));
    let mut secrets: Vec<(&str, String)> = Vec::new();
    for (secret, purpose) in of_projects.chain(of_auth).chain(of_accounts) {
        match secrets.iter_mut().find(|(name, _)| *name == secret.as_str()) {
            Some((_, known)) => *known += &format!(" and {purpose}"),
            None => secrets.push((secret.as_str(), purpose)),
        }
    }
    secrets
}

fn warnings(config: &Config, kinds: &[CallerKind], policy: &PolicyDescription) -> Vec<String> {
    let mut warnings = Vec::new();
    if kinds.is_empty() {
        warnings.push("`auth` does not say who may call: nothing is minted".to_owned());
    }
    if kinds.contains(&CallerKind::Anonymous) {
        let gets = if config.policy.is_default() {
            "joins any channel, as whom it likes"
        } else if policy.kinds.contains(&CallerKind::Anonymous) {
            "gets what the rules give to callers without credentials"
        } else {
            "is let in, though no rule gives anything to callers without credentials"
        };
        warnings.push(format!("`auth.open`: whoever finds the address {gets}"));
    }
    warnings.extend_from_slice(&policy.warnings);
    if matches!(config.cors.pages(), AllowedPages::Any) {
        warnings.push("`cors.origins`: pages of every origin may call".to_owned());
    }
    warnings
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
