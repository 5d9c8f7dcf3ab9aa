//! Agora's part of a token request, from JSON to the signed token.

use hallpass_token::Ttl;
use hallpass_token::agora::v007::Services;
use hallpass_token::agora::{Mint, Salt};

use super::NAME;
use super::config::{AgoraProject, Provider};
use super::decision::Decider;
use super::grants::{FormatCheck, Grants};
use super::services::{Context, SERVICES, TokenService};
use super::version::Version;
use crate::policy::{GrantingRule, Policy, TokenError};
use crate::providers::minting::{MintContext, Minted, RequestSummary};
use crate::settings::NamedProject;
use crate::web::field_error::FieldError;
use crate::web::json::{Fields, Invalid, Json};

/// Returns the names of Agora's fields in a request to `/v1/token`: the token format and the services.
pub(crate) fn request_fields() -> Vec<&'static str> {
    let mut fields = vec!["version"];
    fields.extend(SERVICES.iter().map(|service| service.name));
    fields
}

/// A request for a token with one or more services.
pub(crate) struct TokenRequest<'a> {
    pub(crate) version: Version,
    pub(crate) services: Vec<Box<dyn TokenService<'a> + 'a>>,
    /// True if a request that specifies no user is for any user, if the policy grants this for all services.
    pub(crate) prefers_any_user: bool,
    /// True if the token has the granted role instead of a denial, if the policy grants only a lower role than requested.
    pub(crate) allows_lower_role: bool,
}

/// Reads Agora's part of a request to `/v1/token`; `None` if the request has no Agora service.
#[inline(never)]
pub(crate) fn read_request<'j>(fields: Fields<'j>) -> Result<Option<TokenRequest<'j>>, Invalid<'j>> {
    let mut services = Vec::with_capacity(2);
    for service in SERVICES {
        if let Some(section) = fields.optional(service.name) {
            services.push((service.read)(section)?);
        }
    }
    if services.is_empty() {
        return Ok(None);
    }
    let apaas = fields.optional("apaas").and_then(|apaas| apaas.get("room"));
    if let Some(room) = apaas.filter(|room| !matches!(room, Json::Null))
        && (fields.optional("rtm").is_some() || fields.optional("chat").is_some())
    {
        return Err(Invalid::rule(
            room,
            "already includes `rtm` and `chat` for its user. Remove these two fields",
        ));
    }
    let version = fields.read_optional("version", Version::read)?.unwrap_or(Version::V007);
    Ok(Some(TokenRequest::new(version, services)))
}

impl<'a> TokenRequest<'a> {
    /// Returns a request for these services.
    pub(crate) fn new(version: Version, services: Vec<Box<dyn TokenService<'a> + 'a>>) -> Self {
        Self { version, services, prefers_any_user: false, allows_lower_role: false }
    }

    /// Returns a request for one service.
    pub(crate) fn one(version: Version, service: impl TokenService<'a> + 'a) -> Self {
        Self::new(version, vec![Box::new(service)])
    }

    /// Applies the policy to each service, fills in omitted fields, and signs the token.
    #[inline(never)]
    pub(crate) fn mint<G>(
        &mut self,
        provider: &'a Provider,
        policy: &'a Policy<G>,
        grants: impl Fn(&'a G) -> &'a Grants,
        context: &MintContext<'a>,
    ) -> Result<Minted<'a>, TokenError> {
        let NamedProject { name, project } = provider.projects.get(context.project)?;
        let formats = FormatCheck { version: self.version, grants_006: provider.compat.grants_006 };
        let decider =
            Decider { policy, grants: &grants, formats, caller: context.evaluator.caller, project: name };
        let mut service_context = Context {
            evaluator: context.evaluator,
            app_id: &project.app_id,
            uids: &provider.uids,
            random_uid: context.random_uid,
            channel_uid: None,
            prefers_any_user: self.prefers_any_user && decider.grants_any_user(&self.services),
        };
        let (mut ttl, mut decided_by) = (context.ttl, Vec::with_capacity(self.services.len()));
        for service in &mut self.services {
            let granting = decider.decide(service.as_mut(), &service_context, self.allows_lower_role);
            let GrantingRule { by, ttl: rule_ttl, grant } = granting?;
            service_context.channel_uid = service_context.channel_uid.or_else(|| service.uid());
            ttl = ttl.min(rule_ttl).min(grant.ttl.unwrap_or(Ttl::MAX));
            decided_by.push(by);
        }
        for service in &mut self.services {
            service.cap(ttl);
        }
        let shortest = self.services.iter().filter_map(|service| service.shortest_ttl(ttl)).min();
        Ok(Minted {
            token: self.sign(project, context, ttl)?,
            provider: NAME,
            version: self.version.as_str(),
            project: name,
            id: ("app_id", project.app_id.as_str()),
            issued_at: context.now,
            ttl,
            shortest_ttl: shortest.unwrap_or(ttl).min(ttl),
            decided_by,
        })
    }

    fn sign(
        &self,
        project: &AgoraProject,
        context: &MintContext<'_>,
        ttl: Ttl,
    ) -> Result<String, TokenError> {
        let mint = Mint {
            app_id: &project.app_id,
            certificate: project.certificates.first().ok_or(TokenError::NoKey)?,
            issued_at: context.now,
            salt: Salt::from_bytes(context.salt),
        };
        if self.version == Version::V006 {
            let token =
                if let [service] = self.services.as_slice() { service.sign_006(&mint, ttl) } else { None };
            return token.ok_or_else(|| {
                let detail =
                    "\"006\" supports exactly one service: `rtc`, or `rtm` without `permissions`. Use \"007\"";
                FieldError::new("version", detail).into()
            });
        }
        let mut services = Vec::with_capacity(self.services.len());
        for service in &self.services {
            service.add_to_007(ttl, &mut services);
        }
        let services = Services::new(&mut services).map_err(FieldError::body)?;
        Ok(mint.services(services, ttl))
    }

    /// Returns the summary for the audit log.
    pub(crate) fn summary(&self) -> RequestSummary<'a> {
        RequestSummary {
            services: self.services.iter().map(|service| service.audit_name()).collect(),
            channel: self.services.iter().find_map(|service| service.channel()),
            role: self.services.iter().find_map(|service| service.role()),
        }
    }

    /// Returns the services for the response, by name.
    pub(crate) fn services(&self, ttl: Ttl) -> Vec<(&'static str, Json<'_>)> {
        self.services.iter().map(|service| (service.name(), service.to_json(ttl))).collect()
    }

    /// Returns the uid of the completed request; `None` if no service is for a uid in a channel.
    pub(crate) fn uid(&self) -> Option<u32> {
        self.services.iter().find_map(|service| service.uid())
    }
}
