//! What does not fit into a token.

use thiserror::Error;

/// What does not fit into a token: its lengths and counts have 16 bits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SizeError {
    /// A text has more than 65,535 bytes, namely this many.
    #[error("a text has {0} bytes; a token holds at most 65535 of them")]
    StringTooLong(usize),
    /// There are more than four different privileges.
    #[error("there are more than four privileges; no service defines more")]
    TooManyPrivileges,
    /// There is no service.
    #[error("there is no service; a token needs at least one")]
    NoService,
    /// There are more than 65,535 services.
    #[error("there are more than 65535 services, more than a token holds")]
    TooManyServices,
    /// A permission has more than 65,535 names, namely this many.
    #[error("a permission has {0} names; a token holds at most 65535 of them")]
    TooManyNames(usize),
}
