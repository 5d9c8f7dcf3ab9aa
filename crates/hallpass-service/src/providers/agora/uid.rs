//! The uid of a caller.

use hallpass_token::agora::{AppId, Uid, User};
use sha2::{Digest, Sha256};

use crate::policy::Bound;

/// Returns the uid of a caller in the channels of an app. A claim with digits is a uid itself; a subject never is.
pub(super) fn bound_uid(bound: Bound<'_>, app_id: &AppId) -> Uid {
    let claimed = if bound.is_subject { None } else { Uid::parse(bound.text).ok() };
    claimed.unwrap_or_else(|| derived_uid(app_id, bound.text))
}

/// Whether the caller is this user in the channels of an app.
pub(super) fn is_bound(bound: Bound<'_>, user: User<'_>, app_id: &AppId) -> bool {
    let own = bound_uid(bound, app_id);
    match user {
        User::Any => false,
        User::Uid(uid) => uid == own,
        // A token does not distinguish a uid from an account with the same digits, and the uid may be another user's.
        User::Account(account) => {
            let is_uid_of_other = Uid::parse(account.as_str()).is_ok_and(|uid| uid != own);
            account.as_str() == bound.text && !is_uid_of_other
        }
    }
}

/// Derives a uid from a subject, the same on every platform: the first four bytes of SHA-256(App ID, zero byte, subject),
/// big-endian; 1 if that is 0.
fn derived_uid(app_id: &AppId, subject: &str) -> Uid {
    let mut hash = Sha256::new();
    hash.update(app_id.as_str());
    hash.update([0]);
    hash.update(subject);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    Uid::from_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use hallpass_token::agora::Account;

    use super::*;

    const ALICE: u32 = 2_606_419_837;

    fn app_id() -> AppId {
        AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap()
    }

    /// Calculated with `sha256sum`.
    #[test]
    fn a_subject_has_the_same_uid_everywhere() {
        assert_eq!(derived_uid(&app_id(), "alice").get(), ALICE);
        assert_ne!(derived_uid(&app_id(), "alicf").get(), ALICE);
    }

    #[test]
    fn a_subject_of_digits_is_not_the_user_with_that_uid() {
        let digits = ALICE.to_string();
        let is = |is_subject, text| {
            let account = Account::parse(text).unwrap();
            is_bound(Bound { text, is_subject }, account.into(), &app_id())
        };
        assert!(is(true, "alice"));
        assert!(!is(true, &digits));
        assert!(is(false, &digits));
    }
}
