//! Evaluation of a token request against a configuration, for `cargo xtask policy`.
//!
//! The token is signed with placeholder secrets and then discarded.

use hallpass_token::UnixSeconds;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::InputError;
pub use super::placeholder::PLACEHOLDER_APP_ID;
use super::placeholder::with_placeholders;
use crate::auth::{Authenticator, Caller, CallerKind, Claims};
use crate::policy::{DecidedBy, Evaluator, PolicyError, StringArena, TokenError};
use crate::problem::Problem;
use crate::routes::read_token_request;
use crate::settings::{DOCUMENT, Secrets};
use crate::state::{AuthState, Config, LoadedState, Signing};
use crate::token;
use crate::web::json::{Invalid, Json};
use crate::web::request::RequestContext;

/// A second placeholder for secrets, which shows whether a uid depends on a secret.
const OTHER_PLACEHOLDER: &str = "11111111111111111111111111111111";

/// The caller of the evaluated request.
#[derive(Clone, Copy, Debug)]
pub enum CallerSpec<'a> {
    /// A user with the claims of a JWT, as a JSON object.
    User(&'a str),
    /// An API Gateway caller with the claims of the authorizer, as a JSON object of strings.
    Gateway(&'a str),
    /// A caller with the service key of this name.
    Service(&'a str),
    /// A caller without credentials.
    Anonymous,
}

/// The decision of the policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// A token for these services is granted.
    Granted {
        /// The App ID or API key of the token's project.
        id: String,
        /// The TTL of the token in seconds.
        ttl: u32,
        /// The services, in the order in which the token contains them.
        services: Vec<GrantedService>,
    },
    /// The token is denied.
    Denied {
        /// The denied part of the request, as in the response field `refused_by`.
        part: &'static str,
        /// The path of the denied part in the request.
        field: String,
        /// A message that explains the denial.
        reason: String,
        /// The rules that apply to the caller and name the service, but do not grant the request. The first rule determines
        /// the other fields. If the list `deny` names the caller, the list contains the entry, such as `deny[0]`.
        rules: Vec<String>,
    },
}

/// A service of a granted token.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantedService {
    /// The name of the service, as in a request.
    pub name: &'static str,
    /// The fields of the service, as in the response. If a uid is chosen randomly for each token, the string `random`
    /// replaces the uid. If a uid depends on the secret for derived uids, the string `derived` replaces the uid.
    pub granted: Map<String, Value>,
    /// The rule that granted the service, such as `policy[0]`.
    pub decided_by: String,
}

/// A configuration that evaluates requests, with placeholder secrets.
#[derive(Debug)]
pub struct DryRun {
    state: LoadedState,
    /// The same configuration with a different `identity.uid_secret`, if this secret is set.
    with_other_secret: Option<LoadedState>,
}

impl DryRun {
    /// Reads a configuration from settings. If no setting defines the ID of a project, a placeholder replaces the ID.
    ///
    /// # Errors
    /// Returns [`InputError`] if a setting is invalid, or if the configuration accepts no caller.
    pub fn load(setting: &dyn Fn(&str) -> Option<String>) -> Result<Self, InputError> {
        let config = Config::read(&with_placeholders(setting)).map_err(|error| InputError::from(&error))?;
        let state = load(&config, PLACEHOLDER_APP_ID);
        parts(&state)?;
        let has_uid_secret = config.providers.agora.identity.uid_secret.is_some();
        let with_other_secret = has_uid_secret.then(|| load(&config, OTHER_PLACEHOLDER));
        Ok(Self { state, with_other_secret })
    }

    /// Evaluates the body of a `POST /v1/token` request as a deployment with this configuration would.
    ///
    /// # Errors
    /// Returns [`InputError`] if the request is invalid, or if the configuration does not accept the caller.
    pub fn evaluate(&self, caller: CallerSpec<'_>, request: &str) -> Result<Decision, InputError> {
        let (signing, authenticator) = parts(&self.state)?;
        let caller = caller.authenticate(authenticator)?;
        let random = [0; RequestContext::RANDOM_BYTES];
        let mut decision = decide(signing, &caller, request, random)?;
        let other = decide(signing, &caller, request, [1; RequestContext::RANDOM_BYTES])?;
        decision.mark_uids(&other, "random");
        if let Some(state) = &self.with_other_secret {
            let (signing, _) = parts(state)?;
            decision.mark_uids(&decide(signing, &caller, request, random)?, "derived");
        }
        Ok(decision)
    }
}

fn parts(state: &LoadedState) -> Result<(&Signing, &Authenticator), InputError> {
    let signing = state.signing.as_ref().map_err(InputError::from)?;
    match &state.auth {
        AuthState::Configured(authenticator) => Ok((signing, authenticator)),
        AuthState::NotConfigured | AuthState::Unknown => {
            Err(InputError::new("auth", "`auth` accepts no callers; set `jwt`, `keys`, `gateway` or `open`"))
        }
    }
}

/// Evaluates the body of a `POST /v1/token` request as a deployment with this configuration document would.
///
/// # Errors
/// Returns [`InputError`] if the document or the request is invalid, or if the document does not accept the caller.
pub fn evaluate(document: &str, caller: CallerSpec<'_>, request: &str) -> Result<Decision, InputError> {
    let setting = |name: &str| (name == DOCUMENT).then(|| document.to_owned());
    DryRun::load(&setting)?.evaluate(caller, request)
}

