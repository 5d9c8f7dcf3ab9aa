//! What requests are answered with, kept while the secrets in it are fresh.

use std::sync::{Arc, Mutex, PoisonError};

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
/// The same while there are none, and everybody is refused. Longer than a store is waited for, so that most are
/// refused at once.
const BETWEEN_FIRST_SECONDS: u32 = 5;

#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    setup: Arc<Setup>,
    /// Of the secrets in it; `None` where it has none, or none that can be used.
    loaded: Option<Loaded>,
    /// When a refresh for after an answer was begun, or secrets could not be read.
    tried_at: Option<UnixSeconds>,
}

#[derive(Debug)]
struct Loaded {
    at: UnixSeconds,
    is_final: bool,
    fingerprints: Fingerprints,
}

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
        Self { state: Mutex::new(State { setup: Arc::new(setup), loaded: None, tried_at: None }) }
    }

    /// What there is, however old.
    pub(crate) fn current(&self) -> Arc<Setup> {
        Arc::clone(&self.lock().setup)
    }

    /// What to do for a request. `may_follow` is whether the platform can work after an answer.
    pub(crate) fn step(&self, now: UnixSeconds, may_follow: bool) -> Step {
        let mut state = self.lock();
        let setup = Arc::clone(&state.setup);
        let age = state.age(now);
        if age < FRESH_SECONDS || state.loaded.as_ref().is_some_and(|loaded| loaded.is_final) {
            return Step::Use(setup);
        }
        let is_usable = age < USABLE_SECONDS;
        let between = if is_usable { BETWEEN_SECONDS } else { BETWEEN_FIRST_SECONDS };
        if seconds_since(state.tried_at, now) < between {
            return Step::Use(setup);
        }
        if may_follow && age < OVERDUE_SECONDS {
            state.tried_at = Some(now);
            return Step::UseAndRefresh(setup);
        }
        // Whoever comes meanwhile has nothing to use, or something that may have been withdrawn, and asks as well.
        Step::Load
    }

    /// Keeps what the store gave. Where that is of no use, what was there before stays until it is too old.
    pub(crate) fn keep(
        &self,
        config: &Config,
        secrets: Result<&Secrets, SetupError>,
        now: UnixSeconds,
    ) -> Option<LogLine> {
        let mut state = self.lock();
        // Two requests may have read at once: what was asked for later counts.
        if state.loaded.as_ref().is_some_and(|loaded| loaded.at > now) {
            return None;
        }
        let secrets = match secrets {
            Ok(secrets) => secrets,
            Err(error) => return Some(state.fail(config, error, now)),
        };
        let fingerprints = secrets.fingerprints();
        if let Some(loaded) = &mut state.loaded
            && loaded.fingerprints == fingerprints
        {
            loaded.at = now;
            return None;
        }
        let setup = Setup::load(config, secrets);
        if let Err(error) = &setup.ready {
            let line = state.fail(config, error.clone(), now);
            if secrets.is_final() {
                state.loaded = Some(Loaded { at: now, is_final: true, fingerprints });
            }
            return Some(line);
        }
        state.setup = Arc::new(setup);
        let before = state.loaded.replace(Loaded { at: now, is_final: secrets.is_final(), fingerprints });
        let line = |event, fields| LogLine::new(Level::Info, event, &fields);
        match (&before, &state.loaded) {
            (Some(before), Some(loaded)) => {
                let names = loaded.fingerprints.changed_since(&before.fingerprints);
                Some(line("secrets_changed", json!({ "names": names })))
            }
            // Whoever read that it was not should read that it is.
            _ if state.tried_at.is_some() => {
                Some(line("ready", json!({ "message": "the secrets are there" })))
            }
            _ => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn age(&self, now: UnixSeconds) -> u32 {
        seconds_since(self.loaded.as_ref().map(|loaded| loaded.at), now)
    }

    fn fail(&mut self, config: &Config, error: SetupError, now: UnixSeconds) -> LogLine {
        self.tried_at = Some(now);
        let age = self.age(now);
        if age < USABLE_SECONDS {
            let fields = json!({
                "message": "the secrets could not be read again; those from before are used, for a day at most",
                "age_seconds": age,
                "names": error.names(),
                "reason": error.to_string(),
            });
            return LogLine::new(Level::Warning, "secrets_not_refreshed", &fields);
        }
        let line = error.log_line();
        self.setup = Arc::new(Setup::failed(Some(config), error));
        self.loaded = None;
        line
    }
}

fn seconds_since(then: Option<UnixSeconds>, now: UnixSeconds) -> u32 {
    then.map_or(u32::MAX, |then| now.0.saturating_sub(then.0))
}
