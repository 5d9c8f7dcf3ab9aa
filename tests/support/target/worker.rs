//! The built Worker in workerd, Cloudflare's runtime.
//!
//! The Worker is served behind controlled.mjs; a deployment with the time limits of production is served as it is, with the
//! clock and the timers of workerd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Controls, Request, Response, Target};
use crate::http_client::Client;
use crate::process::{Child, ReservedAddress, path_from, read_log};
use crate::setup::{CONFIG, Deployment, TimeLimits};

/// The name under which controlled.mjs imports the Worker's main module.
const MODULE: &str = "worker.js";
const CONTROLLED: &str = "controlled.mjs";

/// The Worker of one deployment.
pub struct Worker {
    client: Client,
    address: ReservedAddress,
    log: PathBuf,
    controls: Option<Controls>,
    _workerd: Child,
}

impl Worker {
    /// Starts workerd and waits until it listens.
    ///
    /// # Errors
    /// Where a variable is not set, the folder of the Worker is not as expected, or workerd does not start.
    pub fn start(deployment: impl Into<Deployment>, folder: &Path) -> anyhow::Result<Self> {
        let deployment = deployment.into();
        let log = folder.join(format!("{}.log", deployment.name));
        let workerd = path_from("HALLPASS_WORKERD")?;
        let built = path_from("HALLPASS_WORKER_DIR")?;
        let address = ReservedAddress::new()?;
        // `embed` takes paths relative to the file that it stands in, so the modules lie beside it.
        let beside = folder.join(&deployment.name);
        fs::create_dir_all(&beside)?;
        let is_controlled = deployment.time_limits == TimeLimits::Extended;
        let module = copy_only(&built, "js", &beside)?;
        fs::rename(beside.join(module), beside.join(MODULE))?;
        fs::write(beside.join(CONTROLLED), include_str!("controlled.mjs"))?;
        let wasm = copy_only(&built, "wasm", &beside)?;
        let modules = if is_controlled { &[CONTROLLED, MODULE][..] } else { &[MODULE] };
        let config = beside.join("config.capnp");
        fs::write(&config, configuration(&deployment, &address, modules, &wasm))?;

        let mut command = Command::new(workerd);
        command.arg("serve").arg(&config).env_clear();
        let workerd = Child::start(command, &[&address], &log)?;
        let controls = is_controlled.then(|| Controls::start(&address)).transpose()?;
        Ok(Self { client: Client::new(), address, log, controls, _workerd: workerd })
    }

    /// Where it listens, for what no HTTP client would send.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends requests at once, each on a connection of its own.
    ///
    /// # Errors
    /// Where one of them is not answered.
    pub fn send_at_once(&self, requests: &[Request]) -> anyhow::Result<Vec<Response>> {
        self.client.send_at_once(&self.address, requests)
    }
}

/// Copies the only file of this kind, which the build may name as it likes, and says its name.
fn copy_only(from: &Path, extension: &str, to: &Path) -> anyhow::Result<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let name = entry?.file_name().into_string().ok().context("a name in it is no text")?;
        if Path::new(&name).extension().is_some_and(|its| its == extension) {
            found.push(name);
        }
    }
    ensure!(found.len() == 1, "expected one .{extension} file in {}, found {found:?}", from.display());
    let name = found.remove(0);
    fs::copy(from.join(&name), to.join(&name))?;
    Ok(name)
}

/// workerd's configuration: the first module is the main one, and the Worker may fetch from this machine. A space must
/// follow the `=` before `.w`, because `=.` would be one operator.
fn configuration(deployment: &Deployment, address: &str, modules: &[&str], wasm: &str) -> String {
    // The escapes of JSON are ones that Cap'n Proto knows too.
    let quoted = |text: &str| Value::from(text).to_string();
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
    fn can_receive(&self, request: &Request) -> bool {
        request.gateway_claims.is_none()
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
