//! The built Worker in workerd, Cloudflare's runtime.
//!
//! The Worker is served behind `controlled.mjs`. With the time limits of production, the Worker is served directly,
//! with workerd's clock and timers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Controls, Request, Response, Target};
use crate::deployment::{CONFIG, Deployment, TimeLimits};
use crate::http_client::Client;
use crate::process::{Child, ReservedAddress, path_from, read_log};

/// The name under which controlled.mjs imports the Worker's main module.
const MODULE: &str = "worker.js";
const CONTROLLED: &str = "controlled.mjs";

/// The Worker of a deployment.
pub struct Worker {
    client: Client,
    address: ReservedAddress,
    log: PathBuf,
    controls: Option<Controls>,
    _workerd: Child,
}

impl Worker {
    /// Starts workerd, and waits until workerd listens.
    ///
    /// # Errors
    /// Returns an error if an environment variable is not set, the Worker's folder has unexpected files, or workerd does not
    /// start.
    pub fn start(deployment: impl Into<Deployment>, folder: &Path) -> anyhow::Result<Self> {
        let deployment = deployment.into();
        let log = folder.join(format!("{}.log", deployment.name));
        let workerd = path_from("HALLPASS_WORKERD")?;
        let built = path_from("HALLPASS_WORKER_DIR")?;
        let address = ReservedAddress::new()?;
        // The modules and the configuration are in the same folder, because paths in the configuration are relative to
        // its folder.
        let modules_folder = folder.join(&deployment.name);
        fs::create_dir_all(&modules_folder)?;
        let is_controlled = deployment.time_limits == TimeLimits::Extended;
        let module = copy_only(&built, "js", &modules_folder)?;
        fs::rename(modules_folder.join(module), modules_folder.join(MODULE))?;
        let redirect = deployment.redirect.as_deref().unwrap_or_default();
        let controlled = include_str!("controlled.mjs").replace("$REDIRECT", redirect);
        fs::write(modules_folder.join(CONTROLLED), controlled)?;
        let wasm = copy_only(&built, "wasm", &modules_folder)?;
        let modules = if is_controlled { &[CONTROLLED, MODULE][..] } else { &[MODULE] };
        let config = modules_folder.join("config.capnp");
        fs::write(&config, configuration(&deployment, &address, modules, &wasm))?;

        let mut command = Command::new(workerd);
        command.arg("serve").arg(&config).env_clear();
        let workerd = Child::start(command, &[&address], &log)?;
        let controls = is_controlled.then(|| Controls::start(&address)).transpose()?;
        Ok(Self { client: Client::new(), address, log, controls, _workerd: workerd })
    }

    /// Returns the Worker's address, for requests that an HTTP client would not send.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends requests concurrently, each on its own connection.
    ///
    /// # Errors
    /// Returns an error if a request gets no response.
    pub fn send_concurrently(&self, requests: &[Request]) -> anyhow::Result<Vec<Response>> {
        self.client.send_concurrently(&self.address, requests)
    }
}

/// Copies the only file with this extension, and returns its name. The build determines the name.
fn copy_only(from: &Path, extension: &str, to: &Path) -> anyhow::Result<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let name = entry?.file_name().into_string().ok().context("the name of a file is not UTF-8")?;
        if Path::new(&name).extension().is_some_and(|found| found == extension) {
            found.push(name);
        }
    }
    ensure!(found.len() == 1, "expected one .{extension} file in {}, found {found:?}", from.display());
    let name = found.remove(0);
    fs::copy(from.join(&name), to.join(&name))?;
    Ok(name)
}

/// Returns workerd's configuration. The first module is the main module, and the Worker is allowed to fetch from this machine.
/// The space between `=` and `.w` is necessary, because Cap'n Proto reads `=.` as one operator.
fn configuration(deployment: &Deployment, address: &str, modules: &[&str], wasm: &str) -> String {
    // Cap'n Proto supports the escapes of JSON strings.
    let quoted = |string: &str| Value::from(string).to_string();
    let bindings: Vec<_> = deployment
        .variables
        .iter()
        .map(|(name, value)| {
            let kind = if name == CONFIG { "json" } else { "text" };
            format!("(name = {}, {kind} = {})", quoted(name), quoted(value))
        })
        .collect();
    let modules: String = modules
        .iter()
        .map(|module| format!("    (name = \"{module}\", esModule = embed \"{module}\"),\n"))
        .collect();
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .w),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "{address}", http = (), service = "worker")],
);

const w :Workerd.Worker = (
  modules = [
{modules}    (name = "{wasm}", wasm = embed "{wasm}"),
  ],
  compatibilityDate = "2026-04-01",
  bindings = [{}],
);
"#,
        bindings.join(", ")
    )
}

impl Target for Worker {
    fn supports_es512(&self) -> bool {
        true
    }

    fn can_receive(&self, request: &Request) -> bool {
        request.gateway_claims.is_none()
    }

    fn redirects(&self) -> bool {
        self.controls.is_some()
    }

    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        self.client.send_to(&self.address, request)
    }

    fn controls(&self) -> Option<&Controls> {
        self.controls.as_ref()
    }

    fn log(&self) -> anyhow::Result<String> {
        read_log(&self.log)
    }
}
