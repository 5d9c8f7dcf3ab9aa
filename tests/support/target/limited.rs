//! The built Worker behind the rate limiter that `wrangler dev` simulates; workerd alone has none.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Request, Response, Target};
use crate::http_client::Client;
use crate::process::{Child, free_address, path_from, read_log};

/// The Worker with a limit.
pub struct Limited {
    client: Client,
    address: String,
    log: PathBuf,
    _node: Child,
}

impl Limited {
    /// Starts it with these bindings, and a limit of this many requests a minute.
    ///
    /// # Errors
    /// Where the Worker is not built, npm's packages are not installed, or it does not start.
    pub fn start(bindings: &Value, limit: usize, folder: &Path) -> anyhow::Result<Self> {
        let (address, log) = (free_address()?, folder.join("miniflare.log"));
        let (_, port) = address.rsplit_once(':').unwrap_or_default();
        let mut command = Command::new("node");
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("support/target/miniflare.mjs"))
            .arg(port)
            .arg(path_from("HALLPASS_WORKER_DIR")?)
            .arg(bindings.to_string())
            .arg(limit.to_string());
        let node = Child::start(command, &[&address], &log)?;
        Ok(Self { client: Client::new(), address, log, _node: node })
    }
}

impl Target for Limited {
    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        self.client.send_to(&self.address, request)
    }

    fn log(&self) -> anyhow::Result<String> {
        read_log(&self.log)
    }
}
