//! JSON from strangers: strict, and every refusal names the place and what would be right.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::error::Category;

use crate::quote::quote;

/// Why a text is not the wanted JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// It is no JSON.
    Syntax { detail: String },
    /// It is JSON, but a value is not the wanted one; `path` is where, empty for the whole document.
    Value { path: String, detail: String },
}

/// Reads one JSON document and nothing after it.
///
/// # Errors
/// [`JsonError`]
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, JsonError> {
    if text.is_empty() {
        return Err(JsonError::Syntax { detail: "expected a JSON object, found nothing".into() });
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            Category::Data => {
                let path = if path == "." { String::new() } else { path };
                let detail = in_words_of_json(without_position(&error));
                JsonError::Value { path: quoted_path(&path_of(path, &detail)), detail }
            }
            Category::Io | Category::Syntax | Category::Eof => {
                JsonError::Syntax { detail: error.to_string() }
            }
        }
    })?;
    reader.end().map_err(|error| JsonError::Syntax { detail: error.to_string() })?;
    Ok(value)
}

/// The message without " at line 1 column 2": the path says more.
fn without_position(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    if let Some(end) = message.rfind(" at line ") {
        message.truncate(end);
    }
    message
}

/// The path of the member that is there twice; serde stops at the object around it.
fn path_of(object: String, detail: &str) -> String {
    let member = detail.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`'));
    match member {
        Some(member) if object.is_empty() => member.to_owned(),
        Some(member) => format!("{object}.{member}"),
        None => object,
    }
}

/// The message with what JSON calls an array and an object; serde says sequence and map.
fn in_words_of_json(mut message: String) -> String {
    for (of_serde, of_json) in
        [("invalid type: sequence,", "invalid type: array,"), ("invalid type: map,", "invalid type: object,")]
    {
        if message.starts_with(of_serde) {
            message.replace_range(..of_serde.len(), of_json);
        }
    }
    if let Some(start) = message.strip_suffix(", expected a sequence") {
        message = format!("{start}, expected an array");
    }
    shortened(message)
}

/// What was found may be long, and may be a token; what was expected comes after it.
fn shortened(message: String) -> String {
    let expected_at = message.rfind(", expected ").unwrap_or(message.len());
    let (found, expected) = message.split_at(expected_at);
    // Only serde's own sentences repeat what was found, in quotation marks.
    let is_of_serde = ["invalid ", "unknown ", "duplicate "].iter().any(|start| found.starts_with(start));
    let Some(from) = found.find(['"', '`']).filter(|_| is_of_serde) else { return message };
    let (words, quoted) = found.split_at(from);
    match quote(quoted) {
        Cow::Owned(start) => format!("{words}{start}{expected}"),
        Cow::Borrowed(_) => message,
    }
}

/// A path whose members have the lengths of names.
fn quoted_path(path: &str) -> String {
    path.split('.').map(quote).collect::<Vec<_>>().join(".")
}

/// Reads `T` from an object only. A derived `Deserialize` would also take an array, by position.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct FromMap<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for FromMap<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(FromMap(PhantomData))
}

/// A type that is read from an object only; see [`object`].
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// A map in its order, which refuses a name given twice; of two, serde would keep the last and say nothing.
#[derive(Debug)]
pub(crate) struct NamedOnce<T>(pub(crate) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NamedOnce<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Names<T> {
            type Value = Vec<(String, T)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with each name once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut all: Vec<(String, T)> = Vec::new();
                while let Some((name, value)) = entries.next_entry()? {
                    if all.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom("expected each name once"));
                    }
                    all.push((name, value));
                }
                Ok(all)
            }
        }

        deserializer.deserialize_map(Names(PhantomData)).map(Self)
    }
}

