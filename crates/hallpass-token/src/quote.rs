//! Texts of others in our own sentences.

use alloc::boxed::Box;
use alloc::string::String;

/// The most characters of a text that is quoted.
const MAX_CHARS: usize = 64;

/// The start of a text that somebody else chose, short enough for a log.
pub(crate) fn quote(text: &str) -> Box<str> {
    let mut rest = text.chars();
    let mut start: String = rest.by_ref().take(MAX_CHARS).collect();
    if rest.next().is_some() {
        start.push('…');
    }
    start.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(&*quote(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(&*quote(&"é".repeat(65)), "é".repeat(64) + "…");
    }
}
