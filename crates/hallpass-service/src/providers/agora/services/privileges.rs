//! Privileges with lifetimes of their own.

use hallpass_token::{Lasts, Life};

use crate::web::json::Json;

/// Caps lifetimes by that of the token.
pub(super) fn cap<const N: usize>(privileges: [&mut Option<Lasts>; N], ttl: Life) {
    for lasts in privileges {
        *lasts = lasts.map(|lasts| Lasts::For(lasts.within(ttl)));
    }
}

/// Returns the shortest lifetime.
pub(super) fn shortest(named: impl Iterator<Item = (&'static str, Lasts)>, ttl: Life) -> Option<Life> {
    named.map(|(_, lasts)| lasts.within(ttl)).min()
}

/// Returns the lifetimes in seconds, by name.
pub(super) fn to_json(named: impl Iterator<Item = (&'static str, Lasts)>, ttl: Life) -> Json<'static> {
    Json::from(named.map(|(name, lasts)| (name, lasts.within(ttl).seconds().0.into())).collect::<Vec<_>>())
}
