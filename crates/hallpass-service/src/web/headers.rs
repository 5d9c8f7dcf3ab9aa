//! Headers of requests and responses.

use std::borrow::Cow;

pub(crate) const ACCEPT: &str = "accept";
pub(crate) const AUTHORIZATION: &str = "authorization";

/// Headers in order, with their names in lower case.
///
/// A vector is sufficient for the few headers that the service reads and sends. `http::HeaderMap` would add 27 KB of
/// code to the Worker. V8 compiles every function that the first request to a Worker calls.
#[derive(Debug, Default)]
pub struct Headers(Vec<(Cow<'static, str>, Cow<'static, str>)>);

impl Headers {
    /// Adds a header. The name must be in lower case. Omits the header if its value contains a control character other
    /// than a tab. HTTP cannot transport control characters, and a line break would start another header.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) {
        let value = value.into();
        if value.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control()) {
            self.0.push((name.into(), value));
        }
    }

    /// Returns the first value of the header with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Returns the name and value of each header, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// Returns whether a string is a valid header name: a token as defined in RFC 9110 section 5.6.2.
pub(crate) fn is_name(string: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !string.is_empty() && string.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn returns_the_first_value_of_a_name() {
        let mut headers = Headers::default();
        headers.push("accept", "a\n");
        headers.push("accept", "b");
        headers.push("accept", "c".to_owned());
        assert_eq!(headers.get("accept"), Some("b"));
        assert_eq!(headers.iter().map(|(_, value)| value).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(headers.get("Accept"), None);
    }

    #[test]
    fn omits_values_that_would_split_the_response() {
        for value in ["a\r\nset-cookie: b", "a\n", "\r", "a\0", "a\x7F"] {
            let mut headers = Headers::default();
            headers.push("x-request-id", value);
            assert_eq!(headers.iter().count(), 0, "{value:?}");
        }
    }

    #[test]
    fn accepts_the_names_and_values_of_the_http_crate() {
        for text in (0..0x180).filter_map(char::from_u32).map(|c| format!("a{c}")).chain([String::new()]) {
            assert_eq!(is_name(&text), HeaderName::try_from(&text).is_ok(), "{text:?}");
            let mut headers = Headers::default();
            headers.push("name", text.clone());
            assert_eq!(headers.get("name").is_some(), HeaderValue::from_str(&text).is_ok(), "{text:?}");
        }
    }
}
