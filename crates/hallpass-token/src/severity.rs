//! The severity levels of the problems that `explain` reports.

/// The severity of a problem that `explain` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The provider accepts the token, and the token works, but a property of the token may be surprising.
    Note,
    /// The provider accepts the token, but the token probably does not work as intended.
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
