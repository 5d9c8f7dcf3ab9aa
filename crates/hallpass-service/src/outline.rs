//! What a deployment with a configuration does, in words: for people who write one.
//!
//! **Invariants**: the configuration is read as a deployment reads it; it needs no secret, and none is repeated.

use std::fmt;

use crate::auth::AuthConfig;
use crate::caller::Kind;
use crate::config::{Config, Project, RestConfig, RoomsVersion, SHORT_API_KEY, SHORT_APP_ID, without_hex};
use crate::cors::Pages;
use crate::projects::Named;
use crate::rehearsal::{Mistake, STAND_IN_APP_ID};

/// What a deployment does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    sections: Vec<Section>,
    /// Whether the settings say what projects there are.
    pub has_projects: bool,
    /// The secrets that have to be stored, each once.
    pub secrets: Vec<NamedSecret>,
    /// What is allowed, and may not be meant.
    pub warnings: Vec<String>,
}

/// A secret that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSecret {
    /// Its name.
    pub name: String,
    /// What it does: "signs …".
    pub purpose: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    title: &'static str,
    lines: Vec<String>,
}

/// Says what a deployment with these settings, by name, does. Where there is neither `AGORA_APP_ID` nor
/// `VIDEOSDK_API_KEY`, nor `projects` in the document, it stays open which of the two there is.
///
/// # Errors
/// [`Mistake`] for the first setting that is missing or wrong.
pub fn outline(setting: &dyn Fn(&str) -> Option<String>) -> Result<Outline, Mistake> {
    let is_open =
        [SHORT_APP_ID, SHORT_API_KEY].into_iter().all(|name| setting(name).is_none_or(|id| id.is_empty()));
    let with_stand_ins = |name: &str| match name {
        SHORT_APP_ID | SHORT_API_KEY if is_open => Some(STAND_IN_APP_ID.to_owned()),
        _ => setting(name),
    };
    let config = Config::read(&with_stand_ins).map_err(|error| Mistake::of_setup(&error))?;
    let auth = config.auth.as_ref();
    let kinds = auth.map_or_else(Vec::new, AuthConfig::kinds);
    let mut rules = config.policy.in_words(&kinds, config.ttl.max);
    if rules.is_empty() {
        rules.push("none: nobody gets anything".to_owned());
    }
    let ttl = config.ttl;
    let has_projects = config.projects.iter().any(|Named { project, .. }| !is_stand_in(project));
    let sections = vec![
        Section { title: "projects", lines: projects(&config.projects) },
        Section {
            title: "callers",
            lines: auth.map_or_else(|| vec!["nobody".to_owned()], AuthConfig::in_words),
        },
        Section { title: "rules", lines: rules },
        Section {
            title: "lives",
            lines: vec![format!(
                "{} s where a request does not say, {} s at most",
                ttl.default.seconds().0,
                ttl.max.seconds().0
            )],
        },
        Section {
            title: "routes of other servers",
            lines: vec![format!("tokens of format {} where theirs have 006", config.compat.version.as_str())],
        },
        Section { title: "calls to providers", lines: rest(&config) },
        Section { title: "web pages that may call", lines: vec![pages(config.cors.pages())] },
    ];
    Ok(Outline { sections, has_projects, secrets: secrets(&config), warnings: warnings(&config, &kinds) })
}

/// Texts in a row, with a word before the last one.
pub(crate) fn listed(texts: impl IntoIterator<Item = impl ToString>, word: &str) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| text.to_string()).collect();
    match texts.as_slice() {
        [] => String::new(),
        [text] => text.clone(),
        [texts @ .., last] => format!("{} {word} {last}", texts.join(", ")),
    }
}

/// Whether it is one that only may be there.
fn is_stand_in(project: &Project) -> bool {
    match project {
        Project::Agora { app_id, .. } => app_id.as_str() == STAND_IN_APP_ID,
        Project::VideoSdk { api_key, .. } => api_key.as_str() == STAND_IN_APP_ID,
    }
}

