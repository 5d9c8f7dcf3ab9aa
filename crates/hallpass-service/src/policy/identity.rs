//! The users that a caller may have tokens for.

use crate::web::json::{Invalid, Json};

/// The users that a rule grants tokens for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The subject of the caller's credentials.
    #[default]
    Subject,
    /// The user that this claim names.
    Claim(String),
    /// Any single user.
    Any,
    /// Any single user, and all users at once: uid 0.
    Wildcard,
}

/// The only user that a caller may have tokens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound<'a> {
    pub(crate) text: &'a str,
    /// Whether the user is the caller's subject, and not another claim.
    pub(crate) is_subject: bool,
}

impl Identity {
    /// Reads `identity` of a rule.
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let expected = "\"self\", \"any\", \"wildcard\", or \"claim:\" with the name of a claim";
        value.named(expected, |text| match text {
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
