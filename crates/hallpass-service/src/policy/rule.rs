//! Rules and rule matching.

use hallpass_token::Ttl;

use super::caller_conditions::{CallerConditions, read_names};
use super::error::{DecidedBy, DeniedPart, PolicyError};
use crate::auth::{Caller, CallerKind};
use crate::settings::read_ttl;
use crate::web::json::{Fields, Invalid, Json};

/// The rules in the order of the document. For each requested service, the policy applies the first rule that matches
/// the caller and names the service. `G` is the type of the grants.
#[derive(Debug)]
pub(crate) struct Policy<G> {
    rules: Vec<Rule<G>>,
    is_default: bool,
}

/// A rule: conditions on callers, and grants.
#[derive(Debug, Default)]
pub(crate) struct Rule<G> {
    pub(crate) who: CallerConditions,
    /// The names of the projects that the rule applies to; `None` for all projects.
    pub(crate) projects: Option<Vec<String>>,
    /// The maximum TTL of tokens that the rule grants.
    pub(crate) ttl: Option<Ttl>,
    pub(crate) grants: G,
}

/// The parts of the configuration that rules refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RuleContext<'a> {
    /// The caller kinds that `auth` accepts.
    pub(crate) kinds: &'a [CallerKind],
    /// The names of the service keys.
    pub(crate) keys: &'a [&'a str],
    pub(crate) projects: &'a [&'a str],
}

/// The rule that the policy applies to a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MatchedRule<T> {
    pub(crate) by: DecidedBy,
    /// The maximum TTL of tokens that the rule grants. The maximum is the same for all services of the rule.
    pub(crate) ttl: Ttl,
    pub(crate) grant: T,
}

impl<G> Policy<G> {
    /// Returns the policy for a configuration without `policy`.
    pub(crate) const fn default_rules(rules: Vec<Rule<G>>) -> Self {
        Self { rules, is_default: true }
    }

    /// Returns a policy with the rules of a configuration.
    pub(crate) const fn new(rules: Vec<Rule<G>>) -> Self {
        Self { rules, is_default: false }
    }

    /// Returns whether this is the default policy.
    #[cfg(feature = "check")]
    pub(crate) const fn is_default(&self) -> bool {
        self.is_default
    }

    /// Returns the rules, each with the reference that errors and logs contain.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (DecidedBy, &Rule<G>)> {
        let by =
            |position| if self.is_default { DecidedBy::DefaultPolicy } else { DecidedBy::Rule(position) };
        self.rules.iter().enumerate().map(move |(position, rule)| (by(position), rule))
    }

    /// Finds the first rule that applies to the caller and names the service. `grant` selects the grant of the service.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if there is no such rule.
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
        let reason = format!(
            "No rule grants `{service}` to this caller (kind: `{kind}`). Add a rule that matches the caller and includes `{service}`."
        );
        Err(PolicyError::new(DeniedPart::Service, service, reason))
    }
}

impl<G> Rule<G> {
    /// Reads a rule. The function `grants` reads the fields that `grant_fields` names, and returns `None` if the rule
    /// grants nothing. Its second argument is a function that returns whether the rule can apply to a caller kind.
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
        let read = |value| read_names(value, context.projects, "expected the name of a configured project");
        let projects = fields.get("project").map(read).transpose()?;
        let ttl = fields.read("ttl", read_ttl)?;
        let may_match = |kind| context.kinds.contains(&kind) && who.may_match(kind);
        let grants = grants(fields, &may_match)?
            .ok_or_else(|| Invalid::new(value, "expected at least one service, such as `rtc`"))?;
        Ok(Self { who, projects, ttl, grants })
    }

    /// Returns whether the rule applies to this caller and this project.
    fn applies_to(&self, caller: &Caller, project: &str) -> bool {
        let is_project = |names: &Vec<String>| names.iter().any(|name| name == project);
        self.projects.as_ref().is_none_or(is_project) && self.who.matches(caller)
    }
}
