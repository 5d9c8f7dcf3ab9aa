//! Policy denials, and the rule that decided.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use crate::settings::ProjectError;
use crate::web::field_error::FieldError;

/// A denial by the policy. Display is the text for the client, which points to the log if a rule limits the request. Boxed to keep the result of every evaluation small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyError(Box<Denial>);

/// The parts of a [`PolicyError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The denied part of the request.
    pub(crate) part: DeniedPart,
    /// The path of that part in a request to `/v1/token`.
    pub(crate) field: String,
    /// The reason, and what the policy would grant.
    pub(crate) reason: Cow<'static, str>,
    /// The rule that decided; `None` if no rule applies to the caller and names the service.
    pub(crate) decided_by: Option<DecidedBy>,
}

/// A part of a request that a policy can deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeniedPart {
    /// The service: no rule for this caller names it.
    Service,
    /// The channel or room.
    Channel,
    /// The role, or the permissions of a VideoSDK token.
    Role,
    /// The user that the token would be for.
    Identity,
    /// A privileged part, which requires an explicit grant.
    Privileged,
}

/// An error of a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// The policy denies the request.
    Denied(PolicyError),
    /// A field is missing, and the rule does not supply it; or the field contradicts the rule.
    Field(FieldError),
    /// The project cannot be selected.
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

    /// Sets the rule that decided.
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
    /// Sets the rule that decided, if this is a denial.
    pub(crate) fn decided_by(self, rule: DecidedBy) -> Self {
        if let Self::Denied(error) = self { Self::Denied(error.decided_by(rule)) } else { self }
    }
}

impl DeniedPart {
    /// Returns the stable name, the value of `refused_by`.
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
        f.write_str(&self.reason)?;
        let is_limit = matches!(self.part, DeniedPart::Service | DeniedPart::Channel | DeniedPart::Role);
        if is_limit && self.decided_by.is_some() {
            f.write_str(" The log entry with this request_id names the rules.")?;
        }
        Ok(())
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
    /// A rule of the default policy, for a configuration without `policy`.
    DefaultPolicy,
}

/// Formats a rule like its path in configuration errors.
impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(position) => write!(f, "policy[{position}]"),
            Self::DefaultPolicy => f.write_str("no policy"),
        }
    }
}
