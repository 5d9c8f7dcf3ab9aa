//! `POST /v1/inspect`: what a token says, who signed it, and why an SDK would refuse it.
//!
//! Anybody can write a token, so that nothing in one is trusted: texts and lists are cut before they are answered.

mod agora;
mod answer;
mod body;
mod videosdk;

use http::{Response, StatusCode};

use self::body::{InspectBody, Kind};
use super::Call;
use crate::answer::{self as response, JSON};
use crate::json::{self, Object};
use crate::problem::Problem;

pub(super) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    inspect(call).unwrap_or_else(|problem| problem.into_response(&call.inputs.request_id))
}

fn inspect(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<InspectBody>>(call.body()?)?;
    let (projects, now) = (&minter.ready.projects, call.inputs.now);
    Ok(match body.kind()? {
        Kind::Agora(expected) => {
            let inspection = agora::inspect(body.token(), expected, &projects.agora, now);
            response::json(StatusCode::OK, JSON, &inspection)
        }
        Kind::VideoSdk(expected) => {
            let inspection = videosdk::inspect(body.token(), expected, &projects.videosdk, now);
            response::json(StatusCode::OK, JSON, &inspection)
        }
    })
}
