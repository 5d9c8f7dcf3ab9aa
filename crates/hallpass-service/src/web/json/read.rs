//! From a node to a value, strictly. Each error says what was found and what was expected.

use std::ops::RangeInclusive;

use hallpass_token::Quoted;

use super::Json;
use super::path::{Invalid, JsonError};
use super::write::number_text;
use crate::web::text::quote;

/// The fields of an object, all of them known ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'j> {
    object: &'j Json<'j>,
}

impl<'j> Json<'j> {
    /// Reads a value, and finds the path of an error.
    pub(crate) fn read<T>(
        &'j self,
        read: impl FnOnce(&'j Self) -> Result<T, Invalid<'j>>,
    ) -> Result<T, JsonError> {
        read(self).map_err(|error| error.resolve(self))
    }

    /// Reads an object. Fields with other names than these are rejected.
    pub(crate) fn fields(&'j self, known: &[&str]) -> Result<Fields<'j>, Invalid<'j>> {
        match self.entries()?.find(|(name, _)| !known.contains(name)) {
            Some((name, value)) => Err(unknown_field(name, value, known)),
            None => Ok(Fields { object: self }),
        }
    }

    /// Reads an object whose names are the document's own.
    pub(crate) fn entries(&'j self) -> Result<impl Iterator<Item = (&'j str, &'j Self)>, Invalid<'j>> {
        let Self::Object(fields) = self else { return Err(self.expected("an object")) };
        Ok(fields.iter().map(|(name, value)| (name.as_ref(), value)))
    }

    /// Reads an array.
    pub(crate) fn items(&'j self) -> Result<&'j [Self], Invalid<'j>> {
        if let Self::Array(items) = self { Ok(items) } else { Err(self.expected("an array")) }
    }

    /// Reads an array with at least one item, or a single value in place of it.
    pub(crate) fn one_or_more(&'j self) -> Result<&'j [Self], Invalid<'j>> {
        const EXPECTED: &str = "a value, or a list of at least one";
        match self {
            Self::Array(items) if items.is_empty() => {
                Err(Invalid::new(self, format!("invalid length 0, expected {EXPECTED}")))
            }
            Self::Array(items) => Ok(items),
            Self::Null | Self::Object(_) => Err(self.expected(EXPECTED)),
            Self::Bool(_) | Self::Number(_) | Self::String(_) => Ok(std::slice::from_ref(self)),
        }
    }

    /// Reads each item of an array.
    pub(crate) fn read_items<T>(
        &'j self,
        read: impl Fn(&'j Self) -> Result<T, Invalid<'j>>,
    ) -> Result<Vec<T>, Invalid<'j>> {
        read_all(self.items()?, read)
    }

    /// Reads each item of an array with at least one, or a single value in place of it.
    pub(crate) fn read_one_or_more<T>(
        &'j self,
        read: impl Fn(&'j Self) -> Result<T, Invalid<'j>>,
    ) -> Result<Vec<T>, Invalid<'j>> {
        read_all(self.one_or_more()?, read)
    }

    /// Reads a string.
    pub(crate) fn string(&'j self) -> Result<&'j str, Invalid<'j>> {
        self.as_str().ok_or_else(|| self.expected("a string"))
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&'j self) -> Result<bool, Invalid<'j>> {
        if let Self::Bool(value) = self { Ok(*value) } else { Err(self.expected("a boolean")) }
    }

    /// Reads a string that stands for a value; `expected` ends the sentence "…, expected …".
    pub(crate) fn named<T>(
        &'j self,
        expected: &str,
        parse: impl FnOnce(&'j str) -> Option<T>,
    ) -> Result<T, Invalid<'j>> {
        let text = self.as_str().ok_or_else(|| self.expected(expected))?;
        parse(text).ok_or_else(|| self.unexpected_value(expected))
    }

    /// Reads a string that a type of the token core checks.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &'j self,
        parse: impl FnOnce(&'j str) -> Result<T, E>,
    ) -> Result<T, Invalid<'j>> {
        parse(self.string()?).map_err(|error| self.rejected(&error))
    }

    /// Reads a whole number in a range; `expected` ends the sentence "…, expected …".
    pub(crate) fn whole_number(
        &'j self,
        range: RangeInclusive<u32>,
        expected: &str,
    ) -> Result<u32, Invalid<'j>> {
        let number = self.as_u64().ok_or_else(|| self.expected(expected))?;
        let number = u32::try_from(number).ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.unexpected_value(expected))
    }

