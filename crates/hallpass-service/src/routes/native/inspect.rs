//! `POST /v1/inspect`: what a token contains, who signed it, and why an SDK would reject it.

use http::StatusCode;

use crate::problem::Problem;
use crate::providers;
use crate::routes::authorized::Authorized;
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let inspection = document.read(|body| {
        let fields = body.fields(&["token", "expect"])?;
        let (token, expect) = (fields.required("token")?.string()?, fields.optional("expect"));
        providers::inspect(&authorized.signing.providers, token, expect, authorized.context.now)
    })?;
    Ok(response::json(StatusCode::OK, JSON, &inspection))
}
