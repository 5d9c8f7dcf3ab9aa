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
        let mut pieces = Vec::with_capacity(self.0.len());
        for piece in &self.0 {
            match piece.resolve(caller) {
                Some(piece) => pieces.push(piece),
                None => return false,
            }
        }
        let pieces: Vec<_> = pieces.iter().map(Option::as_deref).collect();
        fits(&pieces, text)
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

/// Whether a text fits pieces, of which `None` stands for any text. Each piece is taken at its first place, which
/// leaves most to those behind it; so the time grows with the text and not with its splittings.
fn fits(pieces: &[Option<&str>], text: &str) -> bool {
    let Some(first_star) = pieces.iter().position(Option::is_none) else {
        return text == pieces.iter().copied().flatten().collect::<String>();
    };
    let last_star = pieces.iter().rposition(Option::is_none).unwrap_or(first_star);
    let concat = |pieces: Option<&[Option<&str>]>| -> String {
        pieces.unwrap_or_default().iter().copied().flatten().collect()
    };
    let head = concat(pieces.get(..first_star));
    let tail = concat(pieces.get(last_star + 1..));
    let Some(mut rest) = text.strip_prefix(&head).and_then(|rest| rest.strip_suffix(&tail)) else {
        return false;
    };
    let inner = pieces.get(first_star..last_star).unwrap_or_default();
    for middle in inner.split(Option::is_none).map(|pieces| concat(Some(pieces))) {
        match rest.split_once(&middle) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
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
            assert_eq!(fits(&pieces, &any), fits_somehow(&pieces, &any), "{pieces:?} {any}");
            let filled: String =
                pieces.iter().zip(&stars).map(|(piece, star)| piece.unwrap_or(star)).collect();
            assert!(fits(&pieces, &filled), "{pieces:?} {filled}");
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Many stars must not cost more than the text is long.
    #[test]
    fn a_hard_pattern_is_no_riddle() {
        let pattern = [None, Some("a")].repeat(60);
        assert!(!fits(&pattern, &format!("{}b", "a".repeat(64))));
    }
}
