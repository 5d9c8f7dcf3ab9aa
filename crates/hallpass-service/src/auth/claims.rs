//! The claims of a caller (RFC 7519 section 4), and conditions on them.

use serde_json::Number;

use crate::web::json::{Invalid, Json};

/// The claims of a caller: an object without duplicate names, because two readers may take different ones.
#[derive(Debug)]
pub(crate) struct Claims(Json<'static>);

/// Names of claims, each with the values that the claim may have.
pub(crate) type ClaimConditions = Vec<(String, Vec<Json<'static>>)>;

impl Claims {
    pub(super) const NONE: Self = Self(Json::Object(Vec::new()));

    /// Returns claims that are all strings, as API Gateway supplies them.
    pub(crate) fn from_strings(claims: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(Json::Object(claims.into_iter().map(|(name, text)| (name.into(), text.into())).collect()))
    }

    /// Parses a JSON object without duplicate names at any depth.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let json = Json::parse(text).ok()?;
        check(&json).ok()?;
        Some(Self(json.into_owned()))
    }

    /// Reads an object without duplicate names at any depth.
    #[cfg(feature = "check")]
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        check(value)?;
        Ok(Self(value.clone().into_owned()))
    }

    /// Returns the claim of this name. If there is none, dots in the name lead into objects: `app_metadata.role`.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'static>> {
        self.0.get(name).or_else(|| name.split('.').try_fold(&self.0, |claim, part| claim.get(part)))
    }

    /// Returns the claim of this name if it is a string.
    pub(crate) fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Whether the claim is one of these values, or a list with one of them.
    pub(crate) fn matches(&self, name: &str, wanted: &[Json<'static>]) -> bool {
        let is_wanted = |value: &Json<'_>| wanted.iter().any(|wanted| is_same(wanted, value));
        match self.get(name) {
            Some(Json::Array(values)) => values.iter().any(is_wanted),
            value => value.is_some_and(is_wanted),
        }
    }

    /// Whether all conditions hold.
    pub(super) fn satisfy(&self, conditions: &ClaimConditions) -> bool {
        conditions.iter().all(|(name, wanted)| self.matches(name, wanted))
    }
}

fn check<'j>(claims: &'j Json<'j>) -> Result<(), Invalid<'j>> {
    claims.entries().and_then(|_| claims.check_names())
}

fn is_same(wanted: &Json<'_>, value: &Json<'_>) -> bool {
    match (wanted, value) {
        (Json::Number(wanted), Json::Number(number)) => match (integer(wanted), integer(number)) {
            (None, None) => wanted == number,
            (wanted, number) => wanted == number,
        },
        _ => wanted == value,
    }
}

/// Returns whether an integer is negative, and its magnitude. The result is the same for `3` and `3.0`; `None` if the number has a
/// fraction, or more than 64 bits.
pub(super) fn integer(number: &Number) -> Option<(bool, u64)> {
    if let Some(integer) = number.as_i64() {
        return Some((integer < 0, integer.unsigned_abs()));
    }
    let float = number.as_f64()?;
    let magnitude = number.as_u64().unwrap_or(float.abs() as u64);
    let is_exact = number.is_u64() || (magnitude < u64::MAX && magnitude as f64 == float.abs());
    is_exact.then_some((float < 0.0, magnitude))
}

/// Reads conditions out of the configuration: an object whose fields are strings, numbers, booleans, or lists of these.
pub(crate) fn read_conditions<'j>(object: &'j Json<'j>) -> Result<ClaimConditions, Invalid<'j>> {
    const PLAIN: &str = "expected a text, a number, true or false, or a list of these";
    let Json::Object(fields) = object else {
        return Err(object.expected("an object with each name once"));
    };
    let is_plain = |value: &Json<'_>| matches!(value, Json::Bool(_) | Json::Number(_) | Json::String(_));
    let mut conditions = Vec::new();
    for (name, value) in fields {
        let wanted = value.one_or_more()?;
        if !wanted.iter().all(is_plain) {
            return Err(Invalid::new(object, PLAIN));
        }
        conditions.push((name.to_string(), wanted.iter().cloned().map(Json::into_owned).collect()));
    }
    Ok(conditions)
}

/// Describes conditions, such as "`aud` is "app" or "api" and `level` is 3".
#[cfg(feature = "check")]
pub(crate) fn describe_conditions<'a>(
    conditions: impl IntoIterator<Item = &'a (String, Vec<Json<'static>>)>,
) -> String {
    use crate::web::text::listed;
    let describe = |(name, wanted): &(String, Vec<_>)| {
        format!("`{name}` is {}", listed(wanted.iter().map(describe_claim), "or"))
    };
    listed(conditions.into_iter().map(describe), "and")
}

/// Describes a value that a condition can ask for.
#[cfg(feature = "check")]
fn describe_claim(claim: &Json<'_>) -> String {
    match claim {
        Json::String(text) => format!("{text:?}"),
        Json::Number(number) => match number.as_f64() {
            // Without an exponent.
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        },
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
            String::from_utf8(claim.to_vec()).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_in_each_notation() {
        let number = |text: &str| Json::parse(text.as_bytes()).unwrap().into_owned();
        let claims = br#"{"integer":3,"float":3.0,"half":0.5,"large":9007199254740993,"exponent":1e17}"#;
        let claims = Claims::parse(claims).unwrap();
        assert!(claims.matches("integer", &[number("3.0")]) && claims.matches("float", &[number("3")]));
        assert!(claims.matches("half", &[number("5e-1")]));
        assert!(!claims.matches("integer", &[number("3.5")]));
        assert!(!claims.matches("large", &[number("9007199254740993.0")]));
        assert!(claims.matches("exponent", &[number("100000000000000000")]));
    }
}
