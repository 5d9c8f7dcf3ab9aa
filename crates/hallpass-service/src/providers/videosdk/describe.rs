//! Descriptions of VideoSDK's part of the configuration for `cargo xtask check-config`.

use super::config::{Config, RoomsVersion, SHORT_SETTINGS};
use super::grants::{Grant, Grants, ROLES};
use super::{NAME, TITLE};
use crate::policy::{GrantDescription, GrantKind, GrantsDescription, describe_places, granted};
use crate::providers::calls::GrantableCall as _;
use crate::providers::description::{ProjectDescription, ProviderDescription};
use crate::web::strings::listed;

impl Config {
    pub(crate) fn describe(&self) -> ProviderDescription<'_> {
        let projects = self.projects.all().iter().map(|named| ProjectDescription {
            name: &named.name,
            id_name: "API key",
            id: named.project.api_key.as_str(),
            secrets: &named.project.secrets,
        });
        let projects: Vec<_> = projects.collect();
        let version = match self.rooms_version {
            RoomsVersion::V1 => "1",
            RoomsVersion::V2 => "2",
        };
        let rest = format!("VideoSDK: {}, REST API version {version}", self.url);
        ProviderDescription {
            title: TITLE,
            short_settings: SHORT_SETTINGS,
            rest: (!projects.is_empty()).then_some(rest),
            projects,
            account_secrets: Vec::new(),
        }
    }
}

impl Grants {
    pub(crate) fn describe<'a>(&'a self, description: &mut GrantsDescription<'a>) {
        description.grants.extend(self.tokens.as_ref().map(Grant::describe));
        description.grants.extend(self.room_calls.as_ref().map(|calls| {
            let names: Vec<_> = calls.iter().map(|call| call.name().to_owned()).collect();
            GrantDescription {
                kind: GrantKind::ProjectCalls,
                service: "rooms",
                limits: vec![format!("calls {}", listed(&names, "and"))],
                roles: Some(names),
                ..GrantDescription::default()
            }
        }));
    }
}

impl Grant {
    fn describe(&self) -> GrantDescription<'_> {
        let privileged = vec![
            (self.permissions.contains(&"allow_mod"), "allow_mod"),
            (self.roles.contains(&"crawler"), "crawler"),
            (self.v1, "version 1 tokens"),
        ];
        let roles = ROLES.map(|role| (self.roles.contains(&role), role));
        let rooms = match self.room.as_deref() {
            None => "all rooms (one per token, or all)".to_owned(),
            rooms => describe_places(rooms, "room"),
        };
        let mut limits = vec![
            rooms,
            self.identity.describe(None),
            format!("permissions {}", listed(&self.permissions, "or")),
            format!("role {}", listed(granted(&roles), "or")),
        ];
        if self.v1 {
            limits.push("version 1 tokens".to_owned());
        }
        GrantDescription {
            kind: GrantKind::Tokens,
            service: NAME,
            limits,
            identity: Some(&self.identity),
            includes_userless: self.v1,
            privileged,
            places: self.room.as_deref(),
            roles: Some(self.permissions.iter().chain(&self.roles).map(|name| (*name).to_owned()).collect()),
            requires_place: false,
            has_uid: false,
            requires_user: false,
            ttl: self.ttl,
        }
    }
}
