//! What the configuration and the secrets came to.

use std::sync::Arc;

use crate::auth::Auth;
use crate::config::{Compat, Config, TtlLimits};
use crate::policy::Policy;
use crate::projects::Projects;
use crate::providers::Rest;
use crate::secrets::Secrets;
use crate::setup_error::SetupError;

/// What requests are answered with.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) access: Access,
    /// What tokens are made of, or why none can be made.
    pub(crate) ready: Result<Ready, SetupError>,
}

/// Who may call.
#[derive(Debug)]
pub(crate) enum Access {
    Configured(Auth),
    /// Nobody: the configuration does not say.
    NotConfigured,
    /// Nobody: the configuration cannot be read, or a secret of it is missing.
    Unknown,
}

/// All that minting needs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) projects: Projects,
    pub(crate) rest: Rest,
    pub(crate) policy: Arc<Policy>,
    pub(crate) ttl: TtlLimits,
    pub(crate) compat: Compat,
}

impl Setup {
    /// One in which nothing is minted.
    pub(crate) fn failed(config: Option<&Config>, error: SetupError) -> Self {
        let says_nothing = config.is_some_and(|config| config.auth.is_none());
        let access = if says_nothing { Access::NotConfigured } else { Access::Unknown };
        Self { access, ready: Err(error) }
    }

    /// Puts the secrets where the configuration names them. All that are missing are named at once.
    pub(crate) fn load(config: &Config, secrets: &Secrets) -> Self {
        let names = config.secret_names();
        let missing: Vec<_> =
            names.into_iter().filter(|name| !secrets.has(name)).map(str::to_owned).collect();
        if !missing.is_empty() {
            return Self::failed(Some(config), SetupError::SecretsMissing(missing));
        }
        let access = match &config.auth {
            None => Ok(Access::NotConfigured),
            Some(auth) => auth.load(secrets).map(Access::Configured),
        };
        let access = match access {
            Ok(access) => access,
            Err(error) => return Self::failed(Some(config), error),
        };
        let projects = Projects::load(&config.projects, secrets);
        match projects.and_then(|projects| Ok((projects, Rest::load(&config.rest, secrets)?))) {
            Ok((projects, rest)) => {
                let Config { ttl, compat, .. } = *config;
                let ready = Ready { projects, rest, policy: Arc::clone(&config.policy), ttl, compat };
                Self { access, ready: Ok(ready) }
            }
            Err(error) => Self::failed(Some(config), error),
        }
    }
}
