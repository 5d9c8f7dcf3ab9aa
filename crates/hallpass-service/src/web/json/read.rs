//! Functions that read typed values from nodes, without implicit conversions. Each error states the found and the
//! expected value.

use std::ops::RangeInclusive;

use hallpass_token::Quoted;

use super::Json;
use super::path::{Invalid, JsonError};
use super::write::format_number;
use crate::web::strings::{join, truncate};

/// The fields of an object that was checked for unknown fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'j> {
    object: &'j Json<'j>,
}

impl<'j> Json<'j> {
    /// Reads a value with the function `read`. If an error occurs, determines the path of the invalid value.
    pub(crate) fn read<T>(
        &'j self,
        read: impl FnOnce(&'j Self) -> Result<T, Invalid<'j>>,
    ) -> Result<T, JsonError> {
        read(self).map_err(|error| error.resolve(self))
    }

    /// Reads an object. Rejects fields with names that are not in `known`.
    pub(crate) fn fields(&'j self, known: &[&str]) -> Result<Fields<'j>, Invalid<'j>> {
        match self.entries()?.find(|(name, _)| !known.contains(name)) {
            Some((name, value)) => Err(unknown_field(name, value, known)),
            None => Ok(Fields { object: self }),
        }
    }

    /// Reads an object with arbitrary field names.
    pub(crate) fn entries(&'j self) -> Result<impl Iterator<Item = (&'j str, &'j Self)>, Invalid<'j>> {
        let Self::Object(fields) = self else { return Err(self.expected("an object")) };
        Ok(fields.iter().map(|(name, value)| (name.as_ref(), value)))
    }

    /// Reads an array.
    pub(crate) fn items(&'j self) -> Result<&'j [Self], Invalid<'j>> {
        if let Self::Array(items) = self { Ok(items) } else { Err(self.expected("an array")) }
    }

    /// Reads a non-empty array, or a single value as an array of one item.
    pub(crate) fn one_or_more(&'j self) -> Result<&'j [Self], Invalid<'j>> {
        const EXPECTED: &str = "a value or a non-empty array";
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

    /// Reads each item of a non-empty array, or a single value.
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

    /// Reads a string that is one of several names. `expected` lists the names, and ends the message "…, expected ".
    pub(crate) fn one_of<T>(
        &'j self,
        expected: &str,
        parse: impl FnOnce(&'j str) -> Option<T>,
    ) -> Result<T, Invalid<'j>> {
        let text = self.as_str().ok_or_else(|| self.expected(expected))?;
        parse(text).ok_or_else(|| self.unexpected_value(expected))
    }

    /// Reads a string and converts it with `parse`. Display of the error must be a predicate.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &'j self,
        parse: impl FnOnce(&'j str) -> Result<T, E>,
    ) -> Result<T, Invalid<'j>> {
        parse(self.string()?).map_err(|error| self.rejected(&error))
    }

    /// Reads an integer in a range. `expected` describes the range, and ends the message "…, expected ".
    pub(crate) fn whole_number(
        &'j self,
        range: RangeInclusive<u32>,
        expected: &str,
    ) -> Result<u32, Invalid<'j>> {
        let number = self.as_u64().ok_or_else(|| self.expected(expected))?;
        let number = u32::try_from(number).ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.unexpected_value(expected))
    }

