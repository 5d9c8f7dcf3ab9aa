//! The JSON representation of a service in a 007 token. The test vectors and the Node.js script use this
//! representation.

use anyhow::{Context as _, bail};
use hallpass_token::Seconds;
use hallpass_token::agora::{
    Access, FieldStr, Permission, PermissionTree, Permissions, Privileges, Resource, Service,
};
use serde::{Deserialize, Serialize};

/// A service in JSON. Fields that the service type does not have are `None`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServiceJson {
    #[serde(rename = "type")]
    pub(crate) number: u16,
    pub(crate) privileges: Vec<(u16, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<PermissionJson>>,
}

/// A permission: the number of the resource kind, the number of the access right, and the names.
pub(crate) type PermissionJson = (u16, u16, Vec<String>);

/// Returns the permission tree of a list of permissions. The list can be in any order.
pub(crate) fn tree(permissions: &[PermissionJson]) -> anyhow::Result<PermissionTree> {
    let names: Vec<Vec<&str>> =
        permissions.iter().map(|(_, _, names)| names.iter().map(String::as_str).collect()).collect();
    let permissions: Vec<_> = permissions
        .iter()
        .zip(&names)
        .map(|((resource, access, _), names)| Permission {
            resource: Resource::from_number(*resource),
            access: Access::from_number(*access),
            names,
        })
        .collect();
    Ok(PermissionTree::new(&permissions)?)
}

impl ServiceJson {
    /// Converts the JSON to a service that borrows its permissions from `tree`.
    pub(crate) fn service<'a>(&'a self, tree: &'a PermissionTree) -> anyhow::Result<Service<'a>> {
        let lengths: Vec<_> = self.privileges.iter().map(|&(id, seconds)| (id, Seconds(seconds))).collect();
        let privileges = Privileges::new(&lengths)?;
        let string = |string: &'a Option<String>| {
            anyhow::Ok(FieldStr::new(string.as_deref().context("a string field is missing")?)?)
        };
        Ok(match self.number {
            1 => Service::Rtc { channel: string(&self.channel)?, user: string(&self.uid)?, privileges },
            2 => Service::Rtm { user: string(&self.user)?, privileges },
            3 => Service::Streaming {
                channel: string(&self.channel)?,
                user: string(&self.account)?,
                privileges,
            },
            4 => Service::Fpa { privileges },
            5 => Service::Chat { user: string(&self.user)?, privileges },
            6 => Service::Fcdn { channel: string(&self.channel)?, user: string(&self.account)?, privileges },
            7 => Service::Apaas {
                room: string(&self.room)?,
                user: string(&self.user)?,
                role: self.role.context("`role` is missing")?,
                privileges,
            },
            8 => Service::Rtm2 { user: string(&self.user)?, permissions: tree.as_permissions(), privileges },
            9 => Service::ConvoAi { privileges },
            10 => Service::Stt { privileges },
            other => bail!("service type {other} is not defined"),
        })
    }

    /// Returns the permission tree of the service. If the service has no permissions, the tree is empty.
    pub(crate) fn tree(&self) -> anyhow::Result<PermissionTree> {
        tree(self.permissions.as_deref().unwrap_or_default())
    }

    /// Converts a parsed service to JSON.
    pub(crate) fn from_service(service: &Service<'_>) -> anyhow::Result<Self> {
        let string = |string: &FieldStr<'_>| Some(string.as_str().to_owned());
        let mut json = Self {
            number: service.number(),
            privileges: service.privileges().iter().map(|(id, Seconds(seconds))| (id, seconds)).collect(),
            ..Self::default()
        };
        match service {
            Service::Rtc { channel, user, .. } => (json.channel, json.uid) = (string(channel), string(user)),
            Service::Streaming { channel, user, .. } | Service::Fcdn { channel, user, .. } => {
                (json.channel, json.account) = (string(channel), string(user));
            }
            Service::Rtm { user, .. } | Service::Chat { user, .. } => json.user = string(user),
            Service::Apaas { room, user, role, .. } => {
                (json.room, json.user, json.role) = (string(room), string(user), Some(*role));
            }
            Service::Rtm2 { user, permissions, .. } => {
                (json.user, json.permissions) = (string(user), Some(list(permissions)));
            }
            Service::Fpa { .. } | Service::ConvoAi { .. } | Service::Stt { .. } => {}
            other => bail!("the service {} is not supported by this test", other.name()),
        }
        Ok(json)
    }
}

fn list(permissions: &Permissions<'_>) -> Vec<PermissionJson> {
    permissions
        .to_vec()
        .into_iter()
        .map(|(resource, access, names)| {
            (resource.number(), access.number(), names.into_iter().map(str::to_owned).collect())
        })
        .collect()
}
