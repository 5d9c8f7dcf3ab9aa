//! What a rule grants of VideoSDK.

use hallpass_token::Life;
use hallpass_token::videosdk::{Permissions, Roles};

use crate::auth::{Caller, CallerKind};
use crate::policy::{DecidedBy, Identity, NamePattern, Part, Policy, PolicyError};
use crate::settings::read_ttl;
use crate::web::json::{Fields, Invalid, Json};

/// What a rule grants.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(super) tokens: Option<Grant>,
    /// The calls of the REST API that the service makes for the caller.
    pub(super) room_calls: Option<Vec<RoomCall>>,
}

/// What a rule grants of tokens.
#[derive(Debug, Default)]
pub(crate) struct Grant {
    /// The rooms; `None` for every room, and for all at once.
    pub(super) room: Option<Vec<NamePattern>>,
    pub(super) identity: Identity,
    pub(super) permissions: GrantedPermissions,
    pub(super) roles: GrantedRoles,
    /// Whether tokens of version 1 are granted, which have no roles and are valid in every room.
    pub(super) v1: bool,
    pub(super) ttl: Option<Life>,
}

/// The permissions that may be requested, and those for requests that name none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GrantedPermissions {
    pub(super) join: bool,
    pub(super) moderate: bool,
    pub(super) ask: bool,
    pub(super) default: Permissions,
}

/// The roles that may be requested, and those for requests that name none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GrantedRoles {
    pub(super) rtc: bool,
    pub(super) crawler: bool,
    pub(super) default: Roles,
}

/// A call of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoomCall {
    Create,
    Validate,
}

/// Returns the fields of a rule.
pub(crate) fn grant_fields() -> Vec<&'static str> {
    vec!["videosdk", "rooms"]
}

impl Grants {
    /// Tokens without limits, and all calls.
    pub(crate) fn everything() -> Self {
        let tokens = Grant {
            identity: Identity::Wildcard,
            permissions: GrantedPermissions {
                join: true,
                moderate: true,
                ask: true,
                default: Permissions::Join,
            },
            roles: GrantedRoles { rtc: true, crawler: true, default: Roles::Rtc },
            v1: true,
            ..Grant::default()
        };
        Self { tokens: Some(tokens), room_calls: Some(RoomCall::ALL.to_vec()) }
    }

    /// Tokens for a participant of the caller's choice. The apps of VideoSDK's examples need tokens of version 1.
    pub(crate) fn any_user(is_wildcard: bool) -> Self {
        let identity = if is_wildcard { Identity::Wildcard } else { Identity::Any };
        Self { tokens: Some(Grant { identity, v1: true, ..Grant::default() }), room_calls: None }
    }

    /// Nothing: only a rule grants tokens to users.
    pub(crate) fn own_user() -> Self {
        Self::default()
    }

    pub(crate) fn read<'j>(
        fields: Fields<'j>,
        _may_match: &dyn Fn(CallerKind) -> bool,
    ) -> Result<Self, Invalid<'j>> {
        let calls =
            |value: &'j Json<'j>| value.one_or_more()?.iter().map(RoomCall::read).collect::<Result<_, _>>();
        Ok(Self {
            tokens: fields.get("videosdk").map(Grant::read).transpose()?,
            room_calls: fields.get("rooms").map(calls).transpose()?,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_none() && self.room_calls.is_none()
    }
}

impl Grant {
    fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(&["room", "identity", "permissions", "roles", "v1", "ttl"])?;
        let permissions = fields.get("permissions").map(GrantedPermissions::read).transpose()?;
        let v1 = fields.get("v1").map(Json::boolean).transpose()?.unwrap_or_default();
        let grant = Self {
            room: fields.get("room").map(NamePattern::read_list).transpose()?,
            identity: fields.get("identity").map(Identity::read).transpose()?.unwrap_or_default(),
            permissions: permissions.unwrap_or_default(),
            roles: fields.get("roles").map(GrantedRoles::read).transpose()?.unwrap_or_default(),
            v1,
            ttl: fields.get("ttl").map(read_ttl).transpose()?,
        };
        match fields.get("v1") {
            Some(value) if v1 && grant.room.is_some() => {
                Err(Invalid::new(value, "gives tokens for every room, and cannot stand beside `room`"))
            }
            _ => Ok(grant),
        }
    }
}

