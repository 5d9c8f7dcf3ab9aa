//! Authentication: credentials in, caller out.

mod algorithm;
mod authenticator;
mod caller;
mod claims;
mod config;
mod context;
#[cfg(feature = "check")]
mod describe;
mod error;
mod hmac_key;
mod issuer;
mod jwk;
mod jwt;
mod key_set;
mod open;
mod preset;
mod service_key;
#[cfg(test)]
pub(crate) mod testing;
mod unauthorized;

pub(crate) use self::authenticator::Authenticator;
pub(crate) use self::caller::{Caller, CallerKind, limit_key_of};
pub(crate) use self::claims::read_conditions;
#[cfg(feature = "check")]
pub(crate) use self::claims::{Claims, describe_conditions};
pub(crate) use self::config::AuthConfig;
pub(crate) use self::error::AuthError;
pub(crate) use self::open::Open;
pub(crate) use self::unauthorized::Unauthorized;
