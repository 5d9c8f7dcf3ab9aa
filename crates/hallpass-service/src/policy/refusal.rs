//! Why a caller does not get what it asked for.

use std::borrow::Cow;
use std::fmt;

use super::DecidedBy;
use crate::problem::Problem;

/// Why a caller does not get what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The part of the request that was refused.
    pub(crate) part: Part,
    /// Where in a request to `/v1/token` that stands.
    pub(crate) field: &'static str,
    /// What was refused, and what would be right.
    pub(crate) reason: Cow<'static, str>,
    /// `None` where no rule is for the caller and speaks of the service.
    pub(crate) decided_by: Option<DecidedBy>,
}

/// The parts of a request that a policy decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// No rule for this caller speaks of the service.
    Service,
    /// The channel or room.
    Channel,
    /// The role, or the permissions of a VideoSDK token.
    Role,
    /// Whom the token would be for.
    Identity,
    /// Something that is never given unless a rule names it.
    Privileged,
}

impl Refusal {
    pub(super) fn new(part: Part, field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { part, field, reason: reason.into(), decided_by: None }
    }
}

impl Part {
    /// The name that programs may rely on.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Channel => "channel",
            Self::Role => "role",
            Self::Identity => "identity",
            Self::Privileged => "privileged",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
