//! As whom a caller may join.

use hallpass_token::agora::{AppId, Uid, User};
use serde::de::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::refusal::{Part, Refusal};
use crate::caller::Caller;
use crate::json::named;

/// As whom a rule lets callers join.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Identity {
    /// As the subject of its credentials.
    #[default]
    Subject,
    /// As what this claim says.
    Claim(String),
    /// As whom it likes.
    Any,
    /// The same, and as anybody: uid 0.
    Wildcard,
}

/// Whom a caller is bound to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound<'a> {
    pub(super) text: &'a str,
    /// The number in a channel; without it, the caller's [`own_uid`].
    uid: Option<Uid>,
}

impl Identity {
    /// Whom the caller is bound to be; `None` where it may choose.
    ///
    /// # Errors
    /// [`Refusal`] where the caller is nobody who could be named.
    pub(super) fn bound<'a>(
        &'a self,
        caller: &'a Caller,
        field: &'static str,
    ) -> Result<Option<Bound<'a>>, Refusal> {
        let name = match self {
            Self::Subject => "sub",
            Self::Claim(name) => name,
            Self::Any | Self::Wildcard => return Ok(None),
        };
        let text = caller.safe_text(name).ok_or_else(|| {
            let reason = format!(
                "the caller has no `{name}`, or none that can stand for a user: a text or number without `*`, `{{` and `}}`"
            );
            Refusal::new(Part::Identity, field, reason)
        })?;
        // A subject is a text also where it looks like a number.
        let uid = if *self == Self::Subject { None } else { Uid::parse(text).ok() };
        Ok(Some(Bound { text, uid }))
    }
}

impl Bound<'_> {
    /// Its number in the channels of an app.
    pub(super) fn uid(self, app_id: &AppId) -> Uid {
        self.uid.unwrap_or_else(|| own_uid(app_id, self.text))
    }

    /// Whether it is this user in the channels of an app.
    pub(super) fn is(self, user: User<'_>, app_id: &AppId) -> bool {
        match user {
            User::Any => false,
            User::Uid(uid) => uid == self.uid(app_id),
            // A token writes a number and an account of the same digits alike, and that number may be another's.
            User::Account(account) => {
                let is_number_of_other =
                    Uid::parse(account.as_str()).is_ok_and(|uid| uid != self.uid(app_id));
                account.as_str() == self.text && !is_number_of_other
            }
        }
    }
}

/// The number of a subject in the channels of an app, the same on every platform: the first four bytes of
/// SHA-256(App ID, zero byte, subject), big-endian; 1 where that is 0.
pub(super) fn own_uid(app_id: &AppId, subject: &str) -> Uid {
    let mut hash = Sha256::new();
    hash.update(app_id.as_str());
    hash.update([0]);
    hash.update(subject);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    Uid::from_bytes([a, b, c, d])
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "\"self\", \"any\", \"wildcard\", or \"claim:\" with the name of a claim";
        named(deserializer, expected, |text| match text {
            "self" => Some(Self::Subject),
            "any" => Some(Self::Any),
            "wildcard" => Some(Self::Wildcard),
            other => other
                .strip_prefix("claim:")
                .filter(|name| !name.is_empty())
                .map(|name| Self::Claim(name.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `sha256sum`.
    #[test]
    fn a_subject_has_the_same_number_everywhere() {
        let app_id = AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap();
        assert_eq!(own_uid(&app_id, "alice").get(), ALICE);
        assert_ne!(own_uid(&app_id, "alicf").get(), ALICE);
    }

    #[test]
    fn a_subject_of_digits_is_not_the_user_with_that_number() {
        let app_id = AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap();
        let digits = ALICE.to_string();
        let is = |uid, text| {
            let account = hallpass_token::agora::Account::parse(text).unwrap();
            Bound { text, uid }.is(account.into(), &app_id)
        };
        assert!(is(None, "alice"));
        assert!(!is(None, &digits));
        assert!(is(Uid::new(ALICE), &digits));
    }

    const ALICE: u32 = 2_606_419_837;
}
