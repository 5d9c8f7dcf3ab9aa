//! Warnings about rules whose effect may not be intended.

use hallpass_token::Ttl;

use super::{DenyDescription, GrantDescription, RuleDescription, granted};
use crate::auth::CallerKind;
use crate::policy::caller_conditions::CallerConditions;
use crate::policy::evaluator::Identity;
use crate::policy::pattern::NamePattern;
use crate::web::json::Json;

impl<G> RuleDescription<'_, G> {
    /// Returns the warnings about the rule. `earlier` and `later` are the other rules of the document.
    pub(super) fn warnings(
        &self,
        (earlier, later): (&[Self], &[Self]),
        denied: &[DenyDescription<'_>],
        max: Ttl,
    ) -> Vec<String> {
        let Self { name, callers, .. } = self;
        if self.kinds.is_empty() {
            return vec![format!("{name} has no effect: `auth` accepts no caller that meets its conditions")];
        }
        if let Some(entry) = denied.iter().find(|entry| entry.covers(self)) {
            return vec![format!("{name} has no effect: {} denies the same callers", entry.name)];
        }
        let grants = &self.description.grants;
        let mut warnings: Vec<_> =
            gateway_warning(name, &self.rule.who, &self.kinds, false).into_iter().collect();
        let privileged = grants.iter().filter_map(|GrantDescription { service, privileged, .. }| {
            let parts = granted(privileged);
            (!parts.is_empty()).then(|| format!("{service} ({})", parts.join(", ")))
        });
        let privileged = privileged.collect::<Vec<_>>().join(", ");
        if !privileged.is_empty() {
            warnings.push(format!("{name} grants privileged access to {callers}: {privileged}"));
        }
        if self.description.formats.contains(&"006") {
            warnings.push(format!(
                "{name} grants format 006 to {callers}: the holder of a 006 token can change its channel and its user"
            ));
        }
        for grant in grants {
            let service = grant.service;
            let can_identify = |kind: &CallerKind| {
                grant.includes_userless || grant.identity.is_none_or(|identity| identity.can_identify(*kind))
            };
            if !self.kinds.iter().any(can_identify) {
                warnings.push(format!(
                    "{name} never grants {service}: its `identity` cannot be resolved for {callers}"
                ));
            } else if let Some((earlier, own)) =
                earlier.iter().find_map(|earlier| Some((earlier, earlier.grants_all(self, grant)?)))
            {
                let mut warning = format!(
                    "{name} adds nothing for {service}: {} comes first and grants the same to the same callers",
                    earlier.name
                );
                if earlier.max_ttl(own.ttl, max) < self.max_ttl(grant.ttl, max) {
                    warning += &format!(". The longer TTL of {name} has no effect");
                }
                warnings.push(warning);
            } else if let Some(later) = later.iter().find(|later| later.includes_all(self, grant)) {
                warnings.push(format!(
                    "{name} does not restrict {service}: {} applies to the same callers and grants at least the same",
                    later.name
                ));
            }
        }
        if self.rule.inspect
            && let Some(earlier) = earlier.iter().find(|earlier| earlier.rule.inspect && earlier.covers(self))
        {
            warnings.push(format!(
                "{name} adds nothing for inspect: {} comes first and grants the same to the same callers",
                earlier.name
            ));
        }
        warnings
    }

    /// Returns the grant of this rule for the same service, only if the rule certainly grants every request that `other`
    /// grants through `grant`. The maximum TTLs do not matter, because a TTL above the maximum is capped, not denied.
    fn grants_all(&self, other: &Self, grant: &GrantDescription<'_>) -> Option<&GrantDescription<'_>> {
        self.grant_for(grant).filter(|own| own.covers(grant) && self.has_formats(other) && self.covers(other))
    }

    /// Returns true only if the rule certainly grants every complete request that `other` grants through `grant`.
    fn includes_all(&self, other: &Self, grant: &GrantDescription<'_>) -> bool {
        let own = self.grant_for(grant);
        own.is_some_and(|own| own.includes(grant)) && self.has_formats(other) && self.covers(other)
    }

    /// Returns the grant of this rule for the same service.
    fn grant_for(&self, grant: &GrantDescription<'_>) -> Option<&GrantDescription<'_>> {
        self.description.grants.iter().find(|own| own.service == grant.service)
    }

    /// Returns true only if the rule certainly grants every token format that `other` grants.
    fn has_formats(&self, other: &Self) -> bool {
        let (own, others) = (&self.description.formats, &other.description.formats);
        own == others || (!own.is_empty() && ["006", "007"].iter().all(|format| own.contains(format)))
    }

    /// Returns true only if the rule certainly applies to every request that `other` applies to.
    fn covers(&self, other: &Self) -> bool {
        let projects = (other.rule.projects.as_deref(), self.rule.projects.as_deref());
        is_subset(projects.0, projects.1)
            && covers(&self.rule.who, &self.kinds, &other.rule.who, &other.kinds)
    }
}

impl DenyDescription<'_> {
    /// Returns warnings if the entry applies to every accepted caller, to no accepted caller, or to callers that can become
    /// anonymous. `granted` are the caller kinds that at least one rule applies to.
    pub(super) fn warnings(&self, accepted: &[CallerKind], granted: &[CallerKind]) -> Vec<String> {
        let Self { name, who, kinds, .. } = self;
        if kinds.is_empty() {
            return vec![format!("{name} has no effect: `auth` accepts no caller that meets its conditions")];
        }
        if who.claims.is_none() && who.keys.is_none() && kinds.len() == accepted.len() {
            return vec![format!("{name} denies every request of every caller")];
        }
        let mut warnings: Vec<_> = gateway_warning(name, who, kinds, true).into_iter().collect();
        if who.claims.is_some() && granted.contains(&CallerKind::Anonymous) {
            warnings.push(format!(
                "{name} does not deny anonymous callers: because `auth.open` is set, a denied caller can omit the credentials, and then gets everything that anonymous callers get"
            ));
        }
        warnings
    }

    /// Returns true only if the entry certainly applies to every caller that the rule applies to.
    fn covers<G>(&self, rule: &RuleDescription<'_, G>) -> bool {
        covers(self.who, &self.kinds, &rule.rule.who, &rule.kinds)
    }
}

/// Returns a warning if callers of API Gateway cannot meet a condition on a claim. `is_deny` is true for an entry of `deny`.
fn gateway_warning(
    name: &str,
    who: &CallerConditions,
    kinds: &[CallerKind],
    is_deny: bool,
) -> Option<String> {
    let mut claims = who.claims.iter().flatten();
    let reason = claims.find_map(|(claim, accepted)| unmet_by_strings(claim, accepted, is_deny))?;
    kinds.contains(&CallerKind::Gateway).then(|| {
        format!(
            "{name} never applies to API Gateway callers: API Gateway passes claims as strings, so {reason}"
        )
    })
}

/// Returns the reason if a condition on a claim is not met by any claims that are strings.
fn unmet_by_strings(claim: &str, accepted: &[Json<'_>], is_deny: bool) -> Option<String> {
    let is_field = match claim.strip_prefix('/') {
        Some(pointer) => pointer.contains('/'),
        // The name of a top-level claim can be a URL, which contains dots.
        None => claim.contains('.') && !claim.contains([':', '/']),
    };
    let is_boolean = |value: &Json<'_>| matches!(value, Json::Bool(_));
    if is_field {
        Some(format!("`{claim}` cannot be a field of an object. Use a claim at the top level"))
    } else if !accepted.iter().all(|value| is_boolean(value) || matches!(value, Json::Object(_))) {
        None
    } else if accepted.iter().any(is_boolean) {
        // An entry of `deny` also matches the text of a boolean.
        (!is_deny).then(|| format!("`{claim}` must also accept \"true\" or \"false\""))
    } else {
        Some(format!("`{claim}` cannot be an object with members. Accept a string instead of `has_member`"))
    }
}

/// Returns true only if every caller that meets the conditions `other` certainly meets the conditions `who`. `kinds` and
/// `other_kinds` are the caller kinds that can meet the conditions.
fn covers(
    who: &CallerConditions,
    kinds: &[CallerKind],
    other: &CallerConditions,
    other_kinds: &[CallerKind],
) -> bool {
    let has_claims = who.claims.iter().flatten().all(|(name, accepted)| {
        let mut conditions = other.claims.iter().flatten();
        conditions.any(|(known, values)| known == name && values.iter().all(|value| accepted.contains(value)))
    });
    has_claims
        && other_kinds.iter().all(|kind| kinds.contains(kind))
        && is_subset(other.keys.as_deref(), who.keys.as_deref())
}

impl GrantDescription<'_> {
    /// Returns true only if the grant certainly grants every request that `other` grants.
    fn covers(&self, other: &Self) -> bool {
        self.includes(other) && self.fills_in_place(other) && self.fills_in_user(other)
    }

    /// Returns true only if the grant certainly grants every complete request that `other` grants. A complete request
    /// specifies the channel and the user.
    fn includes(&self, other: &Self) -> bool {
        let has_privileged =
            granted(&other.privileged).iter().all(|part| granted(&self.privileged).contains(part));
        has_privileged
            && is_subset(other.roles.as_deref(), self.roles.as_deref())
            && self.includes_places(other)
            && self.includes_users(other)
    }

    fn includes_places(&self, other: &Self) -> bool {
        let Some(own) = self.places else { return true };
        let is_covered = |place: &NamePattern| own.iter().any(|own| own.covers(place));
        other.places.is_some_and(|places| places.iter().all(is_covered))
    }

    /// Returns whether the grant also grants requests that omit the channel or room, if `other` does.
    fn fills_in_place(&self, other: &Self) -> bool {
        let accepts_none = self.places.is_none() && !self.requires_place;
        accepts_none || other.sole_place().is_none_or(|place| self.sole_place() == Some(place))
    }

    /// Returns the only channel or room of the grant, if its pattern matches a single name.
    fn sole_place(&self) -> Option<&NamePattern> {
        match self.places? {
            [place] if !place.has_wildcard() => Some(place),
            _ => None,
        }
    }

    fn includes_users(&self, other: &Self) -> bool {
        match (self.identity, other.identity) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) if own == other => true,
            (Some(Identity::Wildcard), Some(_)) => true,
            (Some(Identity::Any), Some(other)) => *other != Identity::Wildcard,
            (Some(Identity::Subject | Identity::Claim(_)), Some(_)) => false,
        }
    }

    /// Returns whether the grant also grants requests that omit the user, if `other` does.
    fn fills_in_user(&self, other: &Self) -> bool {
        let is_bound =
            |identity: Option<&Identity>| matches!(identity, Some(Identity::Subject | Identity::Claim(_)));
        !self.requires_user || is_bound(self.identity) || !is_bound(other.identity)
    }
}

/// Returns whether `others` contains all of `names`. `None` represents every name.
fn is_subset(names: Option<&[String]>, others: Option<&[String]>) -> bool {
    others.is_none_or(|others| names.is_some_and(|names| names.iter().all(|name| others.contains(name))))
}

impl Identity {
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
