//! The grants of a rule for VideoSDK.

use hallpass_token::Ttl;
use hallpass_token::videosdk::{Permissions, Roles};

use crate::auth::{Caller, CallerKind};
use crate::policy::{DecidedBy, Identity, NamePattern, Policy, PolicyError};
use crate::providers::calls::{self, GrantableCall, read_granted_calls};
use crate::settings::read_ttl;
use crate::web::json::{Fields, Invalid, Json};

/// The grants of a rule for VideoSDK.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(super) tokens: Option<Grant>,
    /// The granted calls to the REST API. The service makes these calls for the caller.
    pub(super) room_calls: Option<Vec<RoomCall>>,
}

/// The grant of a rule for tokens.
#[derive(Debug)]
pub(crate) struct Grant {
    /// The granted rooms. The value `None` grants all rooms, and also tokens that are valid in every room.
    pub(super) room: Option<Vec<NamePattern>>,
    pub(super) identity: Identity,
    /// The granted permissions, from [`PERMISSIONS`].
    pub(super) permissions: Vec<&'static str>,
    /// The permissions for requests that specify no permissions.
    pub(super) default_permissions: Permissions,
    /// The granted roles, from [`ROLES`].
    pub(super) roles: Vec<&'static str>,
    /// True if version 1 tokens are granted. Version 1 tokens have no roles and are valid in every room.
    pub(super) v1: bool,
    pub(super) ttl: Option<Ttl>,
}

const PERMISSIONS: [&str; 3] = ["allow_join", "allow_mod", "ask_join"];
pub(super) const ROLES: [&str; 2] = ["rtc", "crawler"];

/// A call to the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoomCall {
    Create,
    Validate,
}

/// Returns the names of VideoSDK's fields in a rule.
pub(crate) fn grant_fields() -> Vec<&'static str> {
    vec!["videosdk", "rooms"]
}

impl Grants {
    /// Returns unlimited grants for tokens, and grants for all calls.
    #[inline(never)]
    pub(crate) fn unrestricted() -> Self {
        let tokens = Grant {
            identity: Identity::Wildcard,
            permissions: PERMISSIONS.to_vec(),
            roles: ROLES.to_vec(),
            v1: true,
            ..Grant::default()
        };
        Self { tokens: Some(tokens), room_calls: Some(RoomCall::ALL.to_vec()) }
    }

    /// Returns grants for any participant that the caller chooses. Includes version 1, which VideoSDK's example apps
    /// need.
    #[inline(never)]
    pub(crate) fn any_user(is_wildcard: bool) -> Self {
        let identity = if is_wildcard { Identity::Wildcard } else { Identity::Any };
        Self { tokens: Some(Grant { identity, v1: true, ..Grant::default() }), room_calls: None }
    }

    /// Returns no grants, because users get VideoSDK tokens only if a rule grants them.
    pub(crate) fn own_identity() -> Self {
        Self::default()
    }

    #[inline(never)]
    pub(crate) fn read<'j>(
        fields: Fields<'j>,
        _may_match: &dyn Fn(CallerKind) -> bool,
    ) -> Result<Self, Invalid<'j>> {
        Ok(Self {
            tokens: fields.read("videosdk", Grant::read)?,
            room_calls: fields.read("rooms", read_granted_calls)?,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_none() && self.room_calls.is_none()
    }
}

impl Grant {
    #[inline(never)]
    fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(&["room", "identity", "permissions", "roles", "v1", "ttl"])?;
        let mut grant = Self::default();
        if let Some(value) = fields.get("permissions") {
            let expected = "expected \"allow_join\", \"ask_join\" or \"allow_mod\"";
            grant.permissions = read_names(value, &PERMISSIONS, expected)?;
            let direct = grant.permissions.iter().copied().filter(|name| *name != "ask_join");
            grant.default_permissions = Permissions::parse(direct).unwrap_or(Permissions::AskToJoin);
        }
        grant.v1 = fields.read("v1", Json::boolean)?.unwrap_or_default();
        grant.room = fields.read("room", NamePattern::read_list)?;
        grant.identity = fields.read("identity", Identity::read)?.unwrap_or_default();
        if let Some(value) = fields.get("roles") {
            grant.roles = read_names(value, &ROLES, "expected \"rtc\" or \"crawler\"")?;
        }
        grant.ttl = fields.read("ttl", read_ttl)?;
        match fields.get("v1") {
            Some(value) if grant.v1 && grant.room.is_some() => Err(Invalid::new(
                value,
                "cannot be combined with `room`, because version 1 tokens are valid in every room",
            )),
            _ => Ok(grant),
        }
    }

    pub(super) fn allows_permissions(&self, permissions: Permissions) -> bool {
        permissions.names().iter().all(|name| self.permissions.contains(name))
    }

    /// Returns whether all of these roles are granted. A token without roles has the rights of both roles.
    pub(super) fn allows_roles(&self, roles: Roles) -> bool {
        let names = if roles == Roles::None { ROLES.as_slice() } else { roles.names() };
        names.iter().all(|name| self.roles.contains(name))
    }

    /// Returns the role for requests that specify no role.
    pub(super) fn default_role(&self) -> Roles {
        if self.roles.contains(&"rtc") { Roles::Rtc } else { Roles::Crawler }
    }
}

/// The default grant allows joining, directly or by request, without access to the REST API.
impl Default for Grant {
    fn default() -> Self {
        Self {
            room: None,
            identity: Identity::default(),
            permissions: vec!["allow_join", "ask_join"],
            default_permissions: Permissions::Join,
            roles: vec!["rtc"],
            v1: false,
            ttl: None,
        }
    }
}

/// Reads a list of names from `known`. Returns the names in the order of `known`.
fn read_names<'j>(
    value: &'j Json<'j>,
    known: &[&'static str],
    expected: &str,
) -> Result<Vec<&'static str>, Invalid<'j>> {
    let names = value.read_one_or_more(Json::string)?;
    if names.iter().all(|name| known.contains(name)) {
        Ok(known.iter().copied().filter(|name| names.contains(name)).collect())
    } else {
        Err(Invalid::new(value, expected))
    }
}

impl RoomCall {
    /// Returns the name of the call in the log.
    pub(crate) const fn audit_name(self) -> &'static str {
        match self {
            Self::Create => "rooms.create",
            Self::Validate => "rooms.validate",
        }
    }
}

impl GrantableCall for RoomCall {
    const FIELD: &'static str = "rooms";
    const ALL: &'static [Self] = &[Self::Create, Self::Validate];
    const EXPECTED: &'static str = "\"create\" or \"validate\"";

    fn name(self) -> &'static str {
        self.audit_name().strip_prefix("rooms.").unwrap_or_default()
    }
}

/// Applies the policy to a call. Returns the rule that grants the call.
pub(crate) fn decide_call<'a, G>(
    policy: &'a Policy<G>,
    grants: impl Fn(&'a G) -> &'a Grants,
    caller: &Caller,
    project: &str,
    call: RoomCall,
) -> Result<DecidedBy, PolicyError> {
    let granted = |of| Some((grants(of).room_calls.as_ref()?, Ok(())));
    let granting = calls::decide_call(policy, caller, project, call, granted);
    granting.map(|rule| rule.by)
}
