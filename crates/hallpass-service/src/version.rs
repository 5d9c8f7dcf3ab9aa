//! The token formats of Agora that a request can choose from.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A token format of Agora.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// AccessToken.
    V006,
    /// AccessToken2.
    V007,
}

impl Version {
    pub(crate) const EXPECTED: &'static str = "expected \"006\" or \"007\"";

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "006" => Some(Self::V006),
            "007" => Some(Self::V007),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V006 => "006",
            Self::V007 => "007",
        }
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Version;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text \"006\" or \"007\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Version, E> {
                Version::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Text)
    }
}
