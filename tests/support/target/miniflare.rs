//! The built Worker as `wrangler dev` serves it: with the simulations of a rate limiter and of a Secrets Store, which
//! workerd alone does not have.

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
    /// Its clock, its time limits, and how its Secrets Store behaves.
    pub controls: Controls,
    client: Client,
    address: ReservedAddress,
    secrets: ReservedAddress,
    log: PathBuf,
    _node: Child,
}

impl Miniflare {
    /// Starts it with these options of Miniflare. Its Secrets Store is empty.
    ///
    /// # Errors
    /// Where the Worker is not built, npm's packages are not installed, or it does not start.
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

    /// Keeps a value in the Secrets Store, in place of one from before.
    ///
    /// # Errors
    /// Where Miniflare does not take it.
    pub fn put(&self, binding: &str, value: &str) -> anyhow::Result<()> {
        self.change(&json!({ binding: value }))
    }

    /// Takes a value out of the Secrets Store.
    ///
    /// # Errors
    /// Where Miniflare does not.
    pub fn delete(&self, binding: &str) -> anyhow::Result<()> {
        self.change(&json!({ binding: null }))
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

    fn change(&self, secrets: &Value) -> anyhow::Result<()> {
        let response = self.client.send_to(&self.secrets, &Request::post("/", secrets, None))?;
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

    fn controls(&self) -> Option<&Controls> {
        Some(&self.controls)
    }
}
