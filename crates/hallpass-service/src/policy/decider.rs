//! Decisions that are the same for all services: places by pattern, users by identity.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use super::error::{Part, PolicyError, TokenError};
use super::pattern::NamePattern;
use crate::auth::Caller;
use crate::web::field_error::FieldError;
use crate::web::json::{Invalid, Json};

/// The caller that a decision is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decider<'a> {
    pub(crate) caller: &'a Caller,
    /// Keeps the strings that a decision creates.
    pub(crate) texts: &'a Texts,
}

/// The reason for a denial if the caller requests a token for another user.
pub(crate) const OTHER_USER: &str =
    "the rule for this caller gives tokens for the caller itself only; leave the user out";

impl<'a> Decider<'a> {
    /// Whether one of these patterns, if there are any, allows a name.
    pub(crate) fn allows(self, patterns: Option<&[NamePattern]>, name: &str) -> bool {
        patterns.is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(name, self.caller)))
    }

    /// Returns the only name that these patterns allow, if there is only one.
    pub(crate) fn only(self, patterns: Option<&[NamePattern]>) -> Option<&'a str> {
        match patterns? {
            [pattern] => pattern.only(self.caller).map(|text| self.texts.keep(text)),
            _ => None,
        }
    }

    /// Returns the only user that the caller may have tokens for; `None` if the caller may choose.
    ///
    /// # Errors
    /// [`PolicyError`] if the caller has no claim that names a user.
    pub(crate) fn bound(self, identity: &Identity, field: &str) -> Result<Option<Bound<'a>>, PolicyError> {
        let name = match identity {
            Identity::Subject => "sub",
            Identity::Claim(name) => name,
            Identity::Any | Identity::Wildcard => return Ok(None),
        };
        let text = match self.caller.substitutable_claim(name) {
            Some(Cow::Borrowed(text)) => text,
            Some(Cow::Owned(text)) => self.texts.keep(text),
            None => {
                let reason = format!(
                    "the caller has no `{name}`, or none that can stand for a user: a text or number without `*`, `{{` and `}}`"
                );
                return Err(PolicyError::new(Part::Identity, field, reason));
            }
        };
        Ok(Some(Bound { text, is_subject: *identity == Identity::Subject }))
    }

    /// Decides on a user with a name and no number.
    ///
    /// # Errors
    /// [`TokenError`] for another user than the caller may be, and if neither request nor rule names one.
    pub(crate) fn named_user<T: Copy, E: fmt::Display>(
        self,
        identity: &Identity,
        field: &str,
        requested: Option<T>,
        text_of: impl Fn(T) -> &'a str,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<T, TokenError> {
        match (self.bound(identity, field)?, requested) {
            (None, Some(user)) => Ok(user),
            (None, None) => Err(FieldError::new(field, "is missing; it says whom the token is for").into()),
            (Some(bound), Some(user)) if text_of(user) == bound.text => Ok(user),
            (Some(_), Some(_)) => Err(PolicyError::new(Part::Identity, field, OTHER_USER).into()),
            (Some(bound), None) => parse(bound.text).map_err(|error| {
                let reason = format!("whom the rule lets this caller be cannot be a user here: it {error}");
                PolicyError::new(Part::Identity, field, reason).into()
            }),
        }
    }
}

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

/// Keeps strings that a decision creates, so that a completed request can borrow them like those of the request.
#[derive(Debug, Default)]
pub(crate) struct Texts(OnceCell<(Box<str>, Box<Texts>)>);

impl Texts {
    pub(crate) fn keep(&self, text: String) -> &str {
        match self.0.get() {
            Some((_, next)) => next.keep(text),
            None => &self.0.get_or_init(|| (text.into(), Box::default())).0,
        }
    }
}
