//! JSON documents: a parser, a tree of values, and functions that read typed values from the tree.
//!
//! A function that reads a value receives a node of the tree. An error refers to the invalid node. The path of the node
//! is determined only if an error occurs, so that reading a valid document has no additional cost. serde_json parses
//! the documents, and rejects 128 or more levels of nesting.

mod parse;
mod path;
mod read;
mod write;

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};
use serde_json::Number;

pub(crate) use self::parse::{BYTE_ORDER_MARK, SyntaxError};
pub(crate) use self::path::{Invalid, JsonError};
pub(crate) use self::read::Fields;
pub(crate) use self::write::write_object;

/// A JSON value. Strings without escapes are borrowed from the document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// The fields in document order. A name may occur more than once; see [`Json::check_names`].
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Returns an object with these fields.
    pub(crate) fn object<const N: usize>(fields: [(&'static str, Self); N]) -> Self {
        Self::from(Vec::from(fields))
    }

    /// Adds a field to an object. Returns any other value unchanged.
    pub(crate) fn with(mut self, name: &'static str, value: Self) -> Self {
        if let Self::Object(fields) = &mut self {
            fields.push((name.into(), value));
        }
        self
    }

    /// Returns the value of a field. If the name is duplicated, returns the last value.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns the value if it is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// Returns the value if it is an integer from 0 to 2^64-1.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.as_u64() } else { None }
    }

    /// Returns the items of an array, or an empty slice for any other value.
    pub(crate) fn as_array(&self) -> &[Self] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// Converts borrowed strings into owned strings.
    pub(crate) fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(number) => Json::Number(number),
            Self::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Self::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(fields) => {
                let owned =
                    |(name, value): (Cow<'a, str>, Self)| (Cow::Owned(name.into_owned()), value.into_owned());
                Json::Object(fields.into_iter().map(owned).collect())
            }
        }
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

impl<'a> From<&'a str> for Json<'a> {
    // Inlining would add 500 bytes to the Worker.
    #[inline(never)]
    fn from(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

impl From<bool> for Json<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Json<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<i32> for Json<'_> {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Json<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

/// Returns an object with these fields.
impl<'a> From<Vec<(&'static str, Json<'a>)>> for Json<'a> {
    fn from(fields: Vec<(&'static str, Json<'a>)>) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl<'a> From<Vec<&'a str>> for Json<'a> {
    fn from(strings: Vec<&'a str>) -> Self {
        Self::Array(strings.into_iter().map(Json::from).collect())
    }
}

impl<'a> From<Vec<Json<'a>>> for Json<'a> {
    fn from(items: Vec<Json<'a>>) -> Self {
        Self::Array(items)
    }
}

/// Converts `None` into `null`.
impl<'a, T: Into<Json<'a>>> From<Option<T>> for Json<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
