//! `POST /v1/agora/rest-auth`: headers with which a server calls Agora's REST APIs itself.

use http::StatusCode;

use super::agora_calls::{DEFAULT_TTL, allow, credentials, customer, rtm_user};
use crate::problem::Problem;
use crate::providers::agora::rest::{Credentials, Form, RestCall};
use crate::routes::authorized::Authorized;
use crate::settings::read_requested_ttl;
use crate::web::json::{Invalid, Json};
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let (form, project, user, ttl) = document.read(|body| {
        let fields = body.fields(&["form", "project", "user", "ttl"])?;
        let form = Form::read(fields.required("form")?)?;
        let others = ["project", "user", "ttl"].into_iter().filter_map(|name| fields.optional(name));
        if let (Form::Basic, Some(other)) = (form, { others }.next()) {
            let detail = "is for forms with a token; \"basic\" is for the whole account";
            return Err(Invalid::rule(other, detail));
        }
        let text = |name| fields.optional(name).map(Json::string).transpose();
        let ttl = fields.optional("ttl").map(read_requested_ttl).transpose()?;
        Ok((form, text("project")?, text("user")?, ttl))
    })?;
    if form == Form::Basic {
        allow(&authorized, RestCall::Auth, None, None)?;
        return Ok(respond_with(form, &Credentials::basic(customer(&authorized)?), Vec::new()));
    }
    let project = authorized.signing.providers.agora.projects.get(project)?;
    let user = user.map(rtm_user).transpose()?;
    let longest = allow(&authorized, RestCall::Auth, Some(&project.name), None)?;
    let ttl = ttl.unwrap_or(DEFAULT_TTL).min(longest);
    let (headers, user, ttl) = credentials(&authorized, form, &project.project, user, ttl)?;
    let (now, ttl) = (authorized.context.now.0, ttl.seconds().0);
    let token = vec![
        ("project", project.name.as_str().into()),
        ("app_id", project.project.app_id.as_str().into()),
        ("user", user.as_str().into()),
        ("issued_at", now.into()),
        ("expires_at", now.saturating_add(ttl).into()),
        ("expires_in", ttl.into()),
    ];
    Ok(respond_with(form, &headers, token))
}

/// `fields` are those of a token.
fn respond_with<'a>(
    form: Form,
    headers: &'a Credentials,
    mut fields: Vec<(&'static str, Json<'a>)>,
) -> Response {
    let headers: Vec<_> = headers.headers().map(|(name, value)| (name, value.into())).collect();
    fields.push(("form", form.name().into()));
    fields.push(("headers", headers.into()));
    response::json(StatusCode::OK, JSON, &fields.into())
}
