//! The built Worker in Miniflare, as `wrangler dev` serves it. Unlike workerd, Miniflare simulates a rate limiter and a Secrets
//! Store.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use serde_json::{Value, json};

use super::{Controls, Request, Response, Target};
use crate::folders::root;
use crate::http_client::Client;
use crate::process::{Child, ReservedAddress, path_from, read_log};

/// The Worker in Miniflare.
pub struct Miniflare {
    /// The controls of the clock, the time limits and the Secrets Store.
    pub controls: Controls,
    client: Client,
    address: ReservedAddress,
    secrets: ReservedAddress,
    log: PathBuf,
    _node: Child,
}

impl Miniflare {
    /// Starts Miniflare with these options and an empty Secrets Store.
    ///
    /// # Errors
    /// Returns an error if the Worker is not built, the npm packages are not installed, or Miniflare does not start.
    pub fn start(options: &Value, folder: &Path) -> anyhow::Result<Self> {
        let (address, secrets, log) =
            (ReservedAddress::new()?, ReservedAddress::new()?, folder.join("miniflare.log"));
        let mut command = Command::new("node");
        command
            .arg(root().join("tests/support/target/miniflare.mjs"))
            .args([address.port(), secrets.port()])
            .arg(path_from("HALLPASS_WORKER_DIR")?)
            .arg(options.to_string());
        let node = Child::start(command, &[&address, &secrets], &log)?;
        let controls = Controls::start(&address)?;
        Ok(Self { controls, client: Client::new(), address, secrets, log, _node: node })
    }

    /// Sets the value of a secret in the Secrets Store.
    ///
    /// # Errors
    /// Returns an error if Miniflare rejects the change.
    pub fn put(&self, binding: &str, value: &str) -> anyhow::Result<()> {
        self.change(&json!({ binding: value }))
    }

    /// Deletes a secret from the Secrets Store.
    ///
    /// # Errors
    /// Returns an error if Miniflare rejects the change.
    pub fn delete(&self, binding: &str) -> anyhow::Result<()> {
        self.change(&json!({ binding: null }))
    }

    /// Sends a request. Other threads can send requests at the same time.
    ///
    /// # Errors
    /// Returns an error if there is no response.
    pub fn send_one(&self, request: &Request) -> anyhow::Result<Response> {
        self.client.send_to(&self.address, request)
    }

    /// Sends requests concurrently, each on its own connection.
    ///
    /// # Errors
    /// Returns an error if a request gets no response.
    pub fn send_concurrently(&self, requests: &[Request]) -> anyhow::Result<Vec<Response>> {
        self.client.send_concurrently(&self.address, requests)
    }

    fn change(&self, secrets: &Value) -> anyhow::Result<()> {
        let response = self.client.send_to(&self.secrets, &Request::post("/", secrets, None))?;
        ensure!(
            response.status() == 204,
            "Miniflare rejected the change: {}",
            String::from_utf8_lossy(response.body())
        );
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

    fn controls(&self) -> Option<&Controls> {
        Some(&self.controls)
    }
}
