//! Agora's token formats.

use crate::web::json::{Invalid, Json};

/// An Agora token format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Format 006, which Agora calls AccessToken.
    V006,
    /// Format 007, which Agora calls AccessToken2.
    V007,
}

impl Version {
    pub(crate) const EXPECTED: &'static str = "must be \"006\" or \"007\"";

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "006" => Some(Self::V006),
            "007" => Some(Self::V007),
            _ => None,
        }
    }

    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        value.one_of("the string \"006\" or \"007\"", Self::parse)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V006 => "006",
            Self::V007 => "007",
        }
    }
}

/// The options of the compatible routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CompatConfig {
    /// The default token format of the routes that imitate servers with format 006.
    pub(crate) version: Version,
    /// True if the routes issue a token with the granted role instead of denying a request for a higher role.
    pub(crate) narrow_role: bool,
}

impl CompatConfig {
    /// The options of a configuration without `compat`.
    pub(crate) const DEFAULT: Self = Self { version: Version::V006, narrow_role: false };

    /// Reads the section `compat` of the configuration.
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(&["version", "narrow_role"])?;
        Ok(Self {
            version: fields.read("version", Version::read)?.unwrap_or(Self::DEFAULT.version),
            narrow_role: fields.read("narrow_role", Json::boolean)?.unwrap_or_default(),
        })
    }
}