    /// Returns the first `null` in the document.
    pub(crate) fn first_null(&'j self) -> Option<&'j Self> {
        match self {
            Self::Null => Some(self),
            Self::Array(items) => items.iter().find_map(Json::first_null),
            Self::Object(fields) => fields.iter().find_map(|(_, value)| value.first_null()),
            Self::Bool(_) | Self::Number(_) | Self::String(_) => None,
        }
    }

    /// An error for a value of another type than the expected one.
    #[cold]
    pub(crate) fn expected(&'j self, expected: &str) -> Invalid<'j> {
        Invalid::new(self, format!("invalid type: {}, expected {expected}", self.found()))
    }

    /// An error for a value of the expected type that is not one of the expected values.
    #[cold]
    pub(crate) fn unexpected_value(&'j self, expected: &str) -> Invalid<'j> {
        Invalid::new(self, format!("invalid value: {}, expected {expected}", self.found()))
    }

    /// An error of a type of the token core.
    #[cold]
    fn rejected(&'j self, error: &dyn std::fmt::Display) -> Invalid<'j> {
        Invalid::rule(self, error.to_string())
    }

    /// Describes the value; a long string may be a token, so only its start is repeated.
    fn found(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => format!("boolean `{value}`"),
            Self::Number(number) if number.is_f64() => format!("floating point `{}`", number_text(number)),
            Self::Number(number) => format!("integer `{}`", number_text(number)),
            Self::String(text) => format!("string {}", quote(&Quoted(text).to_string())),
            Self::Array(_) => "array".to_owned(),
            Self::Object(_) => "object".to_owned(),
        }
    }
}

impl<'j> Fields<'j> {
    /// The field of this name; `null` is a value.
    pub(crate) fn get(self, name: &str) -> Option<&'j Json<'j>> {
        self.object.get(name)
    }

    /// The field of this name; `null` is the same as no field.
    pub(crate) fn optional(self, name: &str) -> Option<&'j Json<'j>> {
        self.get(name).filter(|value| !matches!(value, Json::Null))
    }

    /// Reads the field of this name, if it is set; `null` is a value.
    pub(crate) fn read<T>(
        self,
        name: &str,
        read: fn(&'j Json<'j>) -> Result<T, Invalid<'j>>,
    ) -> Result<Option<T>, Invalid<'j>> {
        self.get(name).map(read).transpose()
    }

    /// Reads the field of this name, if it is set; `null` is the same as no field.
    pub(crate) fn read_optional<T>(
        self,
        name: &str,
        read: fn(&'j Json<'j>) -> Result<T, Invalid<'j>>,
    ) -> Result<Option<T>, Invalid<'j>> {
        self.optional(name).map(read).transpose()
    }

    /// The field of this name, which must be set.
    pub(crate) fn required(self, name: &str) -> Result<&'j Json<'j>, Invalid<'j>> {
        self.get(name).ok_or_else(|| Invalid::new(self.object, format!("missing field `{name}`")))
    }

    /// The object itself, for errors that are about several of its fields.
    pub(crate) const fn object(self) -> &'j Json<'j> {
        self.object
    }
}

// A loop: to collect results takes three times the code, for each type.
fn read_all<'j, T>(
    items: &'j [Json<'j>],
    read: impl Fn(&'j Json<'j>) -> Result<T, Invalid<'j>>,
) -> Result<Vec<T>, Invalid<'j>> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        values.push(read(item)?);
    }
    Ok(values)
}

#[cold]
fn unknown_field<'j>(name: &str, value: &'j Json<'j>, known: &[&str]) -> Invalid<'j> {
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let expected = match known.as_slice() {
        [] => "there are no fields".to_owned(),
        [one] => format!("expected {one}"),
        [one, other] => format!("expected {one} or {other}"),
        all => format!("expected one of {}", all.join(", ")),
    };
    Invalid::new(value, format!("unknown field {}, {expected}", quote(&format!("`{name}`"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error<T>(
        text: &str,
        read: impl for<'j> FnOnce(&'j Json<'j>) -> Result<T, Invalid<'j>>,
    ) -> (String, String) {
        let json = Json::parse(text.as_bytes()).unwrap();
        let JsonError { path, detail, .. } = json.read(read).err().unwrap();
        (path, detail)
    }

    fn pair<'j>(json: &'j Json<'j>) -> Result<u32, Invalid<'j>> {
        let fields = json.fields(&["a", "b"])?;
        fields.required("a")?.whole_number(1..=9, "a small number")
    }

    #[test]
    fn what_is_long_is_not_repeated() {
        let long = "x".repeat(5000);
        let (_, detail) = error(&format!(r#"{{"a":"{long}"}}"#), pair);
        assert_eq!(detail, format!("invalid type: string \"{}…, expected a small number", "x".repeat(23)));
        let (path, detail) = error(&format!(r#"{{"{long}":1}}"#), pair);
        assert_eq!(path, "x".repeat(24) + "…");
        assert_eq!(detail, format!("unknown field `{}…, expected `a` or `b`", "x".repeat(23)));
    }

    #[test]
    fn only_a_whole_number_in_its_range_is_read() {
        let read =
            |text: &str| Json::parse(text.as_bytes()).unwrap().whole_number(1..=9, "a small number").ok();
        assert_eq!(read("9"), Some(9));
        for text in ["0", "10", "-1", "1.0", "1e0", "99999999999999999999999", "\"1\"", "true", "null", "[1]"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
