//! `GET /v1/uid`: the derived uid of a caller in the channels of an Agora project.

use std::borrow::Cow;

use crate::auth::{Caller, CallerKind, is_substitutable};
use crate::policy::{DeniedPart, PolicyError};
use crate::problem::Problem;
use crate::routes::authorized::Authorized;
use crate::routes::route::ok;
use crate::token::ProviderCall;
use crate::web::json::Json;
use crate::web::response::{JSON, Response};

/// The field that names the subject, in the query and in the response.
const FIELD: &str = "subject";
const OTHER_SUBJECT: &str =
    "Only callers with a service key can request the uid of another subject. Omit `subject`.";
const NO_SUBJECT: &str = "This caller has no subject that can identify a user. Send a service key, or a JWT whose claim `sub` is an exact integer, or a non-empty string without `*`, `{` or `}`.";

/// Handles `GET /v1/uid`: derives the uid of the caller's subject. A caller with a service key can name another subject.
pub(in crate::routes) fn uid(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let (project, subject) = (authorized.query("project"), authorized.query(FIELD));
    let signing = authorized.signing;
    let project = signing.providers.agora.projects.get(project.as_deref())?;
    // The policy rejects these characters in subjects, so no token has a uid of such a subject.
    if subject.as_ref().is_some_and(|subject| !is_substitutable(subject)) {
        return Err(Problem::field(FIELD, "must be a non-empty string without `*`, `{` or `}`"));
    }
    let call = ProviderCall { service: "uid", project: Some(&project.name), ..ProviderCall::default() };
    let subject = allowed_subject(authorized.caller, subject).map_err(|reason| {
        let error = PolicyError::new(DeniedPart::Identity, FIELD, reason);
        authorized.call_denied(&call, error)
    })?;
    authorized.audit_call(call, Ok(None))?;
    let app_id = &project.project.app_id;
    Ok(ok(
        JSON,
        &Json::object([
            ("uid", signing.providers.agora.uids.derive(app_id, &subject).get().into()),
            (FIELD, subject.as_ref().into()),
            ("project", project.name.as_str().into()),
            ("app_id", app_id.as_str().into()),
        ]),
    ))
}

/// Returns the requested subject, or the caller's own subject. If the caller cannot request this uid, returns the reason.
fn allowed_subject(caller: &Caller, requested: Option<String>) -> Result<Cow<'_, str>, &'static str> {
    let Some(requested) = requested else { return caller.substitutable_claim("sub").ok_or(NO_SUBJECT) };
    let is_allowed = caller.kind() == CallerKind::Service || caller.subject() == Some(&requested);
    if is_allowed { Ok(requested.into()) } else { Err(OTHER_SUBJECT) }
}
