//! What an identity provider says of a user: the claims of a JWT (RFC 7519 section 4), strictly read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::json::NamedOnce;

/// Claims by name. A name that is there twice is refused: which of the two counts, two readers may see differently.
#[derive(Debug, Default)]
pub(crate) struct Claims(Vec<(String, Claim)>);

/// What a configuration can ask for of a claim.
pub(crate) const PLAIN: &str = "expected a text, a number, true or false, or a list of these";

/// The value of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Null,
    Bool(bool),
    /// As decimal digits.
    Number(String),
    Text(String),
    List(Vec<Claim>),
    Object(Vec<(String, Claim)>),
}

impl Claims {
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Takes over texts by name, as API Gateway hands claims over.
    pub(crate) fn from_texts(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(texts.into_iter().map(|(name, text)| (name, Claim::Text(text))).collect())
    }

    /// The claim of this name; where there is none, dots in the name lead into objects: `app_metadata.role`.
    pub(crate) fn get(&self, name: &str) -> Option<&Claim> {
        find(&self.0, name).or_else(|| {
            let mut parts = name.split('.');
            let first = find(&self.0, parts.next()?)?;
            parts.try_fold(first, |claim, part| match claim {
                Claim::Object(members) => find(members, part),
                Claim::Null | Claim::Bool(_) | Claim::Number(_) | Claim::Text(_) | Claim::List(_) => None,
            })
        })
    }

    /// The claim of this name if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Claim::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    /// Whether the claim is one of these values, or a list with one of them.
    pub(crate) fn has(&self, name: &str, wanted: &[Claim]) -> bool {
        match self.get(name) {
            None => false,
            Some(Claim::List(values)) => values.iter().any(|value| wanted.contains(value)),
            Some(value) => wanted.contains(value),
        }
    }
}

fn find<'a>(members: &'a [(String, Claim)], name: &str) -> Option<&'a Claim> {
    members.iter().find(|(known, _)| known == name).map(|(_, claim)| claim)
}

impl Claim {
    /// Whether it is a value that a configuration can ask for: none inside of others, which would have to be equal to
    /// the last member.
    pub(crate) const fn is_plain(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Number(_) | Self::Text(_) => true,
            Self::Null | Self::List(_) | Self::Object(_) => false,
        }
    }
}

/// As a document writes it, but for what lists and objects hold.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(_) => f.write_str("[…]"),
            Self::Object(_) => f.write_str("{…}"),
        }
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NamedOnce::deserialize(deserializer).map(|NamedOnce(claims)| Self(claims))
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Claim;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E: Error>(self) -> Result<Claim, E> {
                Ok(Claim::Null)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Claim, E> {
                Ok(Claim::Bool(value))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Claim, E> {
                Ok(Claim::Number(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Claim, E> {
                Ok(Claim::Number(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Claim, E> {
                Ok(Claim::Number(number.to_string()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Claim, E> {
                Ok(Claim::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Claim, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    list.push(value);
                }
                Ok(Claim::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Claim, A::Error> {
                let members = serde::de::value::MapAccessDeserializer::new(map);
                NamedOnce::deserialize(members).map(|NamedOnce(members)| Claim::Object(members))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Claims {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_name_leads_into_objects_where_no_claim_has_it_whole() {
        let claims =
            claims(r#"{"https://a.example/role":"whole","app":{"role":"inner","n":{"x":7}},"s":"t"}"#);
        assert_eq!(claims.text("https://a.example/role"), Some("whole"));
        assert_eq!(claims.text("app.role"), Some("inner"));
        assert_eq!(claims.get("app.n.x"), Some(&Claim::Number("7".into())));
        for name in ["role", "app.", "app.role.x", "s.t", "", "."] {
            assert_eq!(claims.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_list_has_each_of_its_values() {
        let claims = claims(r#"{"role":"teacher","groups":["a","b"],"level":3,"admin":true,"none":null}"#);
        let text = |text: &str| Claim::Text(text.into());
        assert!(claims.has("role", &[text("student"), text("teacher")]));
        assert!(claims.has("groups", &[text("b")]));
        assert!(claims.has("level", &[Claim::Number("3".into())]));
        assert!(claims.has("admin", &[Claim::Bool(true)]));
        assert!(!claims.has("groups", &[text("c")]));
        assert!(!claims.has("level", &[text("3")]));
        assert!(!claims.has("missing", &[Claim::Null]));
    }

    #[test]
    fn a_name_given_twice_is_refused_at_every_depth() {
        for text in [r#"{"sub":"a","sub":"b"}"#, r#"{"x":{"y":1,"y":1}}"#, r#"{"x":[{"y":1,"y":2}]}"#] {
            assert!(serde_json::from_str::<Claims>(text).is_err(), "{text}");
        }
    }
}
