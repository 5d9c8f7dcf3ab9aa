//! Which rule decided.

use std::fmt;

/// The rule that decided on a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecidedBy {
    /// The rule at this position in the document, counted from 0.
    Rule(usize),
    /// A rule that applies if the configuration has no policy.
    NoPolicy,
}

/// As errors in the document name a rule.
impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(position) => write!(f, "policy[{position}]"),
            Self::NoPolicy => f.write_str("no policy"),
        }
    }
}
