//! Routes that are compatible with other token servers. Each module reads requests and writes responses and errors as the
//! imitated servers do. Tokens are minted in the same way as for the native routes.

pub(super) mod agora_docs;
pub(super) mod agoracn;
pub(super) mod express;
pub(super) mod get_token;
pub(super) mod gin;
mod read;
pub(super) mod videosdk;

use super::authorized::Authorized;
use crate::problem::Problem;
use crate::providers::agora::{self, TokenService, Version};
use crate::token::{RequestedTtl, TokenRequest};

/// Mints a token for the default project.
fn agora_token<'a>(
    authorized: &'a Authorized<'_>,
    ttl: Option<RequestedTtl>,
    request: agora::TokenRequest<'a>,
) -> Result<String, Problem> {
    Ok(authorized.mint(&mut TokenRequest::new(ttl, request))?.token)
}

/// Mints a token for the default project and one service, with the default lifetime.
fn service_token<'a>(
    authorized: &'a Authorized<'_>,
    version: Version,
    service: impl TokenService<'a> + 'a,
) -> Result<String, Problem> {
    agora_token(authorized, None, agora::TokenRequest::one(version, service))
}
