//! String functions for messages that contain untrusted strings.

use std::borrow::Cow;

/// Truncates an untrusted string that is longer than 64 bytes, for use in a message. Clients log messages, and such a
/// string may be a token: even the shortest tokens have more than 100 bytes.
pub(crate) fn truncate(string: &str) -> Cow<'_, str> {
    const MAX_BYTES: usize = 64;
    const START_CHARS: usize = 24;
    if string.len() <= MAX_BYTES {
        return Cow::Borrowed(string);
    }
    let mut start: String = string.chars().take(START_CHARS).collect();
    start.push('…');
    Cow::Owned(start)
}

/// Returns the byte position of the first occurrence of a substring. `str::find` would add 4 KB of code, but is faster
/// only for long strings.
pub(crate) fn find(string: &str, substring: &str) -> Option<usize> {
    string.as_bytes().windows(substring.len()).position(|window| window == substring.as_bytes())
}

/// Joins strings with a separator. The standard library's `join` would add 2 KB of code, because it has a separate loop
/// for each length of the separator.
pub(crate) fn join(strings: &[impl AsRef<str>], separator: &str) -> String {
    let mut joined = String::new();
    for (position, string) in strings.iter().enumerate() {
        if position > 0 {
            joined.push_str(separator);
        }
        joined.push_str(string.as_ref());
    }
    joined
}

/// Replaces every sequence of more than 15 hexadecimal digits with `…`, because the sequence may be a certificate or a
/// part of a certificate.
pub(crate) fn redact_hex(string: &str) -> String {
    const MAX_SHOWN_DIGITS: usize = 15;
    let mut redacted = String::new();
    for run in string.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let hex = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        redacted.push_str(if hex.len() > MAX_SHOWN_DIGITS { "…" } else { hex });
        redacted.push_str(run.get(hex.len()..).unwrap_or_default());
    }
    redacted
}

/// Joins items with commas, and the last item with a conjunction.
#[cfg(feature = "check")]
pub(crate) fn listed(items: impl IntoIterator<Item = impl ToString>, conjunction: &str) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    match items.as_slice() {
        [] => String::new(),
        [item] => item.clone(),
        [items @ .., last] => format!("{} {conjunction} {last}", join(items, ", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_with_separators() {
        assert_eq!(join(&[""; 0], ", "), "");
        assert_eq!(join(&["a", "", "c"], ", "), "a, , c");
    }

    #[test]
    fn truncates_long_strings() {
        assert_eq!(truncate(&"é".repeat(32)), "é".repeat(32));
        assert_eq!(truncate(&"é".repeat(33)), "é".repeat(24) + "…");
    }
}
