//! Reasons why a rule does not grant a service.

use std::collections::BTreeSet;

use super::Outcome;

/// The parts of a request that a rule can deny.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Service,
    /// A field that the rule cannot fill in.
    Missing,
    Privileged,
    Channel,
    Role,
    Identity,
}

/// A part that a rule does not grant, or a field that the rule cannot fill in.
pub(super) struct Refusal {
    pub(super) part: Part,
    pub(super) field: String,
}

impl Refusal {
    pub(super) fn into_outcome(self, rules: Vec<String>) -> Outcome {
        let part = match self.part {
            Part::Service => "service",
            Part::Missing => return Outcome::Invalid { fields: BTreeSet::from([self.field]) },
            Part::Privileged => "privileged",
            Part::Channel => "channel",
            Part::Role => "role",
            Part::Identity => "identity",
        };
        Outcome::Denied { part: part.to_owned(), field: self.field, rules }
    }
}
