//! String functions for messages that contain untrusted strings.

use std::borrow::Cow;

/// Truncates an untrusted string for a message if it is longer than 64 bytes. A longer string may be a token, because even the
/// shortest tokens have more than 100 bytes, and clients log messages.
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

/// Returns the byte position of the first occurrence of a substring. `str::find` would add 4 KB of code that pays off only for
/// long strings.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

/// Replaces every sequence that may be a certificate, or part of one, with `…`: more than 15 hexadecimal digits.
pub(crate) fn redact_hex(text: &str) -> String {
    const MAX_SHOWN_DIGITS: usize = 15;
    let mut shown = String::new();
    for run in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let hex = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        shown.push_str(if hex.len() > MAX_SHOWN_DIGITS { "…" } else { hex });
        shown.push_str(run.get(hex.len()..).unwrap_or_default());
    }
    shown
}

/// Joins items with commas, and the last one with a conjunction.
#[cfg(feature = "check")]
pub(crate) fn listed(items: impl IntoIterator<Item = impl ToString>, conjunction: &str) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    match items.as_slice() {
        [] => String::new(),
        [item] => item.clone(),
        [items @ .., last] => format!("{} {conjunction} {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncates_long_strings() {
        assert_eq!(quote(&"é".repeat(32)), "é".repeat(32));
        assert_eq!(quote(&"é".repeat(33)), "é".repeat(24) + "…");
    }
}
