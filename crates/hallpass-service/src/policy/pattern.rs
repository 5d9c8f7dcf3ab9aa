//! Patterns for channels and rooms, such as `class-*` and `room-{sub}`.

use std::borrow::Cow;
use std::fmt;

use crate::auth::{Caller, check_name};
use crate::web::json::{Invalid, Json};

/// A pattern of a rule. `*` matches any string, including the empty string. `{name}` is replaced by the caller's claim
/// `name`. `{{` and `}}` are escaped braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePattern(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Wildcard,
    Claim(String),
}

/// An error for an invalid pattern: the expected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PatternError(&'static str);

const INVALID: PatternError = PatternError(
    "expected a pattern such as \"class-*\" or \"room-{sub}\": braces enclose a claim name, and {{ and }} are literal braces",
);

impl NamePattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Returns [`PatternError`] if the pattern is empty, or has an unmatched brace or an invalid claim name.
    pub(crate) fn parse(pattern: &str) -> Result<Self, PatternError> {
        let mut segments = Vec::new();
        let mut literal = String::new();
        let mut rest = pattern.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '{' | '}' if rest.peek() == Some(&c) => {
                    rest.next();
                    literal.push(c);
                }
                '*' | '{' => {
                    if !literal.is_empty() {
                        segments.push(Segment::Literal(std::mem::take(&mut literal)));
                    }
                    segments.push(if c == '*' {
                        Segment::Wildcard
                    } else {
                        Segment::Claim(claim_name(&mut rest)?)
                    });
                }
                '}' => return Err(INVALID),
                c => literal.push(c),
            }
        }
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
        }
        if segments.is_empty() { Err(INVALID) } else { Ok(Self(segments)) }
    }

    /// Reads one pattern or a non-empty array of patterns.
    pub(crate) fn read_list<'j>(value: &'j Json<'j>) -> Result<Vec<Self>, Invalid<'j>> {
        value.read_one_or_more(|pattern| pattern.parsed(Self::parse))
    }

    /// Returns whether the pattern matches the whole name. If the caller lacks a claim of the pattern, the pattern
    /// matches no name.
    pub(crate) fn matches(&self, name: &str, caller: &Caller) -> bool {
        let mut pattern = Vec::new();
        for segment in &self.0 {
            match segment.resolve(caller) {
                Some(Some(literal)) => pattern.extend(literal.bytes().map(Some)),
                Some(None) => pattern.push(None),
                None => return false,
            }
        }
        matches_symbols(&pattern, name.as_bytes())
    }

    /// Returns whether the pattern has a wildcard.
    #[cfg(feature = "check")]
    pub(crate) fn has_wildcard(&self) -> bool {
        self.0.contains(&Segment::Wildcard)
    }

    /// Returns the names of the claims in the pattern.
    #[cfg(feature = "check")]
    pub(crate) fn claims(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|segment| if let Segment::Claim(name) = segment { Some(name.as_str()) } else { None })
    }

    /// Returns true only if the pattern certainly matches every name that `other` matches, for every caller.
    #[cfg(feature = "check")]
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let is_wildcard = |symbol: &Symbol<'_>| *symbol == Symbol::Wildcard;
        let own: Vec<_> = self.symbols().map(|symbol| (!is_wildcard(&symbol)).then_some(symbol)).collect();
        matches_symbols(&own, &other.symbols().collect::<Vec<_>>())
    }

    #[cfg(feature = "check")]
    fn symbols(&self) -> impl Iterator<Item = Symbol<'_>> {
        self.0.iter().flat_map(|segment| match segment {
            Segment::Literal(string) => string.bytes().map(Symbol::Byte).collect(),
            Segment::Wildcard => vec![Symbol::Wildcard],
            Segment::Claim(name) => vec![Symbol::Claim(name)],
        })
    }

    /// Returns the only name that the pattern matches. Returns `None` if the pattern has a wildcard, or if the caller
    /// lacks a claim.
    pub(crate) fn sole_match(&self, caller: &Caller) -> Option<String> {
        self.0.iter().map(|segment| segment.resolve(caller).flatten()).collect::<Option<_>>()
    }
}

impl Segment {
    /// Returns `Some(Some(string))` for a literal or a claim, and `Some(None)` for a wildcard. Returns `None` if the
    /// caller lacks the claim.
    fn resolve<'a>(&'a self, caller: &'a Caller) -> Option<Option<Cow<'a, str>>> {
        match self {
            Self::Literal(string) => Some(Some(string.into())),
            Self::Wildcard => Some(None),
            Self::Claim(name) => caller.substitutable_claim(name).map(Some),
        }
    }
}

/// A symbol of a pattern, for the comparison of two patterns.
#[cfg(feature = "check")]
#[derive(PartialEq)]
enum Symbol<'a> {
    Byte(u8),
    Wildcard,
    Claim(&'a str),
}

