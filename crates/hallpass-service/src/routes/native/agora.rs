//! Routes that call Agora's REST APIs.

use hallpass_token::agora::RtmUser;
use hallpass_token::{Seconds, Ttl};

use crate::policy::{GrantingRule, PolicyError};
use crate::problem::Problem;
use crate::providers::agora::rest::kick::{self, Ban};
use crate::providers::agora::rest::{self, AccountCredentials, Credentials, Form, RestCall, TokenSigner};
use crate::providers::agora::{AgoraProject, FormatCheck, decide_rest_call};
use crate::routes::authorized::Authorized;
use crate::routes::route::ok;
use crate::settings::NamedProject;
use crate::token::ProviderCall;
use crate::web::field_error::FieldError;
use crate::web::json::Json;
use crate::web::response::{JSON, Response};

/// The default lifetime of a token for one call. This lifetime allows for clock skew.
pub(super) const DEFAULT_TTL: Ttl = match Ttl::new(600) {
    Ok(ttl) => ttl,
    Err(_) => Ttl::MAX,
};

/// Handles `GET /v1/agora/projects`: lists the projects of the account.
pub(in crate::routes) async fn projects(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    authorize_call(authorized, &Call { kind: RestCall::Projects, project: None, form: None }, None)?;
    let credentials = Credentials::basic(account(authorized)?);
    let request = rest::list_projects(&authorized.signing.providers.agora.url, credentials);
    let projects = rest::read_projects(authorized.send(request).await);
    let projects = projects.map_err(|error| authorized.upstream_failed(error))?;
    Ok(ok(JSON, &Json::object([("projects", projects.into())])))
}

/// Handles `GET /v1/agora/rtm/user-events`: fetches the login and logout events of Signaling. Agora then deletes the
/// events.
pub(in crate::routes) async fn user_events(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let provider = &authorized.signing.providers.agora;
    let project = provider.projects.get(authorized.query("project").as_deref())?;
    let form = match authorized.query("form") {
        None => Form::AgoraToken,
        Some(name) => Form::parse(&name)
            .ok_or_else(|| FieldError::new("form", format!("must be {}", Form::EXPECTED)))?,
    };
    let call = Call { kind: RestCall::UserEvents, project: Some(&project.name), form: Some(form) };
    let max_ttl = authorize_call(authorized, &call, None)?;
    let (headers, ..) = credentials(authorized, form, &project.project, None, max_ttl.min(DEFAULT_TTL))?;
    let request = rest::take_user_events(&provider.url, &project.project.app_id, headers);
    let events = rest::read_user_events(authorized.send(request).await);
    let events = events.map_err(|error| authorized.upstream_failed(error))?;
    Ok(ok(JSON, &Json::object([("events", events.into())])))
}

/// Handles `POST /v1/agora/kick`: removes users from a channel and bans them for a period. A ban is the only way to end
/// access before a token expires, because Agora cannot revoke tokens.
pub(in crate::routes) async fn kick(authorized: &Authorized<'_>) -> Result<Response, Problem> {
    let document = authorized.json()?;
    let (project, ban) = document.read(|body| {
        let fields = body.fields(&[&["project"], kick::FIELDS.as_slice()].concat())?;
        Ok((fields.read_optional("project", Json::string)?, Ban::read(fields)?))
    })?;
    let project = authorized.signing.providers.agora.projects.get(project)?;
    let call = Call { kind: RestCall::Kick, project: Some(&project.name), form: None };
    authorize_call(authorized, &call, Some(&ban))?;
    let rule_id = create_rule(authorized, project, &ban).await?;
    let mut fields = vec![
        ("rule_id", rule_id.into()),
        ("project", project.name.as_str().into()),
        ("app_id", project.project.app_id.as_str().into()),
    ];
    fields.extend(ban.to_fields());
    Ok(ok(JSON, &fields.into()))
}

