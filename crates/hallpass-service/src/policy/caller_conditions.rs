//! Conditions on the caller.

use crate::auth::{Caller, CallerKind, read_conditions};
use crate::web::json::{Invalid, Json};

/// Conditions on the caller; all that are set must hold.
#[derive(Debug, Default)]
pub(crate) struct CallerConditions {
    pub(crate) kinds: Option<Vec<CallerKind>>,
    /// Names of service keys.
    pub(crate) keys: Option<Vec<String>>,
    /// Names of claims, each with the values that it may have.
    pub(crate) claims: Option<Vec<(String, Vec<Json<'static>>)>>,
}

impl CallerConditions {
    /// Returns conditions that only callers of these kinds meet.
    pub(crate) fn kinds(kinds: &[CallerKind]) -> Self {
        Self { kinds: Some(kinds.to_vec()), ..Self::default() }
    }

    /// Reads `who` of a rule. `kinds` are those of the callers that the configuration authenticates, `keys` the names of the
    /// service keys.
    #[inline(never)]
    pub(crate) fn read<'j>(
        value: &'j Json<'j>,
        kinds: &[CallerKind],
        keys: &[&str],
    ) -> Result<Self, Invalid<'j>> {
        let fields = value.fields(&["kind", "key", "claims"])?;
        let mut who = Self::default();
        if let Some(value) = fields.get("kind") {
            let named = value.read_one_or_more(CallerKind::read)?;
            if !named.iter().all(|kind| kinds.contains(kind)) {
                return Err(Invalid::new(value, "expected kinds of callers whom `auth` lets in"));
            }
            who.kinds = Some(named);
        }
        if let Some(value) = fields.get("key") {
            let named = read_names(value, keys, "expected a name out of `auth.keys`")?;
            if !who.names(CallerKind::Service) {
                return Err(Invalid::new(value, "is for callers of the kind \"service\""));
            }
            who.keys = Some(named);
        }
        if let Some(value) = fields.get("claims") {
            let claims = read_conditions(value)?;
            if claims.is_empty() {
                return Err(Invalid::new(value, "expected at least one claim"));
            }
            let have_claims = [CallerKind::User, CallerKind::Gateway];
            let may_have = have_claims.into_iter().any(|kind| kinds.contains(&kind) && who.names(kind));
            if who.keys.is_some() || !may_have {
                let expected =
                    "is for callers of the kinds \"user\" and \"gateway\", where `auth` lets them in";
                return Err(Invalid::new(value, expected));
            }
            who.claims = Some(claims);
        }
        Ok(who)
    }

    /// Whether the caller meets all conditions.
    pub(crate) fn matches(&self, caller: &Caller) -> bool {
        let is_key = self.keys.as_ref().is_none_or(|names| {
            let name = caller.subject().filter(|_| caller.kind() == CallerKind::Service);
            name.is_some_and(|name| names.iter().any(|known| known == name))
        });
        let has_claims = self
            .claims
            .as_ref()
            .is_none_or(|claims| claims.iter().all(|(name, wanted)| caller.claims().matches(name, wanted)));
        self.names(caller.kind()) && is_key && has_claims
    }

    /// Whether a caller of this kind can meet the conditions.
    pub(crate) fn may_match(&self, kind: CallerKind) -> bool {
        let has_key = self.keys.is_none() || kind == CallerKind::Service;
        let has_claims = self.claims.is_none() || matches!(kind, CallerKind::User | CallerKind::Gateway);
        self.names(kind) && has_key && has_claims
    }

    fn names(&self, kind: CallerKind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// Reads one or more of the known names.
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
