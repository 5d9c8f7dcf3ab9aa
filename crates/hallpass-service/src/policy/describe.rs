//! Descriptions of rules, for people who check a configuration.

use hallpass_token::Ttl;

use super::caller_conditions::CallerConditions;
use super::error::DecidedBy;
use super::evaluator::Identity;
use super::pattern::NamePattern;
use super::rule::{Policy, Rule};
use crate::auth::{CallerKind, describe_conditions};
use crate::web::text::{listed, without_hex};

/// A description of a policy.
pub(crate) struct PolicyDescription {
    /// A line for each rule; its grants follow in indented lines.
    pub(crate) lines: Vec<String>,
    /// What is allowed, and may not be intended.
    pub(crate) warnings: Vec<String>,
    /// The kinds of callers that some rule applies to.
    pub(crate) kinds: Vec<CallerKind>,
}

/// A description of what a rule grants.
#[derive(Default)]
pub(crate) struct GrantsDescription<'a> {
    /// The token formats, if the rule names any.
    pub(crate) formats: Vec<&'static str>,
    pub(crate) grants: Vec<GrantDescription<'a>>,
}

/// A description of what a rule grants of one service, or of the calls to a provider.
#[derive(Default)]
pub(crate) struct GrantDescription<'a> {
    pub(crate) kind: GrantKind,
    pub(crate) service: &'static str,
    /// The text that follows the name of the service.
    pub(crate) words: String,
    /// `None` if the grant is not bound to a user.
    pub(crate) identity: Option<&'a Identity>,
    /// The parts that open more than a single user needs, and whether each is granted.
    pub(crate) privileged: Vec<(bool, &'static str)>,
    pub(crate) ttl: Option<Ttl>,
}

/// What is granted, in the order of the description.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GrantKind {
    #[default]
    Tokens,
    /// Calls to a provider about one project.
    ProjectCalls,
    /// Calls to a provider with credentials that open the whole account.
    AccountCalls,
}

struct RuleDescription<'a, G> {
    by: DecidedBy,
    rule: &'a Rule<G>,
    /// The kinds of callers that the rule can apply to.
    kinds: Vec<CallerKind>,
    callers: String,
    what: GrantsDescription<'a>,
}

impl<G> Policy<G> {
    /// Describes the rules. `kinds` are those of the callers that the configuration authenticates, `max` is the longest
    /// lifetime of a token.
    pub(crate) fn describe<'a>(
        &'a self,
        kinds: &[CallerKind],
        max: Ttl,
        grants: impl Fn(&'a G) -> GrantsDescription<'a>,
    ) -> PolicyDescription {
        let rules =
            self.rules().map(|(by, rule)| RuleDescription::new(by, rule, kinds, grants(&rule.grants)));
        // Without a policy, a rule that applies to no caller is not worth a line: no one wrote it.
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
        by: DecidedBy,
        rule: &'a Rule<G>,
        authenticated: &[CallerKind],
        mut what: GrantsDescription<'a>,
    ) -> Self {
        let all = [CallerKind::User, CallerKind::Service, CallerKind::Gateway, CallerKind::Anonymous];
        let may_match = |kind: &CallerKind| authenticated.contains(kind) && rule.who.may_match(*kind);
        let kinds: Vec<_> = all.into_iter().filter(may_match).collect();
        what.grants.sort_by_key(|grant| grant.kind);
        Self { by, rule, callers: describe_callers(&rule.who, &kinds), kinds, what }
    }

    fn lines(&self, max: Ttl) -> Vec<String> {
        let formats = match self.what.formats.as_slice() {
            [] => String::new(),
            formats => format!(" in format {}", listed(formats, "or")),
        };
        let projects = self.rule.projects.as_ref().map_or_else(String::new, |names| {
            let names = names.iter().map(|name| format!("`{}`", without_hex(name)));
            format!(" of project {}", listed(names, "or"))
        });
        let tokens = if formats.is_empty() && projects.is_empty() { "" } else { " tokens" };
        let mut lines = vec![format!("{}: {} get{tokens}{projects}{formats}", self.by, self.callers)];
        lines.extend(self.what.grants.iter().map(
            |GrantDescription { kind, service, words, ttl, .. }| {
                let ttl = max.min(self.rule.ttl.unwrap_or(max)).min(ttl.unwrap_or(max)).seconds().0;
                let limit =
                    if *kind == GrantKind::Tokens { format!(", for {ttl} s at most") } else { String::new() };
                format!("  {service}{words}{limit}")
            },
        ));
        lines
    }

