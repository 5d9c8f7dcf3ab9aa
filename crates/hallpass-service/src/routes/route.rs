//! A route, and the kinds of handlers.

use http::Method;

use super::authorized::{Authorized, BoxFuture};
use super::dialect::Dialect;
use crate::problem::Problem;
use crate::state::LoadedState;
use crate::web::request::Request;
use crate::web::response::Response;

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    /// The path; `{name}` stands for any one segment.
    pub(crate) path: &'static str,
    /// The methods, as the header `Allow` names them.
    pub(super) methods: &'static str,
    pub(super) handler: Handler,
    pub(super) dialect: Dialect,
}

/// A handler, by what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// Responds to anyone, without the state.
    Anyone(fn(&Request) -> Response),
    /// Responds to anyone, with the state of the deployment.
    State(fn(&LoadedState) -> Result<Response, Problem>),
    /// Responds to an authorized caller.
    Caller(for<'a> fn(Authorized<'a>) -> BoxFuture<'a, Result<Response, Problem>>),
}

impl Route {
    /// Whether a request with this method needs the state of the deployment.
    pub(crate) fn needs_state(&self, method: &Method) -> bool {
        self.allows(method) && !matches!(self.handler, Handler::Anyone(_))
    }

    pub(super) fn allows(&self, method: &Method) -> bool {
        self.methods.split(", ").any(|allowed| method == allowed)
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        self.dialect.matching.matches(self.path, path)
    }
}
