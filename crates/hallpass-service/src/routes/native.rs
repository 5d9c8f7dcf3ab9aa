//! The native routes. Errors are problem documents (RFC 9457).

pub(super) mod agora;
pub(super) mod openapi;
pub(super) mod pages;
pub(super) mod rest_auth;
pub(super) mod rooms;
pub(super) mod token;
pub(super) mod uid;

use super::route::{Dialect, Slashes};
use crate::problem::Problem;
use crate::web::response::{self, PROBLEM_JSON, Response};

pub(super) const DIALECT: Dialect = Dialect {
    slashes: Slashes::Exact,
    ignores_case: false,
    render: |error| respond_with_problem(error.problem, error.request_id),
};

/// Responds with a problem document.
pub(crate) fn respond_with_problem(problem: &Problem, request_id: &str) -> Response {
    response::json(problem.status(), PROBLEM_JSON, &problem.to_json(request_id))
}
