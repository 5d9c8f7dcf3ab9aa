//! `POST /v1/token`: one request, one token.

mod answer;
mod body;
mod permissions;

use http::{Response, StatusCode};

pub(crate) use self::answer::TokenAnswer;
pub(crate) use self::body::TokenBody;
pub(super) use self::body::{Ttl, UidNumber};
use super::Call;
use crate::answer::{self as response, JSON};
use crate::json::{self, Object};
use crate::problem::Problem;

pub(super) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    grant(call).unwrap_or_else(|problem| problem.into_response(&call.inputs.request_id))
}

fn grant(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<TokenBody>>(call.body()?)?;
    let tree = body.permission_tree()?;
    let ask = body.ask(tree.as_ref())?;
    let minted = minter.mint(&ask)?;
    Ok(response::json(StatusCode::OK, JSON, &TokenAnswer::from(&minted)))
}
