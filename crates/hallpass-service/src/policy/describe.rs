//! Descriptions of rules for `cargo xtask check-config`.

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
    /// The users that the grant allows; `None` if the grant is not bound to a user.
    pub(crate) identity: Option<&'a Identity>,
    /// The names of the service's privileged parts, each with a flag. The flag is true if the rule grants the part.
    pub(crate) privileged: Vec<(bool, &'static str)>,
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
        let warnings = rules.iter().enumerate().flat_map(|(position, rule)| {
            let earlier = rules.get(..position).unwrap_or_default();
            rule.warnings(earlier)
        });
        PolicyDescription {
            lines: rules.iter().flat_map(|rule| rule.lines(max)).collect(),
            warnings: warnings.collect(),
            kinds: rules.iter().flat_map(|rule| rule.kinds.iter().copied()).collect(),
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
        let all = [CallerKind::User, CallerKind::Service, CallerKind::Gateway, CallerKind::Anonymous];
        let may_match = |kind: &CallerKind| accepted.contains(kind) && rule.who.may_match(*kind);
        let kinds: Vec<_> = all.into_iter().filter(may_match).collect();
        description.grants.sort_by_key(|grant| grant.kind);
        let name = match id {
            DecidedBy::Rule(_) => id.to_string(),
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
                let ttl = max.min(self.rule.ttl.unwrap_or(max)).min(ttl.unwrap_or(max));
                limits.push(format!("TTL at most {} s", ttl.seconds().0));
            }
            lines.push(format!("  {service}: {}", limits.join(", ")));
        }
        lines
    }

    fn warnings(&self, earlier: &[Self]) -> Vec<String> {
        let Self { name, callers, .. } = self;
        let mut warnings = Vec::new();
        let grants = &self.description.grants;
        let privileged = grants.iter().filter_map(|GrantDescription { service, privileged, .. }| {
            let parts = granted(privileged);
            (!parts.is_empty()).then(|| format!("{service} ({})", parts.join(", ")))
        });
        let privileged = privileged.collect::<Vec<_>>().join(", ");
        if !privileged.is_empty() {
            warnings.push(format!("{name} grants privileged access to {callers}: {privileged}"));
        }
        for GrantDescription { service, identity, .. } in grants {
            let can_identify =
                |kind: &CallerKind| identity.is_none_or(|identity| identity.can_identify(*kind));
            if !self.kinds.iter().any(can_identify) {
                warnings.push(format!(
                    "{name} never grants {service}: its `identity` cannot be resolved for {callers}"
                ));
            }
            let decides = |rule: &&Self| {
                rule.description.grants.iter().any(|grant| grant.service == *service) && rule.covers(self)
            };
            if let Some(Self { name: earlier, .. }) = earlier.iter().find(decides) {
                warnings.push(format!(
                    "{name} has no effect on {service}: {earlier} comes first and applies to the same callers"
                ));
            }
        }
        warnings
    }

    /// Returns true only if the rule certainly applies to every caller that `other` applies to.
    fn covers(&self, other: &Self) -> bool {
        let (rule, other_rule) = (self.rule, other.rule);
        let has_claims = rule.who.claims.iter().flatten().all(|(name, accepted)| {
            let mut conditions = other_rule.who.claims.iter().flatten();
            conditions
                .any(|(known, values)| known == name && values.iter().all(|value| accepted.contains(value)))
        });
        has_claims
            && other.kinds.iter().all(|kind| self.kinds.contains(kind))
            && is_subset(other_rule.projects.as_deref(), rule.projects.as_deref())
            && is_subset(other_rule.who.keys.as_deref(), rule.who.keys.as_deref())
    }
}

/// Returns whether `others` contains all of `names`. `None` represents every name.
fn is_subset(names: Option<&[String]>, others: Option<&[String]>) -> bool {
    others.is_none_or(|others| names.is_some_and(|names| names.iter().all(|name| others.contains(name))))
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

    /// Returns whether the identity can be resolved for callers of this kind.
    fn can_identify(&self, kind: CallerKind) -> bool {
        match (self, kind) {
            (Self::Any | Self::Wildcard, _)
            | (_, CallerKind::User | CallerKind::Gateway)
            | (Self::Subject, CallerKind::Service) => true,
            (Self::Claim(name), CallerKind::Service) => name == "sub",
            (Self::Subject | Self::Claim(_), CallerKind::Anonymous) => false,
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