fn projects(projects: &[Named<Project>]) -> Vec<String> {
    let project = |Named { name, project }: &Named<Project>| {
        let (provider, kind, id, short) = match project {
            Project::Agora { app_id, .. } => ("Agora", "App ID", app_id.as_str(), SHORT_APP_ID),
            Project::VideoSdk { api_key, .. } => ("VideoSDK", "API key", api_key.as_str(), SHORT_API_KEY),
        };
        let id = if is_stand_in(project) { format!("if {short} is set") } else { format!("{kind} {id}") };
        // Whoever put a secret in the place of a name has it in no path of an error either.
        format!("{}: {provider}, {id}", without_hex(name))
    };
    projects.iter().map(project).collect()
}

/// Of the providers of which there is a project.
fn rest(config: &Config) -> Vec<String> {
    let RestConfig { agora_url, customer, videosdk_url, videosdk_version } = &config.rest;
    let account = match customer {
        Some(_) => {
            "with the credentials of the account, which open all of it; the call `auth` gives them out"
        }
        None => "without the credentials of the account, which `projects`, `kick` and the form `basic` need",
    };
    let version = match videosdk_version {
        RoomsVersion::V1 => "1",
        RoomsVersion::V2 => "2",
    };
    let mut lines = Vec::new();
    let mut projects = config.projects.iter().map(|Named { project, .. }| project);
    if customer.is_some() || projects.clone().any(|project| matches!(project, Project::Agora { .. })) {
        lines.push(format!("Agora at {agora_url}, {account}"));
    }
    if projects.any(|project| matches!(project, Project::VideoSdk { .. })) {
        lines.push(format!("VideoSDK at {videosdk_url}, in version {version} of its REST API"));
    }
    lines
}

fn pages(pages: &Pages) -> String {
    match pages {
        Pages::SameOrigin => "none of other origins".to_owned(),
        Pages::Any => "those of every origin".to_owned(),
        Pages::Listed(patterns) => format!("those of {}", listed(patterns, "and")),
    }
}

fn secrets(config: &Config) -> Vec<NamedSecret> {
    let of_projects = config.projects.iter().flat_map(|Named { name, project }| {
        let purpose =
            |position| if position == 0 { "signs the tokens of" } else { "is known to /v1/inspect for" };
        let names = project.secret_names().iter().enumerate();
        names
            .map(move |(position, secret)| (secret, format!("{} `{}`", purpose(position), without_hex(name))))
    });
    let of_auth = config.auth.iter().flat_map(AuthConfig::secret_uses);
    let of_rest = config.rest.customer.iter().flat_map(|(id, secret)| {
        [
            (id, "is the customer ID of the account at Agora".to_owned()),
            (secret, "is the customer secret, which opens the whole account at Agora".to_owned()),
        ]
    });
    let mut secrets: Vec<NamedSecret> = Vec::new();
    for (name, purpose) in of_projects.chain(of_auth).chain(of_rest) {
        match secrets.iter_mut().find(|known| known.name == name.as_str()) {
            Some(known) => known.purpose += &format!(" and {purpose}"),
            None => secrets.push(NamedSecret { name: name.as_str().to_owned(), purpose }),
        }
    }
    secrets
}

fn warnings(config: &Config, kinds: &[Kind]) -> Vec<String> {
    let mut warnings = Vec::new();
    if kinds.is_empty() {
        warnings.push("`auth` does not say who may call: nothing is minted".to_owned());
    }
    if kinds.contains(&Kind::Anonymous) {
        let gets = match &config.policy {
            policy if policy.is_usual() => "joins any channel, as whom it likes",
            policy if policy.is_for_kind(Kind::Anonymous, kinds) => {
                "gets what the rules give to callers without credentials"
            }
            _ => "is let in, though no rule gives anything to callers without credentials",
        };
        warnings.push(format!("`auth.open`: whoever finds the address {gets}"));
    }
    warnings.extend(config.policy.warnings(kinds));
    if matches!(config.cors.pages(), Pages::Any) {
        warnings.push("`cors.origins`: pages of every origin may call".to_owned());
    }
    warnings
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sections, secrets, warnings, .. } = self;
        for Section { title, lines } in sections {
            write_section(f, title, lines)?;
        }
        let secrets: Vec<_> =
            secrets.iter().map(|NamedSecret { name, purpose }| format!("{name} {purpose}")).collect();
        write_section(f, "secrets to store", &secrets)?;
        write_section(f, "warnings", warnings)
    }
}

fn write_section(f: &mut fmt::Formatter<'_>, title: &str, lines: &[String]) -> fmt::Result {
    if !lines.is_empty() {
        writeln!(f, "{title}")?;
    }
    lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
}
