//! The pages for anyone: the front page, the health check and the readiness check.

use http::StatusCode;

use crate::problem::Problem;
use crate::settings::DOCUMENT;
use crate::state::{AuthState, LoadedState};
use crate::web::headers::ACCEPT;
use crate::web::request::Request;
use crate::web::response::{self, HTML, JSON, Response};
use crate::web::text::find;

/// What the Express tutorial's server answers on `/`.
const EXPRESS_GREETING: &str = "Agora Auth Token Server";

const PAGE: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Hallpass</title>
<h1>Hallpass</h1>
<p>This server hands out the short-lived tokens that an app's clients need before they join a channel.</p>
<p>A token: <code>POST /v1/token</code>. The routes, the configuration and the errors are described in the README
of the project that this server was deployed from.</p>
</html>
";

/// `GET /`: a page for a browser, and for other clients the string that they may look for.
pub(in crate::routes) fn home(request: &Request) -> Response {
    let accept = request.headers.get(ACCEPT).filter(|value| value.is_ascii()).unwrap_or_default();
    let page = if find(accept, "text/html").is_some() { PAGE } else { EXPRESS_GREETING };
    response::body(StatusCode::OK, HTML, page)
}

/// `GET /healthz`: 200 while the process answers; nothing is read.
pub(in crate::routes) fn health(_: &Request) -> Response {
    response::body(StatusCode::OK, JSON, r#"{"status":"ok"}"#)
}

/// `GET /readyz`: whether tokens can be minted, and if not, the names of what is missing or wrong.
pub(in crate::routes) fn ready(state: &LoadedState) -> Result<Response, Problem> {
    let has_no_auth = matches!(state.auth, AuthState::NotConfigured);
    let mut missing = Vec::new();
    missing.extend(has_no_auth.then(|| format!("{DOCUMENT}.auth")));
    missing.extend(state.signing.as_ref().err().into_iter().flat_map(|error| error.names()));
    if missing.is_empty() {
        Ok(response::body(StatusCode::OK, JSON, r#"{"status":"ready"}"#))
    } else if has_no_auth {
        Err(Problem::AuthNotConfigured { missing })
    } else {
        Err(Problem::NotReady { missing })
    }
}
