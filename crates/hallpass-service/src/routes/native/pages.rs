//! Public pages: the home page, the health check and the readiness check.

use http::StatusCode;

use crate::problem::Problem;
use crate::settings::DOCUMENT;
use crate::state::{AuthState, LoadedState};
use crate::web::headers::ACCEPT;
use crate::web::request::{Request, segments};
use crate::web::response::{self, HTML, JSON, Response};
use crate::web::strings::find;

/// The response of the Express tutorial's server to `GET /`.
const EXPRESS_GREETING: &str = "Agora Auth Token Server";

/// The home page before and after the folder of the link to openapi.json.
const PAGE: (&str, &str) = (
    "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Hallpass</title>
<h1>Hallpass</h1>
<p>This server issues the short-lived Agora and VideoSDK tokens that an app's clients need before they join a channel.</p>
<p>To get a token, send <code>POST /v1/token</code>. <a href=\"",
    "openapi.json\">openapi.json</a> describes all routes. For
details, see these files of the project that this server was deployed from: <code>docs/api.md</code> (routes),
<code>docs/configuration.md</code> (configuration) and <code>docs/errors.md</code> (errors).</p>
</html>
",
);

/// Handles `GET /`: responds to browsers with a page, and to other clients with the greeting of the Express tutorial's
/// server.
pub(in crate::routes) fn home(request: &Request) -> Response {
    let accept = request.headers.get(ACCEPT).filter(|value| value.is_ascii()).unwrap_or_default();
    if find(accept, "text/html").is_none() {
        return response::body(StatusCode::OK, HTML, EXPRESS_GREETING);
    }
    // A browser resolves the link relative to the folder of the page. At the base path without a trailing slash, the link
    // therefore repeats the last segment. This segment consists of characters that need no escaping.
    let last = segments(request.path.as_bytes()).last().unwrap_or_default();
    let (before, after) = PAGE;
    let separator: &[u8] = if last.is_empty() { b"" } else { b"/" };
    response::body(StatusCode::OK, HTML, [before.as_bytes(), last, separator, after.as_bytes()].concat())
}

/// Handles `GET /healthz`: responds with status 200 while the process runs. The response does not depend on settings or
/// secrets.
pub(in crate::routes) fn health(_: &Request) -> Response {
    response::body(StatusCode::OK, JSON, r#"{"status":"ok"}"#)
}

/// Handles `GET /readyz`: reports whether tokens can be issued. If tokens cannot be issued, lists the missing or invalid
/// settings and secrets.
pub(in crate::routes) fn ready(state: &LoadedState) -> Result<Response, Problem> {
    let has_no_auth = matches!(state.auth, AuthState::NotConfigured);
    let mut missing = Vec::new();
    if has_no_auth {
        missing.push(format!("{DOCUMENT}.auth"));
    }
    if let Err(error) = &state.signing {
        missing.extend(error.names());
    }
    if missing.is_empty() {
        Ok(response::body(StatusCode::OK, JSON, r#"{"status":"ready"}"#))
    } else if has_no_auth {
        Err(Problem::AuthNotConfigured { missing })
    } else {
        Err(Problem::NotReady { missing })
    }
}
