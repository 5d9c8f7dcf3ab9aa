//! The grants of Agora services.

use serde_json::{Map, Value};

use super::identity::Identity;
use super::patterns::Pattern;
use super::refusal::{Part, Refusal};
use super::{Context, alternatives, is_one_of, request};

/// The evaluation of one requested service under one rule.
pub(super) struct Attempt<'a> {
    pub(super) context: Context<'a>,
    pub(super) service: &'a str,
    pub(super) grant: &'a Value,
    pub(super) requested: &'a Value,
    granted: Map<String, Value>,
    /// The first denied or missing field.
    refusal: Option<Refusal>,
}

impl<'a> Attempt<'a> {
    /// Returns the granted fields without privileges, or the reason of the denial.
    pub(super) fn evaluate(
        context: Context<'a>,
        rule: &'a Value,
        service: &'a str,
        requested: &'a Value,
    ) -> Result<Map<String, Value>, Refusal> {
        let grant = &rule[service];
        let mut attempt = Self { context, service, grant, requested, granted: Map::new(), refusal: None };
        if service == "videosdk" {
            attempt.videosdk();
        } else {
            attempt.version(&rule["version"]);
            attempt.agora();
        }
        attempt.refusal.map_or(Ok(attempt.granted), Err)
    }

    /// Adds a granted field.
    pub(super) fn grant(&mut self, field: &str, value: impl Into<Value>) {
        self.granted.insert(field.to_owned(), value.into());
    }

    /// Saves a field that is denied or missing. The response names the first of these fields.
    pub(super) fn deny(&mut self, part: Part, field: &str) {
        let field = format!("{}.{field}", self.service);
        self.refusal.get_or_insert(Refusal { part, field });
    }

    fn version(&mut self, granted: &Value) {
        let Context { version, default_versions, .. } = self.context;
        let is_granted =
            if granted.is_null() { default_versions.contains(&version) } else { is_one_of(granted, version) };
        if !is_granted {
            self.refusal.get_or_insert(Refusal { part: Part::Service, field: "version".to_owned() });
        }
    }

    fn agora(&mut self) {
        match self.service {
            "rtc" => {
                self.place("channel");
                self.role();
                self.uid_or_account();
                self.privileges();
            }
            "streaming" | "fcdn" => {
                self.place("channel");
                self.uid_or_account();
            }
            "rtm" => {
                self.user("user");
                if let Some(permissions) = self.requested.get("permissions") {
                    self.grant("permissions", permissions.clone());
                }
            }
            "chat" | "apaas" if self.requested["app"] == true => {
                self.grant("app", true);
                if self.grant["app"] != true {
                    self.deny(Part::Privileged, "app");
                }
            }
            "chat" => self.user("user"),
            "apaas" => {
                if self.requested.get("room").is_some() {
                    self.place("room");
                    self.numeric_role();
                }
                self.user("user");
            }
            _ => {}
        }
    }

    /// Checks or fills in the channel or the room.
    pub(super) fn place(&mut self, field: &str) {
        let requested = self.requested[field].as_str();
        if requested == Some("*") {
            self.grant(field, "*");
            if self.grant["every_channel"] != true {
                self.deny(Part::Privileged, field);
            }
            return;
        }
        let patterns = self.grant.get(field).map(alternatives);
        let resolve =
            |pattern: &Value| Pattern::resolve(pattern.as_str().unwrap_or_default(), self.context.caller);
        let resolved = patterns.map(|patterns| patterns.iter().map(resolve).collect::<Vec<_>>());
        match (requested, resolved.as_deref()) {
            (Some(name), resolved) => {
                let is_granted = resolved
                    .is_none_or(|patterns| patterns.iter().flatten().any(|pattern| pattern.matches(name)));
                self.grant(field, name);
                if !is_granted {
                    self.deny(Part::Channel, field);
                }
            }
            (None, Some([Some(pattern)])) if pattern.single_name().is_some() => {
                let name = pattern.single_name().unwrap_or_default();
                if !request::is_name(self.service, &name) {
                    self.deny(Part::Channel, field);
                }
                self.grant(field, name);
            }
            // Without a room, a VideoSDK token is valid for every room.
            (None, None) if self.service == "videosdk" => {}
            (None, Some(_)) if self.service == "videosdk" => self.deny(Part::Channel, field),
            (None, _) => self.deny(Part::Missing, field),
        }
    }

    fn role(&mut self) {
        let granted = self.grant["role"].as_str();
        let role = self.requested["role"].as_str().or(granted).unwrap_or("subscriber");
        self.grant("role", role);
        if role == "publisher" && granted == Some("subscriber") {
            self.deny(Part::Role, "role");
        }
    }

    /// Requires the role publisher for privileges to publish.
    fn privileges(&mut self) {
        let mut privileges = self.requested["privileges"].as_object().into_iter().flatten();
        let publishing = privileges.find(|(name, _)| *name != "join");
        if let Some((name, _)) = publishing
            && self.granted["role"] != "publisher"
        {
            self.deny(Part::Missing, &format!("privileges.{name}"));
        }
    }

    fn numeric_role(&mut self) {
        let role = &self.requested["role"];
        let granted = &self.grant["role"];
        let is_granted = granted.is_null() || alternatives(granted).contains(role);
        self.grant("role", role.clone());
        if !is_granted {
            self.deny(Part::Role, "role");
        }
    }

    fn uid_or_account(&mut self) {
        let uid = self.requested.get("uid").and_then(Value::as_u64);
        let account = self.requested["account"].as_str();
        let identity = Identity::of(self.grant, self.context);
        match (uid, account, &identity) {
            (Some(0), _, Identity::Any(true)) => self.grant("uid", 0),
            (Some(0), ..) => self.deny(Part::Privileged, "uid"),
            (Some(uid), _, Identity::Any(_)) => self.grant("uid", uid),
            (_, Some(account), Identity::Any(_)) => self.grant("account", account),
            (None, None, Identity::Any(_)) => self.grant("uid", "random"),
            (Some(uid), _, Identity::Own(Some(own))) if own.uid.map(u64::from) == Some(uid) => {
                self.grant("uid", uid)
            }
            (None, Some(account), Identity::Own(Some(own))) if account == own.name && own.has_account() => {
                self.grant("account", account);
            }
            (None, None, Identity::Own(Some(own))) => {
                self.grant("uid", own.uid.map_or("derived".into(), Value::from));
            }
            (None, Some(_), Identity::Own(_)) => self.deny(Part::Identity, "account"),
            (_, _, Identity::Own(_)) => self.deny(Part::Identity, "uid"),
        }
    }

    /// Checks or fills in a user that is a string.
    pub(super) fn user(&mut self, field: &str) {
        let requested = self.requested[field].as_str();
        match (requested, Identity::of(self.grant, self.context)) {
            (Some(user), Identity::Any(_)) => self.grant(field, user),
            (None, Identity::Any(_)) if self.service == "videosdk" => {}
            (None, Identity::Any(_)) => self.deny(Part::Missing, field),
            (Some(user), Identity::Own(Some(own))) if user == own.name => self.grant(field, user),
            (None, Identity::Own(Some(own))) if request::is_user(self.service, &own.name) => {
                self.grant(field, own.name);
            }
            (_, Identity::Own(_)) => self.deny(Part::Identity, field),
        }
    }
}
