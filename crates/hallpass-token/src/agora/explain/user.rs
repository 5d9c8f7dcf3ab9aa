//! Holds the user in a token against the one who joins.

use alloc::string::{String, ToString};

use super::v007::{has_numbers, user_text};
use super::{Join, Mismatch, Problem, Problems};
use crate::agora::service::Service;
use crate::agora::text::Text;
use crate::agora::user::{Uid, User};
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

    /// Whether a token for this user is for the one who joins.
    pub(super) fn is(self, user: &str) -> bool {
        match self {
            Self::Uid(uid) => Text::from(User::from_number_or_any(uid)).as_str() == user,
            Self::Account(account) => account == user,
        }
    }
}

/// How the user of a service, which may have numbers for users, differs from the one who joins.
pub(super) fn mismatch(user: &str, has_numbers: bool, join: Join<'_>) -> Mismatch {
    let is_number = |text| has_numbers && Uid::parse(text).is_ok();
    match join {
        Join::Uid(_) if user == "0" => Mismatch::ZeroForUid,
        Join::Uid(0) => Mismatch::ChosenByAgora,
        Join::Uid(_) if is_number(user) => Mismatch::OtherUid,
        Join::Uid(_) => Mismatch::AccountForUid,
        Join::Account(account) if is_number(user) && !is_number(account) => Mismatch::UidForAccount,
        Join::Account(_) => Mismatch::OtherAccount,
    }
}

/// Reports that a service is not for the user who joins.
pub(super) fn report(service: &Service<'_>, join: Join<'_>, problems: &mut Problems) {
    let user = user_text(service);
    let mismatch = mismatch(user, has_numbers(service), join);
    let (user, expected) = (quote(user), quote(&join.to_text()));
    problems.push(Problem::OtherUser { service: service.name(), mismatch, user, expected });
}