/// Combines the configuration with one value for all secrets. A placeholder is a valid value for every kind of secret.
fn load(config: &Config, value: &str) -> LoadedState {
    let secret = |name: &str| (name.to_owned(), Zeroizing::new(value.to_owned()));
    LoadedState::load(config, &Secrets::permanent(config.secret_names().into_iter().map(secret)))
}

fn decide(
    signing: &Signing,
    caller: &Caller,
    request: &str,
    random: [u8; RequestContext::RANDOM_BYTES],
) -> Result<Decision, InputError> {
    if let Err(error) = signing.policy.check_caller(caller) {
        return Ok(Decision::denied(&error));
    }
    let body = Json::parse(request.as_bytes()).map_err(Problem::from)?;
    let arena = StringArena::default();
    let mut request = body.read(read_token_request).map_err(Problem::from)?;
    let context = RequestContext {
        now: UnixSeconds(0),
        random,
        request_id: String::new(),
        gateway_claims: None,
        caller_address: &|| None,
    };
    let minted = match token::mint(signing, &mut request, Evaluator { caller, arena: &arena }, &context) {
        Ok(minted) => minted,
        Err(TokenError::Denied(error)) => return Ok(Decision::denied(&error)),
        Err(error) => return Err(Problem::from(error).into()),
    };
    let granted = |((name, fields), rule): ((_, Json<'_>), DecidedBy)| {
        let granted = match serde_json::to_value(fields) {
            Ok(Value::Object(granted)) => granted,
            Ok(_) | Err(_) => Map::new(),
        };
        GrantedService { name, granted, decided_by: rule.to_string() }
    };
    let services = request.provider.services(minted.ttl).into_iter().zip(minted.decided_by);
    let (_, id) = minted.id;
    Ok(Decision::Granted {
        id: id.to_owned(),
        ttl: minted.ttl.seconds().0,
        services: services.map(granted).collect(),
    })
}

impl CallerSpec<'_> {
    /// Returns the caller if the configuration accepts such a caller.
    fn authenticate(self, authenticator: &Authenticator) -> Result<Caller, InputError> {
        let caller = match self {
            Self::User(claims) => Caller::user(read_claims(claims, Claims::read)?),
            Self::Gateway(claims) => Caller::gateway(read_claims(claims, Claims::read_strings)?),
            Self::Service(name) => Caller::service(name),
            Self::Anonymous => Caller::ANONYMOUS,
        };
        if authenticator.can_authenticate(&caller) {
            return Ok(caller);
        }
        let field = match caller.kind() {
            CallerKind::User => "auth.jwt",
            CallerKind::Gateway => "auth.gateway",
            CallerKind::Service => "auth.keys",
            CallerKind::Anonymous => "auth.open",
        };
        Err(InputError::new(
            field,
            format!("the configuration does not accept this caller; set `{field}`, or add the caller to it"),
        ))
    }
}

fn read_claims(
    text: &str,
    read: impl for<'j> FnOnce(&'j Json<'j>) -> Result<Claims, Invalid<'j>>,
) -> Result<Claims, InputError> {
    let json = Json::parse(text.as_bytes()).map_err(Problem::from);
    json.and_then(|json| json.read(read).map_err(Problem::from)).map_err(|problem| {
        let error = InputError::from(problem);
        InputError { message: format!("invalid claims: {error}"), ..error }
    })
}

impl Decision {
    fn denied(error: &PolicyError) -> Self {
        Self::Denied {
            part: error.part.name(),
            reason: error.reason.to_string(),
            field: error.field.clone(),
            rules: error.rules.iter().map(ToString::to_string).collect(),
        }
    }

    /// Replaces each uid that differs in `other` with `mark`. `other` is the decision on the same request with other random
    /// bytes or secrets.
    fn mark_uids(&mut self, other: &Self, mark: &str) {
        let (Self::Granted { services, .. }, Self::Granted { services: others, .. }) = (self, other) else {
            return;
        };
        for (service, other) in services.iter_mut().zip(others) {
            if let Some(uid) = service.granted.get_mut("uid")
                && uid.is_number()
                && Some(&*uid) != other.granted.get("uid")
            {
                *uid = mark.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"{"auth":{"open":true}}"#;

    #[test]
    fn rejects_a_caller_that_the_configuration_does_not_accept() {
        for (caller, field) in [
            (CallerSpec::User("{}"), "auth.jwt"),
            (CallerSpec::Gateway("{}"), "auth.gateway"),
            (CallerSpec::Service("backend"), "auth.keys"),
        ] {
            assert_eq!(evaluate(OPEN, caller, "{}").unwrap_err().field.as_deref(), Some(field));
        }
        assert_eq!(evaluate("{}", CallerSpec::Anonymous, "{}").unwrap_err().field.as_deref(), Some("auth"));
    }

    #[test]
    fn rejects_claims_that_a_jwt_cannot_have() {
        let document =
            r#"{"auth":{"jwt":[{"issuer":"https://a.example.com","audience":"x"}],"gateway":true}}"#;
        for caller in [
            CallerSpec::User("[]"),
            CallerSpec::User(r#"{"sub":"a","sub":"b"}"#),
            CallerSpec::Gateway(r#"{"sub":1}"#),
        ] {
            let error = evaluate(document, caller, "{}").unwrap_err();
            assert!(error.message.starts_with("invalid claims: "), "{error}");
        }
    }
}
