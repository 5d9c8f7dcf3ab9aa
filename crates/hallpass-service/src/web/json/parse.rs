//! The parser for JSON documents.

use std::borrow::Cow;
use std::collections::BinaryHeap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Json;
use super::path::Invalid;
use crate::web::strings::truncate;

/// The byte order mark of UTF-8. JSON forbids this mark before a document (RFC 8259 section 8.1).
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The reason why a document is not valid JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError(pub(crate) String);

impl<'a> Json<'a> {
    /// Parses a document. Rejects anything but whitespace after the JSON value.
    pub(crate) fn parse(document: &'a [u8]) -> Result<Self, SyntaxError> {
        if document.is_empty() {
            return Err(SyntaxError::empty());
        }
        serde_json::from_slice(document).map_err(|error| SyntaxError::new(document, &error))
    }

    /// Parses the first JSON value and ignores everything after this value, as `json.Decoder` of Go does.
    pub(crate) fn parse_first(document: &'a [u8]) -> Result<Self, SyntaxError> {
        let first = serde_json::Deserializer::from_slice(document).into_iter().next();
        first.ok_or_else(SyntaxError::empty)?.map_err(|error| SyntaxError::new(document, &error))
    }
}

impl<'j> Json<'j> {
    /// Rejects duplicate field names at any depth, because two parsers may use different values for the same name.
    pub(crate) fn check_names(&'j self) -> Result<(), Invalid<'j>> {
        match self {
            Self::Array(items) => items.iter().try_for_each(Json::check_names),
            Self::Object(fields) => {
                if let Some((name, value)) = first_duplicate(fields) {
                    return Err(Invalid::new(value, format!("duplicate field `{}`", truncate(name))));
                }
                fields.iter().try_for_each(|(_, value)| value.check_names())
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => Ok(()),
        }
    }
}

/// Returns the first field whose name occurred before. Compares each pair of up to 16 names. Sorts a larger number of
/// names, so that the time does not grow with the square of the number.
fn first_duplicate<'j>(fields: &'j [(Cow<'j, str>, Json<'j>)]) -> Option<&'j (Cow<'j, str>, Json<'j>)> {
    const FEW: usize = 16;
    if fields.len() <= FEW {
        let is_known = |(position, (name, _)): &(usize, &(Cow<'_, str>, Json<'_>))| {
            fields.iter().take(*position).any(|(known, _)| known == name)
        };
        return fields.iter().enumerate().find(is_known).map(|(_, field)| field);
    }
    let mut last_first: BinaryHeap<_> =
        fields.iter().enumerate().map(|(position, (name, _))| (name.as_ref(), position)).collect();
    let mut duplicate: Option<usize> = None;
    while let Some((name, position)) = last_first.pop() {
        if last_first.peek().is_some_and(|(next, _)| *next == name) {
            duplicate = Some(duplicate.map_or(position, |known| known.min(position)));
        }
    }
    fields.get(duplicate?)
}

impl SyntaxError {
    #[cold]
    #[inline(never)]
    fn new(document: &[u8], error: &serde_json::Error) -> Self {
        if document.starts_with(BYTE_ORDER_MARK) {
            return Self("expected JSON, found a byte order mark. Send UTF-8 without it".to_owned());
        }
        Self(error.to_string())
    }

    fn empty() -> Self {
        Self("expected a JSON object, found an empty body".to_owned())
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json<'de>, E> {
        // JSON has neither infinities nor NaN, and serde_json rejects numbers that are too large. Therefore, `null` is
        // never returned.
        Ok(serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(value) = values.next_element()? {
            items.push(value);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = entries.next_entry::<Json<'de>, Json<'de>>()? {
            // Field names in JSON are always strings.
            if let Json::String(name) = name {
                fields.push((name, value));
            }
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicate(document: &str) -> Option<String> {
        let json = Json::parse(document.as_bytes()).unwrap();
        json.check_names().err().map(|error| error.resolve(&json).path)
    }

    #[test]
    fn rejects_a_second_document() {
        assert!(Json::parse(b"{} {}").is_err());
        assert_eq!(Json::parse_first(b"{} {").unwrap(), Json::object([]));
    }

    #[test]
    fn names_a_byte_order_mark() {
        let document = "\u{FEFF}{}".as_bytes();
        for error in [Json::parse(document), Json::parse_first(document)] {
            assert!(error.unwrap_err().0.contains("byte order mark"));
        }
    }

    #[test]
    fn limits_nesting() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(127).as_bytes()).is_ok());
        assert!(Json::parse(nested(128).as_bytes()).is_err());
    }

    #[test]
    fn finds_duplicates_at_any_depth_in_objects_of_any_size() {
        assert_eq!(duplicate(r#"{"a":1,"b":{"a":1}}"#), None);
        assert_eq!(duplicate(r#"{"a":1,"a":1}"#).as_deref(), Some("a"));
        assert_eq!(duplicate(r#"{"x":[{"y":1},{"y":1,"y":2}]}"#).as_deref(), Some("x[1].y"));
        let many: Vec<_> = (0..1000).map(|number| format!(r#""n{number}":0"#)).collect();
        assert_eq!(duplicate(&format!("{{{}}}", many.join(","))), None);
        assert_eq!(duplicate(&format!(r#"{{{},"n7":1}}"#, many.join(","))).as_deref(), Some("n7"));
    }
}
