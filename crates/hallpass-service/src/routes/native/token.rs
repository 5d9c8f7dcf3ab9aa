//! `POST /v1/token`: one request, one token.

use http::StatusCode;

use crate::problem::Problem;
use crate::providers;
use crate::routes::authorized::Authorized;
use crate::settings::read_requested_ttl;
use crate::token::{self, RequestedTtl, TokenRequest};
use crate::web::json::{Invalid, Json};
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let mut request = document.read(read_token_request)?;
    let minted = authorized.mint(&mut request)?;
    Ok(response::json(StatusCode::OK, JSON, &token::response(&minted, &request)))
}

/// Reads the body.
pub(crate) fn read_token_request<'j>(body: &'j Json<'j>) -> Result<TokenRequest<'j>, Invalid<'j>> {
    let mut known = vec!["project", "ttl"];
    known.extend(providers::request_fields());
    let fields = body.fields(&known)?;
    let project = fields.optional("project").map(Json::string).transpose()?;
    let ttl = fields.optional("ttl").map(read_requested_ttl).transpose()?;
    Ok(TokenRequest { project, ttl: ttl.map(RequestedTtl::For), provider: providers::read_request(fields)? })
}
