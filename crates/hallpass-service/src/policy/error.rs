//! Why a caller gets no token, and which rule decided.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use crate::settings::ProjectError;
use crate::web::field_error::FieldError;

/// A denial: the policy grants less than was requested. Display is a sentence for the client. Boxed, because every decision
/// returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyError(Box<Denial>);

/// The parts of a [`PolicyError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The part of the request that was denied.
    pub(crate) part: DeniedPart,
    /// Where that part is in a request to `/v1/token`.
    pub(crate) field: String,
    /// What was denied, and what would be granted.
    pub(crate) reason: Cow<'static, str>,
    /// `None` if no rule applies to the caller and names the service.
    pub(crate) decided_by: Option<DecidedBy>,
}

/// The parts of a request that a policy decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeniedPart {
    /// No rule for this caller names the service.
    Service,
    /// The channel or room.
    Channel,
    /// The role, or the permissions of a VideoSDK token.
    Role,
    /// The user that the token would be for.
    Identity,
    /// Something that is granted only if a rule names it.
    Privileged,
}

/// Why a token request yields no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// The policy denies it.
    Denied(PolicyError),
    /// The request and the rule together do not say enough, or they contradict each other.
    Field(FieldError),
    /// The request gets no project.
    Project(ProjectError),
    /// The project has no key to sign with.
    NoKey,
}

impl PolicyError {
    pub(crate) fn new(part: DeniedPart, field: &str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::of(part, field, reason.into())
    }

    #[cold]
    fn of(part: DeniedPart, field: &str, reason: Cow<'static, str>) -> Self {
        Self(Box::new(Denial { part, field: field.to_owned(), reason, decided_by: None }))
    }

    /// Notes which rule decided.
    pub(crate) fn decided_by(mut self, rule: DecidedBy) -> Self {
        self.0.decided_by = Some(rule);
        self
    }
}

impl Deref for PolicyError {
    type Target = Denial;

    fn deref(&self) -> &Denial {
        &self.0
    }
}

impl TokenError {
    /// Notes in a denial which rule decided.
    pub(crate) fn decided_by(self, rule: DecidedBy) -> Self {
        if let Self::Denied(error) = self { Self::Denied(error.decided_by(rule)) } else { self }
    }
}

impl DeniedPart {
    /// Returns the name that programs may rely on.
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

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl From<PolicyError> for TokenError {
    fn from(error: PolicyError) -> Self {
        Self::Denied(error)
    }
}

impl From<FieldError> for TokenError {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl From<ProjectError> for TokenError {
    fn from(error: ProjectError) -> Self {
        Self::Project(error)
    }
}

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
            Self::NoPolicy => f.write_str("default policy"),
        }
    }
}
