//! The policy checks that are common to all services: names against patterns, and users against identities.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use super::error::{DeniedPart, PolicyError, TokenError};
use super::pattern::NamePattern;
use crate::auth::{Caller, check_name};
use crate::web::field_error::FieldError;
use crate::web::json::{Invalid, Json};

/// An evaluator of grants for one caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluator<'a> {
    pub(crate) caller: &'a Caller,
    /// The arena that stores strings for the evaluation.
    pub(crate) arena: &'a StringArena,
}

/// The reason for denying a token for another user.
pub(crate) const OTHER_USER_DENIED: &str = "This rule issues tokens only for the caller's own identity. Omit `uid`, `account` or `user` (on the routes of other servers, send `self`), or grant others with `\"identity\": \"any\"`.";
/// The reason for rejecting a request without a user, if the caller can choose any user.
pub(crate) const NO_IDENTITY: &str =
    "is missing, and the rule does not bind this caller to a user. Specify the user of the token";

impl<'a> Evaluator<'a> {
    /// Returns whether one of the patterns matches the name. If `patterns` is `None`, every name is allowed.
    pub(crate) fn allows(self, patterns: Option<&[NamePattern]>, name: &str) -> bool {
        patterns.is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(name, self.caller)))
    }

    /// Returns the only allowed name, if there is exactly one pattern and this pattern matches exactly one name.
    pub(crate) fn sole_match(self, patterns: Option<&[NamePattern]>) -> Option<&'a str> {
        match patterns? {
            [pattern] => pattern.sole_match(self.caller).map(|name| self.arena.alloc(name)),
            _ => None,
        }
    }

    /// Returns the user that the identity binds the caller to; `None` if the caller can choose the user.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if the claim for the identity is missing or cannot identify a user.
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
        let id = match self.caller.substitutable_claim(name) {
            Some(Cow::Borrowed(id)) => id,
            Some(Cow::Owned(id)) => self.arena.alloc(id),
            None => {
                let reason = format!(
                    "The claim `{name}` is missing or cannot identify a user. Expected a non-empty string or an exact integer, without `*`, `{{` or `}}`."
                );
                return Err(PolicyError::new(DeniedPart::Identity, field, reason));
            }
        };
        let is_number = matches!(self.caller.claims().get(name), Some(Json::Number(_)));
        Ok(Some(BoundUser { id, is_subject: *identity == Identity::Subject, is_number }))
    }

    /// Determines the user of a token, for services that identify users by strings.
    ///
    /// # Errors
    /// Returns [`TokenError`] if the identity does not allow the requested user, or if neither the request nor the
    /// identity specifies a user. Also returns [`TokenError`] if the identity cannot be resolved for this caller.
    pub(crate) fn resolve_user<T: Copy, E: fmt::Display>(
        self,
        identity: &Identity,
        field: &str,
        requested: Option<T>,
        to_str: impl Fn(T) -> &'a str,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<T, TokenError> {
        match (self.bound_user(identity, field)?, requested) {
            (None, Some(user)) => Ok(user),
            (None, None) => Err(FieldError::new(field, NO_IDENTITY).into()),
            (Some(bound), Some(user)) if to_str(user) == bound.id => Ok(user),
            (Some(_), Some(_)) => {
                Err(PolicyError::new(DeniedPart::Identity, field, OTHER_USER_DENIED).into())
            }
            (Some(bound), None) => parse(bound.id).map_err(|error| bound.invalid(field, &error).into()),
        }
    }
}

/// The users that a rule grants tokens for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The subject of the caller's credentials.
    #[default]
    Subject,
    /// The user that this claim identifies.
    Claim(String),
    /// Any single user.
    Any,
    /// Any single user, or uid 0, which represents all users.
    Wildcard,
}

/// The user that an identity binds a caller to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoundUser<'a> {
    pub(crate) id: &'a str,
    /// True if the ID is the caller's subject rather than another claim.
    pub(crate) is_subject: bool,
    /// True if the claim is a JSON number. A claim that a user can enter is usually a string.
    pub(crate) is_number: bool,
}

impl BoundUser<'_> {
    /// Returns the error for an identity that cannot be the value of a field. Display of `error` must be a predicate.
    #[cold]
    pub(crate) fn invalid(self, field: &str, error: &dyn fmt::Display) -> PolicyError {
        let reason = format!(
            "This caller's identity cannot be a `{field}`: it {error}. In the rule, set `identity` to `claim:NAME` for a suitable claim."
        );
        PolicyError::new(DeniedPart::Identity, field, reason)
    }
}

impl Identity {
    /// Reads the field `identity` of a grant.
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let expected = "\"self\", \"any\", \"wildcard\" or \"claim:NAME\"";
        let identity = value.one_of(expected, |identity| match identity {
            "self" => Some(Self::Subject),
            "any" => Some(Self::Any),
            "wildcard" => Some(Self::Wildcard),
            other => other
                .strip_prefix("claim:")
                .filter(|name| !name.is_empty())
                .map(|name| Self::Claim(name.to_owned())),
        })?;
        if let Self::Claim(name) = &identity {
            check_name(name).map_err(|expected| Invalid::new(value, expected))?;
        }
        Ok(identity)
    }
}

/// An arena of strings that an evaluation creates. A token request that a rule has completed borrows strings from the
/// arena.
#[derive(Debug, Default)]
pub(crate) struct StringArena(OnceCell<(Box<str>, Box<StringArena>)>);

impl StringArena {
    pub(crate) fn alloc(&self, string: String) -> &str {
        match self.0.get() {
            Some((_, next)) => next.alloc(string),
            None => &self.0.get_or_init(|| (string.into(), Box::default())).0,
        }
    }
}
