//! Descriptions of Agora's part of the configuration for `cargo xtask check-config`.

use hallpass_token::agora::Role;

use super::TITLE;
use super::config::{Config, SHORT_SETTINGS};
use super::grants::Grants;
use super::services::{Grant, SERVICES, ServiceType};
use crate::policy::{GrantDescription, GrantKind, GrantsDescription, Identity, describe_places};
use crate::providers::calls::GrantableCall as _;
use crate::providers::description::{ProjectDescription, ProviderDescription};
use crate::web::strings::listed;

impl Config {
    pub(crate) fn describe(&self) -> ProviderDescription<'_> {
        let projects = self.projects.all().iter().map(|named| ProjectDescription {
            name: &named.name,
            id_name: "App ID",
            id: named.project.app_id.as_str(),
            secrets: &named.project.certificates,
        });
        let projects: Vec<_> = projects.collect();
        let account = if self.account.is_some() {
            "account credentials configured (full account access; the call `auth` returns them)"
        } else {
            "no account credentials (required for `projects`, `kick` and `basic` authentication)"
        };
        let has_calls = self.account.is_some() || !projects.is_empty();
        let secrets = self.account.iter().flat_map(|(id, secret)| {
            [(id, "Agora customer ID"), (secret, "Agora customer secret (full account access)")]
        });
        ProviderDescription {
            title: TITLE,
            short_settings: SHORT_SETTINGS,
            projects,
            rest: has_calls.then(|| format!("Agora: {}, {account}", self.url)),
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
                limits: vec![format!("calls {}", listed(&names, "and")), "service keys only".to_owned()],
                roles: Some(names.iter().map(|name| (*name).to_owned()).collect()),
                privileged: names.into_iter().map(|name| (true, name)).collect(),
                ..GrantDescription::default()
            }
        }));
    }
}

impl Grant {
    /// Describes the limits of the grant that the service uses.
    fn describe(&self, service: &ServiceType) -> GrantDescription<'_> {
        let has = |field| service.grant_fields.contains(&field);
        let every_channel = self.every_channel && has("every_channel");
        let is_wildcard = self.identity == Identity::Wildcard;
        let app = self.app && has("app");
        let mut limits = Vec::new();
        if has("room") {
            limits.extend(self.room_roles.as_ref().map(|roles| format!("role {}", listed(roles, "or"))));
        } else if has("role") {
            limits.push(self.describe_role().to_owned());
        }
        for place in ["channel", "room"].into_iter().filter(|place| has(place)) {
            limits.push(describe_places(self.channels.as_deref(), place));
        }
        if every_channel {
            limits.push("wildcard channel `*`".to_owned());
        }
        if has("identity") {
            limits.push(self.identity.describe(service.any_user));
        }
        if app {
            limits.push("app tokens".to_owned());
        }
        let mut privileged = vec![(every_channel, "wildcard channel `*`")];
        privileged.extend(service.any_user.map(|name| (is_wildcard, name)));
        privileged.push((app, "app tokens"));
        GrantDescription {
            kind: GrantKind::Tokens,
            service: service.name,
            limits,
            identity: has("identity").then_some(&self.identity),
            includes_userless: app,
            privileged,
            places: self.channels.as_deref(),
            roles: if has("room") { self.room_roles.as_ref().map(to_strings) } else { self.role_names() },
            requires_place: true,
            has_uid: has("channel"),
            requires_user: !has("channel"),
            ttl: self.ttl,
        }
    }

    /// Returns the granted roles in a channel; `None` for all. The name `default` means requests that depend on the default
    /// role of a rule without `role`.
    fn role_names(&self) -> Option<Vec<String>> {
        match self.role {
            Some(Role::Publisher) => None,
            None => Some(to_strings(&["subscriber", "default"])),
            Some(Role::Subscriber) => Some(to_strings(&["subscriber"])),
        }
    }

    const fn describe_role(&self) -> &'static str {
        match self.role {
            None => "role subscriber or publisher (default subscriber)",
            Some(Role::Publisher) => "role publisher or subscriber (default publisher)",
            Some(Role::Subscriber) => "role subscriber",
        }
    }
}

fn to_strings<'a, T: ToString + 'a>(names: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    names.into_iter().map(ToString::to_string).collect()
}
