//! What requests are answered with, kept while the secrets in it are fresh.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hallpass_token::UnixSeconds;
use serde_json::json;

use crate::config::Config;
use crate::log::{Level, LogLine};
use crate::secrets::{Fingerprints, Secrets};
use crate::setup::Setup;
use crate::setup_error::SetupError;

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
    setup: Arc<Setup>,
    /// Of the secrets in it; `None` where it has none, or none that can be used.
    loaded: Option<Loaded>,
    /// Of the last attempt to read them, if it failed.
    failure: Option<Failure>,
    /// When a refresh for after an answer was begun.
    begun_at: Option<UnixSeconds>,
    attempts: u64,
}

#[derive(Debug)]
struct Loaded {
    at: UnixSeconds,
    by: Attempt,
    is_final: bool,
    fingerprints: Fingerprints,
}

#[derive(Debug)]
struct Failure {
    at: UnixSeconds,
    error: SetupError,
}

/// One time that the secrets are read. Several may be on their way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attempt(u64);

/// What to do for a request.
#[derive(Debug)]
pub(crate) enum Step {
    Use(Arc<Setup>),
    /// Use this, and read the secrets again after the answer.
    UseAndRefresh(Arc<Setup>),
    /// Read the secrets before the answer.
    Load,
}

impl Cache {
    /// One in which there are no secrets.
    pub(crate) fn new(setup: Setup) -> Self {
        let setup = Arc::new(setup);
        let state = State { setup, loaded: None, failure: None, begun_at: None, attempts: 0 };
        Self { state: Mutex::new(state) }
    }

    /// What there is, however old.
    pub(crate) fn current(&self) -> Arc<Setup> {
        Arc::clone(&self.lock().setup)
    }

    /// What to do for a request. `may_follow` is whether the platform can work after an answer.
    pub(crate) fn step(&self, config: &Config, now: UnixSeconds, may_follow: bool) -> Step {
        let mut state = self.lock();
        let age = state.age(now);
        if age < FRESH_SECONDS || state.loaded.as_ref().is_some_and(|loaded| loaded.is_final) {
            return Step::Use(Arc::clone(&state.setup));
        }
        if age >= USABLE_SECONDS && state.loaded.is_some() {
            let error = state.failure.take().map_or(SetupError::NotLoaded, |failure| failure.error);
            state.setup = Arc::new(Setup::failed(Some(config), error));
            state.loaded = None;
        }
        if state.has_just_failed(now) {
            return Step::Use(Arc::clone(&state.setup));
        }
        if !may_follow || age >= OVERDUE_SECONDS {
            // Whoever comes meanwhile has nothing to use, or something that may have been withdrawn, and asks as well.
            return Step::Load;
        }
        if seconds_between(state.begun_at, now) < BETWEEN_SECONDS {
            return Step::Use(Arc::clone(&state.setup));
        }
        state.begun_at = Some(now);
        Step::UseAndRefresh(Arc::clone(&state.setup))
    }

    /// The secrets are about to be read.
    pub(crate) fn begin(&self) -> Attempt {
        let mut state = self.lock();
        state.attempts += 1;
        Attempt(state.attempts)
    }

    /// Keeps what the store gave. Where that is of no use, what was there before stays until it is too old.
    pub(crate) fn keep(
        &self,
        config: &Config,
        by: Attempt,
        secrets: Result<&Secrets, SetupError>,
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
        let (fingerprints, is_final) = (secrets.fingerprints(), secrets.is_final());
        let is_same = state.loaded.as_ref().is_some_and(|loaded| loaded.fingerprints == fingerprints);
        if !is_same {
            let setup = Setup::load(config, secrets);
            if let Err(error) = &setup.ready {
                let line = state.fail(config, error.clone(), now);
                if is_final {
                    state.loaded = Some(Loaded { at: now, by, is_final, fingerprints });
                }
                return line;
            }
            state.setup = Arc::new(setup);
        }
        let line = |event, fields| Some(LogLine::new(Level::Info, event, &fields));
        let had_failed = state.failure.take().is_some();
        let before = state.loaded.replace(Loaded { at: now, by, is_final, fingerprints });
        match (before, &state.loaded) {
            (Some(before), Some(loaded)) if !is_same => {
                let names = loaded.fingerprints.changed_since(&before.fingerprints);
                line("secrets_changed", json!({ "names": names }))
            }
            // Whoever read that it was not should read that it is.
            (Some(_), _) if had_failed => {
                line("secrets_refreshed", json!({ "message": "the secrets could be read again" }))
            }
            (None, _) if had_failed => line("ready", json!({ "message": "the secrets are there" })),
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
        let Some(Failure { at, error }) = &self.failure else { return false };
        let is_silent = matches!(error, SetupError::Store(error) if error.is_timeout);
        let between = match self.loaded {
            Some(_) => BETWEEN_SECONDS,
            None if is_silent => BETWEEN_SILENT_SECONDS,
            None => BETWEEN_FIRST_SECONDS,
        };
        seconds_between(Some(*at), now) < between
    }

    /// One line for all who tried at once.
    fn fail(&mut self, config: &Config, error: SetupError, now: UnixSeconds) -> Option<LogLine> {
        let is_known = self.has_just_failed(now);
        self.failure = Some(Failure { at: now, error: error.clone() });
        let age = self.age(now);
        let line = if age < USABLE_SECONDS {
            let fields = json!({
                "message": "the secrets could not be read again; those from before are used, for a day at most",
                "age_seconds": age,
                "names": error.names(),
                "reason": error.to_string(),
            });
            LogLine::new(Level::Warning, "secrets_not_refreshed", &fields)
        } else {
            let line = error.log_line();
            self.setup = Arc::new(Setup::failed(Some(config), error));
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
