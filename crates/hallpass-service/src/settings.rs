//! Types that all parts of the configuration share: secrets, TTLs, named projects, errors.

mod base_path;
mod error;
mod project;
mod secret_name;
mod secrets;
mod ttl;

pub(crate) use self::base_path::BasePath;
pub(crate) use self::error::ConfigError;
pub use self::error::StoreError;
pub(crate) use self::project::{NamedProject, ProjectError, Projects};
pub(crate) use self::secret_name::SecretName;
pub(crate) use self::secrets::Fingerprints;
pub use self::secrets::Secrets;
pub(crate) use self::ttl::{TtlConfig, read_requested_ttl, read_ttl};

/// The name of the setting that contains the configuration document.
pub(crate) const DOCUMENT: &str = "HALLPASS_CONFIG";

/// A function that returns the value of a setting by name, or `None` if the setting is not set.
pub(crate) type SettingLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns the name and the value of the first of these settings that is set.
pub(crate) fn first_set(
    setting: SettingLookup<'_>,
    names: &[&'static str],
) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| Some((*name, setting(name)?)))
}
