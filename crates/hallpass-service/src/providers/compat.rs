//! The options of the routes that imitate other servers.

use super::agora::Version;
use crate::web::json::{Invalid, Json};

/// The options of the routes that imitate other servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompatConfig {
    /// The token format of servers whose original mints 006.
    pub(crate) version: Version,
}

impl CompatConfig {
    /// Without a section `compat` in the configuration.
    pub(crate) const DEFAULT: Self = Self { version: Version::V006 };

    /// Reads the section `compat` of the configuration.
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let version = section.fields(&["version"])?.get("version").map(Version::read).transpose()?;
        Ok(version.map_or(Self::DEFAULT, |version| Self { version }))
    }
}
