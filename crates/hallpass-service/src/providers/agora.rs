//! Agora: tokens in formats 006 and 007 for all services, and the REST APIs.

mod config;
mod decision;
mod derived_uid;
#[cfg(feature = "check")]
mod describe;
mod grants;
mod inspect;
mod request;
pub(crate) mod rest;
mod services;
mod version;

pub(crate) use self::config::{
    AgoraProject, Config, DEFAULT_PROJECT, PROJECT_FIELDS, ProjectConfig, Provider, SHORT_SECRETS,
    SHORT_SETTINGS,
};
pub(crate) use self::derived_uid::IdentityConfig;
pub(crate) use self::grants::{FormatCheck, Grants, decide_rest_call, grant_fields};
pub(crate) use self::inspect::{EXPECT_FIELDS, inspect, recognizes};
pub(crate) use self::request::{TokenRequest, read_request, request_fields};
pub(crate) use self::services::{
    Apaas, ChannelUser, Chat, FieldlessService, RequestedRole, Rtc, Rtm, TokenService, read_uid,
};
pub(crate) use self::version::{CompatConfig, Version};

use super::upstream::ProviderNames;

/// The provider's name in configuration, responses and logs.
pub(crate) const NAME: &str = "agora";
/// The provider's name in messages.
pub(crate) const TITLE: &str = "Agora";
const NAMES: ProviderNames = ProviderNames { name: NAME, title: TITLE };
