//! The grant of VideoSDK tokens.

use serde_json::{Value, json};

use super::alternatives;
use super::refusal::Part;
use super::services::Attempt;

impl Attempt<'_> {
    pub(super) fn videosdk(&mut self) {
        let is_v1 = self.requested["version"] == 1;
        self.permissions();
        if is_v1 && self.grant["v1"] != true {
            self.deny(Part::Privileged, "version");
        }
        if !is_v1 {
            self.roles();
            self.place("room");
            self.user("participant");
        }
    }

    fn permissions(&mut self) {
        let granted = names(&self.grant["permissions"], &["allow_join", "ask_join"]);
        let is_granted = |permission: &String| granted.contains(permission);
        let default = || {
            let named: Vec<_> =
                self.named_permissions().into_iter().filter(|name| *name != "ask_join").collect();
            if named.is_empty() { granted.clone() } else { named }
        };
        let requested = self.requested.get("permissions").map(|requested| names(requested, &[]));
        let permissions = requested.unwrap_or_else(default);
        if permissions.iter().any(|name| name == "allow_mod" && !is_granted(name)) {
            self.deny(Part::Privileged, "permissions");
        }
        if permissions.iter().any(|name| name != "allow_mod" && !is_granted(name)) {
            self.deny(Part::Role, "permissions");
        }
        self.grant("permissions", in_order(&permissions, ["allow_join", "allow_mod", "ask_join"]));
    }

    /// Returns the permissions that the rule names. Without a policy, no rule names permissions.
    fn named_permissions(&self) -> Vec<String> {
        let named = if self.context.has_policy { &self.grant["permissions"] } else { &Value::Null };
        names(named, &["allow_join"])
    }

    fn roles(&mut self) {
        let granted = names(&self.grant["roles"], &["rtc"]);
        let has = |role: &str| granted.iter().any(|granted| granted == role);
        let default = || vec![if has("rtc") { "rtc" } else { "crawler" }.to_owned()];
        let requested = self.requested.get("roles").map(|requested| names(requested, &[]));
        let roles = requested.unwrap_or_else(default);
        let needs = |role: &str| roles.is_empty() || roles.iter().any(|requested| requested == role);
        let (needs_rtc, needs_crawler) = (needs("rtc") && !has("rtc"), needs("crawler") && !has("crawler"));
        if needs_crawler || (roles.is_empty() && needs_rtc) {
            self.deny(Part::Privileged, "roles");
        }
        if needs_rtc {
            self.deny(Part::Role, "roles");
        }
        self.grant("roles", in_order(&roles, ["rtc", "crawler"]));
    }
}

/// Returns the names of a list, the only name, or the default.
fn names(value: &Value, default: &[&str]) -> Vec<String> {
    let named = alternatives(value).iter().filter_map(Value::as_str);
    let names: Vec<_> = if value.is_null() { default.to_vec() } else { named.collect() };
    names.into_iter().map(str::to_owned).collect()
}

fn in_order<const N: usize>(names: &[String], order: [&str; N]) -> Value {
    let names = order.into_iter().filter(|known| names.iter().any(|name| name == known));
    json!(names.collect::<Vec<_>>())
}
