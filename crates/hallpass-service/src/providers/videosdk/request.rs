//! VideoSDK's part of a token request, from JSON to the signed token.

use hallpass_token::Ttl;
use hallpass_token::videosdk::{
    Claims, ParticipantId, Permissions, PermissionsError, Roles, RolesError, RoomId, Scope,
};

use super::NAME;
use super::config::Provider;
use super::grants::{Grant, Grants};
use crate::policy::{DeniedPart, Evaluator, GrantingRule, Policy, PolicyError, TokenError};
use crate::providers::minting::{MintContext, Minted, RequestSummary};
use crate::settings::NamedProject;
use crate::web::json::{Fields, Invalid, Json};
use crate::web::strings::{join, truncate};

/// A request for a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenRequest<'a> {
    permissions: Option<Permissions>,
    scope: RequestedScope<'a>,
}

/// The requested token version and binding.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RequestedScope<'a> {
    /// Version 1, which has no roles and no binding.
    V1,
    V2(Binding<'a>),
    /// Version 1 if the policy grants it. Otherwise, version 2 with the values that the policy fills in.
    V1OrV2,
}

/// The binding of a version 2 token: the roles, the room and the participant for which it is valid.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Binding<'a> {
    pub(crate) roles: Option<Roles>,
    pub(crate) room: Option<RoomId<'a>>,
    pub(crate) participant: Option<ParticipantId<'a>>,
}

/// Returns the name of VideoSDK's field in a request to `/v1/token`.
pub(crate) fn request_fields() -> Vec<&'static str> {
    vec![NAME]
}

/// Reads VideoSDK's part of a request to `/v1/token`; `None` if the request has no field `videosdk`.
#[inline(never)]
pub(crate) fn read_request<'j>(fields: Fields<'j>) -> Result<Option<TokenRequest<'j>>, Invalid<'j>> {
    let Some(section) = fields.optional(NAME) else { return Ok(None) };
    if let Some(version) = fields.optional("version") {
        let detail = "selects an Agora token format. For a VideoSDK token, use `videosdk.version`";
        return Err(Invalid::rule(version, detail));
    }
    let fields = section.fields(&["room", "participant", "permissions", "roles", "version"])?;
    let permissions = fields.read_optional("permissions", read_permissions)?;
    let room = fields.read_optional("room", |value| value.parsed(RoomId::parse))?;
    let participant = fields.read_optional("participant", |value| value.parsed(ParticipantId::parse))?;
    let version = fields.optional("version").map(|value| value.whole_number(1..=2, "the number 1 or 2"));
    if version.transpose()? == Some(1) {
        let other = ["room", "participant", "roles"].into_iter().find_map(|name| fields.optional(name));
        return match other {
            Some(other) => Err(Invalid::rule(other, "requires `videosdk.version` 2")),
            None => Ok(Some(TokenRequest { permissions, scope: RequestedScope::V1 })),
        };
    }
    let roles = fields.read_optional("roles", read_roles)?;
    Ok(Some(TokenRequest { permissions, scope: RequestedScope::V2(Binding { roles, room, participant }) }))
}

fn read_permissions<'j>(value: &'j Json<'j>) -> Result<Permissions, Invalid<'j>> {
    let (items, names) = (value.items()?, value.read_items(Json::string)?);
    Permissions::parse(names).map_err(|error| match error {
        PermissionsError::Empty => {
            Invalid::rule(value, "must contain \"allow_join\", \"ask_join\" or \"allow_mod\"")
        }
        PermissionsError::Mixed => Invalid::rule(
            value,
            "cannot combine \"ask_join\" with other permissions, because VideoSDK rejects the combination",
        ),
        PermissionsError::Unknown(position) => {
            let detail = "must be \"allow_join\", \"ask_join\" or \"allow_mod\"";
            Invalid::rule(items.get(position).unwrap_or(value), detail)
        }
    })
}

