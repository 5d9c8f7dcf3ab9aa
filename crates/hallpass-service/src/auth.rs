//! Authentication of callers.

mod algorithm;
mod authenticator;
mod caller;
mod claims;
mod config;
#[cfg(feature = "check")]
mod describe;
mod error;
mod issuer;
mod issuer_name;
mod jwk;
mod jwt;
mod key_set;
mod preset;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use self::authenticator::Authenticator;
pub(crate) use self::caller::{Caller, CallerKind, address_limit_key, is_substitutable};
#[cfg(feature = "check")]
pub(crate) use self::claims::describe_conditions;
pub use self::claims::exact_integer;
pub(crate) use self::claims::{Claims, check_name, read_conditions};
pub(crate) use self::config::{AuthConfig, OpenAccess};
pub(crate) use self::error::{AuthError, Unauthorized};
