//! `POST /v1/agora/rest-auth`: headers with which a server calls Agora's REST APIs by itself.

use hallpass_token::agora::RtmUser;
use hallpass_token::{Life, UnixSeconds};
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::answer::{self, JSON};
use crate::json::{self, Object};
use crate::policy::AgoraCall;
use crate::problem::Problem;
use crate::projects::AgoraProject;
use crate::providers::agora::{Credentials, Form, Signing};
use crate::routes::token::Ttl;
use crate::routes::{Call, Minter};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthBody {
    form: Form,
    project: Option<String>,
    user: Option<String>,
    ttl: Option<Ttl>,
}

/// Credentials, and when they end if they do.
pub(super) struct Issued<'a> {
    pub(super) headers: Credentials,
    token: Option<(RtmUser<'a>, Life)>,
}

/// For one call, and clocks that differ.
pub(super) const USUAL_LIFE: Life = match Life::new(600) {
    Ok(life) => life,
    Err(_) => Life::MAX,
};

pub(in crate::routes) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    issue(call).unwrap_or_else(|problem| problem.into_response(&call.inputs.request_id))
}

fn issue(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<AuthBody>>(call.body()?)?;
    let AuthBody { form, project, user, ttl } = &body;
    let is_basic = *form == Form::Basic;
    for (name, is_there) in [("project", project.is_some()), ("user", user.is_some()), ("ttl", ttl.is_some())]
    {
        if is_basic && is_there {
            return Err(Problem::field(
                name,
                "is for forms with a token; \"basic\" is for the whole account",
            ));
        }
    }
    if is_basic {
        minter.allow_agora_call(AgoraCall::Auth, None, None)?;
        let customer = minter.ready.rest.customer.as_ref().ok_or(Problem::NoCustomer)?;
        return Ok(response(*form, &Credentials::basic(customer), Map::new()));
    }
    let project = minter.ready.projects.agora(project.as_deref())?;
    let user = user.as_deref().map(rtm_user).transpose()?;
    let longest = minter.allow_agora_call(AgoraCall::Auth, Some(&project.name), None)?;
    let life = ttl.as_ref().map_or(USUAL_LIFE, |ttl| ttl.life()).min(longest);
    let issued = credentials(&minter, *form, &project.project, user, life)?;
    let mut token = Map::new();
    if let Some((user, life)) = issued.token {
        let (UnixSeconds(issued_at), expires_in) = (minter.inputs.now, life.seconds().0);
        token.insert("project".to_owned(), project.name.as_str().into());
        token.insert("app_id".to_owned(), project.project.app_id.as_str().into());
        token.insert("user".to_owned(), user.as_str().into());
        token.insert("issued_at".to_owned(), issued_at.into());
        token.insert("expires_at".to_owned(), issued_at.saturating_add(expires_in).into());
        token.insert("expires_in".to_owned(), expires_in.into());
    }
    Ok(response(*form, &issued.headers, token))
}

/// `answer` is what there is to say of a token.
fn response(form: Form, headers: &Credentials, mut answer: Map<String, Value>) -> Response<Vec<u8>> {
    let headers = headers.headers().map(|(name, value)| (name.to_owned(), value.into())).collect();
    answer.insert("form".to_owned(), form.name().into());
    answer.insert("headers".to_owned(), Value::Object(headers));
    answer::json(StatusCode::OK, JSON, &answer)
}

/// Credentials in this form. The user of Signaling is, unless there is one, the name of the caller's key.
pub(super) fn credentials<'a>(
    minter: &'a Minter<'_>,
    form: Form,
    project: &AgoraProject,
    user: Option<RtmUser<'a>>,
    life: Life,
) -> Result<Issued<'a>, Problem> {
    if form == Form::Basic {
        let customer = minter.ready.rest.customer.as_ref().ok_or(Problem::NoCustomer)?;
        return Ok(Issued { headers: Credentials::basic(customer), token: None });
    }
    let user = match user {
        Some(user) => user,
        None => rtm_user(minter.caller.subject().unwrap_or_default())?,
    };
    let limits = minter.ready.ttl;
    let life = life.min(limits.max);
    let signing = Signing { project, user, life, now: minter.inputs.now, salt: minter.inputs.salt_bytes() };
    let headers = if form == Form::AgoraToken {
        Credentials::agora_token(signing)
    } else {
        Credentials::x_agora_token(signing)
    };
    Ok(Issued { headers: headers.ok_or(Problem::NotReady)?, token: Some((user, life)) })
}

fn rtm_user(text: &str) -> Result<RtmUser<'_>, Problem> {
    RtmUser::parse(text).map_err(|error| Problem::field("user", error))
}
