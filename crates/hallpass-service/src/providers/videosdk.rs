//! VideoSDK: tokens (JWTs) of versions 1 and 2, and the REST API for rooms.

mod config;
#[cfg(feature = "check")]
mod describe;
mod grants;
mod inspect;
mod request;
pub(crate) mod rest;

pub(crate) use self::config::{
    Config, DEFAULT_PROJECT, PROJECT_FIELDS, ProjectConfig, Provider, RoomsVersion, SHORT_SECRETS,
    SHORT_SETTINGS,
};
pub(crate) use self::grants::{Grants, RoomCall, decide_call, grant_fields};
pub(crate) use self::inspect::{EXPECT_FIELDS, inspect, recognizes};
pub(crate) use self::request::{Binding, RequestedScope, TokenRequest, read_request, request_fields};

use super::upstream::ProviderNames;

/// The provider's name in configuration, requests, responses and logs.
pub(crate) const NAME: &str = "videosdk";
/// The provider's name in messages.
pub(crate) const TITLE: &str = "VideoSDK";
const NAMES: ProviderNames = ProviderNames { name: NAME, title: TITLE };
