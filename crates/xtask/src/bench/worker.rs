//! Requests per second on workerd: Hallpass, a JavaScript Worker that does the same, and one that does nothing.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::median;
use crate::dev::sample_settings;
use crate::prerequisites::{Needs, check};
use crate::process::{Running, command, output, root, say, step, wait_until};
use crate::{build, tools};

/// Interleaved, so that a slow moment of the machine strikes all alike.
const ROUNDS: usize = 9;
const FIRST_PORT: u16 = 9310;

/// A Worker that is measured.
struct Subject {
    name: &'static str,
    /// Its modules, as workerd's configuration lists them.
    modules: String,
    port: u16,
    _process: Option<Running>,
}

/// A request that every Worker gets; a mint of format 007 for those that mint.
struct Load {
    name: &'static str,
    path: &'static str,
    body: Option<&'static str>,
}

const LOADS: [Load; 2] = [
    Load {
        name: "POST /v1/token",
        path: "/v1/token",
        body: Some(r#"{"rtc":{"channel":"demo","uid":1234,"role":"publisher"}}"#),
    },
    Load {
        name: "GET /rtc/… of format 007", path: "/rtc/demo/publisher/uid/1234/?version=007", body: None
    },
];

/// `cargo xtask bench worker`.
///
/// # Errors
/// If something is missing, or a Worker does not answer.
pub(crate) fn run() -> Result<()> {
    check(&[Needs::Rustup, Needs::Node])?;
    tools::wrk()?;
    tools::node_modules()?;
    build::worker()?;
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let subjects = start(&folder)?;
    let mut rates = vec![vec![Vec::new(); subjects.len()]; LOADS.len()];
    step(&format!("{ROUNDS} rounds of 1 s for each Worker and request"), || {
        for _ in 0..ROUNDS {
            for (load, rates) in LOADS.iter().zip(&mut rates) {
                for (subject, rates) in subjects.iter().zip(rates) {
                    rates.push(measure(&folder, load, subject.port)?);
                }
            }
        }
        Ok(())
    })?;
    for (load, rates) in LOADS.iter().zip(rates) {
        report(load, &subjects, &rates);
    }
    Ok(())
}

fn start(folder: &Path) -> Result<Vec<Subject>> {
    let agora = step("bundling the JavaScript Worker with npm agora-token", || bundle_agora(folder))?;
    let worker = build::worker_bundle()?;
    let hello = root().join("crates/xtask/bench/hello.js");
    let subjects = [
        ("hello in JavaScript", module(&hello, folder)?),
        ("npm agora-token in JavaScript", module(&agora, folder)?),
        ("Hallpass", modules(&worker, folder)?),
    ];
    let workerd = tools::workerd()?;
    subjects
        .into_iter()
        .zip(FIRST_PORT..)
        .map(|((name, modules), port)| {
            let mut subject = Subject { name, modules, port, _process: None };
            let config = folder.join(format!("{port}.capnp"));
            fs::write(&config, subject.config()?)?;
            let log = fs::File::create(folder.join(format!("{port}.log")))?;
            let child =
                command(&workerd).arg("serve").arg(&config).stdout(Stdio::null()).stderr(log).spawn()?;
            let mut process = Running(child);
            wait_until(&mut process.0, Duration::from_secs(10), || {
                TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
            })?;
            subject._process = Some(process);
            Ok(subject)
        })
        .collect()
}

impl Subject {
    fn config(&self) -> Result<String> {
        let mut bindings = String::new();
        for (name, value) in sample_settings()? {
            write!(bindings, "(name = \"{name}\", text = {value:?}), ")?;
        }
        Ok(format!(
            r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:{}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [{}],
  bindings = [{bindings}],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["nodejs_compat"],
);
"#,
            self.port, self.modules
        ))
    }
}

/// The files of a bundle, the JavaScript one first.
fn modules(bundle: &Path, folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(bundle)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "js" || extension == "wasm"));
    files.sort_by_key(|file| file.extension().map(ToOwned::to_owned));
    files.iter().map(|file| module(file, folder)).collect()
}

/// One module. Its path is relative to the folder of the configuration, as workerd wants it.
fn module(file: &Path, folder: &Path) -> Result<String> {
    let name = file.file_name().context("a module has a name")?.to_string_lossy().into_owned();
    let kind = if name.ends_with(".wasm") { "wasm" } else { "esModule" };
    fs::copy(file, folder.join(&name))?;
    Ok(format!("(name = \"{name}\", {kind} = embed \"{name}\"), "))
}

fn bundle_agora(folder: &Path) -> Result<PathBuf> {
    let config = folder.join("agora.toml");
    let main = root().join("crates/xtask/bench/agora.mjs");
    let text = format!(
        "name = \"agora\"\nmain = {main:?}\ncompatibility_date = \"2026-04-01\"\ncompatibility_flags = [\"nodejs_compat\"]\n"
    );
    fs::write(&config, text)?;
    let bundle = folder.join("agora");
    build::bundle(&config, &bundle)?;
    Ok(bundle.join("agora.js"))
}

/// Requests per second.
fn measure(folder: &Path, load: &Load, port: u16) -> Result<f64> {
    let script = folder.join("load.lua");
    let body = load.body.map(|body| format!("wrk.method = \"POST\"\nwrk.body = {body:?}\n"));
    // Cloudflare gives every request this header.
    let ray = "wrk.headers[\"cf-ray\"] = \"8f0a1b2c3d4e5f60-AMS\"\n";
    fs::write(&script, body.unwrap_or_default() + ray)?;
    let url = format!("http://127.0.0.1:{port}{}", load.path);
    let mut wrk = command("wrk");
    wrk.args(["--threads", "1", "--connections", "16", "--duration", "1s", "--script"]).arg(&script).arg(url);
    let printed = output(&mut wrk).context("wrk failed")?;
    if printed.contains("Non-2xx") {
        bail!("a Worker refused requests:\n{printed}");
    }
    let rate = printed.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    Ok(rate.context("wrk printed no rate")?.trim().parse()?)
}

fn report(load: &Load, subjects: &[Subject], rates: &[Vec<f64>]) {
    say(format_args!("\n{}", load.name));
    let Some(own) = rates.last() else { return };
    for (subject, other) in subjects.iter().zip(rates) {
        let ratio = median(own.iter().zip(other).map(|(own, other)| own / other).collect());
        let rate = median(other.clone());
        say(format_args!("  {:<30} {rate:>8.0} requests/s   Hallpass is at {ratio:.2} of it", subject.name));
    }
}
