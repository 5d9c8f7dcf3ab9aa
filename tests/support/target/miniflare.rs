//! The built Worker as `wrangler dev` serves it: with the simulations of a rate limiter and of a Secrets Store, which
//! workerd alone does not have.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use serde_json::{Map, Value, json};

use super::{Request, Response, Target, real_clock};
use crate::http_client::Client;
use crate::process::{Child, free_address, path_from, read_log};

/// The Worker in Miniflare, with a clock that can be moved.
pub struct Miniflare {
    client: Client,
    address: String,
    controls: String,
    log: PathBuf,
    told: Mutex<Told>,
    _node: Child,
}

/// What controlled.mjs knows.
#[derive(Clone, Default)]
struct Told {
    ahead_seconds: u64,
    /// By binding, what reading a secret is like where it is not as usual.
    store: Map<String, Value>,
}

impl Miniflare {
    /// Starts it with these options of Miniflare. Its Secrets Store is empty.
    ///
    /// # Errors
    /// Where the Worker is not built, npm's packages are not installed, or it does not start.
    pub fn start(options: &Value, folder: &Path) -> anyhow::Result<Self> {
        let (address, controls, log) = (free_address()?, free_address()?, folder.join("miniflare.log"));
        let port = |address: &str| address.rsplit_once(':').map(|(_, port)| port.to_owned());
        let mut command = Command::new("node");
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("support/target/miniflare.mjs"))
            .args([port(&address), port(&controls)].into_iter().flatten())
            .arg(path_from("HALLPASS_WORKER_DIR")?)
            .arg(options.to_string());
        let node = Child::start(command, &[&address, &controls], &log)?;
        Ok(Self { client: Client::new(), address, controls, log, told: Mutex::default(), _node: node })
    }

    /// Keeps a value in the Secrets Store, in place of one from before.
    ///
    /// # Errors
    /// Where Miniflare does not take it.
    pub fn put(&self, binding: &str, value: &str) -> anyhow::Result<()> {
        self.control("/secrets", &json!({ binding: value }))
    }

    /// Takes a value out of the Secrets Store.
    ///
    /// # Errors
    /// Where Miniflare does not.
    pub fn delete(&self, binding: &str) -> anyhow::Result<()> {
        self.control("/secrets", &json!({ binding: null }))
    }

    /// Lets time pass for the Worker.
    ///
    /// # Errors
    /// Where it cannot be told.
    pub fn pass(&self, seconds: u64) -> anyhow::Result<()> {
        self.tell(|told| told.ahead_seconds += seconds)
    }

    /// Lets each reading of this secret take as long, from the next request on.
    ///
    /// # Errors
    /// Where the Worker cannot be told.
    pub fn slow_down(&self, binding: &str, by: Duration) -> anyhow::Result<()> {
        let slow = json!({ "milliseconds": by.as_millis() });
        self.tell(|told| _ = told.store.insert(binding.to_owned(), slow))
    }

    /// Lets each reading of this secret fail with this message, from the next request on.
    ///
    /// # Errors
    /// Where the Worker cannot be told.
    pub fn fail(&self, binding: &str, message: &str) -> anyhow::Result<()> {
        let failing = json!({ "milliseconds": 0, "error": message });
        self.tell(|told| _ = told.store.insert(binding.to_owned(), failing))
    }

    /// Lets the Secrets Store be as usual, from the next request on.
    ///
    /// # Errors
    /// Where the Worker cannot be told.
    pub fn recover(&self) -> anyhow::Result<()> {
        self.tell(|told| told.store.clear())
    }

    /// Sends one request; others may be on their way.
    ///
    /// # Errors
    /// Where there is no answer.
    pub fn send_one(&self, request: &Request) -> anyhow::Result<Response> {
        self.client.send_to(&self.address, request)
    }

    /// Sends requests at once, each on a connection of its own.
    ///
    /// # Errors
    /// Where one of them is not answered.
    pub fn send_at_once(&self, requests: &[Request]) -> anyhow::Result<Vec<Response>> {
        self.client.send_at_once(&self.address, requests)
    }

    /// The clock here is ahead before that of the Worker is, so that no token is of a time to come.
    fn tell(&self, change: impl FnOnce(&mut Told)) -> anyhow::Result<()> {
        let mut told = self.told();
        change(&mut told);
        let Told { ahead_seconds, store } = told.clone();
        drop(told);
        self.control("/worker", &json!({ "ahead": ahead_seconds * 1000, "store": store }))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn control(&self, path: &str, told: &Value) -> anyhow::Result<()> {
        let response = self.client.send_to(&self.controls, &Request::post(path, told, None))?;
        ensure!(response.status() == 204, "Miniflare says {}", String::from_utf8_lossy(response.body()));
        Ok(())
    }
}

impl Target for Miniflare {
    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        self.send_one(request)
    }

    fn log(&self) -> anyhow::Result<String> {
        read_log(&self.log)
    }

    fn clock(&self) -> u64 {
        real_clock() + self.told().ahead_seconds
    }
}
