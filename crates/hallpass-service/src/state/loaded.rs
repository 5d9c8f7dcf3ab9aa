//! What the configuration and the secrets yield together.

use std::sync::Arc;

use super::config::Config;
use crate::auth::Authenticator;
use crate::providers::{CompatConfig, Policy, Providers};
use crate::settings::{ConfigError, Secrets, TtlConfig};

/// What requests are answered with.
#[derive(Debug)]
pub(crate) struct LoadedState {
    pub(crate) auth: AuthState,
    /// What tokens are signed with, or why none can be.
    pub(crate) signing: Result<Signing, ConfigError>,
}

/// How callers are authenticated.
#[derive(Debug)]
pub(crate) enum AuthState {
    Configured(Authenticator),
    /// The configuration has no authentication, so every caller is rejected.
    NotConfigured,
    /// The configuration cannot be read, or a secret is missing, so every caller is rejected.
    Unknown,
}

/// What minting needs.
#[derive(Debug)]
pub(crate) struct Signing {
    pub(crate) providers: Providers,
    pub(crate) policy: Arc<Policy>,
    pub(crate) ttl: TtlConfig,
    pub(crate) compat: CompatConfig,
}

impl LoadedState {
    /// A state in which nothing is minted.
    pub(crate) fn failed(config: Option<&Config>, error: ConfigError) -> Self {
        let has_no_auth = config.is_some_and(|config| config.auth.is_none());
        let auth = if has_no_auth { AuthState::NotConfigured } else { AuthState::Unknown };
        Self { auth, signing: Err(error) }
    }

    /// Combines configuration and secrets. An error names all secrets that are missing.
    #[inline(never)]
    pub(crate) fn load(config: &Config, secrets: &Secrets) -> Self {
        match Self::try_load(config, secrets) {
            Ok((auth, signing)) => Self { auth, signing: Ok(signing) },
            Err(error) => Self::failed(Some(config), error),
        }
    }

    #[inline(never)]
    fn try_load(config: &Config, secrets: &Secrets) -> Result<(AuthState, Signing), ConfigError> {
        let mut names = config.secret_names();
        names.retain(|name| !secrets.has(name));
        if !names.is_empty() {
            return Err(ConfigError::SecretsMissing(names.into_iter().map(str::to_owned).collect()));
        }
        let auth = match &config.auth {
            None => AuthState::NotConfigured,
            Some(auth) => AuthState::Configured(auth.load(secrets)?),
        };
        if !config.providers.has_projects() {
            return Err(ConfigError::NoProject(crate::providers::short_settings()));
        }
        let providers = config.providers.load(secrets)?;
        let (policy, ttl, compat) = (Arc::clone(&config.policy), config.ttl, config.compat);
        Ok((auth, Signing { providers, policy, ttl, compat }))
    }
}