fn read_roles<'j>(value: &'j Json<'j>) -> Result<Roles, Invalid<'j>> {
    let (items, names) = (value.items()?, value.read_items(Json::string)?);
    Roles::parse(names).map_err(|RolesError(position)| {
        Invalid::rule(items.get(position).unwrap_or(value), "must be \"rtc\" or \"crawler\"")
    })
}

impl<'a> TokenRequest<'a> {
    /// Returns a request that specifies no permissions. The policy fills in the permissions.
    pub(crate) const fn new(scope: RequestedScope<'a>) -> Self {
        Self { permissions: None, scope }
    }

    /// Applies the policy, fills in omitted fields, and signs the token.
    #[inline(never)]
    pub(crate) fn mint<G>(
        &mut self,
        provider: &'a Provider,
        policy: &'a Policy<G>,
        grants: impl Fn(&'a G) -> &'a Grants,
        context: &MintContext<'a>,
    ) -> Result<Minted<'a>, TokenError> {
        let NamedProject { name, project } = provider.projects.get(context.project)?;
        let granting = policy.decide(context.evaluator.caller, name, NAME, &mut |rule| {
            let grant = grants(&rule.grants).tokens.as_ref()?;
            Some(self.completed(grant, context.evaluator).map(|completed| (completed, grant)))
        });
        let GrantingRule { by, ttl, grant: (completed, grant) } = granting?;
        *self = completed;
        let ttl = context.ttl.min(ttl).min(grant.ttl.unwrap_or(Ttl::MAX));
        let (scope, version) = match self.scope {
            RequestedScope::V2(Binding { roles, room, participant }) => {
                (Scope::V2 { roles: roles.unwrap_or(grant.default_role()), room, participant }, "2")
            }
            RequestedScope::V1 | RequestedScope::V1OrV2 => (Scope::V1, "1"),
        };
        let claims = Claims {
            api_key: &project.api_key,
            permissions: self.permissions.unwrap_or(grant.default_permissions),
            scope,
            issued_at: context.now,
            expires_in: ttl,
            id: None,
        };
        Ok(Minted {
            token: claims.sign(project.secrets.first().ok_or(TokenError::NoKey)?),
            provider: NAME,
            version,
            project: name,
            id: ("api_key", project.api_key.as_str()),
            issued_at: context.now,
            ttl,
            shortest_ttl: ttl,
            decided_by: vec![by],
        })
    }

    /// Checks the request against a grant, and returns the request with all omitted values filled in.
    fn completed(&self, grant: &'a Grant, evaluator: Evaluator<'a>) -> Result<Self, TokenError> {
        let permissions = Some(permissions(grant, self.permissions)?);
        let mut binding = match self.scope {
            RequestedScope::V1 | RequestedScope::V1OrV2 if grant.v1 => {
                return Ok(Self { permissions, scope: RequestedScope::V1 });
            }
            RequestedScope::V1 => {
                return Err(PolicyError::new(DeniedPart::Privileged, "videosdk.version", VERSION_1).into());
            }
            RequestedScope::V1OrV2 => Binding::default(),
            RequestedScope::V2(binding) => binding,
        };
        binding.roles = Some(roles(grant, binding.roles)?);
        binding.room = room(grant, binding.room, evaluator)?;
        binding.participant = participant(grant, binding.participant, evaluator)?;
        Ok(Self { permissions, scope: RequestedScope::V2(binding) })
    }

    /// Returns the binding of the token. The binding is empty in version 1.
    fn binding(&self) -> Binding<'a> {
        if let RequestedScope::V2(binding) = self.scope { binding } else { Binding::default() }
    }

    /// Returns the summary for the audit log.
    pub(crate) fn summary(&self) -> RequestSummary<'a> {
        let channel = self.binding().room.map(|room| room.as_str());
        RequestSummary { services: vec![NAME], channel, role: None }
    }

    /// Returns the granted token content for the response.
    pub(crate) fn services(&self, _: Ttl) -> Vec<(&'static str, Json<'_>)> {
        let (mut fields, Binding { roles, room, participant }) = (Vec::new(), self.binding());
        fields.extend(room.map(|room| ("room", room.as_str().into())));
        fields.extend(participant.map(|participant| ("participant", participant.as_str().into())));
        let permissions = self.permissions.map(Permissions::names).unwrap_or_default();
        fields.push(("permissions", permissions.to_vec().into()));
        fields.extend(roles.map(|roles| ("roles", roles.names().to_vec().into())));
        vec![(NAME, fields.into())]
    }
}

