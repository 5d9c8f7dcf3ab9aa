//! Authentication: credentials in, caller out.

mod algorithm;
mod authenticator;
mod caller;
mod claims;
mod config;
#[cfg(feature = "check")]
mod describe;
mod issuer;
mod jwk;
mod jwt;
mod key_set;
mod preset;
#[cfg(test)]
pub(crate) mod testing;
mod unauthorized;

pub(crate) use self::authenticator::Authenticator;
pub(crate) use self::caller::{Caller, CallerKind, limit_key_of};
pub(crate) use self::claims::read_conditions;
#[cfg(feature = "check")]
pub(crate) use self::claims::{Claims, describe_conditions};
pub(crate) use self::config::{AuthConfig, Open};
pub(crate) use self::unauthorized::{AuthError, Unauthorized};
