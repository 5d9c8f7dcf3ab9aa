//! The interface that all services implement, and the grant for a service.

use hallpass_token::Ttl;
use hallpass_token::agora::{AppId, Mint, Role, Service, Uid};

use crate::policy::{Evaluator, Identity, NamePattern, TokenError};
use crate::providers::agora::derived_uid::UidDerivation;
use crate::settings::read_ttl;
use crate::web::json::{Invalid, Json};

/// The definition of a service.
#[derive(Clone, Copy)]
pub(crate) struct ServiceType {
    /// The name of the service in requests, rules, responses and logs.
    pub(crate) name: &'static str,
    /// Reads the service's section of a request.
    pub(crate) read: for<'j> fn(&'j Json<'j>) -> Result<Box<dyn TokenService<'j> + 'j>, Invalid<'j>>,
    /// The fields that a rule may have in the service's section.
    pub(crate) grant_fields: &'static [&'static str],
    /// True if users get the service in a configuration without a policy.
    pub(crate) is_for_users: bool,
    /// The name of a token for any user in descriptions; `None` if every token of the service is for one user.
    #[cfg_attr(not(feature = "check"), expect(dead_code, reason = "only descriptions use the name"))]
    pub(crate) any_user: Option<&'static str>,
}

/// The inputs of a decision, except the request and the rule.
pub(crate) struct Context<'a> {
    pub(crate) evaluator: Evaluator<'a>,
    pub(crate) app_id: &'a AppId,
    pub(crate) uids: &'a UidDerivation,
    /// The random uid for a request that specifies no user, if the caller may choose any user.
    pub(crate) random_uid: Uid,
    /// The uid of the channel service that precedes this service in the same request, if any. 0 means all users.
    pub(crate) channel_uid: Option<u32>,
    /// True if a request that specifies no user is for any user. In this case, the policy grants all services of the request
    /// for any user.
    pub(crate) prefers_any_user: bool,
}

/// A service in a token request. The policy fills in omitted values.
pub(crate) trait TokenService<'a> {
    /// Returns the name of the service in requests, rules and responses.
    fn name(&self) -> &'static str;

    /// Returns the name of the service in the log. This name distinguishes app tokens from user tokens.
    fn audit_name(&self) -> &'static str {
        self.name()
    }

    /// Returns the channel or room.
    fn channel(&self) -> Option<&'a str> {
        None
    }

    /// Returns the role in a channel, if the request or the rule specifies one.
    fn role(&self) -> Option<&'static str> {
        None
    }

    /// Returns the uid in a channel, if the service is for a uid.
    fn uid(&self) -> Option<u32> {
        None
    }

    /// Lowers the requested role. Returns whether the service has a lower role.
    fn lower_role(&mut self) -> bool {
        false
    }

    /// Checks the request against a grant, and fills in omitted values. If the result is an error, the request is unchanged,
    /// because another rule may grant the request.
    ///
    /// # Errors
    /// Returns [`TokenError::Denied`] if the grant does not allow the request. Returns [`TokenError::Field`] if neither the
    /// request nor the rule specifies a required value.
    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError>;

    /// Caps the lifetimes of the privileges at the lifetime of the token.
    fn cap(&mut self, _ttl: Ttl) {}

    /// Returns the lifetime of the privilege that expires first; `None` if privileges have no individual lifetimes.
    fn shortest_ttl(&self, _ttl: Ttl) -> Option<Ttl> {
        None
    }

    /// Adds the completed service to a token in format 007.
    fn add_to_007<'s>(&'s self, ttl: Ttl, services: &mut Vec<Service<'s>>);

    /// Signs a token in format 006 for the completed service; `None` if the format does not support the service.
    fn sign_006(&self, _mint: &Mint<'_>, _ttl: Ttl) -> Option<String> {
        None
    }

    /// Returns the completed service for the response. `ttl` is the lifetime of the token.
    fn to_json(&self, ttl: Ttl) -> Json<'_>;
}

/// The grant of a rule for one service. Each service uses only some of the limits.
#[derive(Debug, Default)]
pub(crate) struct Grant {
    /// The granted channels or rooms; `None` for all channels except `*`.
    pub(crate) channels: Option<Vec<NamePattern>>,
    /// True if channel `*` is granted. A token for this channel is valid in every channel.
    pub(crate) every_channel: bool,
    /// The highest role in a channel, which is also the default role. If the value is `None`, any role is granted, and
    /// the route determines the default role.
    pub(crate) role: Option<Role>,
    /// The granted roles in an APaaS room; `None` for all roles.
    pub(crate) room_roles: Option<Vec<i16>>,
    pub(crate) identity: Identity,
    /// True if app tokens are granted. App tokens have administrator rights.
    pub(crate) app: bool,
    pub(crate) ttl: Option<Ttl>,
}

impl Grant {
    #[inline(never)]
    pub(in crate::providers::agora) fn read<'j>(
        section: &'j Json<'j>,
        known: &[&str],
    ) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(known)?;
        // APaaS has rooms instead of channels, and its own roles.
        let is_room = known.contains(&"room");
        let channels = fields.get(if is_room { "room" } else { "channel" });
        let is_set = |name| fields.read(name, Json::boolean).map(Option::unwrap_or_default);
        let mut grant = Self {
            channels: channels.map(NamePattern::read_list).transpose()?,
            every_channel: is_set("every_channel")?,
            app: is_set("app")?,
            identity: fields.read("identity", Identity::read)?.unwrap_or_default(),
            ttl: fields.read("ttl", read_ttl)?,
            ..Self::default()
        };
        if let Some(value) = fields.get("role") {
            if is_room {
                grant.room_roles = Some(value.read_one_or_more(read_room_role)?);
            } else {
                grant.role = Some(value.one_of("\"publisher\" or \"subscriber\"", Role::parse)?);
            }
        }
        Ok(grant)
    }
}

/// Reads a role in an APaaS room. The app defines the meaning of each role.
pub(crate) fn read_room_role<'j>(value: &'j Json<'j>) -> Result<i16, Invalid<'j>> {
    const EXPECTED: &str = "a whole number from 0 to 32767";
    i16::try_from(value.whole_number(0..=32_767, EXPECTED)?).map_err(|_| value.expected(EXPECTED))
}
