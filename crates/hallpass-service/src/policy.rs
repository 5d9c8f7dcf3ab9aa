//! The policy: rules, conditions on callers, and rule matching. The types are generic over the grants, because the
//! providers define the grants.

mod caller_conditions;
#[cfg(feature = "check")]
mod describe;
mod error;
mod evaluator;
mod pattern;
mod rule;

pub(crate) use self::caller_conditions::CallerConditions;
#[cfg(feature = "check")]
pub(crate) use self::describe::{
    GrantDescription, GrantKind, GrantsDescription, PolicyDescription, describe_places, granted,
};
pub(crate) use self::error::{DecidedBy, DeniedPart, PolicyError, TokenError};
pub(crate) use self::evaluator::{
    BoundUser, Evaluator, Identity, NO_IDENTITY, OTHER_USER_DENIED, StringArena,
};
pub(crate) use self::pattern::NamePattern;
pub(crate) use self::rule::{GrantingRule, Policy, Rule, RuleContext};
