//! The claims of a caller (RFC 7519 section 4), and conditions on claims.

use std::borrow::Cow;

use serde_json::Number;

use crate::web::json::{Invalid, Json};

/// The claims of a caller: a JSON object. Duplicate names are rejected, because two parsers may choose different values
/// for the same name.
#[derive(Debug)]
pub(crate) struct Claims(Json<'static>);

/// Conditions on claims: the name of each claim with its accepted values. An accepted value is a boolean, a string, an
/// exact integer, or an object with the field `has_member`, which contains an array of strings.
pub(crate) type ClaimConditions = Vec<(String, Vec<Json<'static>>)>;

const HAS_MEMBER: &str = "has_member";

impl Claims {
    pub(super) const NONE: Self = Self(Json::Object(Vec::new()));

    /// Returns claims with string values, the form in which API Gateway supplies claims. API Gateway formats a list as
    /// `[a b]`. For scopes, the brackets are removed.
    pub(crate) fn from_strings(claims: impl IntoIterator<Item = (String, String)>) -> Self {
        let claim = |(name, text): (String, String)| {
            let words = if is_scope(&name) { listed_words(&text).map(str::to_owned) } else { None };
            (name.into(), words.unwrap_or(text).into())
        };
        Self(Json::Object(claims.into_iter().map(claim).collect()))
    }

    /// Parses claims from a JSON object. Rejects duplicate names at any depth.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let json = Json::parse(text).ok()?;
        check_duplicates(&json).ok()?;
        Some(Self(json.into_owned()))
    }

    /// Reads claims from a parsed JSON object. Rejects duplicate names at any depth.
    #[cfg(feature = "check")]
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        check_duplicates(value)?;
        Ok(Self(value.clone().into_owned()))
    }

    /// Reads claims from a parsed JSON object with string values, the form in which API Gateway supplies claims.
    #[cfg(feature = "check")]
    pub(crate) fn read_strings<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        check_duplicates(value)?;
        let mut claims = Vec::new();
        for (name, claim) in value.entries()? {
            claims.push((name.to_owned(), claim.string()?.to_owned()));
        }
        Ok(Self::from_strings(claims))
    }

    /// Returns the claim with this name. A name that starts with `/` is a JSON Pointer (RFC 6901). If no claim has any
    /// other name, interprets the name as a path with dots, such as `app_metadata.role`.
    pub(crate) fn get(&self, name: &str) -> Option<&Json<'static>> {
        if let Some(pointer) = name.strip_prefix('/') {
            return pointer.split('/').try_fold(&self.0, member);
        }
        self.0.get(name).or_else(|| name.split('.').try_fold(&self.0, |claim, part| claim.get(part)))
    }

    /// Returns the claim with this name if it is a string.
    pub(crate) fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Returns the claim with this name as a string, if it is a string or an exact integer.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        text(self.get(name)?)
    }

    /// Returns whether the claim has one of these values, or is an array that contains one of these values. The claims
    /// `scope` and `scp` also match if they contain all words of an accepted value.
    pub(crate) fn matches(&self, name: &str, accepted: &[Json<'static>]) -> bool {
        self.get(name).is_some_and(|claim| accepts_any(accepted, claim, is_scope(name)))
    }

    /// Returns whether any claim that the name can refer to has one of these values. The list `deny` uses this method, so
    /// that no caller escapes an entry through an ambiguous name or the type of a value. API Gateway and some identity
    /// providers issue a boolean as the string `true` or `false`, and API Gateway issues a list as a string such as `[a b]`.
    pub(crate) fn matches_any_reading(&self, name: &str, accepted: &[Json<'static>]) -> bool {
        let matches = |claim: &Json<'_>| {
            let list = claim.as_str().and_then(listed_words).map(Json::from);
            list.is_some_and(|list| accepts_any(accepted, &list, true))
                || accepts_any(accepted, claim, is_scope(name))
                || accepted.iter().any(|accepted| is_boolean_text(accepted, claim))
        };
        let pointed = if name.starts_with('/') { self.get(name) } else { None };
        pointed.is_some_and(matches) || any_reading(&self.0, name, &matches)
    }

    /// Returns whether the claims satisfy all conditions.
    pub(super) fn satisfy(&self, conditions: &ClaimConditions) -> bool {
        conditions.iter().all(|(name, accepted)| self.matches(name, accepted))
    }
}