impl GrantedPermissions {
    fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let invalid = || Invalid::new(value, "expected \"allow_join\", \"ask_join\" or \"allow_mod\"");
        let names: Vec<_> = value.one_or_more()?.iter().map(Json::string).collect::<Result<_, _>>()?;
        if !names.iter().all(|name| matches!(*name, "allow_join" | "allow_mod" | "ask_join")) {
            return Err(invalid());
        }
        let has = |name| names.contains(&name);
        let (join, moderate, ask) = (has("allow_join"), has("allow_mod"), has("ask_join"));
        let default = match (join, moderate) {
            (true, true) => Permissions::JoinAndModerate,
            (true, false) => Permissions::Join,
            (false, true) => Permissions::Moderate,
            (false, false) => Permissions::AskToJoin,
        };
        Ok(Self { join, moderate, ask, default })
    }

    /// Whether all of these may be requested.
    pub(super) const fn allows(self, permissions: Permissions) -> bool {
        match permissions {
            Permissions::Join => self.join,
            Permissions::JoinAndModerate => self.join && self.moderate,
            Permissions::Moderate => self.moderate,
            Permissions::AskToJoin => self.ask,
        }
    }
}

impl GrantedRoles {
    fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let names: Vec<_> = value.one_or_more()?.iter().map(Json::string).collect::<Result<_, _>>()?;
        if !names.iter().all(|name| matches!(*name, "rtc" | "crawler")) {
            return Err(Invalid::new(value, "expected \"rtc\" or \"crawler\""));
        }
        let (rtc, crawler) = (names.contains(&"rtc"), names.contains(&"crawler"));
        let default = if rtc { Roles::Rtc } else { Roles::Crawler };
        Ok(Self { rtc, crawler, default })
    }

    /// Whether all of these may be requested. A token without roles has the rights of both.
    pub(super) const fn allows(self, roles: Roles) -> bool {
        match roles {
            Roles::Rtc => self.rtc,
            Roles::Crawler => self.crawler,
            Roles::None | Roles::RtcAndCrawler => self.rtc && self.crawler,
        }
    }
}

/// To enter, directly or by asking.
impl Default for GrantedPermissions {
    fn default() -> Self {
        Self { join: true, moderate: false, ask: true, default: Permissions::Join }
    }
}

/// To join, without the REST API.
impl Default for GrantedRoles {
    fn default() -> Self {
        Self { rtc: true, crawler: false, default: Roles::Rtc }
    }
}

impl RoomCall {
    pub(crate) const ALL: [Self; 2] = [Self::Create, Self::Validate];

    fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        value.named("\"create\" or \"validate\"", |name| {
            Self::ALL.into_iter().find(|call| call.name() == name)
        })
    }

    /// Returns the name in a rule.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Validate => "validate",
        }
    }

    /// Returns the name in the log.
    pub(crate) const fn audit_name(self) -> &'static str {
        match self {
            Self::Create => "rooms.create",
            Self::Validate => "rooms.validate",
        }
    }
}

/// Decides on a call.
///
/// # Errors
/// [`PolicyError`]
pub(crate) fn decide_call<G>(
    policy: &Policy<G>,
    grants: impl Fn(&G) -> &Grants,
    caller: &Caller,
    project: &str,
    call: RoomCall,
) -> Result<DecidedBy, PolicyError> {
    let rule = policy.find(caller, project, "rooms", |of| grants(of).room_calls.as_ref())?;
    if rule.grant.contains(&call) {
        return Ok(rule.by);
    }
    let reason = format!("the rule for this caller does not have \"{}\" in `rooms`", call.name());
    let error = PolicyError::new(Part::Privileged, "rooms", reason);
    Err(PolicyError { decided_by: Some(rule.by), ..error })
}
