//! Descriptions of Agora's part of the configuration, for people who check a configuration.

use hallpass_token::agora::Role;

use super::TITLE;
use super::config::{Config, SHORT_SETTING};
use super::grants::Grants;
use super::services::{Grant, SERVICES, ServiceType};
use crate::policy::{GrantDescription, GrantKind, GrantsDescription, Identity, describe_places};
use crate::providers::calls::Call as _;
use crate::providers::description::{ProjectDescription, ProviderDescription};
use crate::web::text::listed;

impl Config {
    pub(crate) fn describe(&self) -> ProviderDescription<'_> {
        let projects = self.projects.all().iter().map(|named| ProjectDescription {
            name: &named.name,
            id_name: "App ID",
            id: named.project.app_id.as_str(),
            secrets: &named.project.certificates,
        });
        let projects: Vec<_> = projects.collect();
        let account = if self.customer.is_some() {
            "with the credentials of the account, which open all of it; the call `auth` gives them out"
        } else {
            "without the credentials of the account, which `projects`, `kick` and the form `basic` need"
        };
        let has_calls = self.customer.is_some() || !projects.is_empty();
        let secrets = self.customer.iter().flat_map(|(id, secret)| {
            [
                (id, "is the customer ID of the account at Agora"),
                (secret, "is the customer secret, which opens the whole account at Agora"),
            ]
        });
        ProviderDescription {
            title: TITLE,
            short_setting: SHORT_SETTING,
            projects,
            rest: has_calls.then(|| format!("Agora at {}, {account}", self.url)),
            account_secrets: secrets.collect(),
        }
    }
}

impl Grants {
    pub(crate) fn describe<'a>(&'a self, description: &mut GrantsDescription<'a>) {
        description.formats.extend(self.versions.iter().flatten().map(|version| version.as_str()));
        let services = SERVICES.iter().filter_map(|service| Some(self.get(service.name)?.describe(service)));
        description.grants.extend(services);
        description.grants.extend(self.rest_calls.as_ref().map(|calls| {
            let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
            GrantDescription {
                kind: GrantKind::AccountCalls,
                service: "agora_rest",
                words: format!(", with a service key: {}", listed(&names, "and")),
                privileged: names.into_iter().map(|name| (true, name)).collect(),
                ..GrantDescription::default()
            }
        }));
    }
}

impl Grant {
    /// Describes the limits that the service has.
    fn describe(&self, service: &ServiceType) -> GrantDescription<'_> {
        let has = |field| service.grant_fields.contains(&field);
        let every_channel = self.every_channel && has("every_channel");
        let is_wildcard = self.identity == Identity::Wildcard && has("channel");
        let app = self.app && has("app");
        let mut words = String::new();
        if has("role") {
            words += &if has("room") { self.describe_room_roles() } else { self.describe_role().to_owned() };
        }
        for place in ["channel", "room"].into_iter().filter(|place| has(place)) {
            words += &describe_places(self.places.as_deref(), place);
        }
        if every_channel {
            words += " and in channel `*`";
        }
        if has("identity") {
            words += &self.identity.describe(has("channel"));
        }
        if app {
            words += ", and for the app itself";
        }
        let privileged =
            vec![(every_channel, "channel `*`"), (is_wildcard, "uid 0"), (app, "the app itself")];
        GrantDescription {
            kind: GrantKind::Tokens,
            service: service.name,
            words,
            identity: (has("identity") && !app).then_some(&self.identity),
            privileged,
            ttl: self.ttl,
        }
    }

    const fn describe_role(&self) -> &'static str {
        match self.role {
            None => " as subscriber (or publisher, where the request says so)",
            Some(Role::Publisher) => " as publisher (or subscriber, where the request says so)",
            Some(Role::Subscriber) => " as subscriber",
        }
    }

    fn describe_room_roles(&self) -> String {
        self.room_roles.as_ref().map_or_else(String::new, |roles| format!(" in role {}", listed(roles, "or")))
    }
}
