//! `rtc`: voice and video in a channel.

use hallpass_token::agora::{Account, Channel, Mint, Role, RtcPrivilege, RtcPrivileges, Service};
use hallpass_token::{PrivilegeTtl, Ttl};

use super::channel_user::ChannelUser;
use super::privileges;
use super::service::{Context, Grant, ServiceType, TokenService};
use crate::policy::{DeniedPart, PolicyError, TokenError};
use crate::settings::read_requested_ttl;
use crate::web::field_error::FieldError;
use crate::web::json::{Invalid, Json};

pub(super) const SERVICE: ServiceType = ServiceType {
    name: "rtc",
    read: |section| Ok(Box::new(Rtc::read(section)?)),
    grant_fields: &["channel", "every_channel", "role", "identity", "ttl"],
    is_for_users: true,
    any_user: Some("uid 0"),
};

/// Voice and video for a user in a channel, in a token request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rtc<'a> {
    pub(crate) channel_user: ChannelUser<'a>,
    pub(crate) role: RequestedRole,
    /// The lifetimes of individual privileges of the role.
    pub(crate) privileges: Option<RtcPrivileges>,
    /// True if the token is for data only, in a Signaling stream channel.
    is_stream: bool,
}

/// The requested role in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestedRole {
    /// The role that the request specifies, or that the policy filled in.
    Named(Role),
    /// The default role, which applies if neither the request nor the policy specifies a role.
    Default(Role),
}

impl<'a> Rtc<'a> {
    pub(crate) const fn new(channel_user: ChannelUser<'a>, role: RequestedRole) -> Self {
        Self { channel_user, role, privileges: None, is_stream: false }
    }

    /// Returns a request for data in a channel, for a Signaling user. If the user is omitted, the user is the caller's
    /// identity.
    pub(crate) fn stream_channel(channel: Channel<'a>, user: Option<Account<'a>>) -> Self {
        let channel_user = ChannelUser::or_own_account(channel, user);
        // A stream channel needs the privilege to publish data.
        Self { is_stream: true, ..Self::new(channel_user, RequestedRole::Named(Role::Publisher)) }
    }

    fn read(section: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = section.fields(&["channel", "uid", "account", "role", "privileges"])?;
        let channel_user = ChannelUser::read(SERVICE.name, fields)?;
        let named =
            |value: &'a Json<'a>| value.one_of("the string \"publisher\" or \"subscriber\"", Role::parse);
        let role = RequestedRole::or_default(fields.read_optional("role", named)?, Role::Subscriber);
        let privileges = fields.read_optional("privileges", read_privileges)?;
        Ok(Self { privileges, ..Self::new(channel_user, role) })
    }
}

fn read_privileges<'j>(value: &'j Json<'j>) -> Result<RtcPrivileges, Invalid<'j>> {
    let fields = value.fields(&["join", "publish_audio", "publish_video", "publish_data"])?;
    let read = |name| {
        let ttl = fields.read_optional(name, read_requested_ttl)?;
        Ok(ttl.map(PrivilegeTtl::For))
    };
    Ok(RtcPrivileges {
        join: read("join")?,
        publish_audio: read("publish_audio")?,
        publish_video: read("publish_video")?,
        publish_data: read("publish_data")?,
    })
}

impl RequestedRole {
    /// Returns the role that the request specifies, or the default role.
    pub(crate) fn or_default(named: Option<Role>, default: Role) -> Self {
        named.map_or(Self::Default(default), Self::Named)
    }

    const fn role(self) -> Role {
        match self {
            Self::Named(role) | Self::Default(role) => role,
        }
    }
}

