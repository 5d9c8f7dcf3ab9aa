//! Callers of every kind.

use super::{Caller, Random, claims};

pub(super) fn caller(random: &mut Random) -> Caller {
    match random.below(20) {
        0 | 1 => Caller::Anonymous,
        2..=4 => Caller::Service(random.choose(&["backend", "billing"]).to_owned()),
        5..=7 => Caller::Gateway(claims::gateway(random)),
        _ => Caller::User(claims::user(random)),
    }
}
