//! What a rule grants of one service.

use hallpass_token::Life;
use hallpass_token::agora::Role;

use crate::policy::{Identity, NamePattern};
use crate::settings::read_ttl;
use crate::web::json::{Invalid, Json};

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
    pub(crate) ttl: Option<Life>,
}

impl Grant {
    pub(super) fn read<'j>(section: &'j Json<'j>, known: &[&str]) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(known)?;
        // APaaS calls its channels rooms, and has roles of its own.
        let is_room = known.contains(&"room");
        let places = fields.get(if is_room { "room" } else { "channel" });
        let is_set = |name| fields.get(name).map(Json::boolean).transpose().map(Option::unwrap_or_default);
        let mut grant = Self {
            places: places.map(NamePattern::read_list).transpose()?,
            every_channel: is_set("every_channel")?,
            app: is_set("app")?,
            identity: fields.get("identity").map(Identity::read).transpose()?.unwrap_or_default(),
            ttl: fields.get("ttl").map(read_ttl).transpose()?,
            ..Self::default()
        };
        if let Some(value) = fields.get("role") {
            if is_room {
                grant.room_roles =
                    Some(value.one_or_more()?.iter().map(read_room_role).collect::<Result<_, _>>()?);
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