impl<'a> TokenService<'a> for Rtc<'a> {
    fn name(&self) -> &'static str {
        SERVICE.name
    }

    fn channel(&self) -> Option<&'a str> {
        self.channel_user.channel_name()
    }

    fn role(&self) -> Option<&'static str> {
        match self.role {
            RequestedRole::Named(role) => Some(role.as_str()),
            RequestedRole::Default(_) => None,
        }
    }

    fn uid(&self) -> Option<u32> {
        self.channel_user.uid()
    }

    fn lower_role(&mut self) -> bool {
        let is_publisher = self.role == RequestedRole::Named(Role::Publisher);
        if is_publisher {
            self.role = RequestedRole::Named(Role::Subscriber);
            if let Some(all) = &mut self.privileges {
                (all.publish_audio, all.publish_video, all.publish_data) = (None, None, None);
            }
        }
        is_publisher
    }

    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError> {
        let mut channel_user = self.channel_user;
        channel_user.complete_channel(SERVICE.name, grant, context)?;
        let role = match (grant.role, self.role) {
            (Some(Role::Subscriber), RequestedRole::Named(Role::Publisher)) => {
                let reason = "The rules for this caller allow only the role `subscriber`.";
                return Err(PolicyError::new(DeniedPart::Role, "rtc.role", reason).into());
            }
            (_, RequestedRole::Named(role)) => role,
            (granted, RequestedRole::Default(role)) => granted.unwrap_or(role),
        };
        channel_user.complete_user(SERVICE.name, grant, context)?;
        let mut privileges = role_privileges(role, self.privileges)?;
        if self.is_stream {
            (privileges.publish_audio, privileges.publish_video) = (None, None);
        }
        (self.channel_user, self.role, self.privileges) =
            (channel_user, RequestedRole::Named(role), Some(privileges));
        Ok(())
    }

    fn cap(&mut self, ttl: Ttl) {
        if let Some(all) = &mut self.privileges {
            privileges::cap(each_mut(all), ttl);
        }
    }

    fn shortest_ttl(&self, ttl: Ttl) -> Option<Ttl> {
        privileges::shortest(named(self.privileges?), ttl)
    }

    fn add_to_007<'s>(&'s self, _: Ttl, services: &mut Vec<Service<'s>>) {
        if let (Some((channel, user)), Some(privileges)) = (self.channel_user.completed(), self.privileges) {
            services.push(Service::rtc(channel, user, privileges));
        }
    }

    fn sign_006(&self, mint: &Mint<'_>, _: Ttl) -> Option<String> {
        let (channel, user) = self.channel_user.completed()?;
        Some(mint.rtc_006(channel, user, self.privileges?))
    }

    fn to_json(&self, ttl: Ttl) -> Json<'_> {
        let mut fields = self.channel_user.to_fields();
        fields.push(("role", self.role.role().as_str().into()));
        if let Some(all) = self.privileges {
            fields.push(("privileges", privileges::to_json(named(all), ttl)));
        }
        Json::from(fields)
    }
}

fn each_mut(all: &mut RtcPrivileges) -> [&mut Option<PrivilegeTtl>; 4] {
    [&mut all.join, &mut all.publish_audio, &mut all.publish_video, &mut all.publish_data]
}

fn named(all: RtcPrivileges) -> impl Iterator<Item = (&'static str, PrivilegeTtl)> {
    all.iter().map(|(privilege, ttl)| (privilege.as_str(), ttl))
}

/// Returns the privileges of the role, with the lifetimes that the request specifies.
fn role_privileges(role: Role, requested: Option<RtcPrivileges>) -> Result<RtcPrivileges, TokenError> {
    let mut full = role.privileges(PrivilegeTtl::For(Ttl::MAX));
    let Some(mut requested) = requested else { return Ok(full) };
    if role == Role::Subscriber
        && let Some((privilege, _)) = requested.iter().find(|(privilege, _)| *privilege != RtcPrivilege::Join)
    {
        let field = format!("rtc.privileges.{}", privilege.as_str());
        return Err(FieldError::new(&field, "requires `rtc.role` \"publisher\"").into());
    }
    for (full, requested) in each_mut(&mut full).into_iter().zip(each_mut(&mut requested)) {
        *full = full.map(|full| requested.unwrap_or(full));
    }
    Ok(full)
}
