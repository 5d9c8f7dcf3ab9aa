//! Descriptions of VideoSDK's part of the configuration, for people who check a configuration.

use super::config::{Config, RoomsVersion, SHORT_SETTING};
use super::grants::{Grant, Grants, ROLES};
use super::{NAME, TITLE};
use crate::policy::{GrantDescription, GrantKind, GrantsDescription, describe_places, granted};
use crate::providers::calls::Call as _;
use crate::providers::description::{ProjectDescription, ProviderDescription};
use crate::web::text::listed;

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
        let rest = format!("VideoSDK at {}, in version {version} of its REST API", self.url);
        ProviderDescription {
            title: TITLE,
            short_setting: SHORT_SETTING,
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
            let names = listed(calls.iter().map(|call| call.name()), "or");
            GrantDescription {
                kind: GrantKind::ProjectCalls,
                service: "rooms",
                words: format!(", to {names} them at VideoSDK"),
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
            (self.v1, "version 1"),
        ];
        let roles = ROLES.map(|role| (self.roles.contains(&role), role));
        let rooms = match self.room.as_deref() {
            None => " in every room, or in all at once".to_owned(),
            rooms => describe_places(rooms, "room"),
        };
        let words = format!(
            "{rooms}{}, with {}, in role {}{}",
            self.identity.describe(false),
            listed(&self.permissions, "or"),
            listed(granted(&roles), "or"),
            if self.v1 { ", and of version 1" } else { "" },
        );
        GrantDescription {
            kind: GrantKind::Tokens,
            service: NAME,
            words,
            identity: (!self.v1).then_some(&self.identity),
            privileged,
            ttl: self.ttl,
        }
    }
}