/// Returns the decimal digits of an exact integer, so that `42` and `42.0` have the same result. Returns `None` for a
/// number that the parser may have rounded: fractions, floats of more than 15 digits, and integers that exceed 64 bits.
#[must_use]
pub fn exact_integer(number: &Number) -> Option<String> {
    // The error of the parser is less than two units in the last place, which is less than 1 for 15 digits.
    const MAX_FLOAT: f64 = 999_999_999_999_999.0;
    match (number.as_i64(), number.as_u64()) {
        (Some(integer), _) => Some(integer.to_string()),
        (None, Some(integer)) => Some(integer.to_string()),
        (None, None) => {
            let float = number.as_f64()?;
            (float.abs() <= MAX_FLOAT && float.trunc() == float).then(|| (float as i64).to_string())
        }
    }
}

/// Checks a claim name of the configuration. Returns the expected value if the name is an invalid JSON Pointer.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let has_valid_escapes = || name.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if name.starts_with('/') && !has_valid_escapes() { Err(EXPECTED_POINTER) } else { Ok(()) }
}

const EXPECTED_POINTER: &str =
    "expected a JSON Pointer, in which `~0` represents `~`, and `~1` represents `/`";

fn check_duplicates<'j>(claims: &'j Json<'j>) -> Result<(), Invalid<'j>> {
    claims.entries().and_then(|_| claims.check_names())
}

/// Returns the value that a part of a JSON Pointer selects: a member of an object, or an item of an array.
fn member<'j>(value: &'j Json<'static>, part: &str) -> Option<&'j Json<'static>> {
    if let Json::Array(items) = value {
        let has_other_form = part.starts_with('+') || (part.starts_with('0') && part.len() > 1);
        return if has_other_form { None } else { items.get(part.parse::<usize>().ok()?) };
    }
    if part.contains('~') { value.get(&unescape(part)) } else { value.get(part) }
}

/// Replaces the escapes `~0` and `~1` in a part of a JSON Pointer.
fn unescape(part: &str) -> String {
    let mut texts = part.split('~');
    let mut unescaped = texts.next().unwrap_or_default().to_owned();
    for text in texts {
        unescaped.push(if text.starts_with('1') { '/' } else { '~' });
        unescaped.push_str(text.get(1..).unwrap_or_default());
    }
    unescaped
}

/// Returns whether a claim contains words that are separated by spaces (RFC 8693 section 4.2, RFC 9068 section 2.2.3).
fn is_scope(name: &str) -> bool {
    matches!(name, "scope" | "scp" | "/scope" | "/scp")
}

/// Returns whether a claim is the text of an accepted boolean.
fn is_boolean_text(accepted: &Json<'_>, claim: &Json<'_>) -> bool {
    let Json::Bool(accepted) = accepted else { return false };
    claim.as_str() == Some(if *accepted { "true" } else { "false" })
}

/// Returns the words of a list that API Gateway formats as `[a b]`.
fn listed_words(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// Returns whether any claim that the name can refer to meets the condition. Each dot may be a part of a name, or may
/// select a member.
fn any_reading(claim: &Json<'_>, name: &str, matches: &dyn Fn(&Json<'_>) -> bool) -> bool {
    let mut dots = name.char_indices().filter(|(_, c)| *c == '.');
    claim.get(name).is_some_and(matches)
        || dots.any(|(position, _)| {
            let (first, rest) = name.split_at_checked(position).unwrap_or_default();
            let rest = rest.strip_prefix('.').unwrap_or_default();
            claim.get(first).is_some_and(|member| any_reading(member, rest, matches))
        })
}

