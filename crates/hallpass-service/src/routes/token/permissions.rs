//! The permission tree of a request for Signaling.

use hallpass_token::agora::{Access, ChannelName, Permission, PermissionTree, Resource};
use serde::{Deserialize, Serialize};

use crate::json::Object;
use crate::problem::Problem;

/// For each kind of resource, who may be read and written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionsBody {
    message_channels: Option<Object<AccessBody>>,
    stream_channels: Option<Object<AccessBody>>,
    group_channels: Option<Object<AccessBody>>,
    server_groups: Option<Object<AccessBody>>,
    users: Option<Object<AccessBody>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AccessBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<Vec<String>>,
}

impl PermissionsBody {
    /// # Errors
    /// [`Problem::InvalidField`] for a name that Signaling does not accept.
    pub(super) fn tree(&self) -> Result<PermissionTree, Problem> {
        let kinds = [
            (Resource::MessageChannels, &self.message_channels),
            (Resource::StreamChannels, &self.stream_channels),
            (Resource::GroupChannels, &self.group_channels),
            (Resource::ServerGroups, &self.server_groups),
            (Resource::Users, &self.users),
        ];
        let mut lists = Vec::new();
        for (resource, accesses) in kinds {
            let Some(Object(accesses)) = accesses else { continue };
            for (access, names) in [(Access::Read, &accesses.read), (Access::Write, &accesses.write)] {
                let Some(names) = names else { continue };
                check(resource, access, names)?;
                lists.push((resource, access, names.iter().map(String::as_str).collect::<Vec<_>>()));
            }
        }
        let permissions: Vec<_> = lists
            .iter()
            .map(|(resource, access, names)| Permission { resource: *resource, access: *access, names })
            .collect();
        PermissionTree::new(&permissions).map_err(|error| Problem::field("rtm.permissions", error))
    }
}

/// Channels, groups and users of Signaling have names of the same 89 characters, and at most 64 of them.
fn check(resource: Resource, access: Access, names: &[String]) -> Result<(), Problem> {
    for (position, name) in names.iter().enumerate() {
        ChannelName::parse(name).map_err(|error| {
            let (resource, access) =
                (resource.as_str().unwrap_or_default(), access.as_str().unwrap_or_default());
            Problem::field(&format!("rtm.permissions.{resource}.{access}[{position}]"), error)
        })?;
    }
    Ok(())
}
