//! Privileges with lifetimes of their own.

use hallpass_token::{PrivilegeTtl, Ttl};

use crate::web::json::Json;

/// Caps lifetimes by that of the token.
pub(super) fn cap<const N: usize>(privileges: [&mut Option<PrivilegeTtl>; N], ttl: Ttl) {
    for lasts in privileges {
        *lasts = lasts.map(|lasts| PrivilegeTtl::For(lasts.capped_by(ttl)));
    }
}

/// Returns the shortest lifetime.
pub(super) fn shortest(named: impl Iterator<Item = (&'static str, PrivilegeTtl)>, ttl: Ttl) -> Option<Ttl> {
    named.map(|(_, lasts)| lasts.capped_by(ttl)).min()
}

/// Returns the lifetimes in seconds, by name.
pub(super) fn to_json(named: impl Iterator<Item = (&'static str, PrivilegeTtl)>, ttl: Ttl) -> Json<'static> {
    Json::from(named.map(|(name, lasts)| (name, lasts.capped_by(ttl).seconds().0.into())).collect::<Vec<_>>())
}
