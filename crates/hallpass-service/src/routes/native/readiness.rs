//! `GET /readyz`: whether tokens can be minted, and if not, the names of what is missing or wrong.

use http::StatusCode;

use crate::problem::Problem;
use crate::settings::DOCUMENT;
use crate::state::{AuthState, LoadedState};
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) fn respond(state: &LoadedState) -> Result<Response, Problem> {
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
