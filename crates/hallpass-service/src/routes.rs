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

use self::table::Target;
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
    let not_found = || Problem::NotFound.into_response(&inputs.request_id);
    let Some(route) = table::find(&path) else { return not_found() };
    if route.target != Target::Compat && !route.allows(&request.method) {
        return Problem::MethodNotAllowed { allow: route.methods }.into_response(&inputs.request_id);
    }
    match route.target {
        Target::Home => pages::home(call),
        Target::Health => pages::health(),
        Target::Readiness => readiness::answer(call),
        Target::OpenApi => openapi::answer(),
        Target::Token => token::answer(call),
        Target::Inspect => inspect::answer(call),
        Target::Compat => compat::answer(call, &path).unwrap_or_else(not_found),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Service;
    use hallpass_token::UnixSeconds;

    /// Were a server of the list not to know its own path, its routes would be found and not answered.
    #[test]
    fn every_route_of_the_table_is_answered() {
        let service = Service::new(|_| None, |_| None);
        let inputs = Inputs {
            now: UnixSeconds(1_700_000_000),
            random: [0; Inputs::RANDOM_BYTES],
            request_id: String::new(),
            caller_address: &|| None,
        };
        for route in table::ROUTES {
            let path: Vec<_> =
                route.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
            for method in route.methods.split(", ") {
                let request = Request {
                    method: method.parse().unwrap(),
                    path: path.join("/"),
                    query: String::new(),
                    headers: http::HeaderMap::new(),
                    body: Body::Whole(Vec::new()),
                };
                let status = service.handle(&request, &inputs).response.status();
                let answered =
                    !matches!(status, http::StatusCode::NOT_FOUND | http::StatusCode::METHOD_NOT_ALLOWED);
                assert!(answered, "{method} {}: {status}", route.path);
            }
        }
    }
}
