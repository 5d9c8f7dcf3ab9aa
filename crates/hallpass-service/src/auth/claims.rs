//! The claims of a caller (RFC 7519 section 4), and conditions on claims.

use serde_json::Number;

use crate::web::json::{Invalid, Json};

/// The claims of a caller: a JSON object. Duplicate names are rejected, because two parsers may choose different values
/// for the same name.
#[derive(Debug)]
pub(crate) struct Claims(Json<'static>);

/// Conditions on claims: the name of each claim with its accepted values.
pub(crate) type ClaimConditions = Vec<(String, Vec<Json<'static>>)>;

impl Claims {
    pub(super) const NONE: Self = Self(Json::Object(Vec::new()));

    /// Returns claims with string values, the form in which API Gateway supplies claims.
    pub(crate) fn from_strings(claims: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(Json::Object(claims.into_iter().map(|(name, text)| (name.into(), text.into())).collect()))
    }

    /// Parses claims from a JSON object. Rejects duplicate names at any depth.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let json = Json::parse(text).ok()?;
        check_names(&json).ok()?;
        Some(Self(json.into_owned()))
    }

    /// Reads claims from a parsed JSON object. Rejects duplicate names at any depth.
    #[cfg(feature = "check")]
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        check_names(value)?;
        Ok(Self(value.clone().into_owned()))
    }

    /// Returns the claim with this name. If no claim has this name, interprets the name as a path with dots, such as
    /// `app_metadata.role`.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'static>> {
        self.0.get(name).or_else(|| name.split('.').try_fold(&self.0, |claim, part| claim.get(part)))
    }

    /// Returns the claim with this name if it is a string.
    pub(crate) fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Returns whether the claim equals one of these values, or is an array that contains one of these values.
    pub(crate) fn matches(&self, name: &str, accepted: &[Json<'static>]) -> bool {
        let is_accepted = |value: &Json<'_>| accepted.iter().any(|accepted| equals(accepted, value));
        match self.get(name) {
            Some(Json::Array(values)) => values.iter().any(is_accepted),
            value => value.is_some_and(is_accepted),
        }
    }

    /// Returns whether the claims satisfy all conditions.
    pub(super) fn satisfy(&self, conditions: &ClaimConditions) -> bool {
        conditions.iter().all(|(name, accepted)| self.matches(name, accepted))
    }
}

fn check_names<'j>(claims: &'j Json<'j>) -> Result<(), Invalid<'j>> {
    claims.entries().and_then(|_| claims.check_names())
}

fn equals(accepted: &Json<'_>, value: &Json<'_>) -> bool {
    match (accepted, value) {
        (Json::Number(accepted), Json::Number(number)) => match (integer(accepted), integer(number)) {
            (None, None) => accepted == number,
            (accepted, number) => accepted == number,
        },
        _ => accepted == value,
    }
}

/// Returns the sign (true if negative) and the magnitude of an integer. Different notations of an integer, such as `3`
/// and `3.0`, have the same result. Returns `None` if the number has a fraction, or if its magnitude exceeds 64 bits.
pub(super) fn integer(number: &Number) -> Option<(bool, u64)> {
    if let Some(integer) = number.as_i64() {
        return Some((integer < 0, integer.unsigned_abs()));
    }
    let float = number.as_f64()?;
    let magnitude = number.as_u64().unwrap_or(float.abs() as u64);
    let is_exact = number.is_u64() || (magnitude < u64::MAX && magnitude as f64 == float.abs());
    is_exact.then_some((float < 0.0, magnitude))
}

/// Reads conditions from the configuration: an object whose values are strings, numbers, booleans, or arrays of these
/// types.
pub(crate) fn read_conditions<'j>(object: &'j Json<'j>) -> Result<ClaimConditions, Invalid<'j>> {
    const SCALARS: &str = "expected a string, a number, true or false, or an array of these";
    let Json::Object(fields) = object else {
        return Err(object.expected("an object"));
    };
    let is_scalar = |value: &Json<'_>| matches!(value, Json::Bool(_) | Json::Number(_) | Json::String(_));
    let mut conditions = Vec::new();
    for (name, value) in fields {
        let accepted = value.one_or_more()?;
        if !accepted.iter().all(is_scalar) {
            return Err(Invalid::new(object, SCALARS));
        }
        conditions.push((name.to_string(), accepted.iter().cloned().map(Json::into_owned).collect()));
    }
    Ok(conditions)
}

/// Describes conditions, such as "`aud` is "app" or "api" and `level` is 3".
#[cfg(feature = "check")]
pub(crate) fn describe_conditions<'a>(
    conditions: impl IntoIterator<Item = &'a (String, Vec<Json<'static>>)>,
) -> String {
    use crate::web::strings::listed;
    let describe = |(name, accepted): &(String, Vec<_>)| {
        format!("`{name}` is {}", listed(accepted.iter().map(describe_claim), "or"))
    };
    listed(conditions.into_iter().map(describe), "and")
}

/// Describes an accepted value of a condition.
#[cfg(feature = "check")]
fn describe_claim(claim: &Json<'_>) -> String {
    match claim {
        Json::String(text) => format!("{text:?}"),
        Json::Number(number) => match number.as_f64() {
            // `f64::to_string` never uses exponent notation.
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
    fn numbers_are_equal_in_every_notation() {
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
