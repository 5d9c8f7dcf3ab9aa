//! Conditions on callers: the field `who` of a rule.

use crate::auth::{Caller, CallerKind, Claims, read_conditions};
use crate::web::json::{Invalid, Json};

/// Conditions on callers. A caller must meet all conditions that are set.
#[derive(Debug, Default)]
pub(crate) struct CallerConditions {
    pub(crate) kinds: Option<Vec<CallerKind>>,
    /// The names of the accepted service keys.
    pub(crate) keys: Option<Vec<String>>,
    /// The names of the required claims, each with its accepted values.
    pub(crate) claims: Option<Vec<(String, Vec<Json<'static>>)>>,
}

impl CallerConditions {
    /// Returns a condition that only callers of these kinds meet.
    pub(crate) fn kinds(kinds: &[CallerKind]) -> Self {
        Self { kinds: Some(kinds.to_vec()), ..Self::default() }
    }

    /// Reads the field `who` of a rule. `kinds` are the caller kinds that `auth` accepts; `keys` are the names of the
    /// service keys.
    #[inline(never)]
    pub(crate) fn read<'j>(
        value: &'j Json<'j>,
        kinds: &[CallerKind],
        keys: &[&str],
    ) -> Result<Self, Invalid<'j>> {
        let fields = value.fields(&["kind", "key", "claims"])?;
        let mut conditions = Self::default();
        if let Some(value) = fields.get("kind") {
            let named = value.read_one_or_more(CallerKind::read)?;
            if !named.iter().all(|kind| kinds.contains(kind)) {
                return Err(Invalid::new(value, "expected caller kinds that `auth` accepts"));
            }
            conditions.kinds = Some(named);
        }
        if let Some(value) = fields.get("key") {
            let named = read_names(value, keys, "expected the name of a key in `auth.keys`")?;
            if !conditions.has_kind(CallerKind::Service) {
                return Err(Invalid::new(
                    value,
                    "applies only to the kind \"service\". Add it to `kind`, or remove `kind`.",
                ));
            }
            conditions.keys = Some(named);
        }
        if let Some(value) = fields.get("claims") {
            let claims = read_conditions(value)?;
            if claims.is_empty() {
                return Err(Invalid::new(value, "expected at least one claim"));
            }
            let may_have = kinds.iter().any(|kind| kind.has_claims() && conditions.has_kind(*kind));
            if conditions.keys.is_some() || !may_have {
                let detail =
                    "applies only to the kinds \"user\" and \"gateway\", and `auth` must accept one of them";
                return Err(Invalid::new(value, detail));
            }
            conditions.claims = Some(claims);
        }
        Ok(conditions)
    }

    /// Returns whether the caller meets all conditions.
    pub(crate) fn matches(&self, caller: &Caller) -> bool {
        self.matches_with(caller, Claims::matches)
    }

    /// Returns whether the caller meets all conditions of an entry of `deny`. The name of a claim refers to each claim that
    /// the name can describe, because an ambiguous name must not grant access.
    pub(super) fn denies(&self, caller: &Caller) -> bool {
        self.matches_with(caller, Claims::matches_any_reading)
    }

    fn matches_with(&self, caller: &Caller, matches: fn(&Claims, &str, &[Json<'static>]) -> bool) -> bool {
        let is_key = self.keys.as_ref().is_none_or(|names| {
            let name = caller.subject().filter(|_| caller.kind() == CallerKind::Service);
            name.is_some_and(|name| names.iter().any(|known| known == name))
        });
        let has_claims = self.claims.as_ref().is_none_or(|claims| {
            claims.iter().all(|(name, accepted)| matches(caller.claims(), name, accepted))
        });
        self.has_kind(caller.kind()) && is_key && has_claims
    }

    /// Returns whether a caller of this kind can meet the conditions.
    pub(crate) fn may_match(&self, kind: CallerKind) -> bool {
        let has_key = self.keys.is_none() || kind == CallerKind::Service;
        let has_claims = self.claims.is_none() || kind.has_claims();
        self.has_kind(kind) && has_key && has_claims
    }

    /// Returns whether the condition `kind` accepts this caller kind.
    fn has_kind(&self, kind: CallerKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// Reads one or more names. Rejects names that are not in `known`.
pub(super) fn read_names<'j>(
    value: &'j Json<'j>,
    known: &[&str],
    expected: &str,
) -> Result<Vec<String>, Invalid<'j>> {
    let names = value.read_one_or_more(Json::string)?;
    if !names.iter().all(|name| known.contains(name)) {
        return Err(Invalid::new(value, expected));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}
