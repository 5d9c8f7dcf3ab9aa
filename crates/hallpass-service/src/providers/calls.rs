//! REST API calls that a rule can grant.

use hallpass_token::Ttl;

use crate::auth::Caller;
use crate::policy::{DecidedBy, DeniedPart, Policy, PolicyError};
use crate::web::json::{Invalid, Json};

/// A kind of REST API call that a rule can grant.
pub(super) trait GrantableCall: Copy + PartialEq + 'static {
    /// The field of a rule that lists the granted calls.
    const FIELD: &'static str;
    const ALL: &'static [Self];
    /// The names of all calls, as error messages list them.
    const EXPECTED: &'static str;

    /// Returns the name of the call in a rule.
    fn name(self) -> &'static str;
}

/// Reads a rule's list of granted calls.
pub(super) fn read_granted_calls<'j, C: GrantableCall>(value: &'j Json<'j>) -> Result<Vec<C>, Invalid<'j>> {
    let parse = |name: &str| C::ALL.iter().copied().find(|call| call.name() == name);
    value.read_one_or_more(|item| item.one_of(C::EXPECTED, parse))
}

/// Applies the policy to a call. Returns the deciding rule and the maximum lifetime of a token for the call.
pub(super) fn decide_call<G, C: GrantableCall>(
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
    let reason = format!(
        "The rules for this caller do not allow the call \"{}\". Add it to `{}` in a rule.",
        call.name(),
        C::FIELD
    );
    Err(PolicyError::new(DeniedPart::Privileged, C::FIELD, reason).decided_by(rule.by))
}
