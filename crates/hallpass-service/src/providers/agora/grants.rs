//! The grants of a rule for Agora's services.

use super::rest::RestCall;
use super::services::{Grant, SERVICES, ServiceType};
use super::version::Version;
use crate::auth::{Caller, CallerKind};
use crate::policy::{DeniedPart, GrantingRule, Identity, Policy, PolicyError};
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
    /// The granted token formats; `None` for the formats that the configuration grants by default.
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

    /// Returns the grant for a service.
    pub(super) fn get(&self, service: &str) -> Option<&Grant> {
        self.services.iter().find(|(name, _)| *name == service).map(|(_, grant)| grant)
    }
}

/// A requested token format, and the formats that are granted by default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormatCheck {
    pub(crate) version: Version,
    /// True if a rule without `version` grants format 006 in addition to format 007.
    pub(crate) grants_006: bool,
}

impl FormatCheck {
    /// Checks whether the grants of a rule include the format. The holder of a 006 token can change its channel and user,
    /// so that the other limits of the rule do not apply to the holder.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if the format is not granted.
    pub(super) fn check(self, grants: &Grants) -> Result<(), PolicyError> {
        let is_granted = match &grants.versions {
            Some(versions) => versions.contains(&self.version),
            None => self.version == Version::V007 || self.grants_006,
        };
        if is_granted { Ok(()) } else { Err(format_denied(self.version)) }
    }
}

#[cold]
fn format_denied(version: Version) -> PolicyError {
    let reason = match version {
        Version::V006 => FORMAT_006_DENIED,
        Version::V007 => "The rules for this caller do not allow token format 007.",
    };
    PolicyError::new(DeniedPart::Service, "version", reason)
}

const FORMAT_006_DENIED: &str = "Token format 006 is not granted, because its holder can change the channel and the user. Request format 007. To grant format 006, add `\"version\": [\"006\", \"007\"]` to a rule, or set `compat.version` to \"006\".";

/// Applies the policy to a call. Returns the rule that grants the call. An empty `project` means the whole account.
/// `format` is the format of the token for the call, if the call uses a token.
///
/// # Errors
/// Returns [`PolicyError`] if no rule grants the call.
pub(crate) fn decide_rest_call<'a, G>(
    policy: &'a Policy<G>,
    grants: impl Fn(&'a G) -> &'a Grants,
    caller: &Caller,
    project: &str,
    call: RestCall,
    format: Option<FormatCheck>,
) -> Result<GrantingRule<()>, PolicyError> {
    if caller.kind() != CallerKind::Service {
        let reason = "Agora's REST APIs require a service key, because their credentials grant access to the whole account. Send a service key.";
        return Err(PolicyError::new(DeniedPart::Privileged, RestCall::FIELD, reason));
    }
    calls::decide_call(policy, caller, project, call, |of| {
        let grants = grants(of);
        let format = format.map_or(Ok(()), |format| format.check(grants));
        Some((grants.rest_calls.as_ref()?, format))
    })
}
