//! The cache of the loaded state.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hallpass_token::UnixSeconds;

use super::config::Config;
use super::loaded::LoadedState;
use crate::settings::{ConfigError, Fingerprints, Secrets};
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};

/// The age of the secrets at which they are refreshed.
const FRESH_SECONDS: u32 = 5 * 60;
/// The age of the secrets at which a request waits for a refresh, even if the platform could refresh after the
/// response. An isolate that was idle for hours must not sign with a certificate that was revoked in the meantime.
const OVERDUE_SECONDS: u32 = 2 * FRESH_SECONDS;
/// The maximum age of secrets while the store is unavailable.
const USABLE_SECONDS: u32 = 24 * 3600;
/// The minimum interval between two refreshes, because each refresh may delay a request by the store's full timeout.
const REFRESH_INTERVAL_SECONDS: u32 = 60;
/// The minimum interval between two loads while no secrets are loaded. In this state, every token request is rejected.
const FIRST_LOAD_INTERVAL_SECONDS: u32 = 1;
/// The minimum interval between two loads after a timeout of the store. The interval exceeds the timeout, so that most
/// requests are rejected immediately instead of waiting for the store.
const TIMEOUT_INTERVAL_SECONDS: u32 = 5;

/// A cache of the loaded state.
#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    loaded_state: Arc<LoadedState>,
    /// The load that produced the cached state; `None` if no usable secrets are loaded.
    last_load: Option<LastLoad>,
    /// The time and the error of the last attempt, if that attempt failed.
    failure: Option<(UnixSeconds, ConfigError)>,
    /// The time at which a refresh after a response was last requested.
    refresh_requested_at: Option<UnixSeconds>,
    /// The number of attempts to read the secrets so far. Several attempts may be in progress simultaneously.
    attempts: u64,
}

/// The last successful load of the secrets.
#[derive(Debug)]
struct LastLoad {
    at: UnixSeconds,
    /// The number of the attempt that loaded the secrets.
    attempt: u64,
    is_permanent: bool,
    fingerprints: Fingerprints,
}

/// The action of one request: use the cached state, or load the secrets.
#[derive(Debug)]
pub(crate) enum CacheAction {
    Use(Arc<LoadedState>),
    /// Use this state, and refresh the secrets after the response.
    UseAndRefresh(Arc<LoadedState>),
    /// Load the secrets before the response.
    Load,
}

impl Cache {
    /// Returns a cache without secrets.
    pub(crate) fn new(loaded_state: LoadedState) -> Self {
        let state = State {
            loaded_state: Arc::new(loaded_state),
            last_load: None,
            failure: None,
            refresh_requested_at: None,
            attempts: 0,
        };
        Self { state: Mutex::new(state) }
    }

    /// Returns the cached state, regardless of its age.
    pub(crate) fn current(&self) -> Arc<LoadedState> {
        Arc::clone(&self.lock().loaded_state)
    }

    /// Determines how a request obtains the secrets. `works_after_response` is true if the platform can refresh the
    /// secrets after a response.
    #[inline(never)]
    pub(crate) fn action(
        &self,
        config: &Config,
        now: UnixSeconds,
        works_after_response: bool,
    ) -> CacheAction {
        let mut state = self.lock();
        let age = state.age(now);
        if age < FRESH_SECONDS || state.last_load.as_ref().is_some_and(|load| load.is_permanent) {
            return CacheAction::Use(Arc::clone(&state.loaded_state));
        }
        if age >= USABLE_SECONDS && state.last_load.is_some() {
            let error = state.failure.take().map_or(ConfigError::NotLoaded, |(_, error)| error);
            state.loaded_state = Arc::new(LoadedState::failed(Some(config), error));
            state.last_load = None;
        }
        let is_overdue = !works_after_response || age >= OVERDUE_SECONDS;
        let was_just_requested =
            !is_overdue && seconds_between(state.refresh_requested_at, now) < REFRESH_INTERVAL_SECONDS;
        if state.has_just_failed(now) || was_just_requested {
            return CacheAction::Use(Arc::clone(&state.loaded_state));
        }
        if is_overdue {
            // Concurrent requests also load the secrets, because the cached state is missing or may contain revoked
            // secrets.
            return CacheAction::Load;
        }
        state.refresh_requested_at = Some(now);
        CacheAction::UseAndRefresh(Arc::clone(&state.loaded_state))
    }

