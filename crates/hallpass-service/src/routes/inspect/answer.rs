//! What `POST /v1/inspect` answers, whoever's token it is.

use serde::Serialize;

/// The most services, privileges, permissions, names or problems that an answer lists, each.
pub(super) const MAX_LISTED: usize = 32;

/// The bytes of an answer that are spent on what stands in the token, as JSON.
pub(super) const MAX_CONTENT_BYTES: usize = 8 * 1024;

/// The whole answer; what could not be read is left out of `content`.
#[derive(Debug, Serialize)]
pub(super) struct Inspection<'a, C> {
    pub(super) provider: &'a str,
    #[serde(flatten)]
    pub(super) content: Option<C>,
    pub(super) signature: SignatureAnswer<'a>,
    pub(super) in_time: bool,
    pub(super) usable: bool,
    pub(super) problems: Vec<ProblemAnswer>,
    /// Something of all that was cut, or left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
}

/// Whether a secret of a configured project signed the token.
#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum SignatureAnswer<'a> {
    Valid {
        project: &'a str,
        /// The position among the project's certificates.
        #[serde(skip_serializing_if = "Option::is_none")]
        certificate: Option<usize>,
        /// The position among the project's secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        secret: Option<usize>,
    },
    Invalid,
    NotChecked,
}

#[derive(Debug, Serialize)]
pub(super) struct ProblemAnswer {
    pub(super) code: &'static str,
    pub(super) severity: &'static str,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<&'static str>,
    pub(super) sdk_errors: Vec<SdkErrorAnswer>,
}

#[derive(Debug, Serialize)]
pub(super) struct SdkErrorAnswer {
    pub(super) sdk: &'static str,
    pub(super) code: i32,
    pub(super) name: &'static str,
}

/// What one answer may still tell of a token.
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

    /// Whether something was cut, or left out.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The start of a text out of a token; within the budget, whole where it is one that the provider accepts.
    pub(super) fn text(&mut self, text: &str) -> String {
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
        start
    }

    /// The start of a list of texts.
    pub(super) fn texts(&mut self, texts: impl IntoIterator<Item: AsRef<str>>) -> Vec<String> {
        const QUOTES_AND_COMMA: usize = 3;
        self.list(texts, QUOTES_AND_COMMA, |budget, text| budget.text(text.as_ref()))
    }

    /// The start of a list, whose entries take this many bytes each beside their texts.
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
        assert_eq!(budget.text(&"é".repeat(256)), "é".repeat(256));
        assert!(!budget.is_cut());
        assert_eq!(budget.text(&"é".repeat(257)), "é".repeat(256) + "…");
        assert!(budget.is_cut());
    }

    #[test]
    fn a_list_is_cut_behind_its_last_place() {
        let mut budget = Budget::new();
        assert_eq!(budget.list(0..32, 1, |_, entry| entry).len(), 32);
        assert!(!budget.is_cut());
        assert_eq!(budget.list(0..33, 1, |_, entry| entry).len(), 32);
        assert!(budget.is_cut());
    }

    #[test]
    fn what_is_over_the_budget_is_left_out() {
        let mut budget = Budget { bytes: 10, is_cut: false };
        assert_eq!(budget.texts(["ab", "cde", "f"]), ["ab", "cd…"]);
        assert!(budget.is_cut());
        assert_eq!(budget.text("g"), "…");
        assert_eq!(budget.text(""), "");
    }

    #[test]
    fn characters_are_counted_as_they_are_written() {
        for c in ('\0'..='\u{ff}').chain(['\u{2028}', '\u{d7ff}', '\u{fffe}', '\u{10ffff}']) {
            assert_eq!(serde_json::to_string(&c).unwrap().len(), 2 + written_len(c), "{c:?}");
        }
    }
}
