//! The loaded state, kept while its secrets are fresh.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hallpass_token::UnixSeconds;

use super::config::Config;
use super::loaded::LoadedState;
use crate::settings::{ConfigError, Fingerprints, Secrets};
use crate::web::json::Json;
use crate::web::log::{Level, LogLine};

/// Secrets are read again when they are this old.
const FRESH_SECONDS: u32 = 5 * 60;
/// A request waits for secrets that are as old as this, also where they could be read after its answer: a place that
/// nobody called for hours must not sign with a certificate that was withdrawn meanwhile.
const OVERDUE_SECONDS: u32 = 2 * FRESH_SECONDS;
/// While the store is out of reach, secrets of this age are used.
const USABLE_SECONDS: u32 = 24 * 3600;
/// Between two attempts at the least, while there are secrets: each may cost a request the whole time that a store has.
const BETWEEN_SECONDS: u32 = 60;
/// The same while there are none, and everybody is refused.
const BETWEEN_FIRST_SECONDS: u32 = 1;
/// The same where the store did not answer at all: longer than it is waited for, so that most are refused at once.
const BETWEEN_SILENT_SECONDS: u32 = 5;

#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    loaded_state: Arc<LoadedState>,
    /// Of the secrets in it; `None` where it has none, or none that can be used.
    loaded: Option<Loaded>,
    /// When the last attempt to read them failed, and why; `None` if it did not.
    failure: Option<(UnixSeconds, ConfigError)>,
    /// When a refresh for after an answer was begun.
    begun_at: Option<UnixSeconds>,
    /// How often the secrets were read. Several attempts may be on their way at once.
    attempts: u64,
}

#[derive(Debug)]
struct Loaded {
    at: UnixSeconds,
    by: u64,
    is_permanent: bool,
    fingerprints: Fingerprints,
}

/// What to do for a request.
#[derive(Debug)]
pub(crate) enum CacheAction {
    Use(Arc<LoadedState>),
    /// Use this, and read the secrets again after the answer.
    UseAndRefresh(Arc<LoadedState>),
    /// Read the secrets before the answer.
    Load,
}

impl Cache {
    /// One in which there are no secrets.
    pub(crate) fn new(loaded_state: LoadedState) -> Self {
        let state = State {
            loaded_state: Arc::new(loaded_state),
            loaded: None,
            failure: None,
            begun_at: None,
            attempts: 0,
        };
        Self { state: Mutex::new(state) }
    }

    /// What there is, however old.
    pub(crate) fn current(&self) -> Arc<LoadedState> {
        Arc::clone(&self.lock().loaded_state)
    }

    /// What to do for a request. `may_follow` is whether the platform can work after an answer.
    #[inline(never)]
    pub(crate) fn action(&self, config: &Config, now: UnixSeconds, may_follow: bool) -> CacheAction {
        let mut state = self.lock();
        let age = state.age(now);
        if age < FRESH_SECONDS || state.loaded.as_ref().is_some_and(|loaded| loaded.is_permanent) {
            return CacheAction::Use(Arc::clone(&state.loaded_state));
        }
        if age >= USABLE_SECONDS && state.loaded.is_some() {
            let error = state.failure.take().map_or(ConfigError::NotLoaded, |(_, error)| error);
            state.loaded_state = Arc::new(LoadedState::failed(Some(config), error));
            state.loaded = None;
        }
        let is_overdue = !may_follow || age >= OVERDUE_SECONDS;
        let has_just_begun = !is_overdue && seconds_between(state.begun_at, now) < BETWEEN_SECONDS;
        if state.has_just_failed(now) || has_just_begun {
            return CacheAction::Use(Arc::clone(&state.loaded_state));
        }
        if is_overdue {
            // Whoever comes meanwhile has nothing to use, or something that may have been withdrawn, and asks as well.
            return CacheAction::Load;
        }
        state.begun_at = Some(now);
        CacheAction::UseAndRefresh(Arc::clone(&state.loaded_state))
    }

    /// Returns the number of an attempt to read the secrets.
    pub(crate) fn begin(&self) -> u64 {
        let mut state = self.lock();
        state.attempts += 1;
        state.attempts
    }

    /// Keeps what the store gave. Where that is of no use, what was there before stays until it is too old.
    #[inline(never)]
    pub(crate) fn keep(
        &self,
        config: &Config,
        by: u64,
        secrets: Result<&Secrets, ConfigError>,
        now: UnixSeconds,
    ) -> Option<LogLine> {
        let mut state = self.lock();
        if state.loaded.as_ref().is_some_and(|loaded| loaded.by > by) {
            return None;
        }
        let secrets = match secrets {
            Ok(secrets) => secrets,
            Err(error) => return state.fail(config, error, now),
        };
        let (fingerprints, is_permanent) = (secrets.fingerprints(), secrets.is_permanent());
        let is_same = state.loaded.as_ref().is_some_and(|loaded| loaded.fingerprints == fingerprints);
        if !is_same {
            let loaded_state = LoadedState::load(config, secrets);
            if let Err(error) = &loaded_state.signing {
                let line = state.fail(config, error.clone(), now);
                if is_permanent {
                    state.loaded = Some(Loaded { at: now, by, is_permanent, fingerprints });
                }
                return line;
            }
            state.loaded_state = Arc::new(loaded_state);
        }
        let line = |event, name, value: Json<'_>| Some(LogLine::new(Level::Info, event, [(name, value)]));
        let had_failed = state.failure.take().is_some();
        let before = state.loaded.replace(Loaded { at: now, by, is_permanent, fingerprints });
        match (before, &state.loaded) {
            (Some(before), Some(loaded)) if !is_same => {
                let names = loaded.fingerprints.changed_since(&before.fingerprints);
                line("secrets_changed", "names", names.into())
            }
            // Whoever read that it was not should read that it is.
            (Some(_), _) if had_failed => {
                line("secrets_refreshed", "message", "the secrets could be read again".into())
            }
            (None, _) if had_failed => line("ready", "message", "the secrets are there".into()),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn age(&self, now: UnixSeconds) -> u32 {
        seconds_between(self.loaded.as_ref().map(|loaded| loaded.at), now)
    }

    /// Whether it is too early to try again.
    fn has_just_failed(&self, now: UnixSeconds) -> bool {
        let Some((at, error)) = &self.failure else { return false };
        let is_silent = matches!(error, ConfigError::Store(error) if error.is_timeout);
        let between = match self.loaded {
            Some(_) => BETWEEN_SECONDS,
            None if is_silent => BETWEEN_SILENT_SECONDS,
            None => BETWEEN_FIRST_SECONDS,
        };
        seconds_between(Some(*at), now) < between
    }

    /// One line for all who tried at once.
    #[inline(never)]
    fn fail(&mut self, config: &Config, error: ConfigError, now: UnixSeconds) -> Option<LogLine> {
        let is_known = self.has_just_failed(now);
        self.failure = Some((now, error.clone()));
        let age = self.age(now);
        let line = if age < USABLE_SECONDS {
            let names = error.names();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let message =
                "the secrets could not be read again; those from before are used, for a day at most";
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
            self.loaded = None;
            line
        };
        (!is_known).then_some(line)
    }
}

/// A clock that was set back must not make secrets young, and failures recent, for as long.
fn seconds_between(then: Option<UnixSeconds>, now: UnixSeconds) -> u32 {
    then.map_or(u32::MAX, |then| now.0.abs_diff(then.0))
}
