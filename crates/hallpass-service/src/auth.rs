//! Who is calling: credentials in, caller out.

mod algorithm;
mod config;
mod document;
mod issuer;
mod jwk;
mod jwt;
mod key_set;
mod preset;
mod service_key;
mod unauthorized;
mod words;

use std::sync::Arc;

use hallpass_token::UnixSeconds;
use http::HeaderName;
use http::header::AUTHORIZATION;

pub(crate) use self::config::AuthConfig;
pub(crate) use self::document::{AuthDocument, Open};
use self::issuer::Issuer;
pub use self::jwk::PublicKey;
use self::jwt::UntrustedJwt;
use self::service_key::ServiceKey;
pub(crate) use self::unauthorized::Unauthorized;
use crate::caller::{Caller, Kind};
use crate::claims::Claims;
use crate::input::{Inputs, Request};
use crate::log::Journal;
use crate::platform::Platform;
use crate::problem::Problem;

/// Which credentials are accepted.
#[derive(Debug)]
pub(crate) struct Auth {
    /// Those who bring none may call.
    open: Option<Open>,
    /// Claims that API Gateway hands over are credentials.
    trusts_gateway: bool,
    keys: Vec<ServiceKey>,
    issuers: Vec<Issuer>,
    /// Those that credentials come in, each once.
    headers: Arc<[HeaderName]>,
}

/// What a check needs beside the credentials.
struct Context<'a, P> {
    now: UnixSeconds,
    platform: &'a P,
    journal: &'a Journal,
}

impl Auth {
    /// Whether anybody may be let in as this caller.
    pub(crate) fn admits(&self, caller: &Caller) -> bool {
        match caller.kind() {
            Kind::User => !self.issuers.is_empty(),
            Kind::Gateway => self.trusts_gateway,
            Kind::Service => self.keys.iter().any(|key| Some(key.name()) == caller.subject()),
            Kind::Anonymous => self.open.is_some(),
        }
    }

    /// Finds out who is calling.
    ///
    /// # Errors
    /// [`Problem::Unauthorized`]; [`Problem::IssuerUnreachable`] where the keys to check with cannot be got.
    pub(crate) async fn authenticate(
        &self,
        request: &Request,
        inputs: &Inputs<'_>,
        platform: &impl Platform,
        journal: &Journal,
    ) -> Result<Caller, Problem> {
        if self.trusts_gateway
            && let Some(claims) = inputs.gateway_claims
        {
            return Ok(Caller::gateway(Claims::from_texts(claims.iter().cloned())));
        }
        let present = self.headers.iter().find_map(|name| Some((name, request.headers.get(name)?)));
        let Some((header, value)) = present else {
            return if self.open.is_some() {
                Ok(Caller::ANONYMOUS)
            } else {
                Err(Unauthorized::Missing.into())
            };
        };
        let text = value.to_str().map_err(|_| Unauthorized::MalformedJwt)?;
        let token = match (text.split_once(' '), header == AUTHORIZATION) {
            (Some((scheme, token)), _) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
            (_, true) => return Err(Unauthorized::WrongScheme.into()),
            (_, false) => text,
        };
        if header == AUTHORIZATION
            && let Some(name) = ServiceKey::find(&self.keys, token)
        {
            return Ok(Caller::service(name));
        }
        let context = Context { now: inputs.now, platform, journal };
        self.user(header, token, &context).await
    }

    async fn user(
        &self,
        header: &HeaderName,
        token: &str,
        context: &Context<'_, impl Platform>,
    ) -> Result<Caller, Problem> {
        let takes_jwt = self.issuers.iter().any(|issuer| issuer.header == header);
        if !takes_jwt || (!self.keys.is_empty() && !UntrustedJwt::fits(token)) {
            return Err(Unauthorized::UnknownKey.into());
        }
        let jwt = UntrustedJwt::parse(token)?;
        // A provider may stand here twice, for two kinds of its JWTs: what the last of them says is the answer.
        let mut refusal = Unauthorized::UnknownIssuer;
        for issuer in &self.issuers {
            if issuer.header != header || jwt.issuer() != Some(&issuer.name) {
                continue;
            }
            refusal = match issuer.check(&jwt, context) {
                Err(error) => error,
                Ok(()) => match issuer.verify(&jwt, context).await {
                    Ok(()) => return Ok(Caller::user(jwt.into_claims())),
                    // Another entry may have the key: the next secret, while one takes the place of the other.
                    Err(Problem::Unauthorized(error)) => error,
                    Err(problem) => return Err(problem),
                },
            };
        }
        Err(refusal.into())
    }
}

impl<P> Clone for Context<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Context<'_, P> {}
