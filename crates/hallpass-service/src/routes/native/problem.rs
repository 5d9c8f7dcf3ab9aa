//! Errors of the native routes: problem documents (RFC 9457).

use crate::problem::Problem;
use crate::routes::dialect::{Dialect, ErrorBody, response_of};
use crate::routes::path::PathMatching;
use crate::web::response::{PROBLEM_JSON, Response};

/// The conventions of the native routes.
pub(in crate::routes) const DIALECT: Dialect =
    Dialect { matching: PathMatching::Exact, render: |error| render(error.problem, error.request_id) };

/// Responds to a request that reaches no route.
pub(crate) fn respond_with_problem(problem: &Problem, request_id: &str) -> Response {
    response_of(render(problem, request_id), problem)
}

fn render(problem: &Problem, request_id: &str) -> ErrorBody {
    ErrorBody::new(problem.status(), PROBLEM_JSON, problem.to_json(request_id).to_vec())
}
