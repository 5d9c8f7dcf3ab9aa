//! `GET /readyz`: whether tokens can be made, and if not, the names of what is missing or wrong.

use http::{Response, StatusCode};

use super::Call;
use crate::answer::{self, JSON};
use crate::config::DOCUMENT;
use crate::problem::Problem;
use crate::setup::Access;

pub(super) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    let Some(setup) = call.setup else {
        return Problem::NotReady.into_response(&call.inputs.request_id);
    };
    let has_no_auth = matches!(setup.access, Access::NotConfigured);
    let mut missing = Vec::new();
    if has_no_auth {
        missing.push(format!("{DOCUMENT}.auth"));
    }
    if let Err(error) = &setup.ready {
        missing.extend(error.names());
    }
    if missing.is_empty() {
        return answer::body(StatusCode::OK, JSON, r#"{"status":"ready"}"#);
    }
    let problem = if has_no_auth { Problem::AuthNotConfigured } else { Problem::NotReady };
    problem.into_response_naming(&missing, &call.inputs.request_id)
}
