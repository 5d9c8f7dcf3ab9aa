//! The error for values that exceed a token's limits.

use thiserror::Error;

/// The error for values that exceed a token's limits. A token encodes lengths and counts as 16-bit numbers.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SizeError {
    /// A string has this number of bytes, which is more than 65,535.
    #[error("a string has {0} bytes, but a token field holds at most 65535")]
    StringTooLong(usize),
    /// A privilege map has more than four distinct privileges.
    #[error("there are more than four privileges, but no service defines more than four")]
    TooManyPrivileges,
    /// The list of services is empty.
    #[error("there are no services, but a token needs at least one")]
    NoService,
    /// The list has more than 65,535 services.
    #[error("there are more than 65535 services, but a token holds at most 65535")]
    TooManyServices,
    /// A permission has this number of names, which is more than 65,535.
    #[error("a permission has {0} names, but a token holds at most 65535")]
    TooManyNames(usize),
}
