//! From tree to text.

use serde::ser::{Serialize, Serializer};

use super::Json;

impl Json<'_> {
    /// Returns the value as JSON text.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        // Names are strings, which is all that the format requires.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}
