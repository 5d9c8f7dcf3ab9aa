//! `GET /v1/agora/projects` and `GET /v1/agora/rtm/user-events`.

use http::StatusCode;

use super::agora_calls::{DEFAULT_TTL, allow, credentials, customer};
use crate::problem::Problem;
use crate::providers::agora::rest::{self, Credentials, Form, RestCall};
use crate::routes::authorized::Authorized;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) async fn projects(authorized: Authorized<'_>) -> Result<Response, Problem> {
    allow(&authorized, RestCall::Projects, None, None)?;
    let credentials = Credentials::basic(customer(&authorized)?);
    let request = rest::list_projects(&authorized.signing.providers.agora.url, credentials);
    let projects = rest::projects(authorized.send(request).await);
    let projects = projects.map_err(|error| authorized.upstream_failed(error))?;
    Ok(response::json(StatusCode::OK, JSON, &Json::object([("projects", projects.into())])))
}

pub(in crate::routes) async fn user_events(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let provider = &authorized.signing.providers.agora;
    let project = provider.projects.get(authorized.query("project").as_deref())?;
    let form = match authorized.query("form") {
        None => Form::AgoraToken,
        Some(name) => Form::parse(&name)
            .ok_or_else(|| FieldError::sentence("form", format!("expected {}", Form::EXPECTED)))?,
    };
    let longest = allow(&authorized, RestCall::UserEvents, Some(&project.name), None)?;
    let (headers, ..) = credentials(&authorized, form, &project.project, None, longest.min(DEFAULT_TTL))?;
    let request = rest::take_user_events(&provider.url, &project.project.app_id, headers);
    let events = rest::user_events(authorized.send(request).await);
    let events = events.map_err(|error| authorized.upstream_failed(error))?;
    Ok(response::json(StatusCode::OK, JSON, &Json::object([("events", events.into())])))
}
