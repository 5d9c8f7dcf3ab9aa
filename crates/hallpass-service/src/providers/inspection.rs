//! What an inspection of a token says, for any provider.
//!
//! Anyone can write a token, so nothing in one is trusted: strings and lists out of a token are cut.

use hallpass_token::agora::Format;

use crate::web::json::Json;

/// The most services, privileges, permissions, names or problems in a response, each.
pub(super) const MAX_LISTED: usize = 32;

/// The bytes of a response for the content of the token, as JSON.
pub(super) const MAX_CONTENT_BYTES: usize = 8 * 1024;

/// Whether a token looks like a JWT, with or without whitespace, quotes or `Bearer` around it.
pub(super) fn has_jwt(token: &str) -> bool {
    let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    token.split(around).any(|word| Format::detect(word) == Format::Jwt)
}

/// The result of an inspection.
pub(super) struct Inspection {
    pub(super) provider: &'static str,
    /// What could be read of the token.
    pub(super) content: Vec<(&'static str, Json<'static>)>,
    pub(super) signature: Json<'static>,
    pub(super) in_time: bool,
    pub(super) usable: bool,
    pub(super) problems: Vec<Json<'static>>,
}

/// The signature of a configured project.
pub(super) fn valid_signature(project: &str, key: &'static str, position: usize) -> Json<'static> {
    let position = u32::try_from(position).unwrap_or(u32::MAX);
    Json::object([("status", "valid".into()), ("project", project.to_owned().into()), (key, position.into())])
}

/// A signature that no configured project made, or that could not be checked.
pub(super) fn other_signature(status: &'static str) -> Json<'static> {
    Json::object([("status", status.into())])
}

/// One SDK's error for a problem.
pub(super) fn sdk_error(sdk: &'static str, code: i32, name: &'static str) -> Json<'static> {
    Json::object([("sdk", sdk.into()), ("code", code.into()), ("name", name.into())])
}

impl Inspection {
    /// Returns the response. Content that is `null` is left out.
    pub(super) fn into_json(self, budget: &Budget) -> Json<'static> {
        let mut fields = vec![("provider", self.provider.into())];
        fields.extend(self.content.into_iter().filter(|(_, value)| *value != Json::Null));
        fields.push(("signature", self.signature));
        fields.push(("in_time", self.in_time.into()));
        fields.push(("usable", self.usable.into()));
        fields.push(("problems", self.problems.into()));
        fields.extend(budget.is_cut.then_some(("cut", true.into())));
        fields.into()
    }
}

/// How much of a token a response may still show.
///
/// Limits for each text and each list are not enough: a token of 500 bytes may unpack to 64 KiB of characters that JSON
/// writes with six bytes each.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    is_cut: bool,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { bytes: MAX_CONTENT_BYTES, is_cut: false }
    }

    /// Returns the start of a string. Within the budget, every string that a provider accepts is whole.
    pub(super) fn text(&mut self, text: &str) -> Json<'static> {
        const MAX_CHARS: usize = 256;
        let mut start = String::new();
        for (position, c) in text.chars().enumerate() {
            if position == MAX_CHARS || !self.spend(written_len(c)) {
                self.is_cut = true;
                start.push('…');
                break;
            }
            start.push(c);
        }
        start.into()
    }

    /// Returns the start of a list of strings.
    pub(super) fn texts(&mut self, texts: impl IntoIterator<Item: AsRef<str>>) -> Json<'static> {
        const QUOTES_AND_COMMA: usize = 3;
        self.list(texts, QUOTES_AND_COMMA, |budget, text| budget.text(text.as_ref())).into()
    }

    /// Returns the start of a list, whose entries take this many bytes each in addition to their strings.
    pub(super) fn list<T, U>(
        &mut self,
        entries: impl IntoIterator<Item = T>,
        bytes: usize,
        mut tell: impl FnMut(&mut Self, T) -> U,
    ) -> Vec<U> {
        let mut told = Vec::new();
        for entry in entries {
            if told.len() == MAX_LISTED || !self.spend(bytes) {
                self.is_cut = true;
                break;
            }
            told.push(tell(self, entry));
        }
        told
    }

    /// Whether there was so much left.
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or_default();
        left.is_some()
    }
}

/// The bytes that a character takes in JSON.
const fn written_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

/// No answer is as long, whatever the token: the content has its budget, and 32 problems take some hundred bytes each.
#[cfg(test)]
pub(super) const MAX_ANSWER_BYTES: usize = 24 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        let mut budget = Budget::new();
        assert_eq!(budget.text(&"é".repeat(256)), "é".repeat(256).into());
        assert!(!budget.is_cut);
        assert_eq!(budget.text(&"é".repeat(257)), ("é".repeat(256) + "…").into());
        assert!(budget.is_cut);
    }

    #[test]
    fn a_list_is_cut_behind_its_last_place() {
        let mut budget = Budget::new();
        assert_eq!(budget.list(0..32, 1, |_, entry| entry).len(), 32);
        assert!(!budget.is_cut);
        assert_eq!(budget.list(0..33, 1, |_, entry| entry).len(), 32);
        assert!(budget.is_cut);
    }

    #[test]
    fn what_is_over_the_budget_is_left_out() {
        let mut budget = Budget { bytes: 10, is_cut: false };
        assert_eq!(budget.texts(["ab", "cde", "f"]), vec!["ab", "cd…"].into());
        assert!(budget.is_cut);
        assert_eq!(budget.text("g"), "…".into());
        assert_eq!(budget.text(""), "".into());
    }

    #[test]
    fn characters_are_counted_as_they_are_written() {
        for c in ('\0'..='\u{ff}').chain(['\u{2028}', '\u{d7ff}', '\u{fffe}', '\u{10ffff}']) {
            assert_eq!(serde_json::to_string(&c).unwrap().len(), 2 + written_len(c), "{c:?}");
        }
    }
}
