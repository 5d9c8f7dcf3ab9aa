//! Which request goes where.

mod compat;
mod pages;
mod token;

use http::{Method, Response};
use percent_encoding::percent_decode_str;

use crate::ask::Ask;
use crate::caller::{Caller, authenticate};
use crate::input::{Body, Inputs, Request};
use crate::mint::{self, Minted};
use crate::problem::Problem;
use crate::service::{Ready, Setup};

/// One request on its way through a route.
#[derive(Clone, Copy)]
struct Call<'a> {
    setup: &'a Setup,
    request: &'a Request,
    inputs: &'a Inputs<'a>,
}

/// Leave to mint: there is a caller, and there is something to sign with.
struct Minter<'a> {
    ready: &'a Ready,
    caller: Caller,
    inputs: &'a Inputs<'a>,
}

/// Answers one request. The path is decoded once, before it is matched, so `%2F` separates like `/`.
pub(crate) fn answer(setup: &Setup, request: &Request, inputs: &Inputs<'_>) -> Response<Vec<u8>> {
    let call = Call { setup, request, inputs };
    let Ok(path) = percent_decode_str(&request.path).decode_utf8() else {
        return Problem::InvalidPath.into_response(&inputs.request_id);
    };
    match &*path {
        "/" => pages::home(call),
        "/healthz" => pages::health(call),
        "/v1/token" => token::answer(call),
        path => {
            compat::answer(call, path).unwrap_or_else(|| Problem::NotFound.into_response(&inputs.request_id))
        }
    }
}

impl<'a> Call<'a> {
    fn is(&self, method: &Method) -> bool {
        self.request.method == method
    }

    /// GET, or HEAD, which is GET without a body.
    fn is_read(&self) -> bool {
        self.is(&Method::GET) || self.is(&Method::HEAD)
    }

    fn body(&self) -> Result<&'a [u8], Problem> {
        match &self.request.body {
            Body::Whole(bytes) => Ok(bytes),
            Body::TooLarge => Err(Problem::BodyTooLarge),
            Body::Broken => Err(Problem::BodyBroken),
        }
    }

    /// Finds out who is calling, before anything that the caller sent is looked at.
    fn minter(&self) -> Result<Minter<'a>, Problem> {
        let caller = authenticate(&self.setup.auth)?;
        let ready = self.setup.ready.as_ref().map_err(|_| Problem::NotReady)?;
        Ok(Minter { ready, caller, inputs: self.inputs })
    }
}

impl<'a> Minter<'a> {
    fn mint(&self, ask: &Ask<'a>) -> Result<Minted<'a>, Problem> {
        mint::mint(self.ready, self.caller, ask, self.inputs)
    }
}
