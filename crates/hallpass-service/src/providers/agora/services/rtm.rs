//! `rtm`: Signaling for a user. A token with permissions contains service 8.

use hallpass_token::agora::{
    Access, ChannelName, Mint, Permission, PermissionTree, Resource, RtmUser, Service,
};
use hallpass_token::{PrivilegeTtl, Ttl};

use super::channel_user::bound_uid;
use super::service::{Context, Grant, ServiceType, TokenService};
use crate::policy::{DeniedPart, Identity, NO_IDENTITY, OTHER_USER_DENIED, PolicyError, TokenError};
use crate::web::field_error::FieldError;
use crate::web::json::{Invalid, Json};

pub(super) const SERVICE: ServiceType = ServiceType {
    name: "rtm",
    read: |section| Ok(Box::new(Rtm::read(section)?)),
    grant_fields: &["identity", "ttl"],
    is_for_users: true,
    any_user: Some("any user"),
};

/// Signaling for a user, in a token request.
#[derive(Debug)]
pub(crate) struct Rtm<'a> {
    user: Option<RtmUser<'a>>,
    /// The uid whose digits are the name of the user, instead of `user`.
    uid: Option<RequestedUid>,
    permissions: Option<PermissionTree>,
}

/// The uid whose digits are the name of a Signaling user.
#[derive(Clone, Copy, Debug)]
enum RequestedUid {
    /// The uid of the channel service in the same request. The policy may choose this uid. If the request has no such
    /// service, the caller's own uid.
    OfChannel,
    Number(u32),
}

const FIELD: &str = "rtm.user";
const ANY_USER: &str = "A Signaling token without a user is valid for any user. Specify a user, or grant it with `\"identity\": \"wildcard\"`; without a policy, with `auth.open.wildcard`.";

impl<'a> Rtm<'a> {
    pub(crate) const fn new(user: RtmUser<'a>) -> Self {
        Self::or_own_user(Some(user))
    }

    /// Returns a request for the user, or for the caller's identity if the user is omitted.
    pub(crate) const fn or_own_user(user: Option<RtmUser<'a>>) -> Self {
        Self { user, uid: None, permissions: None }
    }

    /// Returns a request for the user whose name is the uid of the channel service that precedes this service. Without such
    /// a service, the name is the caller's own uid.
    pub(crate) const fn for_channel_user() -> Self {
        Self { user: None, uid: Some(RequestedUid::OfChannel), permissions: None }
    }

    /// Returns a request for the user whose name is this number. The number 0 means any user.
    pub(crate) const fn for_number(number: u32) -> Self {
        Self { user: None, uid: Some(RequestedUid::Number(number)), permissions: None }
    }

    fn read(section: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = section.fields(&["user", "permissions"])?;
        let user = fields.read_optional("user", |value| value.parsed(RtmUser::parse))?;
        let permissions = fields.read_optional("permissions", read_permissions)?;
        Ok(Self { user, uid: None, permissions })
    }

    /// Returns the user whose name is a uid. A caller that is bound to an identity may use the identity's own uid.
    fn uid_user(
        uid: RequestedUid,
        grant: &'a Grant,
        context: &Context<'a>,
    ) -> Result<RtmUser<'a>, TokenError> {
        let requested = match uid {
            RequestedUid::Number(number) => Some(number),
            RequestedUid::OfChannel => context.channel_uid,
        };
        if requested == Some(0) {
            return Ok(RtmUser::ANY);
        }
        let bound = context.evaluator.bound_user(&grant.identity, FIELD)?;
        let own = bound.map(|bound| bound_uid(bound, context).get());
        let number = requested.or(own).ok_or_else(|| FieldError::new(FIELD, NO_IDENTITY))?;
        let name = context.evaluator.arena.alloc(number.to_string());
        if bound.is_none_or(|bound| bound.id == name) || own == Some(number) {
            return RtmUser::parse(name).map_err(|error| FieldError::new(FIELD, error).into());
        }
        Err(PolicyError::new(DeniedPart::Identity, FIELD, OTHER_USER_DENIED).into())
    }
}

