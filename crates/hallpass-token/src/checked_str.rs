//! A macro for types that wrap a validated string.

/// Adds `MAX_BYTES`, `parse` and `as_str` to a type that wraps a validated string.
macro_rules! checked_str {
    ($name:ident, $max:literal, $error:ident, $check:expr, $allowed:literal) => {
        impl<'a> $name<'a> {
            #[doc = concat!("The maximum length: ", $max, " bytes.")]
            pub const MAX_BYTES: usize = $max;

            /// Validates and wraps a string.
            ///
            /// # Errors
            #[doc = concat!("Returns [`", stringify!($error), "`] if the string does not consist of 1 to ", $max, " bytes ", $allowed, ".")]
            pub fn parse(string: &'a str) -> Result<Self, $error> {
                $check(string, Self::MAX_BYTES)?;
                Ok(Self(string))
            }

            /// Returns the string.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                self.0
            }
        }
    };
}

pub(crate) use checked_str;
