//! What a policy decides on a request, and why: for people who write rules.
//!
//! **Invariants**: it takes the way of every request, so what it says is what a deployment does. It needs no secret,
//! and signs with made-up ones; the token is dropped.

use std::fmt;

use hallpass_token::UnixSeconds;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::caller::{Caller, Kind};
use crate::claims::Claims;
use crate::config::{Config, DOCUMENT, SHORT_API_KEY, SHORT_APP_ID};
use crate::input::Inputs;
use crate::json::{self, JsonError, NamedOnce, Object};
use crate::mint::{self, Granted};
pub use crate::policy::DecidedBy;
use crate::policy::{ServiceGrant, Texts};
use crate::problem::Problem;
use crate::routes::{TokenAnswer, TokenBody};
use crate::secrets::Secrets;
use crate::setup::{Access, Ready, Setup};
use crate::setup_error::SetupError;

/// The App ID of a configuration without `projects`, which has it elsewhere. The numbers that callers have as
/// themselves depend on it.
pub const STAND_IN_APP_ID: &str = "00000000000000000000000000000000";

/// Whose request it is.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// A user with these claims: the JSON object in a JWT.
    User(&'a str),
    /// Somebody with these claims, a JSON object of texts, out of API Gateway.
    Gateway(&'a str),
    /// The bearer of the service key of this name.
    Service(&'a str),
    /// Somebody without credentials.
    Anonymous,
}

/// What the policy decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// There is a token for these services.
    Granted {
        /// The App ID or API key that it is for.
        id: String,
        /// How many seconds it lives.
        ttl: u32,
        /// In the order in which the token has them.
        services: Vec<GrantedService>,
    },
    /// There is no token.
    Refused {
        /// The part of the request that was refused, as `refused_by` in an answer.
        part: &'static str,
        /// Where in the request that stands.
        field: &'static str,
        /// A sentence for people.
        reason: String,
        /// `None` where no rule is for the caller and speaks of the service.
        decided_by: Option<DecidedBy>,
    },
}

/// One service of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantedService {
    /// Its name in a request.
    pub name: &'static str,
    /// What an answer says of it; the text `random` in place of a uid that is chosen for each token.
    pub granted: Map<String, Value>,
    /// The rule that gave it.
    pub decided_by: DecidedBy,
}

/// Why there is nothing to decide, or to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The path of what is wrong, in the configuration or in the request, where it is a single thing.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// Decides on the body of a request to `POST /v1/token` as a deployment with this configuration document would.
///
/// # Errors
/// [`Mistake`] where the document or the request is not valid, and where the document lets no such caller in.
pub fn rehearse(document: &str, who: Who<'_>, request: &str) -> Result<Decision, Mistake> {
    let setting = |name: &str| match name {
        DOCUMENT => Some(document.to_owned()),
        SHORT_APP_ID | SHORT_API_KEY => Some(STAND_IN_APP_ID.to_owned()),
        _ => None,
    };
    // It has the form of every secret that there is.
    let config = Config::read(&setting).map_err(|error| Mistake::of_setup(&error))?;
    let stand_in = |name: &str| (name.to_owned(), Zeroizing::new(STAND_IN_APP_ID.to_owned()));
    let setup = Setup::load(&config, &Secrets::for_good(config.secret_names().into_iter().map(stand_in)));
    let ready = setup.ready.as_ref().map_err(Mistake::of_setup)?;
    let Access::Configured(auth) = &setup.access else {
        return Err(Mistake::of("auth", "the configuration does not say who may call".to_owned()));
    };
    let caller = who.caller(auth)?;
    let mut decision = decide(ready, &caller, request, [0; Inputs::RANDOM_BYTES])?;
    let other = decide(ready, &caller, request, [1; Inputs::RANDOM_BYTES])?;
    decision.mark_random(&other);
    Ok(decision)
}

fn decide(
    ready: &Ready,
    caller: &Caller,
    request: &str,
    random: [u8; Inputs::RANDOM_BYTES],
) -> Result<Decision, Mistake> {
    let Object(body) = json::parse::<Object<TokenBody>>(request.as_bytes()).map_err(Problem::from)?;
    let tree = body.permission_tree()?;
    let ask = body.ask(tree.as_ref())?;
    let texts = Texts::default();
    let now = UnixSeconds(0);
    let inputs =
        Inputs { now, random, request_id: String::new(), gateway_claims: None, caller_address: &|| None };
    let minted = match mint::mint(ready, caller, &texts, &ask, &inputs) {
        Ok(minted) => minted,
        Err(Problem::Refused(refusal)) => {
            return Ok(Decision::Refused {
                part: refusal.part.name(),
                field: refusal.field,
                reason: refusal.to_string(),
                decided_by: refusal.decided_by,
            });
        }
        Err(problem) => return Err(problem.into()),
    };
    let (id, names) = match &minted.granted {
        Granted::Agora { app_id, services, .. } => {
            (*app_id, services.iter().map(ServiceGrant::name).collect())
        }
        Granted::VideoSdk { api_key, .. } => (*api_key, vec!["videosdk"]),
    };
    let mut answer = match serde_json::to_value(TokenAnswer::from(&minted)) {
        Ok(Value::Object(answer)) => answer,
        Ok(_) | Err(_) => Map::new(),
    };
    let granted = |(name, decided_by): (&'static str, &DecidedBy)| {
        let granted = match answer.remove(name) {
            Some(Value::Object(granted)) => granted,
            Some(_) | None => Map::new(),
        };
        GrantedService { name, granted, decided_by: *decided_by }
    };
    let services = names.into_iter().zip(&minted.decided_by).map(granted).collect();
    Ok(Decision::Granted { id: id.to_owned(), ttl: minted.expires_in.seconds().0, services })
}

