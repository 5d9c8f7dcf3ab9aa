//! Which request goes where.

mod compat;
mod inspect;
mod openapi;
mod pages;
mod readiness;
mod table;
mod token;

use http::{Method, Response};
use percent_encoding::percent_decode_str;

use self::table::Route;
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
    route: &'static Route,
    /// The path, decoded.
    path: &'a str,
}

/// Leave to mint: there is a caller, and there is something to sign with.
struct Minter<'a> {
    ready: &'a Ready,
    caller: Caller,
    inputs: &'a Inputs<'a>,
}

/// Answers one request. The path is decoded once, before it is matched, so `%2F` separates like `/`.
pub(crate) fn answer(setup: &Setup, request: &Request, inputs: &Inputs<'_>) -> Response<Vec<u8>> {
    let Ok(path) = percent_decode_str(&request.path).decode_utf8() else {
        return Problem::InvalidPath.into_response(&inputs.request_id);
    };
    let Some(route) = table::find(&path, &request.method) else {
        return Problem::NotFound.into_response(&inputs.request_id);
    };
    let call = Call { setup, request, inputs, route, path: &path };
    if route.allows(&request.method) {
        (route.answer)(call)
    } else {
        (route.server.refuse)(call, &table::methods(&path))
    }
}

fn method_not_allowed(call: Call<'_>, allow: &str) -> Response<Vec<u8>> {
    Problem::MethodNotAllowed { allow: allow.to_owned() }.into_response(&call.inputs.request_id)
}

impl<'a> Call<'a> {
    fn is(&self, method: &Method) -> bool {
        self.request.method == method
    }

    /// The part of the path that the table gives this name; empty where it gives it to none.
    fn part(&self, name: &str) -> &'a str {
        self.route.part(self.path, name)
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