    /// Returns the first `null` in the value, at any depth.
    pub(crate) fn first_null(&'j self) -> Option<&'j Self> {
        match self {
            Self::Null => Some(self),
            Self::Array(items) => items.iter().find_map(Json::first_null),
            Self::Object(fields) => fields.iter().find_map(|(_, value)| value.first_null()),
            Self::Bool(_) | Self::Number(_) | Self::String(_) => None,
        }
    }

    /// Returns an error for a value that does not have the expected type.
    #[cold]
    pub(crate) fn expected(&'j self, expected: &str) -> Invalid<'j> {
        Invalid::new(self, format!("invalid type: {}, expected {expected}", self.describe()))
    }

    /// Returns an error for a value that has the expected type but is not one of the expected values.
    #[cold]
    pub(crate) fn unexpected_value(&'j self, expected: &str) -> Invalid<'j> {
        Invalid::new(self, format!("invalid value: {}, expected {expected}", self.describe()))
    }

    /// Returns an error whose message is the predicate of a parser.
    #[cold]
    fn rejected(&'j self, error: &dyn std::fmt::Display) -> Invalid<'j> {
        Invalid::rule(self, error.to_string())
    }

    /// Describes the value for a message. Truncates long strings, because a long string may be a token.
    fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => format!("boolean `{value}`"),
            Self::Number(number) if number.is_f64() => format!("floating point `{}`", format_number(number)),
            Self::Number(number) => format!("integer `{}`", format_number(number)),
            Self::String(text) => format!("string {}", truncate(&Quoted(text).to_string())),
            Self::Array(_) => "array".to_owned(),
            Self::Object(_) => "object".to_owned(),
        }
    }
}

impl<'j> Fields<'j> {
    /// Returns the value of a field, including `null`.
    pub(crate) fn get(self, name: &str) -> Option<&'j Json<'j>> {
        self.object.get(name)
    }

    /// Returns the value of a field; `None` if the field is not set or is `null`.
    pub(crate) fn optional(self, name: &str) -> Option<&'j Json<'j>> {
        self.get(name).filter(|value| !matches!(value, Json::Null))
    }

    /// Reads the value of a field if the field is set, including `null`.
    pub(crate) fn read<T>(
        self,
        name: &str,
        read: fn(&'j Json<'j>) -> Result<T, Invalid<'j>>,
    ) -> Result<Option<T>, Invalid<'j>> {
        self.get(name).map(read).transpose()
    }

    /// Reads the value of a field if the field is set and is not `null`.
    pub(crate) fn read_optional<T>(
        self,
        name: &str,
        read: fn(&'j Json<'j>) -> Result<T, Invalid<'j>>,
    ) -> Result<Option<T>, Invalid<'j>> {
        self.optional(name).map(read).transpose()
    }

    /// Returns the value of a required field.
    pub(crate) fn required(self, name: &str) -> Result<&'j Json<'j>, Invalid<'j>> {
        self.get(name).ok_or_else(|| Invalid::new(self.object, format!("missing field `{name}`")))
    }

    /// Returns the object, for errors that concern several of its fields.
    pub(crate) const fn object(self) -> &'j Json<'j> {
        self.object
    }
}

// This function uses a loop, because `collect` into a `Result` requires three times as much code for each type.
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
        [] => "expected no fields".to_owned(),
        [one] => format!("expected {one}"),
        [one, other] => format!("expected {one} or {other}"),
        all => format!("expected one of {}", join(all, ", ")),
    };
    Invalid::new(value, format!("unknown field {}, {expected}", truncate(&format!("`{name}`"))))
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
    fn truncates_long_values_and_names() {
        let long = "x".repeat(5000);
        let (_, detail) = error(&format!(r#"{{"a":"{long}"}}"#), pair);
        assert_eq!(detail, format!("invalid type: string \"{}…, expected a small number", "x".repeat(23)));
        let (path, detail) = error(&format!(r#"{{"{long}":1}}"#), pair);
        assert_eq!(path, "x".repeat(24) + "…");
        assert_eq!(detail, format!("unknown field `{}…, expected `a` or `b`", "x".repeat(23)));
    }

    #[test]
    fn reads_only_integers_in_the_range() {
        let read =
            |text: &str| Json::parse(text.as_bytes()).unwrap().whole_number(1..=9, "a small number").ok();
        assert_eq!(read("9"), Some(9));
        for text in ["0", "10", "-1", "1.0", "1e0", "99999999999999999999999", "\"1\"", "true", "null", "[1]"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
