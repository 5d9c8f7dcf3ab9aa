//! The command `cargo xtask bench lambda`, which measures cold starts of the Lambda function in AWS's emulator. The cold
//! starts are compared with those of an equivalent function in JavaScript. The emulator starts the function at the first
//! event. The time of a cold start is the time from this event to the response.
//!
//! The secrets are in the environment, in moto, or in a store that responds without delay. A start with moto spends most
//! of its time waiting for moto. AWS's Secrets Manager would take a different time.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::store::LocalSecretsManager;
use super::{median, minimum};
use crate::dev::sample_settings;
use crate::prerequisites::{Prerequisite, check};
use crate::process::{Running, command, root, run_quietly, wait_until};
use crate::steps::step;
use crate::terminal::print_line;
use crate::{build, tools};

/// The number of rounds. Each round starts every function once, so that variations of the machine's speed affect all
/// functions equally.
const ROUNDS: usize = 31;
const PORT: u16 = 9320;
const RUNTIME_PORT: u16 = 9321;
const MOTO_PORT: u16 = 9322;
const INSTANT_PORT: u16 = 9323;
const SECRETS: [&str; 2] = ["AGORA_APP_CERTIFICATE", "VIDEOSDK_SECRET_KEY"];

/// A measured function.
struct Subject {
    name: &'static str,
    bootstrap: PathBuf,
    settings: Vec<(String, String)>,
}

/// The response times of a function in milliseconds, with one value per start.
#[derive(Clone, Default)]
struct Times {
    /// The time to the first response.
    cold: Vec<f64>,
    /// The time to the second response.
    warm: Vec<f64>,
}

/// Runs `cargo xtask bench lambda`.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a function does not respond.
pub(crate) fn run() -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node, Prerequisite::Python])?;
    build::lambda()?;
    tools::node_modules()?;
    let python = tools::python()?;
    let emulator = tools::lambda_emulator()?;
    let event = fs::read_to_string(root().join("infra/events/token.json"))?;
    let folder = root().join("target/bench/lambda");
    fs::create_dir_all(&folder)?;

    let in_environment = sample_settings()?;
    let (secrets, others): (Vec<_>, Vec<_>) =
        in_environment.iter().cloned().partition(|(name, _)| SECRETS.contains(&name.as_str()));
    let moto = step("starting moto", || LocalSecretsManager::moto(&python, &folder, MOTO_PORT, &secrets))?;
    let instant = LocalSecretsManager::instant(&folder, INSTANT_PORT, &secrets)?;
    let bootstrap = root().join("target/release/bootstrap");
    let javascript = step("bundling a function in JavaScript", || bundle(&folder))?;
    let with = |store: &LocalSecretsManager| [others.clone(), store.settings.clone()].concat();
    let subject = |name, bootstrap: &Path, settings| Subject { name, bootstrap: bootstrap.into(), settings };
    let subjects = [
        subject("Hallpass, secrets in the environment", &bootstrap, in_environment),
        subject("Hallpass, store without delay", &bootstrap, with(&instant)),
        subject("JavaScript, store without delay", &javascript, with(&instant)),
        subject("Hallpass, moto", &bootstrap, with(&moto)),
        subject("JavaScript, moto", &javascript, with(&moto)),
    ];
    let mut times = vec![Times::default(); subjects.len()];
    step(&format!("{ROUNDS} starts of each function, each with one cold and one warm event"), || {
        for _ in 0..ROUNDS {
            for (subject, times) in subjects.iter().zip(&mut times) {
                let (cold, warm) = start_and_invoke(&emulator, subject, &event).context(subject.name)?;
                times.cold.push(cold);
                times.warm.push(warm);
            }
        }
        Ok(())
    })?;
    for (subject, times) in subjects.iter().zip(&times) {
        report(subject.name, times);
    }
    print_line(format_args!(
        "Hallpass, built for this machine with symbols: {} bytes",
        fs::metadata(bootstrap)?.len()
    ));
    print_line(format_args!("JavaScript, minified: {} bytes", fs::metadata(javascript)?.len()));
    Ok(())
}

/// Bundles the function in JavaScript and its imports into one file, because a single file starts faster.
fn bundle(folder: &Path) -> Result<PathBuf> {
    let bootstrap = folder.join("bootstrap");
    run_quietly(
        command(tools::node_program("esbuild"))
            .args(["crates/xtask/bench/lambda.mjs", "--bundle", "--minify", "--platform=node"])
            .arg("--banner:js=#!/usr/bin/env node")
            .arg(format!("--outfile={}", bootstrap.display())),
    )?;
    run_quietly(command("chmod").arg("+x").arg(&bootstrap))?;
    Ok(bootstrap)
}

/// Starts a function and invokes it twice. Returns the milliseconds to the first and to the second response.
fn start_and_invoke(emulator: &Path, subject: &Subject, event: &str) -> Result<(f64, f64)> {
    let mut server = command(emulator);
    server
        .args(["--log-level", "error", "--runtime-interface-emulator-address"])
        .arg(format!("127.0.0.1:{PORT}"))
        .args(["--runtime-api-address", &format!("127.0.0.1:{RUNTIME_PORT}")])
        .arg(&subject.bootstrap)
        .env("AWS_LAMBDA_FUNCTION_NAME", "hallpass")
        .envs(subject.settings.iter().cloned())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut process = Running(server.spawn()?);
    wait_until(&mut process.0, || TcpStream::connect((Ipv4Addr::LOCALHOST, PORT)).is_ok())?;
    Ok((invoke(event)?, invoke(event)?))
}

fn invoke(event: &str) -> Result<f64> {
    let start = Instant::now();
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, PORT))?;
    write!(
        connection,
        "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{event}",
        event.len()
    )?;
    let mut response = String::new();
    connection.read_to_string(&mut response).context("the emulator closed the connection")?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    if !response.contains("\"statusCode\":200") {
        bail!("the function returned no token: {response}");
    }
    Ok(time)
}

fn report(name: &str, Times { cold, warm }: &Times) {
    let format = |times: &[f64]| {
        format!("median {:>6.2} ms, minimum {:>6.2} ms", median(times.to_vec()), minimum(times))
    };
    print_line(format_args!("  {name:<40}  cold: {}   warm: {}", format(cold), format(warm)));
}
