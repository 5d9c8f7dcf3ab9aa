//! REST API calls that a rule can grant.

use crate::auth::Caller;
use crate::policy::{DeniedPart, GrantingRule, Policy, PolicyError};
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

/// Applies the policy to a call. `granted` returns the calls that a rule grants, and whether the rule grants the token for
/// the call. Returns the rule that grants the call.
///
/// # Errors
/// Returns [`PolicyError`] if no rule grants the call.
pub(super) fn decide_call<'a, G, C: GrantableCall>(
    policy: &'a Policy<G>,
    caller: &Caller,
    project: &str,
    call: C,
    granted: impl Fn(&'a G) -> Option<(&'a Vec<C>, Result<(), PolicyError>)>,
) -> Result<GrantingRule<()>, PolicyError> {
    policy.decide(caller, project, C::FIELD, &mut |rule| {
        let (calls, token) = granted(&rule.grants)?;
        Some(if calls.contains(&call) { token } else { Err(not_granted(call)) })
    })
}

#[cold]
fn not_granted<C: GrantableCall>(call: C) -> PolicyError {
    let reason = format!(
        "The rules for this caller do not allow the call \"{}\". Add it to `{}` in a rule.",
        call.name(),
        C::FIELD
    );
    PolicyError::new(DeniedPart::Privileged, C::FIELD, reason)
}
