//! Controls a Worker that is served behind controlled.mjs: its clock, its time limits, and its Secrets Store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::Request;
use crate::http_client::Client;
use crate::server::{lock, test_delay};

/// The clock of a Worker when it starts: a time of its own, so that no test depends on the machine's.
const START_SECONDS: u64 = 1_700_000_000;

/// A handle to the controls of one Worker.
#[derive(Clone)]
pub struct Controls {
    client: Arc<Client>,
    address: String,
    settings: Arc<Mutex<Settings>>,
}

/// The decisions of a test.
#[derive(Serialize)]
struct Settings {
    /// The clock, in milliseconds.
    now: u64,
    /// How long requests under way have waited in total, in milliseconds.
    waited: u64,
    /// How long each read of a secret takes, in milliseconds.
    delay: u64,
    /// The secrets that the store does not answer for.
    held: BTreeSet<String>,
    /// The messages with which reads of secrets fail.
    errors: BTreeMap<String, String>,
}

/// Counts since the start.
#[derive(Deserialize)]
struct Seen {
    requests: usize,
    reads: BTreeMap<String, Reads>,
}

/// The number of reads of one secret.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Reads {
    /// Reads that reached the store.
    pub begun: usize,
    /// Reads that the store has answered.
    pub ended: usize,
}

impl Controls {
    /// Stops the clock of the Worker that listens at this address.
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

    /// Returns the Worker's clock in Unix seconds.
    #[must_use]
    pub fn clock(&self) -> u64 {
        lock(&self.settings).now / 1000
    }

    /// Moves the clock, as between two requests: no time limit ends.
    ///
    /// # Errors
    /// If the Worker cannot be told.
    pub fn advance_clock(&self, seconds: u64) -> anyhow::Result<()> {
        self.set(|settings| settings.now += seconds * 1000)
    }

    /// Lets the requests under way wait: the clock moves, and their time limits end.
    ///
    /// # Errors
    /// If the Worker cannot be told.
    pub fn expire_time_limits(&self, seconds: u64) -> anyhow::Result<()> {
        self.set(|settings| {
            settings.now += seconds * 1000;
            settings.waited += seconds * 1000;
        })
    }

    /// Has the store answer no read of this secret until [`Self::recover`].
    ///
    /// # Errors
    /// If the Worker cannot be told.
    pub fn hold(&self, secret: &str) -> anyhow::Result<()> {
        self.set(|settings| _ = settings.held.insert(secret.to_owned()))
    }

    /// Fails each read of this secret with a message until [`Self::recover`].
    ///
    /// # Errors
    /// If the Worker cannot be told.
    pub fn fail(&self, secret: &str, message: &str) -> anyhow::Result<()> {
        self.set(|settings| _ = settings.errors.insert(secret.to_owned(), message.to_owned()))
    }

    /// Has the store answer again, also the reads that it held back.
    ///
    /// # Errors
    /// If the Worker cannot be told.
    pub fn recover(&self) -> anyhow::Result<()> {
        self.set(|settings| {
            settings.held.clear();
            settings.errors.clear();
        })
    }

    /// Returns how many requests have arrived, whether they were answered or not.
    ///
    /// # Errors
    /// If the Worker cannot be asked.
    pub fn requests(&self) -> anyhow::Result<usize> {
        Ok(self.send(&lock(&self.settings))?.requests)
    }

    /// Returns how often a secret was read.
    ///
    /// # Errors
    /// If the Worker cannot be asked.
    pub fn reads(&self, secret: &str) -> anyhow::Result<Reads> {
        let seen = self.send(&lock(&self.settings))?;
        Ok(seen.reads.get(secret).copied().unwrap_or_default())
    }

    /// The lock is kept until the Worker knows, so that its clock is never ahead of the one here.
    fn set(&self, change: impl FnOnce(&mut Settings)) -> anyhow::Result<()> {
        let mut settings = lock(&self.settings);
        change(&mut settings);
        self.send(&settings)?;
        Ok(())
    }

    fn send(&self, settings: &Settings) -> anyhow::Result<Seen> {
        let request = Request::post("/__controls", &serde_json::to_value(settings)?, None);
        let response = self.client.send_to(&self.address, &request)?;
        ensure!(response.status() == 200, "the controls respond {}", response.status());
        serde_json::from_slice(response.body()).context("the controls respond with something else")
    }
}
