//! Descriptions of rules for `cargo xtask check-config`.

mod warnings;

use hallpass_token::Ttl;

use super::caller_conditions::CallerConditions;
use super::error::DecidedBy;
use super::evaluator::Identity;
use super::pattern::NamePattern;
use super::rule::{Policy, Rule};
use crate::auth::{CallerKind, describe_conditions};
use crate::web::strings::{listed, redact_hex};

/// A description of a policy.
pub(crate) struct PolicyDescription {
    /// A line for each rule, followed by an indented line for each grant.
    pub(crate) lines: Vec<String>,
    /// Warnings about rules whose effect may not be intended.
    pub(crate) warnings: Vec<String>,
    /// The caller kinds that at least one rule applies to.
    pub(crate) kinds: Vec<CallerKind>,
}

/// A description of the grants of a rule.
#[derive(Default)]
pub(crate) struct GrantsDescription<'a> {
    /// The token formats that the rule names; empty if the rule allows all formats.
    pub(crate) formats: Vec<&'static str>,
    pub(crate) grants: Vec<GrantDescription<'a>>,
}

/// A description of a rule's grant for one service, or for calls to a provider.
#[derive(Default)]
pub(crate) struct GrantDescription<'a> {
    pub(crate) kind: GrantKind,
    pub(crate) service: &'static str,
    /// The limits of the grant, such as `channels class-*`.
    pub(crate) limits: Vec<String>,
    /// The users that the grant allows; `None` if the service has no users.
    pub(crate) identity: Option<&'a Identity>,
    /// The names of the service's privileged parts, each with a flag. The flag is true if the rule grants the part.
    pub(crate) privileged: Vec<(bool, &'static str)>,
    /// The granted channels or rooms; `None` for all.
    pub(crate) places: Option<&'a [NamePattern]>,
    /// The granted roles, permissions or calls; `None` for all.
    pub(crate) roles: Option<Vec<String>>,
    /// True if a request must specify the channel or room, unless the grant allows only one.
    pub(crate) requires_place: bool,
    /// True if the grant includes tokens without a user.
    pub(crate) includes_userless: bool,
    /// True if the tokens can be for a uid.
    pub(crate) has_uid: bool,
    /// True if a request must specify the user, unless the grant is bound to a user.
    pub(crate) requires_user: bool,
    pub(crate) ttl: Option<Ttl>,
}

/// The kind of a grant. Descriptions list grants in the order of these variants.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GrantKind {
    #[default]
    Tokens,
    /// Calls to a provider for one project.
    ProjectCalls,
    /// Calls to a provider with credentials for the whole account.
    AccountCalls,
}

struct RuleDescription<'a, G> {
    /// The path of the rule in the document; `default policy` for a default rule.
    name: String,
    rule: &'a Rule<G>,
    /// The caller kinds that the rule can apply to.
    kinds: Vec<CallerKind>,
    callers: String,
    description: GrantsDescription<'a>,
}

impl<G> Policy<G> {
    /// Describes the rules. `kinds` are the caller kinds that the configuration accepts; `max` is the maximum TTL of a
    /// token.
    pub(crate) fn describe<'a>(
        &'a self,
        kinds: &[CallerKind],
        max: Ttl,
        grants: impl Fn(&'a G) -> GrantsDescription<'a>,
    ) -> PolicyDescription {
        let rules =
            self.rules().map(|(id, rule)| RuleDescription::new(id, rule, kinds, grants(&rule.grants)));
        // A default rule that applies to no caller is omitted, because default rules do not appear in the
        // configuration.
        let rules: Vec<_> = rules.filter(|rule| !self.is_default() || !rule.kinds.is_empty()).collect();
        let denied: Vec<_> = self
            .denied()
            .iter()
            .enumerate()
            .map(|(position, who)| DenyDescription::new(position, who, kinds))
            .collect();
        let denied_lines =
            denied.iter().map(|entry| format!("{}: {} get nothing", entry.name, entry.callers));
        let rule_warnings = rules.iter().enumerate().flat_map(|(position, rule)| {
            let earlier = rules.get(..position).unwrap_or_default();
            let later = rules.get(position + 1..).unwrap_or_default();
            rule.warnings((earlier, later), &denied, max)
        });
        let granted_kinds: Vec<_> = rules.iter().flat_map(|rule| rule.kinds.iter().copied()).collect();
        let deny_warnings = denied.iter().flat_map(|entry| entry.warnings(kinds, &granted_kinds));
        PolicyDescription {
            lines: denied_lines.chain(rules.iter().flat_map(|rule| rule.lines(max))).collect(),
            warnings: deny_warnings.chain(rule_warnings).collect(),
            kinds: granted_kinds,
        }
    }
}

