//! From credentials to a caller.

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::caller::Caller;
use super::claims::Claims;
use super::config::AuthConfig;
use super::context::Context;
use super::error::AuthError;
use super::hmac_key::HmacKey;
use super::jwt::UntrustedJwt;
use super::service_key::ServiceKey;
use super::unauthorized::Unauthorized;
use crate::platform::Platform;
use crate::settings::{ConfigError, Secrets};
use crate::web::log::RequestLog;
use crate::web::request::{Request, RequestContext};

/// The accepted credentials, with the secrets that verify them.
#[derive(Debug)]
pub(crate) struct Authenticator {
    config: AuthConfig,
    service_keys: Vec<ServiceKey>,
    /// For each issuer of the configuration, its key for HS256, if it has one.
    hmac_keys: Vec<Option<HmacKey>>,
}

impl AuthConfig {
    /// Adds the secrets.
    ///
    /// # Errors
    /// [`ConfigError`] for the first secret that is missing or malformed.
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<Authenticator, ConfigError> {
        let service_keys =
            self.keys.iter().map(|(name, secret)| Ok(ServiceKey::new(name.clone(), secrets.shared(secret)?)));
        let hmac_keys = self
            .issuers
            .iter()
            .map(|issuer| issuer.keys.secret_name().map(|name| HmacKey::load(name, secrets)).transpose());
        Ok(Authenticator {
            config: self.clone(),
            service_keys: service_keys.collect::<Result<_, ConfigError>>()?,
            hmac_keys: hmac_keys.collect::<Result<_, _>>()?,
        })
    }
}

impl Authenticator {
    /// Whether this caller can be authenticated.
    #[cfg(feature = "check")]
    pub(crate) fn admits(&self, caller: &Caller) -> bool {
        let is_key = |name| self.config.key_names().any(|known| known == name);
        let is_service = caller.kind() == super::caller::CallerKind::Service;
        self.config.kinds().contains(&caller.kind()) && (!is_service || caller.subject().is_some_and(is_key))
    }

    /// Determines who is calling.
    ///
    /// # Errors
    /// [`AuthError`]
    pub(crate) async fn authenticate(
        &self,
        request: &Request,
        context: &RequestContext<'_>,
        platform: &impl Platform,
        log: &RequestLog,
    ) -> Result<Caller, AuthError> {
        if self.config.trusts_gateway
            && let Some(claims) = &context.gateway_claims
        {
            return Ok(Caller::gateway(Claims::from_strings(claims.iter().cloned())));
        }
        let credentials = |name| Some((name, request.headers.get(name)?));
        let Some((header, value)) = self.config.headers.iter().find_map(credentials) else {
            let anonymous = self.config.open.map(|_| Caller::ANONYMOUS);
            return anonymous.ok_or_else(|| Unauthorized::Missing.into());
        };
        let text = value.to_str().map_err(|_| Unauthorized::MalformedJwt)?;
        let token = match (text.split_once(' '), header == AUTHORIZATION) {
            (Some((scheme, token)), _) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
            (_, true) => return Err(Unauthorized::WrongScheme.into()),
            (_, false) => text,
        };
        if header == AUTHORIZATION
            && let Some(name) = ServiceKey::find(&self.service_keys, token)
        {
            return Ok(Caller::service(name));
        }
        self.authenticate_user(header, token, &Context { now: context.now, platform, log }).await
    }

    async fn authenticate_user(
        &self,
        header: &HeaderName,
        token: &str,
        context: &Context<'_, impl Platform>,
    ) -> Result<Caller, AuthError> {
        let takes_jwt = self.config.issuers.iter().any(|issuer| issuer.header == header);
        if !takes_jwt || (!self.service_keys.is_empty() && !UntrustedJwt::has_three_parts(token)) {
            return Err(Unauthorized::UnknownKey.into());
        }
        let jwt = UntrustedJwt::parse(token)?;
        // A provider can have several entries, such as one for each kind of its JWTs, or for the current and the next secret.
        // If all of them reject the JWT, the last one gives the reason.
        let mut reason = Unauthorized::UnknownIssuer;
        for (issuer, hmac_key) in self.config.issuers.iter().zip(&self.hmac_keys) {
            if issuer.header != header || jwt.claims.text("iss") != Some(&issuer.name) {
                continue;
            }
            match issuer.verify(&jwt, hmac_key.as_ref(), context).await {
                Ok(()) => return Ok(Caller::user(jwt.claims)),
                Err(AuthError::Unauthorized(unauthorized)) => reason = unauthorized,
                Err(error @ AuthError::IssuerUnreachable) => return Err(error),
            }
        }
        Err(reason.into())
    }
}
