//! Answers that several of these servers give in the same words.

use http::{Response, StatusCode};
use serde::Serialize;

use crate::answer::{self, HTML, JSON_UTF8, TEXT};
use crate::problem::Problem;
use crate::routes::Call;

/// What Gin says to a method that a path does not know.
pub(super) fn gin_not_found(allow: &'static str) -> Response<Vec<u8>> {
    answer::allow(answer::body(StatusCode::NOT_FOUND, TEXT, "404 page not found"), allow)
}

/// What Express says to a method that a path does not know.
pub(super) fn express_not_found(call: Call<'_>, path: &str, allow: &'static str) -> Response<Vec<u8>> {
    let page =
        format!("<!doctype html>\n<title>Error</title>\n<pre>Cannot {} {path}</pre>\n", call.request.method);
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
