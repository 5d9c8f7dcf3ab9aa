//! Requests per second on workerd: Hallpass, a JavaScript Worker that does the same, and one that does nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::median;
use crate::dev::sample_settings;
use crate::prerequisites::{Needs, check};
use crate::process::{Running, command, output, root, say, step};
use crate::workerd::{self, Worker};
use crate::{build, tools};

/// Interleaved, so that a slow moment of the machine strikes all alike.
const ROUNDS: usize = 9;
const FIRST_PORT: u16 = 9310;

/// A Worker that is measured.
struct Subject {
    name: &'static str,
    port: u16,
    _process: Running,
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
        ("hello in JavaScript", vec![hello]),
        ("npm agora-token in JavaScript", vec![agora]),
        ("Hallpass", workerd::files(&worker)?),
    ];
    let settings = sample_settings()?;
    subjects
        .into_iter()
        .zip(FIRST_PORT..)
        .map(|((name, files), port)| {
            let process = Worker { files: &files, settings: &settings, port }.start(folder)?;
            Ok(Subject { name, port, _process: process })
        })
        .collect()
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
