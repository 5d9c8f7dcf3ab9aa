//! Callers for tests.

use super::caller::Caller;
use super::claims::Claims;

/// Returns a user with these claims.
pub(crate) fn user(claims: &str) -> Caller {
    Caller::user(Claims::parse(claims.as_bytes()).unwrap())
}

/// Returns an API Gateway caller with this subject.
pub(crate) fn gateway(subject: &str) -> Caller {
    Caller::gateway(Claims::from_strings([("sub".to_owned(), subject.to_owned())]))
}
