//! The response to a token inspection, independent of the provider.
//!
//! The content of a token is untrusted, because anyone can create a token. Therefore strings and lists from a token are
//! truncated.

use hallpass_token::agora::Format;

use crate::web::json::Json;

/// The maximum number of entries in each list of a response: services, privileges, permissions, names and problems.
pub(super) const MAX_LISTED: usize = 32;

/// The maximum size of the token's content in a response, in bytes of JSON.
pub(super) const MAX_CONTENT_BYTES: usize = 8 * 1024;

/// Returns whether a token looks like a JWT, with or without surrounding whitespace, quotation marks or `Bearer`.
pub(super) fn has_jwt(token: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    token.split(is_separator).any(|word| Format::detect(word) == Format::Jwt)
}

/// The result of an inspection.
pub(super) struct Inspection {
    pub(super) provider: &'static str,
    /// The readable content of the token.
    pub(super) content: Vec<(&'static str, Json<'static>)>,
    pub(super) signature: Json<'static>,
    /// True if the token is valid at the current time.
    pub(super) in_time: bool,
    /// True if the token has no problem that would cause the provider to reject the token.
    pub(super) usable: bool,
    pub(super) problems: Vec<Json<'static>>,
}

/// Returns the result for a signature by a key of a configured project. `key` is the name of the response field with the
/// key's position.
pub(super) fn valid_signature(project: &str, key: &'static str, position: usize) -> Json<'static> {
    let position = u32::try_from(position).unwrap_or(u32::MAX);
    Json::object([("status", "valid".into()), ("project", project.to_owned().into()), (key, position.into())])
}

/// Returns the result for a signature that is invalid or was not checked.
pub(super) fn other_signature(status: &'static str) -> Json<'static> {
    Json::object([("status", status.into())])
}

/// Returns the error that an SDK reports for a problem. An error has a number, or a message after its name.
pub(super) fn sdk_error(
    sdk: &'static str,
    code: Option<i32>,
    name: &'static str,
    message: Option<&'static str>,
) -> Json<'static> {
    let mut fields = vec![("sdk", sdk.into())];
    fields.extend(code.map(|code| ("code", code.into())));
    fields.push(("name", name.into()));
    fields.extend(message.map(|message| ("message", message.into())));
    fields.into()
}

impl Inspection {
    /// Returns the response without content that is `null`.
    pub(super) fn into_json(self, budget: &Budget) -> Json<'static> {
        let mut fields = vec![("provider", self.provider.into())];
        fields.extend(self.content.into_iter().filter(|(_, value)| !matches!(value, Json::Null)));
        fields.push(("signature", self.signature));
        fields.push(("in_time", self.in_time.into()));
        fields.push(("usable", self.usable.into()));
        fields.push(("problems", self.problems.into()));
        fields.extend(budget.is_truncated.then_some(("cut", true.into())));
        fields.into()
    }
}

/// The remaining bytes for the content of a token in a response.
///
/// Separate limits for strings and lists are not sufficient, because a token of 500 bytes may decompress to 64 KiB of
/// characters. Each of these characters may take six bytes in JSON.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    is_truncated: bool,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { bytes: MAX_CONTENT_BYTES, is_truncated: false }
    }

    /// Truncates a string to 256 characters and to the remaining budget. Providers do not accept longer strings.
    pub(super) fn string(&mut self, string: &str) -> Json<'static> {
        const MAX_CHARS: usize = 256;
        let mut start = String::new();
        for (position, c) in string.chars().enumerate() {
            if position == MAX_CHARS || !self.spend(json_len(c)) {
                self.is_truncated = true;
                start.push('…');
                break;
            }
            start.push(c);
        }
        start.into()
    }

    /// Truncates a list of strings.
    pub(super) fn strings(&mut self, strings: impl IntoIterator<Item: AsRef<str>>) -> Json<'static> {
        const QUOTES_AND_COMMA: usize = 3;
        self.list(strings, QUOTES_AND_COMMA, |budget, string| budget.string(string.as_ref())).into()
    }

    /// Truncates a list to [`MAX_LISTED`] entries and to the remaining budget. `bytes` is the size of an entry without
    /// its strings.
    pub(super) fn list<T, U>(
        &mut self,
        entries: impl IntoIterator<Item = T>,
        bytes: usize,
        mut convert: impl FnMut(&mut Self, T) -> U,
    ) -> Vec<U> {
        let mut converted = Vec::new();
        for entry in entries {
            if converted.len() == MAX_LISTED || !self.spend(bytes) {
                self.is_truncated = true;
                break;
            }
            converted.push(convert(self, entry));
        }
        converted
    }

    /// Deducts bytes from the budget. Returns whether the budget was sufficient.
    fn spend(&mut self, bytes: usize) -> bool {
        let remaining = self.bytes.checked_sub(bytes);
        self.bytes = remaining.unwrap_or_default();
        remaining.is_some()
    }
}

/// Returns the number of bytes that a character takes in a JSON string.
const fn json_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

/// The upper bound on the size of a response, in bytes. A budget limits the token's content. The response lists at most
/// 32 problems, and each problem takes a few hundred bytes.
#[cfg(test)]
pub(super) const MAX_RESPONSE_BYTES: usize = 24 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncates_strings_between_characters() {
        let mut budget = Budget::new();
        assert_eq!(budget.string(&"é".repeat(256)), "é".repeat(256).into());
        assert!(!budget.is_truncated);
        assert_eq!(budget.string(&"é".repeat(257)), ("é".repeat(256) + "…").into());
        assert!(budget.is_truncated);
    }

    #[test]
    fn truncates_lists() {
        let mut budget = Budget::new();
        assert_eq!(budget.list(0..32, 1, |_, entry| entry).len(), 32);
        assert!(!budget.is_truncated);
        assert_eq!(budget.list(0..33, 1, |_, entry| entry).len(), 32);
        assert!(budget.is_truncated);
    }

    #[test]
    fn omits_content_that_exceeds_the_budget() {
        let mut budget = Budget { bytes: 10, is_truncated: false };
        assert_eq!(budget.strings(["ab", "cde", "f"]), vec!["ab", "cd…"].into());
        assert!(budget.is_truncated);
        assert_eq!(budget.string("g"), "…".into());
        assert_eq!(budget.string(""), "".into());
    }

    #[test]
    fn counts_the_json_bytes_of_characters() {
        for c in ('\0'..='\u{ff}').chain(['\u{2028}', '\u{d7ff}', '\u{fffe}', '\u{10ffff}']) {
            assert_eq!(serde_json::to_string(&c).unwrap().len(), 2 + json_len(c), "{c:?}");
        }
    }
}
