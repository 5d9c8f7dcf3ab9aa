//! Verification of credentials.

use hmac::Hmac;
use sha2::Sha256;

use super::caller::Caller;
use super::claims::Claims;
use super::config::AuthConfig;
use super::error::{AuthError, Unauthorized};
use super::jwt::UntrustedJwt;
use super::key_set::Context;
use crate::platform::{BoxFuture, Platform};
use crate::settings::{ConfigError, Fingerprints, Secrets};
use crate::web::cors::Cors;
use crate::web::headers::AUTHORIZATION;
use crate::web::log::RequestLog;
use crate::web::request::{Request, RequestContext};

/// The authentication configuration with loaded secrets.
#[derive(Debug)]
pub(crate) struct Authenticator {
    config: AuthConfig,
    service_keys: Fingerprints,
    /// The HS256 key of each configured issuer; `None` for an issuer with published keys.
    hmac_keys: Vec<Option<Hmac<Sha256>>>,
}

/// The credentials of a request.
enum Credentials<'r> {
    Verified(Caller),
    /// A bearer token that is not a service key. The token has not been verified.
    Token {
        header: &'r str,
        token: &'r str,
    },
}

impl AuthConfig {
    /// Loads the secrets of the configuration.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if a secret is missing or invalid.
    #[inline(never)]
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<Authenticator, ConfigError> {
        let mut service_keys = Vec::new();
        for (name, secret) in self.keys.iter() {
            service_keys.push((name.as_str(), secrets.shared_key(secret)?));
        }
        let mut hmac_keys = Vec::new();
        for issuer in self.issuers.iter() {
            hmac_keys.push(issuer.keys.secret_name().map(|name| secrets.hmac_key(name)).transpose()?);
        }
        Ok(Authenticator { config: self.clone(), service_keys: Fingerprints::new(service_keys), hmac_keys })
    }
}

impl Authenticator {
    /// Returns whether the configuration can authenticate this caller.
    #[cfg(feature = "check")]
    pub(crate) fn can_authenticate(&self, caller: &Caller) -> bool {
        let is_key = |name| self.config.key_names().any(|known| known == name);
        let is_service = caller.kind() == super::caller::CallerKind::Service;
        self.config.kinds().contains(&caller.kind()) && (!is_service || caller.subject().is_some_and(is_key))
    }

    /// Authenticates the caller of a request.
    ///
    /// # Errors
    /// Returns [`AuthError`] if the credentials are missing or invalid, or if the issuer's keys cannot be fetched. Also
    /// returns [`AuthError`] if a page of another site sent the request, and a proxy may have added the credentials.
    pub(crate) async fn authenticate(
        &self,
        request: &Request,
        context: &RequestContext<'_>,
        cors: &Cors,
        platform: &dyn Platform,
        log: &RequestLog,
    ) -> Result<Caller, AuthError> {
        match self.credentials(request, context)? {
            Credentials::Verified(caller) => Ok(caller),
            Credentials::Token { header, token } => {
                // A page cannot set `Authorization` for another site without a preflight.
                if header != AUTHORIZATION && cors.is_cross_site(&request.headers) {
                    return Err(AuthError::CrossSite);
                }
                // The future that verifies JWTs is boxed, so that requests without a JWT do not reserve memory for this
                // future.
                let context = Context { now: context.now, platform, log };
                let user: BoxFuture<'_, _> = Box::pin(self.authenticate_user(header, token, &context));
                user.await
            }
        }
    }

    /// Extracts the credentials of a request. Verifies a service key, but not a JWT.
    #[inline(never)]
    fn credentials<'r>(
        &'r self,
        request: &'r Request,
        context: &RequestContext<'_>,
    ) -> Result<Credentials<'r>, Unauthorized> {
        if self.config.trusts_gateway
            && let Some(claims) = &context.gateway_claims
        {
            let caller = Caller::gateway(Claims::from_strings(claims.iter().cloned()));
            return Ok(Credentials::Verified(caller));
        }
        let mut headers = self.config.headers.iter();
        let credentials = headers.find_map(|name| Some((name.as_str(), request.headers.get(name)?)));
        let Some((header, value)) = credentials else {
            let anonymous = self.config.open.map(|_| Credentials::Verified(Caller::ANONYMOUS));
            return anonymous.ok_or(Unauthorized::Missing);
        };
        if !value.is_ascii() {
            return Err(Unauthorized::MalformedJwt);
        }
        // Whitespace around the value is not part of the value (RFC 9110 section 5.5).
        let value = value.trim_ascii();
        let token = match (value.split_once(' '), header == AUTHORIZATION) {
            (Some((scheme, token)), _) if scheme.eq_ignore_ascii_case("bearer") => token.trim_ascii_start(),
            (_, true) => return Err(Unauthorized::WrongScheme),
            (_, false) => value,
        };
        if header == AUTHORIZATION
            && let Some(name) = self.service_keys.find(token)
        {
            return Ok(Credentials::Verified(Caller::service(name)));
        }
        Ok(Credentials::Token { header, token })
    }

    async fn authenticate_user(
        &self,
        header: &str,
        token: &str,
        context: &Context<'_>,
    ) -> Result<Caller, AuthError> {
        let accepts_jwt = self.config.issuers.iter().any(|issuer| issuer.header == header);
        if !accepts_jwt {
            return Err(Unauthorized::NotAServiceKey.into());
        }
        if !UntrustedJwt::has_three_parts(token) {
            let has_keys = !self.config.keys.is_empty();
            return Err(if has_keys { Unauthorized::UnknownKey } else { Unauthorized::NotAJwt }.into());
        }
        let jwt = UntrustedJwt::parse(token)?;
        // An identity provider can have several entries in `auth.jwt`, such as one entry per JWT type, or one entry
        // each for the current and the next secret. If no entry accepts the JWT, the last entry determines the
        // error. An issuer whose keys cannot be fetched has precedence, because the JWT may be valid.
        let mut error = Unauthorized::UnknownIssuer.into();
        for (issuer, hmac_key) in self.config.issuers.iter().zip(&self.hmac_keys) {
            if issuer.header != header || !issuer.name.matches(&jwt.claims) {
                continue;
            }
            match issuer.verify(&jwt, hmac_key.as_ref(), context).await {
                Ok(()) => return Ok(Caller::user(jwt.claims)),
                Err(_) if error == AuthError::IssuerUnreachable => {}
                Err(last) => error = last,
            }
        }
        Err(error)
    }
}
