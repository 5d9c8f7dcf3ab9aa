//! Who may have what.

mod decision;
mod grant;
mod identity;
mod pattern;
mod refusal;
mod rule;
mod texts;

pub(crate) use self::decision::Decision;
pub(crate) use self::grant::{ServiceGrant, VideoSdkGrant, VideoSdkScope};
pub(crate) use self::refusal::Refusal;
pub(crate) use self::rule::Rule;
pub(crate) use self::texts::Texts;

/// Rules in their order. For each service that is asked for, the first one decides that is for the caller and speaks
/// of the service.
#[derive(Debug)]
pub(crate) struct Policy(Vec<Rule>);

impl Policy {
    /// What holds where the configuration has no policy; `wildcard` is whether anonymous callers get uid 0.
    pub(crate) fn usual(wildcard: bool) -> Self {
        Self(Rule::usual(wildcard))
    }

    pub(crate) const fn of(rules: Vec<Rule>) -> Self {
        Self(rules)
    }
}
