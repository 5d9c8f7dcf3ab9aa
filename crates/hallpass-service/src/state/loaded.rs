//! The configuration combined with the secrets.

use std::sync::Arc;

use super::config::Config;
use crate::auth::Authenticator;
use crate::providers::{Policy, Providers};
use crate::settings::{ConfigError, Secrets, TtlConfig};

/// The state that serves requests.
#[derive(Debug)]
pub(crate) struct LoadedState {
    pub(crate) auth: AuthState,
    /// The signing state, or the error that prevents signing.
    pub(crate) signing: Result<Signing, ConfigError>,
}

/// The authentication state.
#[derive(Debug)]
pub(crate) enum AuthState {
    Configured(Authenticator),
    /// The configuration accepts no callers. Every token request is rejected.
    NotConfigured,
    /// The configuration is invalid, or the secrets could not be loaded. Every token request is rejected.
    Unknown,
}

/// The state that is required to issue tokens.
#[derive(Debug)]
pub(crate) struct Signing {
    pub(crate) providers: Providers,
    pub(crate) policy: Arc<Policy>,
    pub(crate) ttl: TtlConfig,
}

impl LoadedState {
    /// Returns a state that issues no tokens.
    pub(crate) fn failed(config: Option<&Config>, error: ConfigError) -> Self {
        let has_no_auth = config.is_some_and(|config| config.auth.is_none());
        let auth = if has_no_auth { AuthState::NotConfigured } else { AuthState::Unknown };
        Self { auth, signing: Err(error) }
    }

    /// Combines the configuration and the secrets. If secrets are missing, the error lists all of their names.
    #[inline(never)]
    pub(crate) fn load(config: &Config, secrets: &Secrets) -> Self {
        match Self::try_load(config, secrets) {
            Ok((auth, signing)) => Self { auth, signing: Ok(signing) },
            Err(error) => Self::failed(Some(config), error),
        }
    }

    #[inline(never)]
    fn try_load(config: &Config, secrets: &Secrets) -> Result<(AuthState, Signing), ConfigError> {
        let mut names = config.secrets();
        names.retain(|name| !secrets.has(name));
        if !names.is_empty() {
            let names = names.into_iter().map(|name| name.as_str().to_owned());
            return Err(ConfigError::SecretsMissing(names.collect()));
        }
        let auth = match &config.auth {
            None => AuthState::NotConfigured,
            Some(auth) => AuthState::Configured(auth.load(secrets)?),
        };
        if !config.providers.has_projects() {
            return Err(ConfigError::NoProject(crate::providers::short_settings()));
        }
        let providers = config.providers.load(secrets)?;
        Ok((auth, Signing { providers, policy: Arc::clone(&config.policy), ttl: config.ttl }))
    }
}