impl<'a> TokenService<'a> for Rtm<'a> {
    fn name(&self) -> &'static str {
        SERVICE.name
    }

    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError> {
        let (as_str, parse) = (RtmUser::as_str, RtmUser::parse);
        let user = match self.uid {
            Some(uid) => Self::uid_user(uid, grant, context)?,
            None => context.evaluator.resolve_user(&grant.identity, FIELD, self.user, as_str, parse)?,
        };
        if user == RtmUser::ANY && grant.identity != Identity::Wildcard {
            return Err(PolicyError::new(DeniedPart::Privileged, FIELD, ANY_USER).into());
        }
        self.user = Some(user);
        Ok(())
    }

    fn add_to_007<'s>(&'s self, ttl: Ttl, services: &mut Vec<Service<'s>>) {
        let Some(user) = self.user else { return };
        services.push(match &self.permissions {
            None => Service::rtm(user, PrivilegeTtl::For(ttl)),
            Some(tree) => Service::rtm2(user, tree.as_permissions(), PrivilegeTtl::For(ttl)),
        });
    }

    fn sign_006(&self, mint: &Mint<'_>, ttl: Ttl) -> Option<String> {
        let user = self.user.filter(|user| self.permissions.is_none() && *user != RtmUser::ANY)?;
        Some(mint.rtm_006(user, PrivilegeTtl::For(ttl)))
    }

    fn to_json(&self, _: Ttl) -> Json<'_> {
        let mut fields = vec![("user", self.user.map(RtmUser::as_str).into())];
        fields.extend(self.permissions.as_ref().map(|tree| ("permissions", permissions_to_json(tree))));
        Json::from(fields)
    }
}

/// Reads the permissions: for each kind of resource, the names of the resources that the user may read and write.
fn read_permissions<'j>(section: &'j Json<'j>) -> Result<PermissionTree, Invalid<'j>> {
    const RESOURCES: [Resource; 5] = [
        Resource::MessageChannels,
        Resource::StreamChannels,
        Resource::GroupChannels,
        Resource::ServerGroups,
        Resource::Users,
    ];
    let known = RESOURCES.map(|resource| resource.as_str().unwrap_or_default());
    let fields = section.fields(&known)?;
    let mut lists = Vec::new();
    for (resource, name) in RESOURCES.into_iter().zip(known) {
        let Some(accesses) = fields.optional(name) else { continue };
        let accesses = accesses.fields(&["read", "write"])?;
        for (access, name) in [(Access::Read, "read"), (Access::Write, "write")] {
            let Some(names) = accesses.optional(name) else { continue };
            lists.push((resource, access, read_names(names)?));
        }
    }
    let permissions: Vec<_> = lists
        .iter()
        .map(|(resource, access, names)| Permission { resource: *resource, access: *access, names })
        .collect();
    PermissionTree::new(&permissions).map_err(|error| Invalid::rule(section, error.to_string()))
}

/// Reads names of channels, groups or users. All these names follow the rules for channel names.
fn read_names<'j>(names: &'j Json<'j>) -> Result<Vec<&'j str>, Invalid<'j>> {
    names.read_items(|name| Ok(name.parsed(ChannelName::parse)?.as_str()))
}

fn permissions_to_json(tree: &PermissionTree) -> Json<'_> {
    let mut resources: Vec<(&'static str, Vec<(&'static str, Json<'_>)>)> = Vec::new();
    for (resource, access, names) in tree.as_permissions().to_vec() {
        let (Some(resource), Some(access)) = (resource.as_str(), access.as_str()) else { continue };
        match resources.last_mut() {
            Some((last, accesses)) if *last == resource => accesses.push((access, names.into())),
            _ => resources.push((resource, vec![(access, names.into())])),
        }
    }
    let resources = resources.into_iter().map(|(resource, accesses)| (resource, Json::from(accesses)));
    Json::from(resources.collect::<Vec<_>>())
}
