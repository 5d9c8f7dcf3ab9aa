//! Patterns for channels and rooms: `class-*`, `room-{sub}`.

use std::borrow::Cow;
use std::fmt;

use crate::auth::Caller;
use crate::web::json::{Invalid, Json};

/// A pattern of a rule. `*` stands for any text, also an empty one; `{name}` for a claim of the caller; `{{` and `}}`
/// for the braces themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    AnyText,
    Claim(String),
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PatternError;

impl NamePattern {
    /// # Errors
    /// [`PatternError`] for an empty text, a brace that stands alone and an empty name.
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '{' | '}' if rest.peek() == Some(&c) => {
                    rest.next();
                    plain.push(c);
                }
                '*' | '{' => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(if c == '*' { Piece::AnyText } else { Piece::Claim(name(&mut rest)?) });
                }
                '}' => return Err(PatternError),
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        if pieces.is_empty() { Err(PatternError) } else { Ok(Self(pieces)) }
    }

    /// Reads the patterns of a rule.
    pub(crate) fn read_list<'j>(value: &'j Json<'j>) -> Result<Vec<Self>, Invalid<'j>> {
        value.one_or_more()?.iter().map(|pattern| pattern.parsed(Self::parse)).collect()
    }

    /// Whether the whole text fits. A pattern with a claim that the caller does not have fits nothing.
    pub(crate) fn matches(&self, text: &str, caller: &Caller) -> bool {
        let mut pattern = Vec::new();
        for piece in &self.0 {
            match piece.resolve(caller) {
                Some(Some(text)) => pattern.extend(text.bytes().map(Some)),
                Some(None) => pattern.push(None),
                None => return false,
            }
        }
        fits(&pattern, text.as_bytes())
    }

    /// The only text that fits, if there is only one.
    pub(crate) fn only(&self, caller: &Caller) -> Option<String> {
        self.0.iter().map(|piece| piece.resolve(caller).flatten()).collect::<Option<_>>()
    }
}

impl Piece {
    /// The text that it stands for, or `Some(None)` for any; `None` where the caller has no such claim.
    fn resolve<'a>(&'a self, caller: &'a Caller) -> Option<Option<Cow<'a, str>>> {
        match self {
            Self::Text(text) => Some(Some(text.into())),
            Self::AnyText => Some(None),
            Self::Claim(name) => caller.substitutable_claim(name).map(Some),
        }
    }
}

/// Whether a text fits a pattern of bytes, of which `None` stands for any text. At a byte that differs, only the last `None`
/// takes one byte more: the text between two of them is taken at its first place, which leaves most to what follows. So the
/// time grows with the product of both lengths, and not with the number of splittings.
fn fits(pattern: &[Option<u8>], text: &[u8]) -> bool {
    let (mut expected, mut rest) = (pattern, text);
    let mut last_any: Option<(&[Option<u8>], &[u8])> = None;
    loop {
        match (expected, rest) {
            ([None, after @ ..], _) => (expected, last_any) = (after, Some((after, rest))),
            ([Some(byte), after @ ..], [found, following @ ..]) if byte == found => {
                (expected, rest) = (after, following);
            }
            ([], []) => return true,
            _ => match last_any {
                Some((after, [_, following @ ..])) => {
                    (expected, rest, last_any) = (after, following, Some((after, following)));
                }
                _ => return false,
            },
        }
    }
}

/// The name up to the closing brace.
fn name(rest: &mut impl Iterator<Item = char>) -> Result<String, PatternError> {
    let mut name = String::new();
    for c in rest {
        match c {
            '}' if !name.is_empty() => return Ok(name),
            '{' | '}' | '*' => break,
            c => name.push(c),
        }
    }
    Err(PatternError)
}

/// As the document writes it.
impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Piece::AnyText => f.write_str("*"),
            Piece::Claim(name) => write!(f, "{{{name}}}"),
        })
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a pattern such as \"class-*\" or \"room-{sub}\"; braces stand around the name of a claim, and are doubled where they mean themselves")
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    fn fits_bytes(pieces: &[Option<&str>], text: &str) -> bool {
        let bytes = |piece: &Option<&str>| match piece {
            Some(piece) => piece.bytes().map(Some).collect(),
            None => vec![None],
        };
        fits(&pieces.iter().flat_map(bytes).collect::<Vec<_>>(), text.as_bytes())
    }

    /// Says of pieces by trying every splitting what [`fits`] says.
    fn fits_somehow(pieces: &[Option<&str>], text: &str) -> bool {
        match pieces {
            [] => text.is_empty(),
            [Some(start), pieces @ ..] => {
                text.strip_prefix(start).is_some_and(|rest| fits_somehow(pieces, rest))
            }
            [None, pieces @ ..] => (0..=text.len()).any(|from| fits_somehow(pieces, &text[from..])),
        }
    }

    #[test]
    fn a_text_fits_if_any_splitting_does() {
        // What once failed belongs into a test of its own, not into a file of seeds.
        let config = Config { cases: 1000, failure_persistence: None, ..Config::default() };
        let pieces = vec(prop_oneof![1 => Just(None), 2 => "[ab]{1,3}".prop_map(Some)], 1..7);
        let inputs = (pieces, "[ab]{0,8}", vec("[ab]{0,4}", 6));
        let result = TestRunner::new(config).run(&inputs, |(pieces, any, stars)| {
            let pieces: Vec<_> = pieces.iter().map(Option::as_deref).collect();
            assert_eq!(fits_bytes(&pieces, &any), fits_somehow(&pieces, &any), "{pieces:?} {any}");
            let filled: String =
                pieces.iter().zip(&stars).map(|(piece, star)| piece.unwrap_or(star)).collect();
            assert!(fits_bytes(&pieces, &filled), "{pieces:?} {filled}");
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Many stars must not cost more than the text is long.
    #[test]
    fn a_hard_pattern_is_no_riddle() {
        let pattern = [None, Some("a")].repeat(60);
        assert!(!fits_bytes(&pattern, &format!("{}b", "a".repeat(64))));
    }
}
