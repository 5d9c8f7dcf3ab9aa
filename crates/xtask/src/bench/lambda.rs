//! Cold start of the Lambda function in AWS's emulator: from the first event, at which the emulator starts the
//! function, to its answer. Beside it a function in JavaScript that does the same.
//!
//! Secrets are in the environment, in moto, and in a store that answers at once: moto takes most of what a start with it
//! takes, and AWS would take its own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::store::Store;
use super::{least, median};
use crate::dev::sample_settings;
use crate::prerequisites::{Needs, check};
use crate::process::{Running, command, root, run_quietly, wait_until};
use crate::steps::step;
use crate::terminal::say;
use crate::{build, tools};

/// Interleaved, so that a slow moment of the machine strikes all alike.
const ROUNDS: usize = 31;
const PORT: u16 = 9320;
const RUNTIME_PORT: u16 = 9321;
const MOTO_PORT: u16 = 9322;
const INSTANT_PORT: u16 = 9323;
const SECRETS: [&str; 2] = ["AGORA_APP_CERTIFICATE", "VIDEOSDK_SECRET_KEY"];

/// A function that is measured.
struct Subject {
    name: &'static str,
    bootstrap: PathBuf,
    settings: Vec<(String, String)>,
}

/// Milliseconds to the first answer of each start, and to the second.
#[derive(Clone, Default)]
struct Times {
    cold: Vec<f64>,
    warm: Vec<f64>,
}

/// `cargo xtask bench lambda`.
///
/// # Errors
/// If something is missing, or a function does not answer.
pub(crate) fn run() -> Result<()> {
    check(&[Needs::Rustup, Needs::Node, Needs::Python])?;
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
    let moto = step("starting moto", || Store::moto(&python, &folder, MOTO_PORT, &secrets))?;
    let instant = Store::instant(&folder, INSTANT_PORT, &secrets)?;
    let bootstrap = root().join("target/release/bootstrap");
    let other = step("bundling a function in JavaScript", || bundle(&folder))?;
    let with = |store: &Store| [others.clone(), store.settings.clone()].concat();
    let subject = |name, bootstrap: &Path, settings| Subject { name, bootstrap: bootstrap.into(), settings };
    let subjects = [
        subject("Hallpass, secrets in the environment", &bootstrap, in_environment),
        subject("Hallpass, a store that answers at once", &bootstrap, with(&instant)),
        subject("JavaScript, a store that answers at once", &other, with(&instant)),
        subject("Hallpass, moto", &bootstrap, with(&moto)),
        subject("JavaScript, moto", &other, with(&moto)),
    ];
    let mut times = vec![Times::default(); subjects.len()];
    step(&format!("{ROUNDS} starts of each function, each with one cold and one warm event"), || {
        for _ in 0..ROUNDS {
            for (subject, times) in subjects.iter().zip(&mut times) {
                let (cold, warm) = start_and_ask(&emulator, subject, &event).context(subject.name)?;
                times.cold.push(cold);
                times.warm.push(warm);
            }
        }
        Ok(())
    })?;
    for (subject, times) in subjects.iter().zip(&times) {
        report(subject.name, times);
    }
    say(format_args!("Hallpass for this machine, with symbols: {} bytes", fs::metadata(bootstrap)?.len()));
    say(format_args!("JavaScript, minified: {} bytes", fs::metadata(other)?.len()));
    Ok(())
}

/// Puts the function in JavaScript and all that it imports into one file, which starts faster.
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

/// Milliseconds to the first answer and to the second.
fn start_and_ask(emulator: &Path, subject: &Subject, event: &str) -> Result<(f64, f64)> {
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
    Ok((ask(event)?, ask(event)?))
}

fn ask(event: &str) -> Result<f64> {
    let start = Instant::now();
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, PORT))?;
    write!(
        connection,
        "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{event}",
        event.len()
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).context("the emulator ended")?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    if !answer.contains("\"statusCode\":200") {
        bail!("the function did not mint: {answer}");
    }
    Ok(time)
}

fn report(name: &str, Times { cold, warm }: &Times) {
    let shown =
        |times: &[f64]| format!("median {:>6.2} ms, least {:>6.2} ms", median(times.to_vec()), least(times));
    say(format_args!("  {name:<40}  cold: {}   warm: {}", shown(cold), shown(warm)));
}
