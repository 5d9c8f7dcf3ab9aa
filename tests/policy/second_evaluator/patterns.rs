//! Patterns of channels and rooms.

use super::callers;
use crate::policy::Caller;

/// A pattern in which claims are replaced by their values. `None` is a `*`.
pub(super) struct Pattern(Vec<Option<char>>);

impl Pattern {
    /// Returns `None` if a claim in the pattern cannot identify a user. Such a pattern does not match any name.
    pub(super) fn resolve(pattern: &str, caller: &Caller) -> Option<Self> {
        let mut characters = pattern.chars().peekable();
        let mut resolved = Vec::new();
        while let Some(character) = characters.next() {
            match character {
                '*' => resolved.push(None),
                '{' if characters.peek() != Some(&'{') => {
                    let name: String =
                        characters.by_ref().take_while(|character| *character != '}').collect();
                    let value =
                        if name == "sub" { callers::subject(caller) } else { callers::claim(caller, &name) };
                    resolved.extend(value?.chars().map(Some));
                }
                '{' | '}' => resolved.extend(characters.next().map(Some)),
                character => resolved.push(Some(character)),
            }
        }
        Some(Self(resolved))
    }

    /// Returns the name if the pattern matches only this name.
    pub(super) fn single_name(&self) -> Option<String> {
        self.0.iter().copied().collect()
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let name: Vec<_> = name.chars().collect();
        name != ['*'] && matches(&self.0, &name)
    }
}

/// Tries every number of characters that the first `*` can match.
fn matches(pattern: &[Option<char>], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((None, rest)) => (0..=name.len()).any(|from| matches(rest, &name[from..])),
        Some((Some(character), rest)) => name.first() == Some(character) && matches(rest, &name[1..]),
    }
}
