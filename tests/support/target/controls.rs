//! Controls of a Worker behind `controlled.mjs`: its clock, its time limits, and its Secrets Store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::Request;
use crate::http_client::Client;
use crate::server::{lock, test_delay};

/// The initial Unix time of a Worker's clock. The time differs from the machine's clock, so that no test depends on the
/// current time.
const START_SECONDS: u64 = 1_700_000_000;

/// A handle to the controls of one Worker.
#[derive(Clone)]
pub struct Controls {
    client: Arc<Client>,
    address: String,
    settings: Arc<Mutex<Settings>>,
}

/// The settings that a test controls.
#[derive(Serialize)]
struct Settings {
    /// The Unix time of the clock, in milliseconds.
    now: u64,
    /// The total time by which the test has advanced the time limits, in milliseconds.
    waited: u64,
    /// The delay of each read of a secret, in milliseconds.
    delay: u64,
    /// The secrets whose reads are held.
    held: BTreeSet<String>,
    /// The error messages of failing reads, by secret.
    errors: BTreeMap<String, String>,
}

/// Counters since the start.
#[derive(Deserialize)]
struct Counters {
    requests: usize,
    reads: BTreeMap<String, Reads>,
}

/// The number of reads of one secret.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Reads {
    /// The number of reads that have started.
    pub started: usize,
    /// The number of reads that have completed.
    pub completed: usize,
}

impl Controls {
    /// Connects to the Worker at this address, and stops its clock.
    pub(super) fn start(address: &str) -> anyhow::Result<Self> {
        let settings = Settings {
            now: START_SECONDS * 1000,
            waited: 0,
            delay: test_delay().as_millis().try_into()?,
            held: BTreeSet::new(),
            errors: BTreeMap::new(),
        };
        let settings = Arc::new(Mutex::new(settings));
        let controls = Self { client: Arc::new(Client::new()), address: address.to_owned(), settings };
        controls.set(|_| ())?;
        Ok(controls)
    }

    /// Returns the Unix time of the Worker's clock, in seconds.
    #[must_use]
    pub fn clock(&self) -> u64 {
        lock(&self.settings).now / 1000
    }

    /// Advances the clock without expiring time limits, as if the time had passed between two requests.
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn advance_clock(&self, seconds: u64) -> anyhow::Result<()> {
        self.set(|settings| settings.now += seconds * 1000)
    }

    /// Advances the clock and the time limits, as if the pending requests had waited.
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn expire_time_limits(&self, seconds: u64) -> anyhow::Result<()> {
        self.set(|settings| {
            settings.now += seconds * 1000;
            settings.waited += seconds * 1000;
        })
    }

    /// Holds all reads of this secret until [`Self::recover`].
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn hold(&self, secret: &str) -> anyhow::Result<()> {
        self.set(|settings| _ = settings.held.insert(secret.to_owned()))
    }

    /// Fails each read of this secret with a message until [`Self::recover`].
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn fail(&self, secret: &str, message: &str) -> anyhow::Result<()> {
        self.set(|settings| _ = settings.errors.insert(secret.to_owned(), message.to_owned()))
    }

    /// Completes held reads. Further reads succeed.
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn recover(&self) -> anyhow::Result<()> {
        self.set(|settings| {
            settings.held.clear();
            settings.errors.clear();
        })
    }

    /// Returns the number of requests that have arrived, including pending requests.
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn requests(&self) -> anyhow::Result<usize> {
        Ok(self.send(&lock(&self.settings))?.requests)
    }

    /// Returns the number of reads of a secret.
    ///
    /// # Errors
    /// Returns an error if the Worker does not respond.
    pub fn reads(&self, secret: &str) -> anyhow::Result<Reads> {
        let counters = self.send(&lock(&self.settings))?;
        Ok(counters.reads.get(secret).copied().unwrap_or_default())
    }

    /// Changes the settings. The lock is held until the Worker has received the settings, so that the Worker's clock is
    /// never ahead of [`Self::clock`].
    fn set(&self, change: impl FnOnce(&mut Settings)) -> anyhow::Result<()> {
        let mut settings = lock(&self.settings);
        change(&mut settings);
        self.send(&settings)?;
        Ok(())
    }

    fn send(&self, settings: &Settings) -> anyhow::Result<Counters> {
        let request = Request::post("/__controls", &serde_json::to_value(settings)?, None);
        let response = self.client.send_to(&self.address, &request)?;
        ensure!(response.status() == 200, "the controls responded with status {}", response.status());
        serde_json::from_slice(response.body()).context("the controls returned unexpected JSON")
    }
}
