//! Texts of others in our own sentences.

use std::borrow::Cow;

/// Of a text that somebody else chose, as much as a sentence should hold: a long one may be a token, and a client logs
/// what it is told. The shortest tokens have more than 100 bytes.
pub(crate) fn quote(text: &str) -> Cow<'_, str> {
    const MAX_BYTES: usize = 64;
    const START_CHARS: usize = 24;
    if text.len() <= MAX_BYTES {
        return Cow::Borrowed(text);
    }
    let mut start: String = text.chars().take(START_CHARS).collect();
    start.push('…');
    Cow::Owned(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_start_is_left() {
        assert_eq!(quote(&"é".repeat(32)), "é".repeat(32));
        assert_eq!(quote(&"é".repeat(33)), "é".repeat(24) + "…");
    }
}
