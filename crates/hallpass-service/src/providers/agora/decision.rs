//! The decision of the policy on the services of a token request.

use super::grants::{FormatCheck, Grants};
use super::services::{Context, Grant, TokenService};
use crate::auth::Caller;
use crate::policy::{GrantingRule, Identity, Policy, PolicyError, TokenError};

/// The policy, and the parts of a token request that are the same for all services.
pub(super) struct Decider<'a, 'c, G> {
    pub(super) policy: &'a Policy<G>,
    pub(super) grants: &'c dyn Fn(&'a G) -> &'a Grants,
    pub(super) formats: FormatCheck,
    pub(super) caller: &'c Caller,
    /// The name of the project.
    pub(super) project: &'c str,
}

impl<'a, G> Decider<'a, '_, G> {
    /// Finds the rule that grants the service, and fills in the omitted values of the service. If no rule grants the
    /// service and `allows_lower_role` is true, lowers the role of the service.
    ///
    /// # Errors
    /// Returns [`TokenError`] if no rule grants the service.
    pub(super) fn decide(
        &self,
        service: &mut (dyn TokenService<'a> + 'a),
        context: &Context<'a>,
        allows_lower_role: bool,
    ) -> Result<GrantingRule<&'a Grant>, TokenError> {
        let granting = self.complete(service, context);
        if allows_lower_role && matches!(granting, Err(TokenError::Denied(_))) && service.lower_role() {
            return self.complete(service, context);
        }
        granting
    }

    fn complete(
        &self,
        service: &mut (dyn TokenService<'a> + 'a),
        context: &Context<'a>,
    ) -> Result<GrantingRule<&'a Grant>, TokenError> {
        self.policy.decide(self.caller, self.project, service.name(), &mut |rule| {
            let grants = (self.grants)(&rule.grants);
            let grant = grants.get(service.name())?;
            let checked = self.formats.check(grants).map_err(TokenError::from);
            Some(checked.and_then(|()| service.complete(grant, context)).map(|()| grant))
        })
    }

    /// Returns whether rules grant all services for any user.
    pub(super) fn grants_any_user(&self, services: &[Box<dyn TokenService<'a> + 'a>]) -> bool {
        services.iter().all(|service| {
            let any_user = self.policy.decide(self.caller, self.project, service.name(), &mut |rule| {
                let grants = (self.grants)(&rule.grants);
                let is_wildcard = grants.get(service.name())?.identity == Identity::Wildcard;
                (is_wildcard && self.formats.check(grants).is_ok()).then_some(Ok::<_, PolicyError>(()))
            });
            any_user.is_ok()
        })
    }
}
