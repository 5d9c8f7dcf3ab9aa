//! Denials by the policy, and references to the rules that applied.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use crate::settings::ProjectError;
use crate::web::field_error::FieldError;

/// A denial by the policy. Display writes the message for the client. If a rule limits the request, the message refers
/// to the log. The content is boxed to keep the `Result` of every evaluation small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyError(Box<Denial>);

/// The content of a [`PolicyError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// The denied part of the request.
    pub(crate) part: DeniedPart,
    /// The path of the denied part in a request to `/v1/token`.
    pub(crate) field: String,
    /// The reason for the denial and, if possible, how to resolve it.
    pub(crate) reason: Cow<'static, str>,
    /// The rules that apply to the caller and name the service, but do not grant the request. The first of these rules
    /// determines the other fields.
    pub(crate) rules: Vec<DecidedBy>,
}

/// A part of a request that a policy can deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeniedPart {
    /// The caller, because the list `deny` names the caller.
    Caller,
    /// The service, because no rule for this caller names the service.
    Service,
    /// The channel or room.
    Channel,
    /// The role, or the permissions of a VideoSDK token.
    Role,
    /// The user of the requested token.
    Identity,
    /// A privileged part of the service. Every privileged part requires an explicit grant.
    Privileged,
}

/// An error of a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// The policy denies the request.
    Denied(PolicyError),
    /// A field is missing and the rule does not supply its value, or a field is inconsistent with the completed request.
    Field(FieldError),
    /// The project cannot be selected.
    Project(ProjectError),
    /// The project has no signing key.
    NoKey,
}

impl PolicyError {
    pub(crate) fn new(part: DeniedPart, field: &str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::of(part, field, reason.into())
    }

    #[cold]
    fn of(part: DeniedPart, field: &str, reason: Cow<'static, str>) -> Self {
        Self(Box::new(Denial { part, field: field.to_owned(), reason, rules: Vec::new() }))
    }
}

/// An error of a decision on a request.
pub(crate) trait DecisionError: From<PolicyError> {
    /// Sets the rules that did not grant the request.
    fn with_rules(self, rules: Vec<DecidedBy>) -> Self;
}

impl DecisionError for PolicyError {
    fn with_rules(mut self, rules: Vec<DecidedBy>) -> Self {
        self.0.rules = rules;
        self
    }
}

impl DecisionError for TokenError {
    /// Sets the rules of a denial. Returns other errors unchanged.
    fn with_rules(self, rules: Vec<DecidedBy>) -> Self {
        if let Self::Denied(error) = self { Self::Denied(error.with_rules(rules)) } else { self }
    }
}

impl Deref for PolicyError {
    type Target = Denial;

    fn deref(&self) -> &Denial {
        &self.0
    }
}

impl DeniedPart {
    /// Returns the stable name of the part: the value of the response field `refused_by`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
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
        if self.rules.len() > 1 {
            f.write_str(" No other rule grants the whole request.")?;
        }
        let is_limit = !matches!(self.part, DeniedPart::Identity | DeniedPart::Privileged);
        if is_limit && !self.rules.is_empty() {
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

/// The part of the configuration that the policy applied to a requested service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecidedBy {
    /// The rule at this position in the document, counted from 0.
    Rule(usize),
    /// The entry of `deny` at this position in the document, counted from 0.
    DenyEntry(usize),
    /// A rule of the default policy, for a configuration without `policy`.
    DefaultPolicy,
}

/// Formats the rule or entry as its path in the configuration, such as `policy[0]`.
impl fmt::Display for DecidedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(position) => write!(f, "policy[{position}]"),
            Self::DenyEntry(position) => write!(f, "deny[{position}]"),
            Self::DefaultPolicy => f.write_str("no policy"),
        }
    }
}
