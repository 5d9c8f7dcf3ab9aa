//! Requests to the Node.js script that runs the npm packages.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Runs the script, and returns one response for each request.
pub(super) fn run<T: DeserializeOwned>(requests: impl Iterator<Item = Value>) -> anyhow::Result<Vec<T>> {
    let requests: Vec<String> = requests.map(|request| format!("{request}\n")).collect();
    let mut node = Command::new("node")
        // The path is relative, because Cargo runs tests in the folder of their package.
        .arg("sdks.mjs")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting node")?;
    // The script reads all input before the script writes, so neither process waits for the other process.
    node.stdin.take().context("node has no input")?.write_all(requests.concat().as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "sdks.mjs failed; run `npm ci` first");
    let lines = String::from_utf8(output.stdout)?;
    let responses = lines.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    let responses = responses.collect::<anyhow::Result<Vec<T>>>()?;
    ensure!(responses.len() == requests.len(), "{} requests, {} responses", requests.len(), responses.len());
    Ok(responses)
}