    /// Starts an attempt to read the secrets, and returns the number of the attempt.
    pub(crate) fn begin_attempt(&self) -> u64 {
        let mut state = self.lock();
        state.attempts += 1;
        state.attempts
    }

    /// Stores the result of an attempt. If the log must contain a change or a failure, returns a log line. If the
    /// result is unusable, the cached state remains in use until it reaches its maximum age.
    #[inline(never)]
    pub(crate) fn finish_attempt(
        &self,
        config: &Config,
        attempt: u64,
        secrets: Result<&Secrets, ConfigError>,
        now: UnixSeconds,
    ) -> Option<LogLine> {
        let mut state = self.lock();
        if state.last_load.as_ref().is_some_and(|load| load.attempt > attempt) {
            return None;
        }
        let secrets = match secrets {
            Ok(secrets) => secrets,
            Err(error) => return state.fail(config, error, now),
        };
        let (fingerprints, is_permanent) = (secrets.fingerprints(), secrets.is_permanent());
        let is_same = state.last_load.as_ref().is_some_and(|load| load.fingerprints == fingerprints);
        if !is_same {
            let loaded_state = LoadedState::load(config, secrets);
            if let Err(error) = &loaded_state.signing {
                let line = state.fail(config, error.clone(), now);
                if is_permanent {
                    state.last_load = Some(LastLoad { at: now, attempt, is_permanent, fingerprints });
                }
                return line;
            }
            state.loaded_state = Arc::new(loaded_state);
        }
        let line = |event, name, value: Json<'_>| Some(LogLine::new(Level::Info, event, [(name, value)]));
        let had_failed = state.failure.take().is_some();
        let before = state.last_load.replace(LastLoad { at: now, attempt, is_permanent, fingerprints });
        match (before, &state.last_load) {
            (Some(before), Some(current)) if !is_same => {
                let names = current.fingerprints.changed_since(&before.fingerprints);
                line("secrets_changed", "names", names.into())
            }
            // The failure was logged, so the recovery is logged too.
            (Some(_), _) if had_failed => {
                line("secrets_refreshed", "message", "the secrets were refreshed after a failure".into())
            }
            (None, _) if had_failed => {
                line("ready", "message", "the secrets were loaded after a failure".into())
            }
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn age(&self, now: UnixSeconds) -> u32 {
        seconds_between(self.last_load.as_ref().map(|load| load.at), now)
    }

    /// Returns whether the last failure is too recent for another attempt.
    fn has_just_failed(&self, now: UnixSeconds) -> bool {
        let Some((at, error)) = &self.failure else { return false };
        let is_timeout = matches!(error, ConfigError::Store(error) if error.is_timeout);
        let interval = match self.last_load {
            Some(_) => REFRESH_INTERVAL_SECONDS,
            None if is_timeout => TIMEOUT_INTERVAL_SECONDS,
            None => FIRST_LOAD_INTERVAL_SECONDS,
        };
        seconds_between(Some(*at), now) < interval
    }

    /// Records a failure, and returns a log line. Returns `None` shortly after another failure, so that concurrent
    /// failures yield one line.
    #[inline(never)]
    fn fail(&mut self, config: &Config, error: ConfigError, now: UnixSeconds) -> Option<LogLine> {
        let is_known = self.has_just_failed(now);
        self.failure = Some((now, error.clone()));
        let age = self.age(now);
        let line = if age < USABLE_SECONDS {
            let names = error.names();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let message = "the secrets could not be refreshed; the cached secrets are used for up to 24 hours after they were read";
            let fields = [
                ("message", message.into()),
                ("age_seconds", age.into()),
                ("names", names.into()),
                ("reason", error.to_string().into()),
            ];
            LogLine::new(Level::Warning, "secrets_not_refreshed", fields)
        } else {
            let line = error.log_line();
            self.loaded_state = Arc::new(LoadedState::failed(Some(config), error));
            self.last_load = None;
            line
        };
        (!is_known).then_some(line)
    }
}

/// Returns the absolute difference between two Unix times, or the maximum if `then` is `None`. The difference is
/// absolute, so that a clock that was set back does not extend the age limits.
fn seconds_between(then: Option<UnixSeconds>, now: UnixSeconds) -> u32 {
    then.map_or(u32::MAX, |then| now.0.abs_diff(then.0))
}
