//! Minting: from a token request to a signed token and a line in the audit log.

mod audit;
mod mint;
mod response;

pub(crate) use self::audit::{AuditContext, ProviderCall};
pub(crate) use self::mint::{RequestedTtl, TokenRequest, mint};
pub(crate) use self::response::response;
