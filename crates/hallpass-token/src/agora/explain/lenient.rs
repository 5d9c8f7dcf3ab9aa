//! Lenient parsing of a token. Deviations that a lenient SDK accepts are reported as problems.

use alloc::string::String;

use super::problem::{Problem, Problems};
use crate::agora::credentials::AppId;
use crate::agora::error::{Base64Error, ParseError};
use crate::agora::format::Format;
use crate::agora::v006::Untrusted006;
use crate::agora::v007::Untrusted007;

/// A parsed token whose signature is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// A token of format 006.
    V006(Untrusted006),
    /// A token of format 007.
    V007(Untrusted007),
}

impl Untrusted {
    /// Returns the App ID that the token claims.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        match self {
            Self::V006(token) => token.app_id(),
            Self::V007(token) => token.app_id(),
        }
    }
}

pub(super) fn parse_leniently(string: &str, problems: &mut Problems) -> Option<Untrusted> {
    let token = strip_wrapping(string);
    if token.len() < string.len() && !token.is_empty() {
        problems.push(Problem::SurroundingCharacters);
    }
    let decoded = percent_decode(token);
    if decoded.is_some() {
        problems.push(Problem::PercentEncoded);
    }
    let token = decoded.as_deref().unwrap_or(token);
    match parse(token) {
        Err(ParseError::Base64(error)) => parse_repaired(token, error, problems),
        other => or_report(other, problems),
    }
}

fn parse_repaired(token: &str, error: Base64Error, problems: &mut Problems) -> Option<Untrusted> {
    if error == Base64Error::Whitespace
        && let Ok(token) = parse(&token.chars().map(|c| if c == ' ' { '+' } else { c }).collect::<String>())
    {
        problems.push(Problem::PlusLost);
        return Some(token);
    }
    problems.push(Problem::Unreadable(ParseError::Base64(error)));
    let mut repaired = repair_base64(token, error)?;
    let mut parsed = parse(&repaired);
    if let Err(ParseError::Base64(_)) = parsed {
        // The string ends within a group of four Base64 characters. The incomplete group is removed.
        for _ in 0..4 {
            repaired.pop();
        }
        parsed = parse(&repaired);
    }
    or_report(parsed, problems)
}

/// Removes surrounding whitespace, quotes, and one of the header prefixes `agora token=` and `Bearer`.
fn strip_wrapping(string: &str) -> &str {
    let is_wrapping = |c: char| c.is_whitespace() || c == '"' || c == '\'';
    let string = string.trim_matches(is_wrapping);
    let after = |prefix: &str| {
        let (start, rest) = string.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    after("agora token=").or_else(|| after("Bearer ")).unwrap_or(string).trim_matches(is_wrapping)
}

/// Decodes `%2B`, `%2F` and `%3D`. Returns `None` if the token contains none of these sequences.
fn percent_decode(token: &str) -> Option<String> {
    let mut decoded = String::with_capacity(token.len());
    let mut rest = token;
    while let Some(next) = rest.chars().next() {
        let plain = match rest.as_bytes() {
            [b'%', b'2', b'B' | b'b', ..] => Some('+'),
            [b'%', b'2', b'F' | b'f', ..] => Some('/'),
            [b'%', b'3', b'D' | b'd', ..] => Some('='),
            _ => None,
        };
        decoded.push(plain.unwrap_or(next));
        rest = rest.get(plain.map_or(next.len_utf8(), |_| 3)..).unwrap_or_default();
    }
    (decoded.len() < token.len()).then_some(decoded)
}

fn parse(token: &str) -> Result<Untrusted, ParseError> {
    match Format::detect(token) {
        Format::V006 => Untrusted006::parse(token).map(Untrusted::V006),
        Format::V007 => Untrusted007::parse(token).map(Untrusted::V007),
        found @ (Format::Legacy(_) | Format::Jwt | Format::Empty | Format::Unknown) => {
            Err(ParseError::Format { expected: Format::V007, found })
        }
    }
}

fn or_report(parsed: Result<Untrusted, ParseError>, problems: &mut Problems) -> Option<Untrusted> {
    parsed.map_err(|error| problems.push(Problem::Unreadable(error))).ok()
}

/// Converts the Base64 to the standard alphabet with padding. Returns `None` if the error cannot be repaired.
fn repair_base64(token: &str, error: Base64Error) -> Option<String> {
    if matches!(error, Base64Error::Character { .. } | Base64Error::LastCharacter) {
        return None;
    }
    let head = if Format::detect(token) == Format::V007 { 3 } else { 35 };
    let (head, content) = token.split_at_checked(head)?;
    let mut repaired = String::with_capacity(token.len() + 3);
    repaired.push_str(head);
    repaired.extend(content.chars().filter(|c| !c.is_ascii_whitespace() && *c != '=').map(|c| match c {
        '-' => '+',
        '_' => '/',
        other => other,
    }));
    let partial = (repaired.len() - head.len()) % 4;
    repaired.extend(core::iter::repeat_n('=', (4 - partial) % 4));
    Some(repaired)
}
