//! Decisions that are the same for all services: places by pattern, users by identity.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use super::error::{DeniedPart, PolicyError, TokenError};
use super::pattern::NamePattern;
use crate::auth::Caller;
use crate::web::field_error::FieldError;
use crate::web::json::{Invalid, Json};

/// The caller that a decision is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluator<'a> {
    pub(crate) caller: &'a Caller,
    /// Keeps the strings that a decision creates.
    pub(crate) arena: &'a StringArena,
}

/// The reason for a denial if the caller requests a token for another user.
pub(crate) const OTHER_USER_DENIED: &str =
    "the rule for this caller gives tokens for the caller itself only; leave the user out";

impl<'a> Evaluator<'a> {
    /// Whether one of these patterns, if there are any, allows a name.
    pub(crate) fn allows(self, patterns: Option<&[NamePattern]>, name: &str) -> bool {
        patterns.is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(name, self.caller)))
    }

    /// Returns the only name that these patterns allow, if there is only one.
    pub(crate) fn only(self, patterns: Option<&[NamePattern]>) -> Option<&'a str> {
        match patterns? {
            [pattern] => pattern.only(self.caller).map(|text| self.arena.alloc(text)),
            _ => None,
        }
    }

    /// Returns the only user that the caller may have tokens for; `None` if the caller may choose.
    ///
    /// # Errors
    /// [`PolicyError`] if the caller has no claim that names a user.
    pub(crate) fn bound_user(
        self,
        identity: &Identity,
        field: &str,
    ) -> Result<Option<BoundUser<'a>>, PolicyError> {
        let name = match identity {
            Identity::Subject => "sub",
            Identity::Claim(name) => name,
            Identity::Any | Identity::Wildcard => return Ok(None),
        };
        let text = match self.caller.substitutable_claim(name) {
            Some(Cow::Borrowed(text)) => text,
            Some(Cow::Owned(text)) => self.arena.alloc(text),
            None => {
                let reason = format!(
                    "the caller has no `{name}`, or none that can stand for a user: a text or number without `*`, `{{` and `}}`"
                );
                return Err(PolicyError::new(DeniedPart::Identity, field, reason));
            }
        };
        Ok(Some(BoundUser { id: text, is_subject: *identity == Identity::Subject }))
    }

    /// Decides on a user with a name and no number.
    ///
    /// # Errors
    /// [`TokenError`] for another user than the caller may be, and if neither request nor rule names one.
    pub(crate) fn resolve_user<T: Copy, E: fmt::Display>(
        self,
        identity: &Identity,
        field: &str,
        requested: Option<T>,
        text_of: impl Fn(T) -> &'a str,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<T, TokenError> {
        match (self.bound_user(identity, field)?, requested) {
            (None, Some(user)) => Ok(user),
            (None, None) => Err(FieldError::new(field, "is missing; it says whom the token is for").into()),
            (Some(bound), Some(user)) if text_of(user) == bound.id => Ok(user),
            (Some(_), Some(_)) => {
                Err(PolicyError::new(DeniedPart::Identity, field, OTHER_USER_DENIED).into())
            }
            (Some(bound), None) => parse(bound.id).map_err(|error| {
                let reason = format!("whom the rule lets this caller be cannot be a user here: it {error}");
                PolicyError::new(DeniedPart::Identity, field, reason).into()
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
pub(crate) struct BoundUser<'a> {
    pub(crate) id: &'a str,
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
pub(crate) struct StringArena(OnceCell<(Box<str>, Box<StringArena>)>);

impl StringArena {
    pub(crate) fn alloc(&self, text: String) -> &str {
        match self.0.get() {
            Some((_, next)) => next.alloc(text),
            None => &self.0.get_or_init(|| (text.into(), Box::default())).0,
        }
    }
}