impl Who<'_> {
    fn caller(self, auth: &Auth) -> Result<Caller, Mistake> {
        let caller = match self {
            Self::User(claims) => Caller::user(json::parse(claims.as_bytes()).map_err(Mistake::of_claims)?),
            Self::Gateway(claims) => {
                let NamedOnce(claims) = json::parse(claims.as_bytes()).map_err(Mistake::of_claims)?;
                Caller::gateway(Claims::from_texts(claims))
            }
            Self::Service(name) => Caller::service(name),
            Self::Anonymous => Caller::ANONYMOUS,
        };
        if auth.admits(&caller) {
            return Ok(caller);
        }
        let field = match caller.kind() {
            Kind::User => "auth.jwt",
            Kind::Gateway => "auth.gateway",
            Kind::Service => "auth.keys",
            Kind::Anonymous => "auth.open",
        };
        Err(Mistake::of(field, format!("`{field}` of the configuration does not let such a caller in")))
    }
}

impl Decision {
    /// Marks the uids that are not the same in another draw.
    fn mark_random(&mut self, other: &Self) {
        let (Self::Granted { services, .. }, Self::Granted { services: others, .. }) = (self, other) else {
            return;
        };
        for (service, other) in services.iter_mut().zip(others) {
            if let Some(uid) =
                service.granted.get_mut("uid").filter(|uid| Some(&**uid) != other.granted.get("uid"))
            {
                *uid = "random".into();
            }
        }
    }
}

impl Mistake {
    fn of(field: &str, message: String) -> Self {
        Self { field: Some(field.to_owned()), message }
    }

    pub(crate) fn of_setup(error: &SetupError) -> Self {
        let field = if let SetupError::Value { path, .. } = error { Some(path.clone()) } else { None };
        Self { field: field.filter(|path| !path.is_empty()), message: error.to_string() }
    }

    fn of_claims(error: JsonError) -> Self {
        let problem = Self::from(Problem::from(error));
        Self { message: format!("the claims: {}", problem.message), ..problem }
    }
}

impl From<Problem> for Mistake {
    fn from(problem: Problem) -> Self {
        Self { field: problem.field_at_fault().map(str::to_owned), message: problem.to_string() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"{"auth":{"open":true}}"#;

    fn uid(request: &str) -> Value {
        match rehearse(OPEN, Who::Anonymous, request).unwrap() {
            Decision::Granted { services, .. } => services[0].granted["uid"].clone(),
            Decision::Refused { reason, .. } => panic!("{reason}"),
        }
    }

    #[test]
    fn a_random_uid_is_called_so() {
        assert_eq!(uid(r#"{"rtc":{"channel":"demo"}}"#), "random");
        assert_eq!(uid(r#"{"rtc":{"channel":"demo","uid":1}}"#), 1);
    }

    #[test]
    fn who_cannot_get_in_is_a_mistake() {
        for (who, field) in [
            (Who::User("{}"), "auth.jwt"),
            (Who::Gateway("{}"), "auth.gateway"),
            (Who::Service("backend"), "auth.keys"),
        ] {
            let mistake = rehearse(OPEN, who, "{}").unwrap_err();
            assert_eq!(mistake.field.as_deref(), Some(field));
        }
        assert_eq!(rehearse("{}", Who::Anonymous, "{}").unwrap_err().field.as_deref(), Some("auth"));
    }

    #[test]
    fn claims_are_read_as_those_of_a_jwt() {
        let document =
            r#"{"auth":{"jwt":[{"issuer":"https://a.example.com","audience":"x"}],"gateway":true}}"#;
        for who in [Who::User("[]"), Who::User(r#"{"sub":"a","sub":"b"}"#), Who::Gateway(r#"{"sub":1}"#)] {
            let mistake = rehearse(document, who, "{}").unwrap_err();
            assert!(mistake.message.starts_with("the claims: "), "{mistake}");
        }
    }
}
