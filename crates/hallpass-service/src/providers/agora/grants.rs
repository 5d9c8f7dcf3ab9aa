//! The grants of a rule for Agora's services.

use hallpass_token::Ttl;

use super::rest::RestCall;
use super::services::{Grant, SERVICES, ServiceType};
use super::version::Version;
use crate::auth::{Caller, CallerKind};
use crate::policy::{DecidedBy, DeniedPart, Identity, Policy, PolicyError};
use crate::providers::calls::{self, GrantableCall as _, read_granted_calls};
use crate::web::json::{Fields, Invalid};

/// Returns the names of Agora's fields in a rule: the token formats, the services, and the calls to the REST APIs.
pub(crate) fn grant_fields() -> Vec<&'static str> {
    let mut fields = vec!["version"];
    fields.extend(SERVICES.iter().map(|service| service.name));
    fields.push("agora_rest");
    fields
}

/// The grants of a rule for Agora.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    services: Vec<(&'static str, Grant)>,
    /// The granted token formats; `None` for both formats.
    pub(super) versions: Option<Vec<Version>>,
    /// The granted calls to the REST APIs, for callers with a service key.
    pub(super) rest_calls: Option<Vec<RestCall>>,
}

impl Grants {
    /// Returns unlimited grants for every service, and grants for all calls.
    #[inline(never)]
    pub(crate) fn unrestricted() -> Self {
        let grant =
            || Grant { every_channel: true, identity: Identity::Wildcard, app: true, ..Grant::default() };
        Self { rest_calls: Some(RestCall::ALL.to_vec()), ..Self::of(|_| true, &grant) }
    }

    /// Returns grants for every service and any user that the caller chooses. `is_wildcard` adds uid 0.
    #[inline(never)]
    pub(crate) fn any_user(is_wildcard: bool) -> Self {
        let identity = || if is_wildcard { Identity::Wildcard } else { Identity::Any };
        Self::of(|_| true, &|| Grant { identity: identity(), ..Grant::default() })
    }

    /// Returns grants for the caller's own identity, for the services that users get without a policy.
    #[inline(never)]
    pub(crate) fn own_identity() -> Self {
        Self::of(|service| service.is_for_users, &Grant::default)
    }

    #[inline(never)]
    fn of(is_granted: fn(&ServiceType) -> bool, grant: &dyn Fn() -> Grant) -> Self {
        let services = SERVICES.iter().filter(|service| is_granted(service));
        Self { services: services.map(|service| (service.name, grant())).collect(), ..Self::default() }
    }

    /// Reads the grants of a rule. `may_match` returns whether the rule can apply to callers of a kind.
    #[inline(never)]
    pub(crate) fn read<'j>(
        fields: Fields<'j>,
        may_match: &dyn Fn(CallerKind) -> bool,
    ) -> Result<Self, Invalid<'j>> {
        let mut grants = Self::default();
        for service in SERVICES {
            if let Some(section) = fields.get(service.name) {
                grants.services.push((service.name, Grant::read(section, service.grant_fields)?));
            }
        }
        if let Some(value) = fields.get("version") {
            grants.versions = Some(value.read_one_or_more(Version::read)?);
        }
        if let Some(value) = fields.get("agora_rest") {
            let calls = read_granted_calls(value)?;
            if !may_match(CallerKind::Service) {
                let expected =
                    "expected a rule for callers of kind \"service\", and `auth.keys` to authenticate them";
                return Err(Invalid::new(value, expected));
            }
            grants.rest_calls = Some(calls);
        }
        Ok(grants)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.services.is_empty() && self.rest_calls.is_none()
    }

    /// Returns whether tokens in this format are granted.
    pub(super) fn allows(&self, version: Version) -> bool {
        self.versions.as_ref().is_none_or(|versions| versions.contains(&version))
    }

    /// Returns the grant for a service.
    pub(super) fn get(&self, service: &str) -> Option<&Grant> {
        self.services.iter().find(|(name, _)| *name == service).map(|(_, grant)| grant)
    }
}

/// Applies the policy to a call. Returns the deciding rule and the maximum lifetime of a token for the call. An empty
/// `project` means the whole account.
pub(crate) fn decide_rest_call<G>(
    policy: &Policy<G>,
    grants: impl Fn(&G) -> &Grants,
    caller: &Caller,
    project: &str,
    call: RestCall,
) -> Result<(DecidedBy, Ttl), PolicyError> {
    if caller.kind() != CallerKind::Service {
        let reason = "Agora's REST APIs require a service key, because their credentials grant access to the whole account. Send a service key.";
        return Err(PolicyError::new(DeniedPart::Privileged, RestCall::FIELD, reason));
    }
    calls::decide_call(policy, |of| grants(of).rest_calls.as_ref(), caller, project, call)
}