/// One value, or a list of at least one.
#[derive(Clone, Debug)]
pub(crate) struct OneOrMore<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or a list of at least one")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<T>, E> {
                T::deserialize(value.into_deserializer()).map(|value| vec![value])
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Vec<T>, E> {
                T::deserialize(number.into_deserializer()).map(|value| vec![value])
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Vec<T>, E> {
                T::deserialize(number.into_deserializer()).map(|value| vec![value])
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Vec<T>, E> {
                T::deserialize(number.into_deserializer()).map(|value| vec![value])
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
                T::deserialize(text.into_deserializer()).map(|value| vec![value])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Vec<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(value) = values.next_element()? {
                    all.push(value);
                }
                if all.is_empty() { Err(A::Error::invalid_length(0, &self)) } else { Ok(all) }
            }
        }

        deserializer.deserialize_any(Values(PhantomData)).map(Self)
    }
}

/// Reads a text and what it stands for; `expected` is the end of the sentence "…, expected …". A derived enum would
/// also take `{"name":null}`, and calls a number a fault of JSON.
pub(crate) fn named<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Name<F> {
        expected: &'static str,
        parse: F,
    }

    impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for Name<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.parse)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Name { expected, parse })
}

/// Reads a whole number in a range; `expected` is the end of the sentence "…, expected …".
pub(crate) struct WholeNumber {
    pub(crate) range: RangeInclusive<u32>,
    pub(crate) expected: &'static str,
}

impl WholeNumber {
    pub(crate) fn read<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WholeNumber {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u32, E> {
        u32::try_from(number)
            .ok()
            .filter(|small| self.range.contains(small))
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: u8,
        b: u8,
    }

    fn parse_pair(text: &str) -> Result<Pair, JsonError> {
        parse::<Object<Pair>>(text.as_bytes()).map(|pair| pair.0)
    }

    #[test]
    fn an_array_is_no_object() {
        assert_eq!(
            parse_pair("[1,2]"),
            Err(JsonError::Value {
                path: String::new(),
                detail: "invalid type: array, expected an object".into()
            })
        );
    }

    #[test]
    fn a_long_value_is_not_repeated() {
        let text = format!(r#"{{"a":"{}","b":2}}"#, "x".repeat(5000));
        let JsonError::Value { detail, .. } = parse_pair(&text).unwrap_err() else { unreachable!() };
        assert_eq!(detail, format!("invalid type: string \"{}…, expected u8", "x".repeat(23)));
    }

    #[test]
    fn a_long_name_is_not_repeated() {
        let text = format!(r#"{{"{}":1}}"#, "x".repeat(5000));
        let JsonError::Value { path, detail } = parse_pair(&text).unwrap_err() else { unreachable!() };
        assert_eq!(path, "x".repeat(24) + "…");
        assert_eq!(detail, format!("unknown field `{}…, expected `a` or `b`", "x".repeat(23)));
    }

    #[test]
    fn a_second_document_is_refused() {
        assert!(matches!(parse_pair(r#"{"a":1,"b":2} {}"#), Err(JsonError::Syntax { .. })));
    }

    #[test]
    fn a_field_given_twice_is_refused() {
        let error = parse_pair(r#"{"a":1,"a":1,"b":2}"#).unwrap_err();
        assert_eq!(error, JsonError::Value { path: "a".into(), detail: "duplicate field `a`".into() });
    }

    #[test]
    fn an_object_that_is_no_list_is_called_an_object() {
        let error = parse::<Vec<u8>>(b"{}").unwrap_err();
        let detail = "invalid type: object, expected an array".into();
        assert_eq!(error, JsonError::Value { path: String::new(), detail });
    }

    #[test]
    fn a_number_too_large_for_64_bits_is_refused() {
        let expected = "a small number";
        let read = |text: &str| {
            WholeNumber { range: 1..=9, expected }.read(&mut serde_json::Deserializer::from_str(text))
        };
        assert_eq!(read("9").unwrap(), 9);
        for text in ["0", "10", "-1", "1.0", "1e0", "99999999999999999999999", "\"1\"", "true", "null", "[1]"]
        {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains("expected a small number"), "{text}: {message}");
        }
    }
}
