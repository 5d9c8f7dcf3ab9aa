//! Privileges with individual lifetimes.

use hallpass_token::{PrivilegeTtl, Ttl};

use crate::web::json::Json;

/// Caps the lifetimes of privileges at the lifetime of the token.
pub(super) fn cap<const N: usize>(privileges: [&mut Option<PrivilegeTtl>; N], ttl: Ttl) {
    for privilege in privileges {
        *privilege = privilege.map(|privilege| PrivilegeTtl::For(privilege.capped_by(ttl)));
    }
}

/// Returns the lifetime of the privilege that expires first. `ttl` is the lifetime of the token.
pub(super) fn shortest(named: impl Iterator<Item = (&'static str, PrivilegeTtl)>, ttl: Ttl) -> Option<Ttl> {
    named.map(|(_, privilege)| privilege.capped_by(ttl)).min()
}

/// Returns the lifetimes in seconds, by privilege name.
pub(super) fn to_json(named: impl Iterator<Item = (&'static str, PrivilegeTtl)>, ttl: Ttl) -> Json<'static> {
    let seconds = named.map(|(name, privilege)| (name, privilege.capped_by(ttl).seconds().0.into()));
    Json::from(seconds.collect::<Vec<_>>())
}
