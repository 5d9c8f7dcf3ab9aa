//! Answers that several of these servers give in the same words.

use http::{Method, Response, StatusCode};
use serde::Serialize;

use crate::answer::{self, HTML, JSON_UTF8, TEXT};
use crate::problem::Problem;
use crate::quote::quote;
use crate::routes::Call;

/// What Gin says to a method that a path does not know.
pub(in crate::routes) fn gin_refusal(_: Call<'_>, allow: &str) -> Response<Vec<u8>> {
    answer::allow(answer::body(StatusCode::NOT_FOUND, TEXT, "404 page not found"), allow)
}

/// What Express says to a method that a path does not know; OPTIONS it answers by itself.
pub(in crate::routes) fn express_refusal(call: Call<'_>, allow: &str) -> Response<Vec<u8>> {
    if call.is(&Method::OPTIONS) {
        return answer::allow(answer::body(StatusCode::OK, HTML, allow), allow);
    }
    let (method, path) = (quote(call.request.method.as_str()), call.route.path);
    let page = format!("<!doctype html>\n<title>Error</title>\n<pre>Cannot {method} {path}</pre>\n");
    answer::allow(answer::body(StatusCode::NOT_FOUND, HTML, page), allow)
}

/// `{"error":…}`
pub(super) fn error(problem: &Problem) -> Response<Vec<u8>> {
    #[derive(Serialize)]
    struct Refusal {
        error: String,
    }
    answer::json(problem.status(), JSON_UTF8, &Refusal { error: problem.to_string() })
}

/// `{"token":…}`
pub(super) fn token(token: &str) -> Response<Vec<u8>> {
    #[derive(Serialize)]
    struct Answer<'a> {
        token: &'a str,
    }
    answer::json(StatusCode::OK, JSON_UTF8, &Answer { token })
}
