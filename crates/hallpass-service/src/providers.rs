//! The providers of real-time services. Everything about one provider is in its folder; only `registry` lists them.
//!
//! The module of a provider contains these items:
//! - `NAME` and `TITLE`: its name in configuration and responses, and in messages;
//! - `SHORT_SETTING`: the setting that defines its only project in a configuration without `projects`;
//! - `DEFAULT_PROJECT`: the project for requests that name none, if it must have a certain name;
//! - `PROJECT_FIELDS` and `ProjectConfig`: its projects in the configuration, without secrets;
//! - `Config`: its projects and its REST API, without secrets;
//! - `Provider`: the same with secrets;
//! - `grant_fields` and `Grants`: its part of a rule;
//! - `request_fields`, `read_request` and `TokenRequest`: its part of a request to `/v1/token`;
//! - `EXPECT_FIELDS`, `recognizes` and `inspect`: its part of a request to `/v1/inspect`;
//! - `Config::describe` and `Grants::describe`, behind the feature `check`: descriptions for people.

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

pub(crate) use self::agora::CompatConfig;
#[cfg(feature = "check")]
pub(crate) use self::description::{ProjectDescription, ProviderDescription};
pub(crate) use self::minting::{MintContext, Minted, RequestSummary};
#[cfg(feature = "check")]
pub(crate) use self::registry::describe_policy;
pub(crate) use self::registry::{
    Config, Policy, ProjectConfigs, ProviderRequest, Providers, default_policy, inspect, read_policy,
    read_projects, read_request, request_fields, short_settings,
};
pub(crate) use self::upstream::UpstreamError;
