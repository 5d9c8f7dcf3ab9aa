//! Rules, and the decision on a request.

use hallpass_token::Ttl;

use super::caller_conditions::{CallerConditions, read_names};
use super::error::{DecidedBy, DecisionError, DeniedPart, PolicyError};
use crate::auth::{Caller, CallerKind};
use crate::settings::read_ttl;
use crate::web::json::{Fields, Invalid, Json};

/// The rules in the order of the document. Rules are additive: for each requested service, the first rule that applies to
/// the caller and grants the request decides. `G` is the type of the grants.
#[derive(Debug)]
pub(crate) struct Policy<G> {
    /// The callers that no rule grants anything.
    denied: Vec<CallerConditions>,
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
    /// True if the rule grants the inspection of tokens. An inspection uses the keys of all projects.
    pub(crate) inspect: bool,
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

/// The rule that grants a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantingRule<T> {
    pub(crate) by: DecidedBy,
    /// The maximum TTL of tokens that the rule grants. The maximum is the same for all services of the rule.
    pub(crate) ttl: Ttl,
    pub(crate) grant: T,
}

impl<G> Policy<G> {
    /// Returns the policy for a configuration without `policy`.
    pub(crate) const fn default_rules(denied: Vec<CallerConditions>, rules: Vec<Rule<G>>) -> Self {
        Self { denied, rules, is_default: true }
    }

    /// Returns a policy with the rules of a configuration.
    pub(crate) const fn new(denied: Vec<CallerConditions>, rules: Vec<Rule<G>>) -> Self {
        Self { denied, rules, is_default: false }
    }

    /// Checks the list `deny`, which precedes all rules.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if an entry of the list applies to the caller.
    pub(crate) fn check_caller(&self, caller: &Caller) -> Result<(), PolicyError> {
        match self.denied.iter().position(|who| who.denies(caller)) {
            None => Ok(()),
            Some(position) => Err(PolicyError::new(DeniedPart::Caller, "", CALLER_DENIED)
                .with_rules(vec![DecidedBy::DenyEntry(position)])),
        }
    }

    /// Returns the entries of the list `deny`.
    #[cfg(feature = "check")]
    pub(crate) fn denied(&self) -> &[CallerConditions] {
        &self.denied
    }

    /// Returns whether this is the default policy.
    pub(crate) const fn is_default(&self) -> bool {
        self.is_default
    }

    /// Returns the rules, each with the reference that errors and logs contain.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (DecidedBy, &Rule<G>)> {
        let by =
            |position| if self.is_default { DecidedBy::DefaultPolicy } else { DecidedBy::Rule(position) };
        self.rules.iter().enumerate().map(move |(position, rule)| (by(position), rule))
    }

    /// Returns the first rule that applies to the caller and grants the request. `check` returns the grant, an error if the
    /// grant does not include the request, or `None` if the rule does not name the service.
    ///
    /// # Errors
    /// If no rule grants the request, returns the error of the first rule that applies to the caller and names the service.
    /// If no such rule exists, returns [`PolicyError`].
    pub(crate) fn decide<'a, T, E: DecisionError>(
        &'a self,
        caller: &Caller,
        project: &str,
        service: &str,
        check: &mut dyn FnMut(&'a Rule<G>) -> Option<Result<T, E>>,
    ) -> Result<GrantingRule<T>, E> {
        let (mut first_error, mut rules) = (None, Vec::new());
        for (by, rule) in self.rules() {
            if !rule.applies_to(caller, project) {
                continue;
            }
            match check(rule) {
                None => {}
                Some(Ok(grant)) => return Ok(GrantingRule { by, ttl: rule.ttl.unwrap_or(Ttl::MAX), grant }),
                Some(Err(error)) => {
                    rules.push(by);
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or_else(|| no_rule(caller, service).into()).with_rules(rules))
    }

    /// Returns the rule that grants the inspection of tokens.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if no rule grants inspections to the caller.
    pub(crate) fn decide_inspection(&self, caller: &Caller) -> Result<DecidedBy, PolicyError> {
        let granting = self.decide(caller, "", "inspect", &mut |rule| rule.inspect.then_some(Ok(())));
        granting.map(|rule| rule.by)
    }
}

/// Returns the denial of a service that no rule grants to the caller.
#[cold]
#[inline(never)]
fn no_rule(caller: &Caller, service: &str) -> PolicyError {
    let kind = caller.kind().as_str();
    let reason = format!(
        "No rule grants `{service}` to this caller (kind: `{kind}`). Add a rule that matches the caller and includes `{service}`."
    );
    PolicyError::new(DeniedPart::Service, service, reason)
}

const CALLER_DENIED: &str = "The list `deny` of the configuration denies every request of this caller.";

impl<G: Default> Rule<G> {
    /// Reads a rule. The function `grants` reads the fields that `grant_fields` names, and returns `None` if the rule
    /// grants nothing. Its second argument is a function that returns whether the rule can apply to a caller kind.
    pub(crate) fn read<'j>(
        value: &'j Json<'j>,
        context: &RuleContext<'_>,
        grant_fields: &[&str],
        grants: impl Fn(Fields<'j>, &dyn Fn(CallerKind) -> bool) -> Result<Option<G>, Invalid<'j>>,
    ) -> Result<Self, Invalid<'j>> {
        let fields = value.fields(&[&["who", "project", "ttl", "inspect"], grant_fields].concat())?;
        let who = fields
            .get("who")
            .map(|who| CallerConditions::read(who, context.kinds, context.keys))
            .transpose()?;
        let who = who.unwrap_or_default();
        let read = |value| read_names(value, context.projects, "expected the name of a configured project");
        let projects = fields.get("project").map(read).transpose()?;
        let ttl = fields.read("ttl", read_ttl)?;
        let inspect = fields.read("inspect", Json::boolean)?.unwrap_or_default();
        if inspect && projects.is_some() {
            let detail = "cannot be combined with `project`, because an inspection uses the keys of all projects. Write a separate rule.";
            return Err(Invalid::field(value, "inspect", detail));
        }
        let may_match = |kind| context.kinds.contains(&kind) && who.may_match(kind);
        let grants = grants(fields, &may_match)?;
        if grants.is_none() && !inspect {
            return Err(Invalid::new(value, "expected at least one service, such as `rtc`"));
        }
        Ok(Self { who, projects, ttl, inspect, grants: grants.unwrap_or_default() })
    }
}

impl<G> Rule<G> {
    /// Returns whether the rule applies to this caller and this project.
    fn applies_to(&self, caller: &Caller, project: &str) -> bool {
        let is_project = |names: &Vec<String>| names.iter().any(|name| name == project);
        self.projects.as_ref().is_none_or(is_project) && self.who.matches(caller)
    }
}