/// Creates a kicking rule, and returns its ID.
async fn create_rule(
    authorized: &Authorized<'_>,
    project: &NamedProject<AgoraProject>,
    ban: &Ban,
) -> Result<u64, Problem> {
    let (url, app_id) = (&authorized.signing.providers.agora.url, &project.project.app_id);
    let credentials = || account(authorized).map(Credentials::basic);
    let created = kick::read_created(authorized.send(kick::create(url, app_id, ban, credentials()?)).await);
    let error = match created {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    // The rule may exist although the call failed, and a second request would create a duplicate. Therefore the service
    // lists the existing rules. Agora's list omits rules of 0 seconds.
    if error.is_outcome_unknown() && ban.seconds != 0 {
        let until = authorized.context.now.saturating_add(Seconds(ban.seconds));
        let rules = authorized.send(kick::list(url, app_id, credentials()?)).await;
        if let Ok(Some(id)) = kick::find_rule(rules, ban, until) {
            return Ok(id);
        }
    }
    Err(authorized.upstream_failed(error))
}

/// A call to Agora's REST APIs.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) kind: RestCall,
    /// The name of the project; `None` for a call about the whole account.
    pub(super) project: Option<&'a str>,
    /// The form of the credentials, if the caller chooses the form.
    pub(super) form: Option<Form>,
}

impl Call<'_> {
    /// Applies the policy to the call.
    pub(super) fn decide(self, authorized: &Authorized<'_>) -> Result<GrantingRule<()>, PolicyError> {
        let signing = authorized.signing;
        // The credentials of the account are valid for every project.
        let project = self.project.filter(|_| self.form != Some(Form::Basic)).unwrap_or_default();
        let format = self.form.and_then(Form::token_format);
        let format = format
            .map(|version| FormatCheck { version, grants_006: signing.providers.agora.compat.grants_006 });
        let (policy, caller) = (&signing.policy, authorized.caller);
        decide_rest_call(policy, |grants| &grants.agora, caller, project, self.kind, format)
    }
}

/// Authorizes a call and records the decision in the audit log. Returns the maximum lifetime of a token for the call.
pub(super) fn authorize_call(
    authorized: &Authorized<'_>,
    call: &Call<'_>,
    ban: Option<&Ban>,
) -> Result<Ttl, Problem> {
    let decided = call.decide(authorized);
    let ttl = decided.as_ref().map_or(Ttl::MAX, |rule| rule.ttl);
    let channel = ban.and_then(|ban| ban.channel.as_deref());
    let (service, project) = (call.kind.audit_name(), call.project);
    let call = ProviderCall { service, project, channel, ban: ban.map(Ban::audit) };
    authorized.audit_call(call, decided.map(|rule| Some(rule.by)))?;
    Ok(ttl)
}

/// Returns the credentials of the Agora account.
pub(super) fn account<'a>(authorized: &Authorized<'a>) -> Result<&'a AccountCredentials, Problem> {
    authorized.signing.providers.agora.account.as_ref().ok_or(Problem::AgoraAccountNotConfigured)
}

/// Returns the credentials, the user and the lifetime of the token. The default user is the name of the caller's service
/// key.
pub(super) fn credentials<'a>(
    authorized: &Authorized<'a>,
    form: Form,
    project: &AgoraProject,
    user: Option<RtmUser<'a>>,
    ttl: Ttl,
) -> Result<(Credentials, RtmUser<'a>, Ttl), Problem> {
    let user = match user {
        Some(user) => user,
        None => rtm_user(authorized.caller.subject().unwrap_or_default())?,
    };
    let ttl = ttl.min(authorized.signing.ttl.max);
    let context = authorized.context;
    let signer = TokenSigner { project, user, ttl, now: context.now, salt: context.salt_bytes() };
    let headers = match form {
        Form::Basic => Some(Credentials::basic(account(authorized)?)),
        Form::AgoraToken => Credentials::agora_token(signer),
        Form::XAgoraToken => Credentials::x_agora_token(signer),
    };
    Ok((headers.ok_or(Problem::NOT_READY)?, user, ttl))
}

pub(super) fn rtm_user(text: &str) -> Result<RtmUser<'_>, Problem> {
    RtmUser::parse(text).map_err(|error| Problem::field("user", error))
}
