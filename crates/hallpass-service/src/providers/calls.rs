//! Calls to a provider that a rule can grant.

use hallpass_token::Ttl;

use crate::auth::Caller;
use crate::policy::{DecidedBy, DeniedPart, Policy, PolicyError};
use crate::web::json::{Invalid, Json};

/// A call to a provider.
pub(super) trait Call: Copy + PartialEq + 'static {
    /// The field of a rule that names the calls.
    const FIELD: &'static str;
    const ALL: &'static [Self];
    /// What a rule may name.
    const EXPECTED: &'static str;

    /// Returns the name in a rule.
    fn name(self) -> &'static str;
}

/// Reads the calls that a rule grants.
pub(super) fn read_calls<'j, C: Call>(value: &'j Json<'j>) -> Result<Vec<C>, Invalid<'j>> {
    let parse = |name: &str| C::ALL.iter().copied().find(|call| call.name() == name);
    value.read_one_or_more(|item| item.named(C::EXPECTED, parse))
}

/// Decides on a call, and returns the longest lifetime of a token for it.
pub(super) fn decide_call<G, C: Call>(
    policy: &Policy<G>,
    granted: impl Fn(&G) -> Option<&Vec<C>>,
    caller: &Caller,
    project: &str,
    call: C,
) -> Result<(DecidedBy, Ttl), PolicyError> {
    let rule = policy.find(caller, project, C::FIELD, granted)?;
    if rule.grant.contains(&call) {
        return Ok((rule.by, rule.ttl));
    }
    let reason = format!("the rule for this caller does not have \"{}\" in `{}`", call.name(), C::FIELD);
    Err(PolicyError::new(DeniedPart::Privileged, C::FIELD, reason).decided_by(rule.by))
}