/// Returns whether a claim has one of the accepted values, or is an array that contains one of these values. If the claim
/// is a set of words, also returns whether the claim contains all words of an accepted value.
fn accepts_any(accepted: &[Json<'_>], claim: &Json<'_>, is_set: bool) -> bool {
    let values = if let Json::Array(values) = claim { values } else { std::slice::from_ref(claim) };
    accepted.iter().any(|accepted| {
        values.iter().any(|value| accepts(accepted, value)) || (is_set && has_words(values, accepted))
    })
}

/// Returns whether an accepted value of a condition accepts this value.
fn accepts(accepted: &Json<'_>, value: &Json<'_>) -> bool {
    match (accepted, value) {
        (Json::Bool(accepted), Json::Bool(value)) => accepted == value,
        (Json::Object(_), Json::Object(_)) => {
            let names = accepted.get(HAS_MEMBER).map_or(&[][..], Json::as_array);
            let is_absent = |member: &Json<'_>| matches!(member, Json::Null | Json::Bool(false));
            names.iter().filter_map(|name| value.get(name.as_str()?)).any(|member| !is_absent(member))
        }
        _ => matches!((text(accepted), text(value)), (Some(accepted), Some(value)) if accepted == value),
    }
}

/// Returns whether the strings contain all words of an accepted value. An accepted value without words is not contained.
fn has_words(strings: &[Json<'_>], accepted: &Json<'_>) -> bool {
    let accepted = text(accepted).unwrap_or_default();
    let mut accepted = words(&accepted).peekable();
    let has_word = |word: &str| {
        strings.iter().filter_map(Json::as_str).any(|string| words(string).any(|known| known == word))
    };
    accepted.peek().is_some() && accepted.all(has_word)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

/// Returns a string or an exact integer as a string.
fn text<'j>(value: &'j Json<'_>) -> Option<Cow<'j, str>> {
    match value {
        Json::String(string) => Some(Cow::Borrowed(string)),
        Json::Number(number) => exact_integer(number).map(Cow::Owned),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Reads conditions from the configuration: an object with the accepted value or values of each claim.
pub(crate) fn read_conditions<'j>(object: &'j Json<'j>) -> Result<ClaimConditions, Invalid<'j>> {
    let mut conditions = Vec::new();
    for (name, value) in object.entries()? {
        check_name(name).map_err(|expected| Invalid::new(value, expected))?;
        let values =
            if let Json::Object(_) = value { std::slice::from_ref(value) } else { value.one_or_more()? };
        let mut accepted = Vec::with_capacity(values.len());
        for value in values {
            accepted.push(read_accepted(value)?);
        }
        conditions.push((name.to_owned(), accepted));
    }
    Ok(conditions)
}

/// Reads an accepted value of a condition.
fn read_accepted<'j>(value: &'j Json<'j>) -> Result<Json<'static>, Invalid<'j>> {
    const EXPECTED: &str =
        "a string, an integer, true or false, an object with `has_member`, or an array of these";
    const EXACT: &str = "a whole number that is exact: at most 64 bits, or at most 15 digits if it is written with a decimal point or an exponent";
    match value {
        Json::Number(number) if exact_integer(number).is_none() => Err(value.unexpected_value(EXACT)),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(value.clone().into_owned()),
        Json::Object(_) => {
            let names = value.fields(&[HAS_MEMBER])?.required(HAS_MEMBER)?.read_one_or_more(Json::string)?;
            let names: Vec<Json<'_>> = names.into_iter().map(Json::from).collect();
            Ok(Json::object([(HAS_MEMBER, names.into())]).into_owned())
        }
        Json::Null | Json::Array(_) => Err(value.expected(EXPECTED)),
    }
}

/// Describes conditions, such as "`aud` is "app" or "api" and `level` is 3".
#[cfg(feature = "check")]
pub(crate) fn describe_conditions<'a>(
    conditions: impl IntoIterator<Item = &'a (String, Vec<Json<'static>>)>,
) -> String {
    use crate::web::strings::listed;
    let describe = |(name, accepted): &(String, Vec<_>)| {
        format!("`{name}` is {}", listed(accepted.iter().map(describe_accepted), "or"))
    };
    listed(conditions.into_iter().map(describe), "and")
}

/// Describes an accepted value of a condition.
#[cfg(feature = "check")]
fn describe_accepted(accepted: &Json<'_>) -> String {
    match accepted {
        Json::String(text) => format!("{text:?}"),
        Json::Number(number) => exact_integer(number).unwrap_or_default(),
        Json::Bool(value) => value.to_string(),
        Json::Object(_) => {
            let names = accepted.get(HAS_MEMBER).map_or(&[][..], Json::as_array);
            let names = names.iter().map(describe_accepted);
            format!("an object with the member {}", crate::web::strings::listed(names, "or"))
        }
        Json::Null | Json::Array(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'static> {
        Json::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[test]
    fn exact_integers_have_one_decimal_form() {
        for (text, expected) in [
            ("7", Some("7")),
            ("7.0", Some("7")),
            ("7e0", Some("7")),
            ("70e-1", Some("7")),
            ("-1", Some("-1")),
            ("-1.0", Some("-1")),
            ("-0", Some("0")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("-9223372036854775808", Some("-9223372036854775808")),
            ("9007199254740993", Some("9007199254740993")),
            ("999999999999999.0", Some("999999999999999")),
            ("-999999999999999.0", Some("-999999999999999")),
            ("1e14", Some("100000000000000")),
            ("1e15", None),
            ("9007199254740991.0", None),
            ("9007199254740993.0", None),
            ("18446744073709551616", None),
            ("-9223372036854775809", None),
            ("1e17", None),
            ("1e308", None),
            ("0.5", None),
            ("7.5", None),
        ] {
            let Json::Number(number) = json(text) else { panic!("{text}") };
            assert_eq!(exact_integer(&number).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn follows_json_pointers() {
        let claims =
            br#"{"a":{"b":[10,{"c":"d"}],"":"e","0":"f"},"":"g","/a":"h","m~n":"i","~1":"j","a/b":"k"}"#;
        let claims = Claims::parse(claims).unwrap();
        for (pointer, expected) in [
            ("/a/b/0", Some("10")),
            ("/a/b/1/c", Some(r#""d""#)),
            ("/a/", Some(r#""e""#)),
            ("/a/0", Some(r#""f""#)),
            ("/", Some(r#""g""#)),
            ("/~1a", Some(r#""h""#)),
            ("/m~0n", Some(r#""i""#)),
            ("/~01", Some(r#""j""#)),
            ("/a~1b", Some(r#""k""#)),
            ("/a/b/2", None),
            ("/a/b/-", None),
            ("/a/b/+0", None),
            ("/a/b/00", None),
            ("/a/b/01", None),
            ("/a/b/", None),
            ("/a/b/99999999999999999999", None),
            ("/a/b/0/x", None),
            ("/a.b", None),
            ("//a", None),
        ] {
            assert_eq!(claims.get(pointer), expected.map(json).as_ref(), "{pointer}");
        }
    }

    #[test]
    fn checks_the_escapes_of_json_pointers() {
        for name in ["a~b", "https://example.com/~", "/", "/a~0b~1c", "/~01"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["/~", "/a~2b", "/~~0", "/~0~", "/a~/b"] {
            assert_eq!(check_name(name), Err(EXPECTED_POINTER), "{name}");
        }
    }

    #[test]
    fn scopes_are_sets_of_words() {
        for (claim, accepted, expected) in [
            (r#""openid profile video:join""#, r#""video:join""#, true),
            (r#""openid profile video:join""#, r#""video:join openid""#, true),
            (r#""openid profile video:join""#, r#""video:join admin""#, false),
            (r#""openid  profile ""#, r#""profile""#, true),
            (r#""video:join2""#, r#""video:join""#, false),
            (r#""a\tb""#, r#""b""#, false),
            (r#""a,b""#, r#""b""#, false),
            (r#""openid""#, r#""""#, false),
            (r#""openid""#, r#"" ""#, false),
            (r#""""#, r#""""#, true),
            (r#"["openid","video:join"]"#, r#""video:join openid""#, true),
            (r#"["openid profile","video:join"]"#, r#""video:join profile""#, true),
            (r#"["openid",["video:join"]]"#, r#""video:join""#, false),
            (r#""1 7""#, "7", true),
            ("7", "7", true),
            (r#""true""#, "true", false),
            ("true", "true", true),
            (r#"{"a":1}"#, r#""a""#, false),
        ] {
            for (name, pointer) in [("scope", "/scope"), ("scp", "/scp")] {
                let claims = Claims::parse(format!(r#"{{"{name}":{claim}}}"#).as_bytes()).unwrap();
                for name in [name, pointer] {
                    assert_eq!(claims.matches(name, &[json(accepted)]), expected, "{claim} {accepted}");
                }
            }
        }
        let other = Claims::parse(br#"{"role":"a b","x":{"scope":"a b"}}"#).unwrap();
        assert!(!other.matches("role", &["a".into()]) && !other.matches("x.scope", &["a".into()]));
    }

    #[test]
    fn a_member_that_is_false_or_null_does_not_count() {
        let accepted = json(r#"{"has_member":["a","b"]}"#);
        for (claim, expected) in [
            (r#"{"a":true}"#, true),
            (r#"{"a":{}}"#, true),
            (r#"{"a":""}"#, true),
            (r#"{"a":0}"#, true),
            (r#"{"a":false}"#, false),
            (r#"{"a":null}"#, false),
            (r#"{"a":false,"b":[]}"#, true),
            (r#"{"c":true}"#, false),
        ] {
            let claims = Claims::parse(format!(r#"{{"roles":{claim}}}"#).as_bytes()).unwrap();
            assert_eq!(claims.matches("roles", std::slice::from_ref(&accepted)), expected, "{claim}");
        }
    }

    #[test]
    fn finds_every_reading_of_a_name() {
        for (claims, name, expected) in [
            (r#"{"m":{"x":"a"},"m.x":"b"}"#, "m.x", true),
            (r#"{"m":{"x":"b"},"m.x":"a"}"#, "m.x", true),
            (r#"{"m":{"x":"b"},"m.x":["c"]}"#, "m.x", false),
            (r#"{"m.n":{"x":"a"},"m":{"n":"b"}}"#, "m.n.x", true),
            (r#"{"m":{"n.x":"a"}}"#, "m.n.x", true),
            (r#"{"m":{"x":["b","a"]}}"#, "/m/x", true),
            (r#"{"m":[{"x":"a"}]}"#, "/m/0/x", true),
            (r#"{"/m/x":"a"}"#, "/m/x", true),
            (r#"{"m":"[b a]"}"#, "m", true),
            (r#"{"m":"[b aa]"}"#, "m", false),
            (r#"{"m":"b a"}"#, "m", false),
            (r#"{"m":"[a"}"#, "m", false),
            (r#"{"scope":"b a"}"#, "scope", true),
            (r#"{"é.x":{"x":"a"}}"#, "é.x.x", true),
            (r#"{"x":"a"}"#, "..x", false),
            ("{}", "", false),
        ] {
            let parsed = Claims::parse(claims.as_bytes()).unwrap();
            assert_eq!(parsed.matches_any_reading(name, &["a".into()]), expected, "{name} in {claims}");
        }
    }

    #[test]
    fn removes_the_brackets_of_scopes_from_a_gateway() {
        let claims = |scope: &str| {
            Claims::from_strings(["scope", "groups"].map(|name| (name.to_owned(), scope.to_owned())))
        };
        let list = claims("[openid video:join]");
        assert!(list.matches("scope", &["video:join".into()]) && list.matches("scope", &["openid".into()]));
        assert!(!list.matches("groups", &["openid".into()]));
        assert!(claims("openid video:join").matches("scope", &["video:join".into()]));
        assert!(!claims("[]").matches("scope", &["[]".into()]));
        assert!(claims("[a").matches("scope", &["[a".into()]));
    }
}
