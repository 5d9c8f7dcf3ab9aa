//! Holds the user in a token against the one who joins.

use alloc::string::{String, ToString};

use super::v007::user_text;
use super::{Join, Mismatch, Problem, Problems};
use crate::agora::service::Service;
use crate::agora::user::Uid;
use crate::quote::quote;

impl Join<'_> {
    /// The user as a token for it must say; nothing for a number that Agora chooses.
    pub(super) fn to_text(self) -> String {
        match self {
            Self::Uid(0) => String::new(),
            Self::Uid(uid) => uid.to_string(),
            Self::Account(account) => account.into(),
        }
    }
}

/// How the user of a service differs from the one who joins; nothing where it does not.
pub(super) fn mismatch(user: &str, join: Join<'_>) -> Option<Mismatch> {
    let is_number = Uid::parse(user).is_ok();
    match join {
        _ if join.to_text() == user => None,
        Join::Uid(_) if user == "0" => Some(Mismatch::ZeroForUid),
        Join::Uid(0) => Some(Mismatch::ChosenByAgora),
        Join::Uid(_) if is_number => Some(Mismatch::OtherUid),
        Join::Uid(_) => Some(Mismatch::AccountForUid),
        Join::Account(_) if is_number => Some(Mismatch::UidForAccount),
        Join::Account(_) => Some(Mismatch::OtherAccount),
    }
}

/// Reports that a service is not for the user who joins.
pub(super) fn report(service: &Service<'_>, join: Join<'_>, problems: &mut Problems) {
    let user = user_text(service);
    if let Some(mismatch) = mismatch(user, join) {
        let (user, expected) = (quote(user), quote(&join.to_text()));
        problems.push(Problem::OtherUser { service: service.name(), mismatch, user, expected });
    }
}
