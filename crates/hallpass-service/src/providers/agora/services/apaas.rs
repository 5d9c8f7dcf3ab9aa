//! `apaas`: Flexible Classroom for a user in a room, for a user, or for the app.

use hallpass_token::agora::{ChannelName, RtmUser, Service};
use hallpass_token::{PrivilegeTtl, Ttl};

use super::service::{Context, Grant, ServiceType, TokenService, read_room_role};
use crate::policy::{DeniedPart, PolicyError, TokenError};
use crate::web::json::{Invalid, Json};

pub(super) const SERVICE: ServiceType = ServiceType {
    name: "apaas",
    read: |section| Ok(Box::new(Apaas::read(section)?)),
    grant_fields: &["room", "role", "identity", "app", "ttl"],
    is_for_users: false,
    any_user: None,
};

/// A Flexible Classroom (APaaS) service in a token request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Apaas<'a> {
    /// A user in a room. Like a token of Agora's token builder, the token includes Signaling and Chat for the user.
    Room {
        room: ChannelName<'a>,
        user: Option<RtmUser<'a>>,
        role: i16,
    },
    User(Option<RtmUser<'a>>),
    /// The app, with administrator rights.
    App,
}

impl<'a> Apaas<'a> {
    fn read(section: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = section.fields(&["room", "user", "role", "app"])?;
        if fields.read("app", Json::boolean)?.unwrap_or_default() {
            let other = ["room", "user", "role"].into_iter().find_map(|name| fields.optional(name));
            return match other {
                Some(other) => {
                    Err(Invalid::rule(other, "cannot be combined with `apaas.app`. Specify one of them"))
                }
                None => Ok(Self::App),
            };
        }
        let user = fields.read_optional("user", |value| value.parsed(RtmUser::parse))?;
        match (fields.optional("room"), fields.optional("role")) {
            (Some(room), Some(role)) => {
                Ok(Self::Room { room: room.parsed(ChannelName::parse)?, user, role: read_room_role(role)? })
            }
            (Some(_), None) => {
                let detail =
                    "is missing. Specify the user's role in the room: a whole number from 0 to 32767";
                Err(Invalid::field(section, "role", detail))
            }
            (None, Some(role)) => Err(Invalid::rule(role, "requires `apaas.room`")),
            (None, None) => Ok(Self::User(user)),
        }
    }
}

impl<'a> TokenService<'a> for Apaas<'a> {
    fn name(&self) -> &'static str {
        SERVICE.name
    }

    fn audit_name(&self) -> &'static str {
        match self {
            Self::Room { .. } | Self::User(_) => SERVICE.name,
            Self::App => "apaas.app",
        }
    }

    fn channel(&self) -> Option<&'a str> {
        if let Self::Room { room, .. } = self { Some(room.as_str()) } else { None }
    }

    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError> {
        let denied = |part, field: &str, reason: String| Err(PolicyError::new(part, field, reason).into());
        let user = match self {
            Self::App if grant.app => return Ok(()),
            Self::App => {
                let reason = "An APaaS app token has administrator rights. Request a user token, or add `\"app\": true` to the rule's `apaas` grant.";
                return denied(DeniedPart::Privileged, "apaas.app", reason.to_owned());
            }
            Self::Room { room, .. }
                if !context.evaluator.allows(grant.channels.as_deref(), room.as_str()) =>
            {
                let room = room.as_str();
                let reason = format!("The rules for this caller do not allow room \"{room}\".");
                return denied(DeniedPart::Channel, "apaas.room", reason);
            }
            Self::Room { role, .. }
                if grant.room_roles.as_ref().is_some_and(|roles| !roles.contains(role)) =>
            {
                let reason = format!("The rules for this caller do not allow role {role}.");
                return denied(DeniedPart::Role, "apaas.role", reason);
            }
            Self::Room { user, .. } | Self::User(user) => user,
        };
        let (as_str, parse) = (RtmUser::as_str, RtmUser::parse);
        *user = Some(context.evaluator.resolve_user(&grant.identity, "apaas.user", *user, as_str, parse)?);
        Ok(())
    }

    fn add_to_007<'s>(&'s self, ttl: Ttl, services: &mut Vec<Service<'s>>) {
        let privilege_ttl = PrivilegeTtl::For(ttl);
        match *self {
            Self::Room { room, user: Some(user), role } => {
                services.extend(Service::apaas_room(room, user, role, privilege_ttl));
            }
            Self::User(Some(user)) => services.push(Service::apaas_user(user, privilege_ttl)),
            Self::App => services.push(Service::apaas_app(privilege_ttl)),
            Self::Room { user: None, .. } | Self::User(None) => {}
        }
    }

    fn to_json(&self, _: Ttl) -> Json<'_> {
        match self {
            Self::Room { room, user, role } => Json::object([
                ("room", room.as_str().into()),
                ("user", user.map(RtmUser::as_str).into()),
                ("role", u32::from(role.unsigned_abs()).into()),
            ]),
            Self::User(user) => Json::object([("user", user.map(RtmUser::as_str).into())]),
            Self::App => Json::object([("app", true.into())]),
        }
    }
}
