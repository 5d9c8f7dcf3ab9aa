//! A server on this machine, from a fresh clone on.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::build::{self, Profile};
use crate::prerequisites::{Needs, check};
use crate::process::{Running, command, root, wait_until};
use crate::terminal::say;
use crate::tools;

/// `cargo xtask dev`: the Worker under `wrangler dev`.
///
/// # Errors
/// If something is missing, or the server fails.
pub(crate) fn worker(port: u16) -> Result<()> {
    check(&[Needs::Rustup, Needs::Node])?;
    check_free(port)?;
    build::worker(Profile::Development)?;
    tools::node_modules()?;
    let settings = settings();
    say(format_args!("==> starting wrangler dev with the settings of {}", settings.display()));
    let mut wrangler = command(tools::node_program("wrangler"));
    wrangler
        .args(["dev", "--port", &port.to_string(), "--env-file"])
        .arg(settings)
        // wrangler builds the Worker again after each change.
        .env(build::DEVELOPMENT, "1")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("WRANGLER_SEND_METRICS", "false");
    serve(wrangler, port, "")
}

/// `cargo xtask dev --lambda`: the function under `cargo lambda watch`.
///
/// # Errors
/// If something is missing, or the server fails.
pub(crate) fn lambda(port: u16) -> Result<()> {
    check(&[Needs::Rustup, Needs::Python])?;
    check_free(port)?;
    let programs = tools::python()?.join("bin");
    build::lambda_for_development()?;
    let settings = settings();
    say(format_args!("==> starting cargo lambda watch with the settings of {}", settings.display()));
    let mut watch = command(programs.join("cargo-lambda"));
    watch
        .args(["lambda", "watch", "--disable-cors", "--package", "hallpass-lambda", "--bin", "bootstrap"])
        .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string(), "--env-file"])
        .arg(settings);
    serve(watch, port, "/lambda-url/bootstrap")
}

/// The user's own settings where there are some, else those of this project.
fn settings() -> PathBuf {
    let own = root().join(".dev.vars");
    if own.exists() { own } else { root().join("infra/dev.vars") }
}

/// The settings of infra/dev.vars, by name.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn sample_settings() -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(root().join("infra/dev.vars"))?;
    let settings = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Ok(settings.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect())
}

fn serve(mut server: Command, port: u16, prefix: &str) -> Result<()> {
    let mut server = Running(server.spawn()?);
    wait_until(&mut server.0, || answers(port, &format!("{prefix}/healthz")))?;
    say(format_args!(
        "
Hallpass listens on http://localhost:{port}{prefix} (Ctrl-C ends it). A token:

  curl http://localhost:{port}{prefix}/v1/token -d '{{\"rtc\":{{\"channel\":\"demo\",\"uid\":1234,\"role\":\"publisher\"}}}}'
"
    ));
    let status = server.0.wait()?;
    if !status.success() {
        bail!("the server ended: {status}");
    }
    Ok(())
}

/// Ends the wait for a server that took the connection and hangs.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// Whether a GET of this path succeeds.
fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        connection.set_read_timeout(Some(READ_LIMIT))?;
        write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        // To its end: cargo-lambda answers nobody any more once somebody has hung up on it.
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn check_free(port: u16) -> Result<()> {
    if is_open(port) {
        bail!("port {port} is taken; choose another with --port");
    }
    Ok(())
}

fn is_open(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sam local` reads no file of settings.
    #[test]
    fn sam_local_has_the_same_settings() {
        let template = std::fs::read_to_string(root().join("infra/sam-local.yaml")).unwrap();
        let (_, rest) = template.split_once("        Variables:\n").unwrap();
        let lines = rest.lines().map_while(|line| line.strip_prefix("          "));
        let settings = lines.map(|line| line.split_once(": ").unwrap());
        let settings = settings.map(|(name, value)| (name, value.trim_matches(['\'', '"'])));
        // Without a secret's name, the variables are the secrets.
        let (absent, settings): (Vec<_>, Vec<_>) = settings.partition(|(_, value)| value.is_empty());
        let sample = sample_settings().unwrap();
        let sample: Vec<_> = sample.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(absent, [("HALLPASS_SECRET_ID", "")]);
        assert_eq!(settings, sample);
    }
}
