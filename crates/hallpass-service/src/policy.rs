//! The policy: rules, their conditions on the caller, and how a rule is found. What a rule grants is the providers' matter,
//! so the types are generic over it.

mod decider;
#[cfg(feature = "check")]
mod describe;
mod error;
mod pattern;
mod rule;
mod who;

pub(crate) use self::decider::{Bound, Decider, Identity, OTHER_USER, Texts};
#[cfg(feature = "check")]
pub(crate) use self::describe::{
    GrantDescription, GrantKind, GrantsDescription, PolicyDescription, describe_places, granted,
};
pub(crate) use self::error::{DecidedBy, Part, PolicyError, TokenError};
pub(crate) use self::pattern::NamePattern;
pub(crate) use self::rule::{MatchedRule, Policy, Rule, RuleContext};
pub(crate) use self::who::Who;