fn permissions(grant: &Grant, requested: Option<Permissions>) -> Result<Permissions, PolicyError> {
    let permissions = requested.unwrap_or(grant.default_permissions);
    if grant.allows_permissions(permissions) {
        return Ok(permissions);
    }
    let (part, reason) = if permissions.can_moderate() && !grant.permissions.contains(&"allow_mod") {
        (DeniedPart::Privileged, MODERATOR.to_owned())
    } else {
        let names = join(permissions.names(), "\", \"");
        (DeniedPart::Role, format!("The rules for this caller do not allow the permissions \"{names}\"."))
    };
    Err(PolicyError::new(part, "videosdk.permissions", reason))
}

fn roles(grant: &Grant, requested: Option<Roles>) -> Result<Roles, PolicyError> {
    let roles = requested.unwrap_or_else(|| grant.default_role());
    if grant.allows_roles(roles) {
        return Ok(roles);
    }
    let (part, reason) = match roles {
        Roles::None => (DeniedPart::Privileged, NO_ROLE),
        Roles::Crawler | Roles::RtcAndCrawler if !grant.roles.contains(&"crawler") => {
            (DeniedPart::Privileged, CRAWLER)
        }
        Roles::Rtc | Roles::Crawler | Roles::RtcAndCrawler => {
            (DeniedPart::Role, "The rules for this caller do not allow the role `rtc`.")
        }
    };
    Err(PolicyError::new(part, "videosdk.roles", reason))
}

fn room<'a>(
    grant: &Grant,
    requested: Option<RoomId<'a>>,
    evaluator: Evaluator<'a>,
) -> Result<Option<RoomId<'a>>, PolicyError> {
    let denied = |reason: String| PolicyError::new(DeniedPart::Channel, "videosdk.room", reason);
    let patterns = grant.room.as_deref();
    match requested {
        Some(room) if evaluator.allows(patterns, room.as_str()) => Ok(Some(room)),
        Some(room) => {
            let room = truncate(room.as_str());
            Err(denied(format!("The rules for this caller do not allow room \"{room}\".")))
        }
        None if patterns.is_none() => Ok(None),
        None => match evaluator.sole_match(patterns).map(RoomId::parse) {
            Some(Ok(room)) => Ok(Some(room)),
            Some(Err(_)) | None => {
                Err(denied("The rules for this caller require a room. Specify `videosdk.room`.".to_owned()))
            }
        },
    }
}

fn participant<'a>(
    grant: &Grant,
    requested: Option<ParticipantId<'a>>,
    evaluator: Evaluator<'a>,
) -> Result<Option<ParticipantId<'a>>, TokenError> {
    const FIELD: &str = "videosdk.participant";
    if evaluator.bound_user(&grant.identity, FIELD)?.is_none() {
        return Ok(requested);
    }
    let (as_str, parse) = (ParticipantId::as_str, ParticipantId::parse);
    evaluator.resolve_user(&grant.identity, FIELD, requested, as_str, parse).map(Some)
}

const MODERATOR: &str = "`allow_mod` allows its holder to remove others. Omit it, or add it to `permissions` in the rule's `videosdk` grant.";
const CRAWLER: &str = "The role `crawler` allows calls to VideoSDK's REST API. Request the role `rtc`, or add `crawler` to `roles` in the rule's `videosdk` grant.";
const NO_ROLE: &str = "A token without a role allows calls to VideoSDK's REST API. Request the role `rtc`, or add both `rtc` and `crawler` to `roles` in the rule's `videosdk` grant.";
const VERSION_1: &str = "A version 1 token is valid for every room and participant. Request version 2, or add `\"v1\": true` to the rule's `videosdk` grant.";
