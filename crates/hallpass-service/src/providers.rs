//! Providers of real-time services. Each provider has a module. Only the module `registry` lists all providers.
//!
//! The module of a provider contains these items:
//! - `NAME`: the provider's name in the configuration, responses and logs;
//! - `TITLE`: the provider's name in messages;
//! - `SHORT_SETTINGS` and `SHORT_SECRETS`: the setting and the secret of the provider's only project in a configuration
//!   without `projects`, each followed by its aliases;
//! - `DEFAULT_PROJECT`: the required name of the project for requests without `project`; `None` if any name is valid;
//! - `PROJECT_FIELDS` and `ProjectConfig`: a project in the configuration, without secrets;
//! - `Config`: the projects and the REST API, without secrets;
//! - `Provider`: the projects and the REST API, with secrets;
//! - `grant_fields` and `Grants`: the provider's part of a rule;
//! - `request_fields`, `read_request` and `TokenRequest`: the provider's part of a request to `/v1/token`;
//! - `EXPECT_FIELDS`, `recognizes` and `inspect`: the provider's part of a request to `/v1/inspect`;
//! - `Config::describe` and `Grants::describe`, behind the feature `check`: descriptions for the configuration summary.

pub(crate) mod agora;
mod calls;
#[cfg(feature = "check")]
mod description;
mod inspection;
mod minting;
mod registry;
mod rest;
#[cfg(test)]
mod tests;
mod upstream;
pub(crate) mod videosdk;

pub(crate) use self::agora::{CompatConfig, IdentityConfig};
#[cfg(feature = "check")]
pub(crate) use self::description::{ProjectDescription, ProviderDescription};
pub(crate) use self::minting::{MintContext, Minted, RequestSummary};
pub use self::registry::is_optional_secret;
pub(crate) use self::registry::{
    Config, Policy, ProjectConfigs, ProviderRequest, Providers, default_policy, inspect, read_policy,
    read_projects, read_request, request_fields, short_settings,
};
#[cfg(feature = "check")]
pub(crate) use self::registry::{describe_policy, short_setting_names};
pub(crate) use self::upstream::UpstreamError;
