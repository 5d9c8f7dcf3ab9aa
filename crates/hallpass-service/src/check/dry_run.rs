//! Decisions of a policy on a request, and their reasons: for people who write rules.
//!
//! Tokens are signed with placeholders in place of the secrets, and discarded.

use hallpass_token::UnixSeconds;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::InputError;
use crate::auth::{Authenticator, Caller, CallerKind, Claims};
use crate::policy::{DecidedBy, Evaluator, StringArena, TokenError};
use crate::problem::Problem;
use crate::providers::short_settings;
use crate::routes::read_token_request;
use crate::settings::{DOCUMENT, Secrets};
use crate::state::{AuthState, Config, LoadedState, Signing};
use crate::token;
use crate::web::json::{Invalid, Json};
use crate::web::request::RequestContext;

/// The App ID of a configuration without `projects`, whose App ID is in another setting. The uids of callers depend on it.
pub const PLACEHOLDER_APP_ID: &str = "00000000000000000000000000000000";

/// The caller.
#[derive(Clone, Copy, Debug)]
pub enum CallerSpec<'a> {
    /// A user with these claims: the JSON object in a JWT.
    User(&'a str),
    /// A caller of API Gateway with these claims: a JSON object of strings.
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
        /// The lifetime in seconds.
        ttl: u32,
        /// In the order in which the token has them.
        services: Vec<GrantedService>,
    },
    /// The token is denied.
    Denied {
        /// The part of the request that was denied, as in `refused_by` of a response.
        part: &'static str,
        /// The path of that part in the request.
        field: String,
        /// A sentence for people.
        reason: String,
        /// `None` if no rule applies to the caller and names the service.
        decided_by: Option<String>,
    },
}

/// One service of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantedService {
    /// Its name in a request.
    pub name: &'static str,
    /// The fields of a response; the string `random` in place of a uid that is chosen for each token.
    pub granted: Map<String, Value>,
    /// The rule that granted it, such as `policy[0]`.
    pub decided_by: String,
}

/// Decides on the body of a request to `POST /v1/token` as a deployment with this configuration document would.
///
/// # Errors
/// [`InputError`] if the document or the request is not valid, and if the document does not accept such a caller.
pub fn evaluate(document: &str, who: CallerSpec<'_>, request: &str) -> Result<Decision, InputError> {
    let setting = |name: &str| match name {
        DOCUMENT => Some(document.to_owned()),
        name => short_settings().contains(&name).then(|| PLACEHOLDER_APP_ID.to_owned()),
    };
    let config = Config::read(&setting).map_err(|error| InputError::from(&error))?;
    // The placeholder has the form of every kind of secret.
    let secret = |name: &str| (name.to_owned(), Zeroizing::new(PLACEHOLDER_APP_ID.to_owned()));
    let state =
        LoadedState::load(&config, &Secrets::permanent(config.secret_names().into_iter().map(secret)));
    let signing = state.signing.as_ref().map_err(InputError::from)?;
    let AuthState::Configured(authenticator) = &state.auth else {
        return Err(InputError::new("auth", "the configuration does not say who may call"));
    };
    let caller = who.caller(authenticator)?;
    let mut decision = decide(signing, &caller, request, [0; RequestContext::RANDOM_BYTES])?;
    let other = decide(signing, &caller, request, [1; RequestContext::RANDOM_BYTES])?;
    decision.mark_random(&other);
    Ok(decision)
}

fn decide(
    signing: &Signing,
    caller: &Caller,
    request: &str,
    random: [u8; RequestContext::RANDOM_BYTES],
) -> Result<Decision, InputError> {
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
        Err(TokenError::Denied(error)) => {
            return Ok(Decision::Denied {
                part: error.part.name(),
                reason: error.to_string(),
                field: error.field.clone(),
                decided_by: error.decided_by.map(|rule| rule.to_string()),
            });
        }
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
    fn caller(self, authenticator: &Authenticator) -> Result<Caller, InputError> {
        let caller = match self {
            Self::User(claims) => Caller::user(read_claims(claims, Claims::read)?),
            Self::Gateway(claims) => Caller::gateway(read_claims(claims, |claims| {
                claims.entries()?.try_for_each(|(_, claim)| claim.string().map(|_| ()))?;
                Claims::read(claims)
            })?),
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
        Err(InputError::new(field, format!("`{field}` of the configuration does not let such a caller in")))
    }
}

fn read_claims(
    text: &str,
    read: impl for<'j> FnOnce(&'j Json<'j>) -> Result<Claims, Invalid<'j>>,
) -> Result<Claims, InputError> {
    let json = Json::parse(text.as_bytes()).map_err(Problem::from);
    json.and_then(|json| json.read(read).map_err(Problem::from)).map_err(|problem| {
        let error = InputError::from(problem);
        InputError { message: format!("the claims: {error}"), ..error }
    })
}

impl Decision {
    /// Marks the uids that differ with other random bytes.
    fn mark_random(&mut self, other: &Self) {
        let (Self::Granted { services, .. }, Self::Granted { services: others, .. }) = (self, other) else {
            return;
        };
        for (service, other) in services.iter_mut().zip(others) {
            if let Some(uid) = service.granted.get_mut("uid")
                && Some(&*uid) != other.granted.get("uid")
            {
                *uid = "random".into();
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
        for (who, field) in [
            (CallerSpec::User("{}"), "auth.jwt"),
            (CallerSpec::Gateway("{}"), "auth.gateway"),
            (CallerSpec::Service("backend"), "auth.keys"),
        ] {
            assert_eq!(evaluate(OPEN, who, "{}").unwrap_err().field.as_deref(), Some(field));
        }
        assert_eq!(evaluate("{}", CallerSpec::Anonymous, "{}").unwrap_err().field.as_deref(), Some("auth"));
    }

    #[test]
    fn reads_claims_like_those_of_a_jwt() {
        let document =
            r#"{"auth":{"jwt":[{"issuer":"https://a.example.com","audience":"x"}],"gateway":true}}"#;
        for who in [
            CallerSpec::User("[]"),
            CallerSpec::User(r#"{"sub":"a","sub":"b"}"#),
            CallerSpec::Gateway(r#"{"sub":1}"#),
        ] {
            let error = evaluate(document, who, "{}").unwrap_err();
            assert!(error.message.starts_with("the claims: "), "{error}");
        }
    }
}
