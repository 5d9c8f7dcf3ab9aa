//! Request paths: percent-decoding, and empty segments at the start.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::request::segments;

/// The reason why a path does not identify its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    /// The decoded path is not UTF-8.
    NotUtf8,
    /// A segment contains an encoded slash. Other servers and platforms treat `%2F` as a separator, so the sender may
    /// have meant a name or two segments.
    Slash,
    /// The path contains a question mark. See [`Request::path`](super::request::Request::path).
    QuestionMark,
}

/// Percent-decodes a path. If the result contains an error, the decoded path only identifies the route.
pub(crate) fn decode(path: &str) -> (Cow<'_, str>, Option<PathError>) {
    if path.bytes().any(|byte| matches!(byte, b'%' | b'?')) {
        let (path, error) = decode_escapes(path);
        return (path.into(), error);
    }
    (path.into(), None)
}

#[cold]
#[inline(never)]
fn decode_escapes(path: &str) -> (String, Option<PathError>) {
    /// The replacement for an encoded slash. No route contains this character.
    const SLASH: u8 = b'\0';
    let mut error = path.contains('?').then_some(PathError::QuestionMark);
    let mut decoded = Vec::with_capacity(path.len());
    for (position, segment) in segments(path.as_bytes()).enumerate() {
        if position > 0 {
            decoded.push(b'/');
        }
        for byte in percent_decode(segment) {
            if byte == b'/' {
                error = Some(PathError::Slash);
            }
            decoded.push(if byte == b'/' { SLASH } else { byte });
        }
    }
    match String::from_utf8(decoded) {
        Ok(path) => (path, error),
        Err(bytes) => (String::from_utf8_lossy(bytes.as_bytes()).into_owned(), Some(PathError::NotUtf8)),
    }
}

/// Removes empty segments at the start of a path, because a client may append a path to a base URL with a trailing
/// slash.
pub(crate) fn without_empty_start(path: &str) -> &str {
    let rest = path.trim_start_matches('/');
    path.get((path.len() - rest.len()).saturating_sub(1)..).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_each_segment_once() {
        for (path, expected) in [
            ("/rtm/a%20b", ("/rtm/a b", None)),
            ("/rtm/a%2541", ("/rtm/a%41", None)),
            ("/rtm/a%3Fb", ("/rtm/a?b", None)),
            ("/rtm/100%", ("/rtm/100%", None)),
            ("/rtm/a%2Fb", ("/rtm/a\0b", Some(PathError::Slash))),
            ("/rtm/%%2f", ("/rtm/%\0", Some(PathError::Slash))),
            ("/rtm/a?b", ("/rtm/a?b", Some(PathError::QuestionMark))),
            ("/rtm/%FF%2F", ("/rtm/\u{FFFD}\0", Some(PathError::NotUtf8))),
        ] {
            let (decoded, error) = decode(path);
            assert_eq!((decoded.as_ref(), error), expected, "{path}");
        }
    }

    #[test]
    fn removes_only_empty_segments_at_the_start() {
        for (path, expected) in
            [("/a", "/a"), ("///a//b/", "/a//b/"), ("//", "/"), ("/", "/"), ("", ""), ("a//b", "a//b")]
        {
            assert_eq!(without_empty_start(path), expected, "{path}");
        }
    }
}
