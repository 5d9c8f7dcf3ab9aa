//! `POST /v1/token` and `POST /v1/inspect`.

use std::sync::LazyLock;

use crate::problem::Problem;
use crate::providers;
use crate::routes::authorized::Authorized;
use crate::routes::route::ok;
use crate::settings::read_requested_ttl;
use crate::token::{self, ProviderCall, RequestedTtl, TokenRequest};
use crate::web::json::{Invalid, Json};
use crate::web::response::{JSON, Response};

/// Handles `POST /v1/token`: issues a token.
pub(in crate::routes) fn mint(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let mut request = document.read(read_token_request)?;
    let minted = authorized.mint(&mut request)?;
    Ok(ok(JSON, &token::response(&minted, &request)))
}

/// Handles `POST /v1/inspect`: reports the content of a token, its signature, and the reasons why an SDK would reject it.
pub(in crate::routes) fn inspect(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let call = || ProviderCall { service: "inspect", ..ProviderCall::default() };
    let decided = authorized.signing.policy.decide_inspection(authorized.caller);
    let granted_by = decided.map_err(|error| authorized.call_denied(&call(), error))?;
    let document = authorized.json()?;
    let inspection = document.read(|body| {
        let fields = body.fields(&["token", "expect"])?;
        let (token, expect) = (fields.required("token")?.string()?, fields.optional("expect"));
        providers::inspect(&authorized.signing.providers, token, expect, authorized.context.now)
    })?;
    authorized.audit_call(call(), Ok(Some(granted_by)))?;
    Ok(ok(JSON, &inspection))
}

/// Reads the body of a request to `/v1/token`.
#[inline(never)]
pub(crate) fn read_token_request<'j>(body: &'j Json<'j>) -> Result<TokenRequest<'j>, Invalid<'j>> {
    static KNOWN: LazyLock<Vec<&str>> =
        LazyLock::new(|| [&["project", "ttl"], providers::request_fields().as_slice()].concat());
    let fields = body.fields(&KNOWN)?;
    let project = fields.read_optional("project", Json::string)?;
    let ttl = fields.read_optional("ttl", read_requested_ttl)?;
    Ok(TokenRequest { project, ttl: ttl.map(RequestedTtl::For), provider: providers::read_request(fields)? })
}
