//! What a description of the configuration says of a provider, for people who check a configuration.

use crate::settings::SecretName;

/// A description of a provider's part of the configuration.
pub(crate) struct ProviderDescription<'a> {
    /// The provider's name in messages.
    pub(crate) title: &'static str,
    /// The setting that defines its only project in a configuration without `projects`.
    pub(crate) short_setting: &'static str,
    pub(crate) projects: Vec<ProjectDescription<'a>>,
    /// The REST API, if it is used.
    pub(crate) rest: Option<String>,
    /// The secrets that belong to no project, each with its purpose.
    pub(crate) account_secrets: Vec<(&'a SecretName, &'static str)>,
}

/// A description of a project.
pub(crate) struct ProjectDescription<'a> {
    pub(crate) name: &'a str,
    /// The provider's term for the public id.
    pub(crate) id_name: &'static str,
    pub(crate) id: &'a str,
    /// The first one signs.
    pub(crate) secrets: &'a [SecretName],
}
