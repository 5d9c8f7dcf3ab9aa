//! Agora's token formats.

use crate::web::json::{Invalid, Json};

/// An Agora token format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    /// Format 006, which Agora calls AccessToken.
    V006,
    /// Format 007, which Agora calls AccessToken2.
    #[default]
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

/// The section `compat` of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CompatConfig {
    /// The default token format of the routes that imitate servers with format 006.
    pub(crate) version: Version,
    /// True if a rule without `version` grants format 006 in addition to format 007, on every route.
    pub(crate) grants_006: bool,
    /// True if the routes issue a token with the granted role instead of denying a request for a higher role.
    pub(crate) narrow_role: bool,
}

impl CompatConfig {
    /// Reads the section `compat` of the configuration. `is_open` is true if anonymous callers are accepted without a
    /// policy. In this case, format 006 is granted, because the restrictions that a holder of a 006 token can circumvent do
    /// not exist.
    pub(crate) fn read<'j>(section: Option<&'j Json<'j>>, is_open: bool) -> Result<Self, Invalid<'j>> {
        let default = if is_open { Version::V006 } else { Version::V007 };
        let Some(section) = section else {
            return Ok(Self { version: default, grants_006: is_open, narrow_role: false });
        };
        let fields = section.fields(&["version", "narrow_role"])?;
        let version = fields.read("version", Version::read)?;
        Ok(Self {
            version: version.unwrap_or(default),
            grants_006: is_open || version == Some(Version::V006),
            narrow_role: fields.read("narrow_role", Json::boolean)?.unwrap_or_default(),
        })
    }
}
