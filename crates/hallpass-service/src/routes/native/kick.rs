//! `POST /v1/agora/kick`: removes a user from a channel, and keeps the user out for a while. Agora revokes no token, so a token
//! ends early only by this and by not issuing the next one.

use hallpass_token::Seconds;
use http::StatusCode;

use super::agora_calls::{allow, customer};
use crate::problem::Problem;
use crate::providers::agora::AgoraProject;
use crate::providers::agora::rest::kick::{self, Ban};
use crate::providers::agora::rest::{Credentials, RestCall};
use crate::routes::authorized::Authorized;
use crate::settings::NamedProject;
use crate::web::json::Json;
use crate::web::response::{self, JSON, Response};

pub(in crate::routes) async fn respond(authorized: Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let (project, ban) = document.read(|body| {
        let fields = body.fields(&[&["project"], kick::FIELDS.as_slice()].concat())?;
        Ok((fields.optional("project").map(Json::string).transpose()?, Ban::read(fields)?))
    })?;
    let project = authorized.signing.providers.agora.projects.get(project)?;
    allow(&authorized, RestCall::Kick, Some(&project.name), Some(&ban))?;
    let rule_id = create_rule(&authorized, project, &ban).await?;
    let mut fields = vec![
        ("rule_id", rule_id.into()),
        ("project", project.name.as_str().into()),
        ("app_id", project.project.app_id.as_str().into()),
    ];
    fields.extend(ban.to_fields());
    Ok(response::json(StatusCode::OK, JSON, &fields.into()))
}

async fn create_rule(
    authorized: &Authorized<'_>,
    project: &NamedProject<AgoraProject>,
    ban: &Ban,
) -> Result<u64, Problem> {
    let (url, app_id) = (&authorized.signing.providers.agora.url, &project.project.app_id);
    let credentials = || customer(authorized).map(Credentials::basic);
    let created = kick::created(authorized.send(kick::create(url, app_id, ban, credentials()?)).await);
    let error = match created {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    // The rule may exist all the same, and to create it again would be another one. A rule of 0 seconds is in no list.
    if error.is_in_doubt() && ban.seconds != 0 {
        let until = authorized.context.now.plus(Seconds(ban.seconds));
        let rules = authorized.send(kick::list(url, app_id, credentials()?)).await;
        if let Ok(Some(id)) = kick::find(rules, ban, until) {
            return Ok(id);
        }
    }
    Err(authorized.upstream_failed(error))
}
