//! Descriptions of providers for `cargo xtask check-config`.

use crate::settings::SecretName;

/// A description of a provider's part of the configuration.
pub(crate) struct ProviderDescription<'a> {
    /// The provider's name in messages.
    pub(crate) title: &'static str,
    /// The settings that define the provider's only project if the configuration has no `projects`. The first setting
    /// that is set applies.
    pub(crate) short_settings: &'static [&'static str],
    pub(crate) projects: Vec<ProjectDescription<'a>>,
    /// A line that describes the REST API, if the configuration uses this API.
    pub(crate) rest: Option<String>,
    /// The secrets that are not part of a project, each with its purpose.
    pub(crate) account_secrets: Vec<(&'a SecretName, &'static str)>,
}

/// A description of a project.
pub(crate) struct ProjectDescription<'a> {
    pub(crate) name: &'a str,
    /// The provider's name for the public ID, such as `App ID`.
    pub(crate) id_name: &'static str,
    pub(crate) id: &'a str,
    /// The names of the secrets. The first secret signs tokens.
    pub(crate) secrets: &'a [SecretName],
}
