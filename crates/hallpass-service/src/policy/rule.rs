//! Rules, and how the one that decides is found.

use hallpass_token::Ttl;

use super::caller_conditions::{CallerConditions, read_names};
use super::error::{DecidedBy, DeniedPart, PolicyError};
use crate::auth::{Caller, CallerKind};
use crate::settings::read_ttl;
use crate::web::json::{Fields, Invalid, Json};

/// Rules in the order of the document. For each requested service, the first rule decides that applies to the caller and
/// names the service. `G` is what a rule grants.
#[derive(Debug)]
pub(crate) struct Policy<G> {
    rules: Vec<Rule<G>>,
    is_default: bool,
}

/// One rule: whom it applies to, and what it grants.
#[derive(Debug, Default)]
pub(crate) struct Rule<G> {
    pub(crate) who: CallerConditions,
    /// Names of projects; `None` for every project.
    pub(crate) projects: Option<Vec<String>>,
    /// The longest lifetime of a token that the rule grants.
    pub(crate) ttl: Option<Ttl>,
    pub(crate) grants: G,
}

/// What the rest of the configuration says, which rules are checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleContext<'a> {
    /// The kinds of callers that the configuration authenticates.
    pub(crate) kinds: &'a [CallerKind],
    /// The names of the service keys.
    pub(crate) keys: &'a [&'a str],
    pub(crate) projects: &'a [&'a str],
}

/// The rule that decides on a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MatchedRule<T> {
    pub(crate) by: DecidedBy,
    /// The longest lifetime that the rule grants, for all of its services.
    pub(crate) ttl: Ttl,
    pub(crate) grant: T,
}

impl<G> Policy<G> {
    /// Returns the rules that apply if the configuration has no policy.
    pub(crate) const fn default_rules(rules: Vec<Rule<G>>) -> Self {
        Self { rules, is_default: true }
    }

    /// Returns the rules of a configuration.
    pub(crate) const fn new(rules: Vec<Rule<G>>) -> Self {
        Self { rules, is_default: false }
    }

    /// Whether the configuration has no policy.
    #[cfg(feature = "check")]
    pub(crate) const fn is_default(&self) -> bool {
        self.is_default
    }

    /// Returns the rules, each with its place in the document.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (DecidedBy, &Rule<G>)> {
        let by = |position| if self.is_default { DecidedBy::NoPolicy } else { DecidedBy::Rule(position) };
        self.rules.iter().enumerate().map(move |(position, rule)| (by(position), rule))
    }

    /// Finds the first rule that applies to the caller and names the service. `grant` returns what a rule grants of it.
    ///
    /// # Errors
    /// [`PolicyError`] if there is none.
    pub(crate) fn find<'a, T>(
        &'a self,
        caller: &Caller,
        project: &str,
        service: &str,
        grant: impl Fn(&'a G) -> Option<T>,
    ) -> Result<MatchedRule<T>, PolicyError> {
        for (by, rule) in self.rules() {
            if let Some(grant) = grant(&rule.grants)
                && rule.applies_to(caller, project)
            {
                return Ok(MatchedRule { by, ttl: rule.ttl.unwrap_or(Ttl::MAX), grant });
            }
        }
        let kind = caller.kind().as_str();
        let reason = format!("no rule gives `{service}` to this caller, whose kind is `{kind}`");
        Err(PolicyError::new(DeniedPart::Service, service, reason))
    }
}

impl<G> Rule<G> {
    /// Reads a rule. `grant_fields` are the fields that `grants` reads; it gets the conditions on the caller as well, and
    /// returns `None` if nothing is granted.
    pub(crate) fn read<'j>(
        value: &'j Json<'j>,
        context: &RuleContext<'_>,
        grant_fields: &[&str],
        grants: impl Fn(Fields<'j>, &dyn Fn(CallerKind) -> bool) -> Result<Option<G>, Invalid<'j>>,
    ) -> Result<Self, Invalid<'j>> {
        let fields = value.fields(&[&["who", "project", "ttl"], grant_fields].concat())?;
        let who = fields
            .get("who")
            .map(|who| CallerConditions::read(who, context.kinds, context.keys))
            .transpose()?;
        let who = who.unwrap_or_default();
        let read = |value| read_names(value, context.projects, "expected the name of a project");
        let projects = fields.get("project").map(read).transpose()?;
        let ttl = fields.read("ttl", read_ttl)?;
        let may_match = |kind| context.kinds.contains(&kind) && who.may_match(kind);
        let grants = grants(fields, &may_match)?
            .ok_or_else(|| Invalid::new(value, "expected a grant for at least one service"))?;
        Ok(Self { who, projects, ttl, grants })
    }

    /// Whether the rule applies to this caller and to tokens of this project.
    fn applies_to(&self, caller: &Caller, project: &str) -> bool {
        let is_project = |names: &Vec<String>| names.iter().any(|name| name == project);
        self.projects.as_ref().is_none_or(is_project) && self.who.matches(caller)
    }
}
