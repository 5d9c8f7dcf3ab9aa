//! Who may have what.

mod calls;
mod decision;
mod grant;
mod identity;
mod pattern;
mod refusal;
mod rule;
mod texts;
mod words;

use std::fmt;

use serde::{Serialize, Serializer};

pub(crate) use self::calls::{AgoraCall, RoomCall};
pub(crate) use self::decision::{Decided, Judge};
pub(crate) use self::grant::{ServiceGrant, VideoSdkGrant, VideoSdkScope};
pub(crate) use self::refusal::Refusal;
pub(crate) use self::rule::Rule;
pub(crate) use self::texts::Texts;

/// Rules in their order. For each service that is asked for, the first one decides that is for the caller and speaks
/// of the service.
#[derive(Debug)]
pub(crate) struct Policy {
    rules: Vec<Rule>,
    is_usual: bool,
}

/// The rule that decided on a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// The one at this position in the document, counted from 0.
    Rule(usize),
    /// One of those that hold where the configuration has no policy.
    NoPolicy,
}

impl Policy {
    /// What holds where the configuration has no policy; `wildcard` is whether anonymous callers get uid 0.
    pub(crate) fn usual(wildcard: bool) -> Self {
        Self { rules: Rule::usual(wildcard), is_usual: true }
    }

    pub(crate) const fn of(rules: Vec<Rule>) -> Self {
        Self { rules, is_usual: false }
    }

    fn rules(&self) -> impl Iterator<Item = (DecidedBy, &Rule)> {
        let by = |position| if self.is_usual { DecidedBy::NoPolicy } else { DecidedBy::Rule(position) };
        self.rules.iter().enumerate().map(move |(position, rule)| (by(position), rule))
    }
}

impl Serialize for DecidedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
