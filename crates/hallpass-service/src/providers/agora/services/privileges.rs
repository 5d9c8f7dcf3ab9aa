//! Privileges with lifetimes of their own.

use hallpass_token::{Lasts, Life};

use crate::web::json::Json;

/// Privileges by name; `None` for those that are not granted.
pub(super) type Named = [(&'static str, Option<Lasts>)];

/// Caps lifetimes by that of the token.
pub(super) fn cap<const N: usize>(privileges: [&mut Option<Lasts>; N], ttl: Life) {
    for lasts in privileges {
        *lasts = lasts.map(|lasts| Lasts::For(lasts.within(ttl)));
    }
}

/// Returns the shortest lifetime.
pub(super) fn shortest(privileges: &Named, ttl: Life) -> Option<Life> {
    privileges.iter().filter_map(|(_, lasts)| Some((*lasts)?.within(ttl))).min()
}

/// Returns the lifetimes in seconds, by name.
pub(super) fn to_json(privileges: &Named, ttl: Life) -> Json<'static> {
    let granted =
        privileges.iter().filter_map(|(name, lasts)| Some((*name, (*lasts)?.within(ttl).seconds().0.into())));
    Json::from(granted.collect::<Vec<(&'static str, Json<'static>)>>())
}
