//! The severity of a problem that `explain` reports.

/// The severity of a problem that `explain` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The token works, but its behavior may be surprising.
    Note,
    /// The token is accepted, but probably does not behave as intended.
    Warning,
    /// The provider rejects the token.
    Error,
}

impl Severity {
    /// Returns `note`, `warning` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
