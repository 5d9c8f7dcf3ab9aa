//! `POST /v1/agora/rest-auth`: credentials for a server's own calls to Agora's REST APIs.

use hallpass_token::Ttl;
use hallpass_token::agora::{ChannelName, Role, RtmUser, Uid};

use super::agora::{Call, DEFAULT_TTL, account, authorize_call, credentials, rtm_user};
use crate::problem::Problem;
use crate::providers::agora::rest::{Credentials, Form, RestCall};
use crate::providers::agora::{self, ChannelUser, RequestedRole, Rtc, Rtm, TokenService, Version, read_uid};
use crate::routes::authorized::Authorized;
use crate::routes::route::ok;
use crate::settings::read_requested_ttl;
use crate::token::{ProviderCall, RequestedTtl, TokenRequest};
use crate::web::json::{Invalid, Json};
use crate::web::response::{JSON, Response};

/// Handles `POST /v1/agora/rest-auth`: returns the headers for calls to Agora's REST APIs.
pub(in crate::routes) fn rest_auth(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let AuthRequest { form, project, user, ttl, agent } = document.read(AuthRequest::read)?;
    let mut fields = Vec::new();
    let credentials = if form == Form::Basic {
        authorize_call(authorized, &Call { kind: RestCall::Auth, project: None, form: Some(form) }, None)?;
        Credentials::basic(account(authorized)?)
    } else {
        let project = authorized.signing.providers.agora.projects.get(project)?;
        let user = user.map(rtm_user).transpose()?;
        let call = Call { kind: RestCall::Auth, project: Some(&project.name), form: Some(form) };
        let (credentials, user, ttl) = if let Some(agent) = agent {
            fields.extend([("channel", agent.channel.as_str().into()), ("uid", agent.uid.get().into())]);
            agent_credentials(authorized, call, agent, user, ttl)?
        } else {
            let max_ttl = authorize_call(authorized, &call, None)?;
            let ttl = ttl.unwrap_or(DEFAULT_TTL).min(max_ttl);
            let (credentials, user, ttl) = credentials(authorized, form, &project.project, user, ttl)?;
            (credentials, user.as_str().to_owned(), ttl)
        };
        let (now, ttl) = (authorized.context.now.0, ttl.seconds().0);
        fields.extend([
            ("project", project.name.as_str().into()),
            ("app_id", project.project.app_id.as_str().into()),
            ("user", user.into()),
            ("issued_at", now.into()),
            ("expires_at", now.saturating_add(ttl).into()),
            ("expires_in", ttl.into()),
        ]);
        credentials
    };
    let headers: Vec<_> = credentials.headers().map(|(name, value)| (name, value.into())).collect();
    fields.extend([("form", form.name().into()), ("headers", headers.into())]);
    Ok(ok(JSON, &fields.into()))
}

/// A request to `/v1/agora/rest-auth`.
struct AuthRequest<'a> {
    form: Form,
    project: Option<&'a str>,
    user: Option<&'a str>,
    ttl: Option<Ttl>,
    agent: Option<Agent<'a>>,
}

/// The channel and the uid of an agent.
#[derive(Clone, Copy)]
struct Agent<'a> {
    channel: ChannelName<'a>,
    uid: Uid,
}

impl<'a> AuthRequest<'a> {
    fn read(body: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let fields = body.fields(&["form", "project", "user", "ttl", "channel", "uid"])?;
        let form = Form::read(fields.required("form")?)?;
        let reject = |names: &[&str], detail| match names.iter().find_map(|name| fields.optional(name)) {
            Some(value) => Err(Invalid::rule(value, detail)),
            None => Ok(()),
        };
        match form {
            Form::AgoraToken => {}
            Form::XAgoraToken => reject(&["channel", "uid"], "requires `form` \"agora-token\"")?,
            Form::Basic => reject(
                &["project", "user", "ttl", "channel", "uid"],
                "cannot be combined with `form` \"basic\", which grants access to the whole account",
            )?,
        }
        let agent = match (fields.optional("channel"), fields.optional("uid")) {
            (Some(channel), Some(uid)) => Some(Agent::read(channel, uid)?),
            (None, None) => None,
            (Some(channel), None) => {
                return Err(Invalid::rule(channel, "requires `uid`, the uid of the agent"));
            }
            (None, Some(uid)) => {
                return Err(Invalid::rule(uid, "requires `channel`, the channel of the agent"));
            }
        };
        let string = |name| fields.read_optional(name, Json::string);
        let ttl = fields.read_optional("ttl", read_requested_ttl)?;
        Ok(Self { form, project: string("project")?, user: string("user")?, ttl, agent })
    }
}

impl<'a> Agent<'a> {
    fn read(channel: &'a Json<'a>, uid: &'a Json<'a>) -> Result<Self, Invalid<'a>> {
        let number = Uid::new(read_uid(uid)?);
        Ok(Self {
            channel: channel.parsed(ChannelName::parse)?,
            uid: number
                .ok_or_else(|| Invalid::rule(uid, "must not be 0, because the token is for one agent"))?,
        })
    }
}

/// Returns the credentials for calls about an agent, the Signaling user and the lifetime of the token. The default user
/// is the uid of the agent. Anyone with the token can join the channel, so the rules for `rtc` and `rtm` apply, too.
fn agent_credentials(
    authorized: &Authorized<'_>,
    call: Call<'_>,
    Agent { channel, uid }: Agent<'_>,
    user: Option<RtmUser<'_>>,
    ttl: Option<Ttl>,
) -> Result<(Credentials, String, Ttl), Problem> {
    let (service, project) = (call.kind.audit_name(), call.project);
    let granting = call.decide(authorized).map_err(|error| {
        let call = ProviderCall { service, project, channel: Some(channel.as_str()), ban: None };
        authorized.call_denied(&call, error)
    })?;
    let channel_user = ChannelUser::new(channel.into(), uid.into());
    let rtc = Rtc::new(channel_user, RequestedRole::Named(Role::Publisher));
    let rtm = user.map_or_else(Rtm::for_channel_user, Rtm::new);
    let services: Vec<Box<dyn TokenService<'_>>> = vec![Box::new(rtc), Box::new(rtm)];
    let ttl = RequestedTtl::For(ttl.unwrap_or(DEFAULT_TTL).min(granting.ttl));
    let request = TokenRequest::new(Some(ttl), agora::TokenRequest::new(Version::V007, services));
    let mut request = TokenRequest { project, ..request };
    let minted = authorized.mint_for_call(service, granting.by, &mut request)?;
    let user = user.map_or_else(|| uid.get().to_string(), |user| user.as_str().to_owned());
    Ok((Credentials::from_token(&minted.token), user, minted.ttl))
}
