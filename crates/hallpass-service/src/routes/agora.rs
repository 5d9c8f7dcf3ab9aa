//! Agora's REST APIs for callers with a service key: `GET /v1/agora/projects` and `GET /v1/agora/rtm/user-events`.

pub(super) mod kick;
pub(super) mod rest_auth;

use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use self::rest_auth::{USUAL_LIFE, credentials};
use super::step::Step;
use super::{Call, query_value};
use crate::answer::{self, JSON};
use crate::policy::AgoraCall;
use crate::problem::Problem;
use crate::providers::agora::{self, Credentials, Form, ProjectEntry};

pub(super) fn projects(call: Call<'_>) -> Step<'_> {
    begin_projects(call).unwrap_or_else(|problem| Step::Done(refusal(call, problem)))
}

fn begin_projects(call: Call<'_>) -> Result<Step<'_>, Problem> {
    #[derive(Serialize)]
    struct Answer {
        projects: Vec<ProjectEntry>,
    }
    let minter = call.minter()?;
    minter.allow_agora_call(AgoraCall::Projects, None, None)?;
    let rest = &minter.ready.rest;
    let credentials = Credentials::basic(rest.customer.as_ref().ok_or(Problem::NoCustomer)?);
    Ok(Step::send(agora::list_projects(rest, credentials), move |answer| {
        Step::Done(match agora::projects(answer) {
            Ok(projects) => answer::json(StatusCode::OK, JSON, &Answer { projects }),
            Err(fault) => refusal(call, call.provider_failed(fault)),
        })
    }))
}

pub(super) fn user_events(call: Call<'_>) -> Step<'_> {
    begin_user_events(call).unwrap_or_else(|problem| Step::Done(refusal(call, problem)))
}

fn begin_user_events(call: Call<'_>) -> Result<Step<'_>, Problem> {
    let minter = call.minter()?;
    let project = minter.ready.projects.agora(query_value(call, "project").as_deref())?;
    let form = match query_value(call, "form") {
        None => Form::AgoraToken,
        Some(name) => Form::parse(&name)
            .ok_or_else(|| Problem::verbatim("form", format!("expected {}", Form::EXPECTED)))?,
    };
    let longest = minter.allow_agora_call(AgoraCall::UserEvents, Some(&project.name), None)?;
    let credentials = credentials(&minter, form, &project.project, None, longest.min(USUAL_LIFE))?;
    let request = agora::take_user_events(&minter.ready.rest, &project.project.app_id, credentials.headers);
    Ok(Step::send(request, move |answer| {
        Step::Done(match agora::user_events(answer) {
            Ok(events) => answer::json(StatusCode::OK, JSON, &json!({ "events": events })),
            Err(fault) => refusal(call, call.provider_failed(fault)),
        })
    }))
}

fn refusal(call: Call<'_>, problem: Problem) -> Response<Vec<u8>> {
    problem.into_response(&call.inputs.request_id)
}