impl<'a, G> RuleDescription<'a, G> {
    fn new(
        id: DecidedBy,
        rule: &'a Rule<G>,
        accepted: &[CallerKind],
        mut description: GrantsDescription<'a>,
    ) -> Self {
        let kinds = matching_kinds(&rule.who, accepted);
        description.grants.sort_by_key(|grant| grant.kind);
        let name = match id {
            DecidedBy::Rule(_) | DecidedBy::DenyEntry(_) => id.to_string(),
            DecidedBy::DefaultPolicy => "default policy".to_owned(),
        };
        Self { name, rule, callers: describe_callers(&rule.who, &kinds), kinds, description }
    }

    fn lines(&self, max: Ttl) -> Vec<String> {
        let mut heading = format!("{}: {}", self.name, self.callers);
        if let Some(names) = &self.rule.projects {
            let names = names.iter().map(|name| format!("`{}`", redact_hex(name)));
            heading += &format!("; project {}", listed(names, "or"));
        }
        if !self.description.formats.is_empty() {
            heading += &format!("; format {}", listed(&self.description.formats, "or"));
        }
        let mut lines = vec![heading];
        for GrantDescription { kind, service, limits, ttl, .. } in &self.description.grants {
            let mut limits = limits.clone();
            if *kind == GrantKind::Tokens {
                limits.push(format!("TTL at most {} s", self.max_ttl(*ttl, max).seconds().0));
            }
            lines.push(format!("  {service}: {}", limits.join(", ")));
        }
        if self.rule.inspect {
            lines.push("  inspect: tokens of all projects".to_owned());
        }
        lines
    }

    /// Returns the maximum TTL of a token. `granted` is the maximum of the service; `max` is the maximum of the
    /// configuration.
    fn max_ttl(&self, granted: Option<Ttl>, max: Ttl) -> Ttl {
        max.min(self.rule.ttl.unwrap_or(max)).min(granted.unwrap_or(max))
    }
}

/// An entry of the list `deny`.
struct DenyDescription<'a> {
    /// The path of the entry in the document.
    name: String,
    who: &'a CallerConditions,
    /// The caller kinds that the entry can apply to.
    kinds: Vec<CallerKind>,
    callers: String,
}

impl<'a> DenyDescription<'a> {
    fn new(position: usize, who: &'a CallerConditions, accepted: &[CallerKind]) -> Self {
        let kinds = matching_kinds(who, accepted);
        let name = DecidedBy::DenyEntry(position).to_string();
        Self { name, who, callers: describe_callers(who, &kinds), kinds }
    }
}

/// Returns the accepted caller kinds that can meet the conditions.
fn matching_kinds(who: &CallerConditions, accepted: &[CallerKind]) -> Vec<CallerKind> {
    let all = [CallerKind::User, CallerKind::Service, CallerKind::Gateway, CallerKind::Anonymous];
    all.into_iter().filter(|kind| accepted.contains(kind) && who.may_match(*kind)).collect()
}

fn describe_callers(who: &CallerConditions, kinds: &[CallerKind]) -> String {
    let describe = |kind: &CallerKind| match (kind, &who.keys) {
        (CallerKind::User, _) => "users".to_owned(),
        (CallerKind::Service, None) => "callers with a service key".to_owned(),
        (CallerKind::Service, Some(names)) => {
            let names = names.iter().map(|name| format!("`{name}`"));
            format!("callers with the service key {}", listed(names, "or"))
        }
        (CallerKind::Gateway, _) => "API Gateway callers".to_owned(),
        (CallerKind::Anonymous, _) => "anonymous callers".to_owned(),
    };
    let mut callers = listed(kinds.iter().map(describe), "and");
    if kinds.is_empty() {
        callers += "no caller that `auth` accepts";
    }
    if let Some(claims) = &who.claims {
        callers += &format!(" whose {}", describe_conditions(claims));
    }
    callers
}

impl Identity {
    /// Describes the users. `wildcard` is the name of the service's tokens for all users, if there are such tokens.
    pub(crate) fn describe(&self, wildcard: Option<&str>) -> String {
        match self {
            Self::Subject => "identity self".to_owned(),
            Self::Claim(name) => format!("identity claim `{name}`"),
            Self::Any => "identity any".to_owned(),
            Self::Wildcard => wildcard.map_or_else(
                || "identity any".to_owned(),
                |name| format!("identity any or wildcard ({name})"),
            ),
        }
    }
}

/// Describes the channels or rooms of a grant. `place` is "channel" or "room".
pub(crate) fn describe_places(patterns: Option<&[NamePattern]>, place: &str) -> String {
    match patterns {
        None => format!("all {place}s"),
        Some(patterns) => format!("{place}s {}", listed(patterns, "or")),
    }
}

/// Returns the names whose flag is true.
pub(crate) fn granted(names: &[(bool, &'static str)]) -> Vec<&'static str> {
    names.iter().filter_map(|(is_granted, name)| is_granted.then_some(*name)).collect()
}
