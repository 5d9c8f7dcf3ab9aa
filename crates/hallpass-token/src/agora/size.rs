//! What does not fit into a token.

use core::fmt;

/// What does not fit into a token: its lengths and counts have 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeError {
    /// A text has more than 65,535 bytes, namely this many.
    Text(usize),
    /// There are more than four different privileges.
    Privileges,
    /// There is no service.
    NoService,
    /// There are more than 65,535 services.
    Services,
    /// A permission has more than 65,535 names, namely this many.
    Names(usize),
}

impl fmt::Display for SizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(bytes) => write!(f, "a text has {bytes} bytes; a token holds at most 65535 of them"),
            Self::Privileges => f.write_str("there are more than four privileges; no service defines more"),
            Self::NoService => f.write_str("there is no service; a token needs at least one"),
            Self::Services => f.write_str("there are more than 65535 services, more than a token holds"),
            Self::Names(names) => {
                write!(f, "a permission has {names} names; a token holds at most 65535 of them")
            }
        }
    }
}

impl core::error::Error for SizeError {}