    fn warnings(&self, earlier: &[Self]) -> Vec<String> {
        let Self { by, callers, .. } = self;
        let mut warnings = Vec::new();
        let privileged =
            self.what.grants.iter().filter_map(|GrantDescription { service, privileged, .. }| {
                let parts = granted(privileged);
                (!parts.is_empty()).then(|| format!("{service} ({})", parts.join(", ")))
            });
        let privileged = privileged.collect::<Vec<_>>().join(", ");
        if !privileged.is_empty() {
            warnings.push(format!("{by} gives {callers} what opens more than one user needs: {privileged}"));
        }
        for GrantDescription { service, identity, .. } in &self.what.grants {
            let can_be = |kind: &CallerKind| identity.is_none_or(|identity| identity.can_identify(*kind));
            if !self.kinds.iter().any(can_be) {
                warnings.push(format!(
                    "{by} gives nothing of {service}: {callers} have nobody to be by its `identity`"
                ));
            }
            let decides = |rule: &&Self| {
                rule.what.grants.iter().any(|grant| grant.service == *service) && rule.covers(self)
            };
            if let Some(Self { by: earlier, .. }) = earlier.iter().find(decides) {
                warnings.push(format!(
                    "{by} never decides on {service}: {earlier} is for the same callers, and stands before it"
                ));
            }
        }
        warnings
    }

    /// Whether the rule applies to all callers that the other one applies to. False if that is not certain.
    fn covers(&self, other: &Self) -> bool {
        let (rule, other_rule) = (self.rule, other.rule);
        let has_claims = rule.who.claims.iter().flatten().all(|(name, wanted)| {
            let mut of_other = other_rule.who.claims.iter().flatten();
            of_other.any(|(known, values)| known == name && values.iter().all(|value| wanted.contains(value)))
        });
        has_claims
            && other.kinds.iter().all(|kind| self.kinds.contains(kind))
            && is_among(other_rule.projects.as_deref(), rule.projects.as_deref())
            && is_among(other_rule.who.keys.as_deref(), rule.who.keys.as_deref())
    }
}

/// Whether all of these names are among the others. `None` stands for every name.
fn is_among(names: Option<&[String]>, others: Option<&[String]>) -> bool {
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
        (CallerKind::Gateway, _) => "callers of API Gateway".to_owned(),
        (CallerKind::Anonymous, _) => "callers without credentials".to_owned(),
    };
    let mut callers = listed(kinds.iter().map(describe), "and");
    if kinds.is_empty() {
        callers += "nobody who is let in";
    }
    if let Some(claims) = &who.claims {
        callers += &format!(" whose {}", describe_conditions(claims));
    }
    callers
}

impl Identity {
    /// Describes the users. `has_uid` is whether the service knows a uid for all users.
    pub(crate) fn describe(&self, has_uid: bool) -> String {
        match self {
            Self::Subject => ", as themselves".to_owned(),
            Self::Claim(name) => format!(", as whom their claim `{name}` names"),
            Self::Wildcard if has_uid => ", as whom they like or as anybody".to_owned(),
            Self::Any | Self::Wildcard => ", as whom they like".to_owned(),
        }
    }

    /// Whether callers of this kind can have tokens for a user.
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
        None => format!(" in every {place}"),
        Some(patterns) => format!(" in {place} {}", listed(patterns, "or")),
    }
}

/// Returns the names that are granted.
pub(crate) fn granted(names: &[(bool, &'static str)]) -> Vec<&'static str> {
    names.iter().filter_map(|(is_granted, name)| is_granted.then_some(*name)).collect()
}
