//! Requests per second on workerd: Hallpass, a JavaScript Worker that does the same, and one that does nothing.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::median;
use crate::dev::sample_settings;
use crate::prerequisites::{Needs, check};
use crate::process::{Running, command, output, root, run_quietly, wait_until};
use crate::steps::step;
use crate::terminal::say;
use crate::workerd::{self, Worker};
use crate::{build, tools};

/// Interleaved, so that a slow moment of the machine strikes all alike.
const ROUNDS: usize = 9;
const FIRST_PORT: u16 = 9310;
const ISSUER_PORT: u16 = 9320;

const HELLO: &str = "hello in JavaScript";
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "demo";

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
    /// The algorithm of the JWTs, each of another user, that the requests bring in turn.
    jwts: Option<&'static str>,
}

const OPEN: [Load; 2] = [
    Load {
        name: "POST /v1/token",
        path: "/v1/token",
        body: Some(r#"{"rtc":{"channel":"demo","uid":1234,"role":"publisher"}}"#),
        jwts: None,
    },
    Load {
        name: "GET /rtc/… of format 007",
        path: "/rtc/demo/publisher/uid/1234/?version=007",
        body: None,
        jwts: None,
    },
];

const AUTHENTICATED: [Load; 3] = [
    Load::authenticated("POST /v1/token with RS256", "RS256"),
    Load::authenticated("POST /v1/token with ES256", "ES256"),
    Load::authenticated("POST /v1/token with EdDSA", "EdDSA"),
];

impl Load {
    const fn authenticated(name: &'static str, algorithm: &'static str) -> Self {
        let body = r#"{"rtc":{"channel":"demo","role":"publisher"}}"#;
        Self { name, path: "/v1/token", body: Some(body), jwts: Some(algorithm) }
    }
}

/// `cargo xtask bench worker`: callers without credentials.
///
/// # Errors
/// If something is missing, or a Worker does not answer.
pub(crate) fn open() -> Result<()> {
    let folder = prepare()?;
    let other = ("npm agora-token in JavaScript", "agora");
    let subjects = start(&folder, other, &sample_settings()?)?;
    compare(&folder, &subjects, &OPEN)
}

/// `cargo xtask bench worker --auth`: users with JWTs.
///
/// # Errors
/// If something is missing, or a Worker does not answer as it should.
pub(crate) fn authenticated() -> Result<()> {
    let folder = prepare()?;
    let _issuer = step("making JWTs of many users", || start_issuer(&folder))?;
    let jwks_uri = format!("http://127.0.0.1:{ISSUER_PORT}/jwks");
    let auth = format!(
        r#"{{"auth":{{"jwt":[{{"issuer":"{ISSUER}","audience":"{AUDIENCE}","jwks_uri":"{jwks_uri}"}}]}}}}"#
    );
    let mut settings = sample_settings()?;
    settings.retain(|(name, _)| name != "HALLPASS_CONFIG");
    let more = [
        ("HALLPASS_CONFIG", auth.as_str()),
        ("ISSUER", ISSUER),
        ("AUDIENCE", AUDIENCE),
        ("JWKS_URI", &jwks_uri),
    ];
    settings.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let other = ("npm jose and agora-token in JavaScript", "jose");
    let subjects = start(&folder, other, &settings)?;
    step("checking that both give users a token, and nobody else", || {
        let ports = subjects.iter().rev().filter(|subject| subject.name != HELLO).map(|subject| subject.port);
        run_quietly(
            command("node")
                .arg("crates/xtask/bench/check.mjs")
                .arg(&folder)
                .args(ports.map(|port| port.to_string())),
        )
    })?;
    compare(&folder, &subjects, &AUTHENTICATED)
}

/// The folder for everything that is made.
fn prepare() -> Result<PathBuf> {
    check(&[Needs::Rustup, Needs::Node])?;
    tools::wrk()?;
    tools::node_modules()?;
    build::worker(build::Profile::Release)?;
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn start_issuer(folder: &Path) -> Result<Running> {
    let mut issuer = command("node");
    issuer
        .arg("crates/xtask/bench/issuer.mjs")
        .args([ISSUER, AUDIENCE, &ISSUER_PORT.to_string()])
        .arg(folder);
    let mut issuer = Running(issuer.spawn()?);
    wait_until(&mut issuer.0, || TcpStream::connect((Ipv4Addr::LOCALHOST, ISSUER_PORT)).is_ok())?;
    Ok(issuer)
}

/// Starts one that says hello, the other one, and Hallpass.
fn start(
    folder: &Path,
    (other, script): (&'static str, &str),
    settings: &[(String, String)],
) -> Result<Vec<Subject>> {
    let bundled = step(&format!("bundling a Worker with {other}"), || bundle_script(folder, script))?;
    let worker = build::worker_bundle()?;
    let hello = root().join("crates/xtask/bench/hello.js");
    let subjects = [(HELLO, vec![hello]), (other, vec![bundled]), ("Hallpass", workerd::files(&worker)?)];
    subjects
        .into_iter()
        .zip(FIRST_PORT..)
        .map(|((name, files), port)| {
            let process = Worker { files: &files, settings, port }.start(folder)?;
            Ok(Subject { name, port, _process: process })
        })
        .collect()
}

fn compare(folder: &Path, subjects: &[Subject], loads: &[Load]) -> Result<()> {
    let mut rates = vec![vec![Vec::new(); subjects.len()]; loads.len()];
    step(&format!("{ROUNDS} rounds of 1 s for each Worker and request"), || {
        for _ in 0..ROUNDS {
            for (load, rates) in loads.iter().zip(&mut rates) {
                for (subject, rates) in subjects.iter().zip(rates) {
                    rates.push(measure(folder, load, subject.port)?);
                }
            }
        }
        Ok(())
    })?;
    for (load, rates) in loads.iter().zip(rates) {
        report(load, subjects, &rates);
    }
    Ok(())
}

/// Bundles a script with the npm packages that it imports.
fn bundle_script(folder: &Path, name: &str) -> Result<PathBuf> {
    let config = folder.join(format!("{name}.toml"));
    let main = root().join(format!("crates/xtask/bench/{name}.mjs"));
    let text = format!(
        "name = \"{name}\"\nmain = {main:?}\ncompatibility_date = \"2026-04-01\"\ncompatibility_flags = [\"nodejs_compat\"]\n"
    );
    fs::write(&config, text)?;
    let bundle = folder.join(name);
    build::bundle(&config, &bundle)?;
    Ok(bundle.join(format!("{name}.js")))
}

/// Requests per second.
fn measure(folder: &Path, load: &Load, port: u16) -> Result<f64> {
    let script = folder.join("load.lua");
    let body = load.body.map(|body| format!("wrk.method = \"POST\"\nwrk.body = {body:?}\n"));
    // Cloudflare gives every request this header.
    let ray = "wrk.headers[\"cf-ray\"] = \"8f0a1b2c3d4e5f60-AMS\"\n";
    let jwts = load.jwts.map(|algorithm| {
        let file = folder.join(format!("{algorithm}.txt"));
        format!("local file = {file:?}\n{}", include_str!("../../bench/jwts.lua"))
    });
    fs::write(&script, body.unwrap_or_default() + ray + &jwts.unwrap_or_default())?;
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
        say(format_args!("  {:<38} {rate:>8.0} requests/s   Hallpass is at {ratio:.2} of it", subject.name));
    }
}
