//! The policy: rules, their conditions on the caller, and how a rule is found. What a rule grants is the providers' matter,
//! so the types are generic over it.

mod decided_by;
mod decider;
#[cfg(feature = "check")]
mod describe;
mod error;
mod identity;
mod pattern;
mod rule;
mod texts;
mod who;

pub(crate) use self::decided_by::DecidedBy;
pub(crate) use self::decider::{Decider, OTHER_USER};
#[cfg(feature = "check")]
pub(crate) use self::describe::{
    GrantDescription, GrantKind, GrantsDescription, PolicyDescription, describe_places, granted,
};
pub(crate) use self::error::{Part, PolicyError, TokenError};
pub(crate) use self::identity::{Bound, Identity};
pub(crate) use self::pattern::NamePattern;
pub(crate) use self::rule::{MatchedRule, Policy, Rule, RuleContext};
pub(crate) use self::texts::Texts;
pub(crate) use self::who::Who;
