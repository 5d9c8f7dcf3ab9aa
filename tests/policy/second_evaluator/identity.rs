//! The users that a grant allows.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Context, callers};

/// The identity of a grant, for one caller.
pub(super) enum Identity {
    /// The caller's own identity. `None` if the caller has no usable identity.
    Own(Option<Own>),
    /// Any user. `true` if uid 0 is granted, too.
    Any(bool),
}

pub(super) struct Own {
    pub(super) name: String,
    /// `None` if a secret key determines the uid. An evaluation does not know the key.
    pub(super) uid: Option<u32>,
}

impl Own {
    /// Returns whether the name can be an account. Agora treats an account that is a uid in decimal digits as this uid.
    pub(super) fn has_account(&self) -> bool {
        let uid = uid_in_digits(&self.name);
        uid.is_none() || uid == self.uid
    }
}

impl Identity {
    pub(super) fn of(grant: &Value, context: Context<'_>) -> Self {
        let own = |name: Option<String>, may_be_uid: bool| {
            let claimed = |name: &str| if may_be_uid { uid_in_digits(name) } else { None };
            let uid = |name: &str| claimed(name).or_else(|| own_uid(context, name));
            Self::Own(name.map(|name| Own { uid: uid(&name), name }))
        };
        match grant["identity"].as_str().unwrap_or("self") {
            "any" => Self::Any(false),
            "wildcard" => Self::Any(true),
            "self" => own(callers::subject(context.caller), false),
            claim => {
                let name = claim.strip_prefix("claim:").unwrap_or_default();
                // With a key, only a number is a uid, because users can enter strings.
                let may_be_uid = !context.has_uid_key || callers::has_number(context.caller, name);
                own(callers::claim(context.caller, name), may_be_uid)
            }
        }
    }
}

/// Returns the derived uid, unless a secret key determines the uid.
fn own_uid(context: Context<'_>, subject: &str) -> Option<u32> {
    (!context.has_uid_key).then(|| derived_uid(context.app_id, subject))
}

/// Returns the uid from 1 that a string represents, without leading zeros.
fn uid_in_digits(text: &str) -> Option<u32> {
    let is_integer = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_integer.then(|| text.parse().ok()).flatten()
}

/// Returns the derived uid of a subject in an Agora project without a secret key for derived uids.
pub(crate) fn derived_uid(app_id: &str, subject: &str) -> u32 {
    let hash = Sha256::digest([app_id.as_bytes(), &[0], subject.as_bytes()].concat());
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).max(1)
}
