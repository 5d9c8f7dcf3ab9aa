//! What all services have in common.

use hallpass_token::Ttl;
use hallpass_token::agora::{AppId, Mint, Role, Service, Uid};

use crate::policy::{Evaluator, Identity, NamePattern, TokenError};
use crate::settings::read_ttl;
use crate::web::json::{Invalid, Json};

/// The definition of a service.
#[derive(Clone, Copy)]
pub(crate) struct ServiceType {
    /// The name in requests, rules, responses and logs.
    pub(crate) name: &'static str,
    /// Reads the section of a request.
    pub(crate) read: for<'j> fn(&'j Json<'j>) -> Result<Box<dyn TokenService<'j> + 'j>, Invalid<'j>>,
    /// The limits that a rule may set.
    pub(crate) grant_fields: &'static [&'static str],
    /// Whether users get the service without a policy.
    pub(crate) is_for_users: bool,
}

/// What a decision depends on in addition to request and rule.
pub(crate) struct Context<'a> {
    pub(crate) evaluator: Evaluator<'a>,
    pub(crate) app_id: &'a AppId,
    /// The uid for requests that name no user, of callers who may choose.
    pub(crate) random_uid: Uid,
}

/// One service of a token request. The policy completes what the request omits.
pub(crate) trait TokenService<'a> {
    /// The name in requests, rules and responses.
    fn name(&self) -> &'static str;

    /// The name in the log, which distinguishes tokens for the app itself.
    fn audit_name(&self) -> &'static str {
        self.name()
    }

    /// The channel or room.
    fn channel(&self) -> Option<&'a str> {
        None
    }

    /// The role in a channel, if request or rule names one.
    fn role(&self) -> Option<&'static str> {
        None
    }

    /// The uid in a channel, if the service is for one.
    fn uid(&self) -> Option<u32> {
        None
    }

    /// Checks what is requested against what a rule grants, and fills in what is omitted.
    ///
    /// # Errors
    /// [`TokenError::Denied`], or [`TokenError::Field`] if neither request nor rule says what must be said.
    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError>;

    /// Caps the lifetimes of the privileges by that of the token.
    fn cap(&mut self, _ttl: Ttl) {}

    /// The lifetime of the privilege that expires first, if privileges have lifetimes of their own.
    fn shortest_ttl(&self, _ttl: Ttl) -> Option<Ttl> {
        None
    }

    /// Adds the completed service to a token of format 007.
    fn add_to_007<'s>(&'s self, ttl: Ttl, services: &mut Vec<Service<'s>>);

    /// Signs a token of format 006 for the completed service; `None` if that format does not carry the service.
    fn sign_006(&self, _mint: &Mint<'_>, _ttl: Ttl) -> Option<String> {
        None
    }

    /// Returns what a response says of the completed service. `ttl` is the lifetime of the token.
    fn to_json(&self, ttl: Ttl) -> Json<'_>;
}

/// What a rule grants of one service. Each service has some of these limits.
#[derive(Debug, Default)]
pub(crate) struct Grant {
    /// The channels or rooms; `None` for every one that has a name.
    pub(crate) places: Option<Vec<NamePattern>>,
    /// Whether channel `*` is granted, which opens all channels.
    pub(crate) every_channel: bool,
    /// The highest role in a channel, and the one for requests that name none; `None` for any, and subscriber.
    pub(crate) role: Option<Role>,
    /// The roles in an APaaS room; `None` for all.
    pub(crate) room_roles: Option<Vec<i16>>,
    pub(crate) identity: Identity,
    /// Whether tokens for the app itself are granted, which have the rights of an administrator.
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
        // APaaS calls its channels rooms, and has roles of its own.
        let is_room = known.contains(&"room");
        let places = fields.get(if is_room { "room" } else { "channel" });
        let is_set = |name| fields.read(name, Json::boolean).map(Option::unwrap_or_default);
        let mut grant = Self {
            places: places.map(NamePattern::read_list).transpose()?,
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
                grant.role = Some(value.named("\"publisher\" or \"subscriber\"", Role::parse)?);
            }
        }
        Ok(grant)
    }
}

/// Reads a role in an APaaS room, whose meaning is the app's matter.
pub(crate) fn read_room_role<'j>(value: &'j Json<'j>) -> Result<i16, Invalid<'j>> {
    const EXPECTED: &str = "a whole number from 0 to 32767";
    i16::try_from(value.whole_number(0..=32_767, EXPECTED)?).map_err(|_| value.expected(EXPECTED))
}