/// Returns whether a pattern of symbols matches a string of symbols. `None` in the pattern is a wildcard.
///
/// Each literal between two wildcards is matched at its first possible position, so that the longest possible remainder
/// is left for the rest of the pattern. After a mismatch, only the last wildcard is extended by one symbol. The time is
/// at most proportional to the product of the lengths of the pattern and the string.
fn matches_symbols<T: PartialEq>(pattern: &[Option<T>], string: &[T]) -> bool {
    let (mut expected, mut rest) = (pattern, string);
    let mut last_wildcard: Option<(&[Option<T>], &[T])> = None;
    loop {
        match (expected, rest) {
            ([None, after @ ..], _) => (expected, last_wildcard) = (after, Some((after, rest))),
            ([Some(symbol), after @ ..], [found, following @ ..]) if symbol == found => {
                (expected, rest) = (after, following);
            }
            ([], []) => return true,
            _ => match last_wildcard {
                Some((after, [_, following @ ..])) => {
                    (expected, rest, last_wildcard) = (after, following, Some((after, following)));
                }
                _ => return false,
            },
        }
    }
}

/// Parses a claim name up to the closing brace.
fn claim_name(rest: &mut impl Iterator<Item = char>) -> Result<String, PatternError> {
    let mut name = String::new();
    for c in rest {
        match c {
            '}' if !name.is_empty() => return check_name(&name).map(|()| name).map_err(PatternError),
            '{' | '}' | '*' => break,
            c => name.push(c),
        }
    }
    Err(INVALID)
}

/// Formats the pattern as in the configuration.
impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Literal(string) => f.write_str(&string.replace('{', "{{").replace('}', "}}")),
            Segment::Wildcard => f.write_str("*"),
            Segment::Claim(name) => write!(f, "{{{name}}}"),
        })
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    fn matches_segments(segments: &[Option<&str>], string: &str) -> bool {
        let bytes = |segment: &Option<&str>| match segment {
            Some(literal) => literal.bytes().map(Some).collect(),
            None => vec![None],
        };
        matches_symbols(&segments.iter().flat_map(bytes).collect::<Vec<_>>(), string.as_bytes())
    }

    /// Returns the same result as [`matches_symbols`], but tries every length of every wildcard.
    fn matches_exhaustively(segments: &[Option<&str>], string: &str) -> bool {
        match segments {
            [] => string.is_empty(),
            [Some(start), segments @ ..] => {
                string.strip_prefix(start).is_some_and(|rest| matches_exhaustively(segments, rest))
            }
            [None, segments @ ..] => {
                (0..=string.len()).any(|from| matches_exhaustively(segments, &string[from..]))
            }
        }
    }

    #[test]
    fn matches_like_an_exhaustive_search() {
        // If an input fails, add it as a separate test. Seed files are not used.
        let config = Config { cases: 1000, failure_persistence: None, ..Config::default() };
        let segments = vec(prop_oneof![1 => Just(None), 2 => "[ab]{1,3}".prop_map(Some)], 1..7);
        let inputs = (segments, "[ab]{0,8}", vec("[ab]{0,4}", 6));
        let result = TestRunner::new(config).run(&inputs, |(segments, any, wildcards)| {
            let segments: Vec<_> = segments.iter().map(Option::as_deref).collect();
            assert_eq!(
                matches_segments(&segments, &any),
                matches_exhaustively(&segments, &any),
                "{segments:?} {any}"
            );
            let filled: String = segments
                .iter()
                .zip(&wildcards)
                .map(|(segment, wildcard)| segment.unwrap_or(wildcard))
                .collect();
            assert!(matches_segments(&segments, &filled), "{segments:?} {filled}");
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }

    #[cfg(feature = "check")]
    #[test]
    fn covers_only_patterns_that_match_fewer_names() {
        let covers = |own, other| {
            let [own, other] = [own, other].map(|text| NamePattern::parse(text).unwrap());
            own.covers(&other)
        };
        for (own, other) in [
            ("*", "*"),
            ("*", "lobby"),
            ("*", "{sub}"),
            ("class-*", "class-{class}"),
            ("a*c", "ab*c"),
            ("a*", "a"),
            ("a**", "a*"),
        ] {
            assert!(covers(own, other), "{own} {other}");
        }
        for (own, other) in [
            ("lobby", "*"),
            ("a*", "*"),
            ("{sub}", "{name}"),
            ("{sub}", "*"),
            ("class-{class}", "class-7"),
            ("a*c", "ab*"),
        ] {
            assert!(!covers(own, other), "{own} {other}");
        }
    }

    #[test]
    fn many_wildcards_do_not_take_exponential_time() {
        let pattern = [None, Some("a")].repeat(60);
        assert!(!matches_segments(&pattern, &format!("{}b", "a".repeat(64))));
    }
}
