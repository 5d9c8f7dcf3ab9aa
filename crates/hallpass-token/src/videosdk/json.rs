//! Strict parsing of the JSON objects in a token.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::ParseError;

/// The fields of a JSON object, in their original order, including duplicates.
///
/// The type is not a map, because a map would hide duplicate fields. Two parsers of a token with duplicate fields could
/// use different values.
pub(super) struct Object(Vec<(String, Value)>);

/// The value of a field.
pub(super) enum Value {
    /// A string.
    String(String),
    /// An integer without sign, fraction or exponent.
    Number(u64),
    /// An array.
    Array(Vec<Self>),
    /// An object with all fields in their original order, including duplicates.
    Object(Vec<(String, Self)>),
    /// Any other value: `null`, a boolean, or a number with a sign, a fraction or an exponent.
    Other,
}

impl Value {
    /// Returns the string, or `None` if the value is not a string.
    pub(super) fn to_string_value(&self) -> Option<String> {
        if let Self::String(string) = self { Some(string.clone()) } else { None }
    }

    /// Returns the integer, or `None` if the value is not a [`Value::Number`].
    pub(super) const fn to_integer(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

impl Object {
    /// Parses a single JSON object. Returns `None` if the bytes are not a JSON object.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        if let Ok(Value::Object(fields)) = serde_json::from_slice(json) { Some(Self(fields)) } else { None }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    pub(super) fn string(&self, name: &'static str) -> Result<Option<String>, ParseError> {
        self.read(name, "a string", Value::to_string_value)
    }

    pub(super) fn integer(&self, name: &'static str) -> Result<Option<u64>, ParseError> {
        self.read(name, "an integer number of seconds", Value::to_integer)
    }

    pub(super) fn strings(&self, name: &'static str) -> Result<Option<Vec<String>>, ParseError> {
        self.read(name, "an array of strings", |value| {
            let Value::Array(items) = value else { return None };
            items.iter().map(Value::to_string_value).collect()
        })
    }

    /// Returns the value of a field, converted with `as_type`. Returns `Ok(None)` if the field is missing.
    ///
    /// # Errors
    /// Returns [`ParseError`] if the field occurs more than once, or if `as_type` returns `None`.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        as_type: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ParseError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => match as_type(value) {
                Some(value) => Ok(Some(value)),
                None => Err(ParseError::WrongType { name, expected }),
            },
            (Some(_), Some(_)) => Err(ParseError::Duplicate(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, string: &str) -> Result<Value, E> {
        Ok(Value::String(string.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            // JSON field names are always strings.
            if let Value::String(name) = name {
                fields.push((name, value));
            }
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Object {
        Object::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn rejects_anything_but_one_object() {
        for json in ["", "[]", "null", "1", "{} {}", "{}x", "{\"a\":1,}", "\u{feff}{}", "{'a':1}"] {
            assert!(Object::parse(json.as_bytes()).is_none(), "{json}");
        }
    }

    #[test]
    fn rejects_invalid_utf_8() {
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn rejects_duplicate_fields() {
        assert_eq!(object(r#"{"a":"x","a":"x"}"#).string("a"), Err(ParseError::Duplicate("a")));
    }

    #[test]
    fn detects_duplicate_fields_despite_escapes() {
        assert_eq!(object(r#"{"a":"x","\u0061":"x"}"#).string("a"), Err(ParseError::Duplicate("a")));
    }

    #[test]
    fn accepts_duplicates_of_unused_fields() {
        assert_eq!(object(r#"{"b":1,"a":"x","b":2}"#).string("a"), Ok(Some("x".into())));
    }

    #[test]
    fn rejects_times_with_fraction_or_sign() {
        for number in ["1.5", "1700000000.0", "1e9", "-1", "18446744073709551616", "\"1\"", "null"] {
            let read = object(&alloc::format!("{{\"exp\":{number}}}")).integer("exp");
            assert!(matches!(read, Err(ParseError::WrongType { name: "exp", .. })), "{number}");
        }
    }

    #[test]
    fn rejects_arrays_of_other_types() {
        assert!(object(r#"{"roles":["rtc",1]}"#).strings("roles").is_err());
    }
}
