//! Routes that are compatible with other token servers. Each module reads requests and writes responses and errors as the
//! imitated servers do. Tokens are minted in the same way as for the native routes.

pub(super) mod agora_docs;
pub(super) mod agoracn;
pub(super) mod express;
pub(super) mod get_token;
pub(super) mod gin;
pub(super) mod quickstart;
mod read;
pub(super) mod toolbox;
pub(super) mod videosdk;

use super::authorized::Authorized;
use crate::problem::Problem;
use crate::providers::agora::{self, TokenService, Version};
use crate::providers::{Minted, ProviderRequest};
use crate::token::{RequestedTtl, TokenRequest};

/// Mints a token. With `compat.narrow_role`, the token has the granted role if the requested role is higher.
fn mint<'a>(authorized: &'a Authorized<'_>, request: &mut TokenRequest<'a>) -> Result<Minted<'a>, Problem> {
    narrow_role(authorized, request);
    authorized.mint(request)
}

/// Mints two tokens in the same way.
fn mint_both<'a>(
    authorized: &'a Authorized<'_>,
    mut first: TokenRequest<'a>,
    mut second: TokenRequest<'a>,
) -> Result<(Minted<'a>, Minted<'a>), Problem> {
    narrow_role(authorized, &mut first);
    narrow_role(authorized, &mut second);
    authorized.mint_both(&mut first, &mut second)
}

fn narrow_role(authorized: &Authorized<'_>, request: &mut TokenRequest<'_>) {
    if authorized.signing.providers.agora.compat.narrow_role
        && let ProviderRequest::Agora(request) = &mut request.provider
    {
        request.allows_lower_role = true;
    }
}

/// Mints a token for the default project.
fn agora_token<'a>(
    authorized: &'a Authorized<'_>,
    ttl: Option<RequestedTtl>,
    request: agora::TokenRequest<'a>,
) -> Result<String, Problem> {
    Ok(mint(authorized, &mut TokenRequest::new(ttl, request))?.token)
}

/// Mints a token for the default project and one service, with the default lifetime.
fn service_token<'a>(
    authorized: &'a Authorized<'_>,
    version: Version,
    service: impl TokenService<'a> + 'a,
) -> Result<String, Problem> {
    agora_token(authorized, None, agora::TokenRequest::one(version, service))
}

/// Returns the uid of a completed request; 0 for all users.
fn uid_of(request: &TokenRequest<'_>) -> u32 {
    let ProviderRequest::Agora(request) = &request.provider else { return 0 };
    request.uid().unwrap_or(0)
}
