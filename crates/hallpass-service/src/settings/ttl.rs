//! Token TTLs.

use hallpass_token::{Ttl, TtlError};

use crate::web::json::{Invalid, Json};

/// The section `ttl` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TtlConfig {
    /// The TTL for requests without `ttl`.
    pub(crate) default: Ttl,
    /// The maximum TTL. Longer requested TTLs are capped at this maximum.
    pub(crate) max: Ttl,
}

const ONE_HOUR: Ttl = match Ttl::new(3600) {
    Ok(hour) => hour,
    Err(_) => Ttl::MAX,
};

impl TtlConfig {
    /// The values for a configuration without `ttl`.
    pub(crate) const DEFAULT: Self = Self { default: ONE_HOUR, max: Ttl::MAX };

    /// Reads the section `ttl` of the configuration.
    pub(crate) fn read<'j>(section: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let fields = section.fields(&["default", "max"])?;
        let max = fields.read("max", read_ttl)?.unwrap_or(Ttl::MAX);
        let Some(value) = fields.get("default") else {
            return Ok(Self { default: ONE_HOUR.min(max), max });
        };
        let default = read_ttl(value)?;
        if default > max {
            return Err(Invalid::new(value, "must not be greater than `ttl.max`"));
        }
        Ok(Self { default, max })
    }
}

/// Reads a TTL from the configuration.
pub(crate) fn read_ttl<'j>(value: &'j Json<'j>) -> Result<Ttl, Invalid<'j>> {
    const EXPECTED: &str = "a whole number of seconds from 1 to 86400";
    let seconds = value.whole_number(1..=Ttl::MAX.seconds().0, EXPECTED)?;
    Ttl::new(seconds).map_err(|_| value.expected(EXPECTED))
}

/// Reads a TTL from a request. A Unix time has its own error message, because a Unix time in place of a TTL is a common
/// mistake.
pub(crate) fn read_requested_ttl<'j>(value: &'j Json<'j>) -> Result<Ttl, Invalid<'j>> {
    const EXPECTED: &str = "a whole number of seconds from now, 1 to 86400";
    let number = value.as_u64().ok_or_else(|| value.expected(EXPECTED))?;
    // A number that exceeds 32 bits is reported as a Unix time, because it is probably a Unix time in milliseconds.
    Ttl::new(u32::try_from(number).unwrap_or(u32::MAX)).map_err(|error| match error {
        TtlError::UnixTime(_) => {
            let detail = "looks like a Unix time; expected a number of seconds from now, 1 to 86400";
            Invalid::new(value, format!("{number} {detail}"))
        }
        TtlError::Zero | TtlError::TooLong(_) => value.unexpected_value(EXPECTED),
    })
}
