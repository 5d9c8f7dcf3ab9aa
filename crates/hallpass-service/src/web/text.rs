//! Strings from outside in our own messages.

use std::borrow::Cow;

/// Shortens a string from outside for a message: a long one may be a token, and clients log messages. The shortest tokens
/// have more than 100 bytes.
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

/// Returns the first place of a part in a text. `str::find` brings 4 KB for long texts; these are short.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

/// Replaces whatever may be a certificate, or a part of one, by `…`.
pub(crate) fn without_hex(text: &str) -> String {
    const LONGEST_INNOCENT_RUN: usize = 15;
    let mut shown = String::new();
    for run in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let hex = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        shown.push_str(if hex.len() > LONGEST_INNOCENT_RUN { "…" } else { hex });
        shown.push_str(run.get(hex.len()..).unwrap_or_default());
    }
    shown
}

/// Returns the items with commas between them, and a word before the last one.
#[cfg(feature = "check")]
pub(crate) fn listed(items: impl IntoIterator<Item = impl ToString>, word: &str) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    match items.as_slice() {
        [] => String::new(),
        [item] => item.clone(),
        [items @ .., last] => format!("{} {word} {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_start_of_a_long_string_is_quoted() {
        assert_eq!(quote(&"é".repeat(32)), "é".repeat(32));
        assert_eq!(quote(&"é".repeat(33)), "é".repeat(24) + "…");
    }
}
