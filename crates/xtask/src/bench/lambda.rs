//! Cold start of the Lambda function in AWS's emulator: from the first event, at which the emulator starts the
//! function, to its answer.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::{least, median};
use crate::dev::sample_settings;
use crate::prerequisites::{Needs, check};
use crate::process::{Running, command, root, say, step, wait_until};
use crate::{build, tools};

const ROUNDS: usize = 31;
const PORT: u16 = 9320;
const RUNTIME_PORT: u16 = 9321;

/// `cargo xtask bench lambda`.
///
/// # Errors
/// If something is missing, or the function does not answer.
pub(crate) fn run() -> Result<()> {
    check(&[Needs::Rustup, Needs::Python])?;
    build::lambda()?;
    let emulator = tools::lambda_emulator()?;
    let event = fs::read_to_string(root().join("infra/events/token.json"))?;
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    step(&format!("{ROUNDS} starts, each with one cold and one warm event"), || {
        for _ in 0..ROUNDS {
            let (first, second) = start_and_ask(&emulator, &event)?;
            cold.push(first);
            warm.push(second);
        }
        Ok(())
    })?;
    let size = fs::metadata(root().join("target/release/bootstrap"))?.len();
    for (name, times) in [("cold", cold), ("warm", warm)] {
        say(format_args!("{name}: median {:.2} ms, least {:.2} ms", median(times.clone()), least(&times)));
    }
    say(format_args!("bootstrap for this machine, with symbols: {size} bytes"));
    Ok(())
}

/// Milliseconds to the first answer and to the second.
fn start_and_ask(emulator: &Path, event: &str) -> Result<(f64, f64)> {
    let mut server = command(emulator);
    server
        .args(["--log-level", "error", "--runtime-interface-emulator-address"])
        .arg(format!("127.0.0.1:{PORT}"))
        .args(["--runtime-api-address", &format!("127.0.0.1:{RUNTIME_PORT}")])
        .arg(root().join("target/release/bootstrap"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "hallpass")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    server.envs(sample_settings()?);
    let mut process = Running(server.spawn()?);
    wait_until(&mut process.0, Duration::from_secs(10), || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, PORT)).is_ok()
    })?;
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
