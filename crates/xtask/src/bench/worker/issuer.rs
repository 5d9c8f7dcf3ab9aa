//! A local identity provider, whose users call the Workers.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::subject::{Settings, with_config};
use crate::process::{Running, command, wait_until};
use crate::steps::step;

const PORT: u16 = 9320;
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "demo";

/// Starts the issuer. The issuer writes the JWTs of many users to the folder, in one file per algorithm, and serves its
/// public keys.
///
/// # Errors
/// Returns an error if Node.js fails.
pub(super) fn start(folder: &Path) -> Result<Running> {
    step("signing JWTs for many users", || {
        let mut issuer = command("node");
        issuer.arg("crates/xtask/bench/issuer.mjs").args([ISSUER, AUDIENCE, &PORT.to_string()]).arg(folder);
        let mut issuer = Running(issuer.spawn()?);
        wait_until(&mut issuer.0, || TcpStream::connect((Ipv4Addr::LOCALHOST, PORT)).is_ok())?;
        Ok(issuer)
    })
}

/// Returns `others` with the settings that make Hallpass and the JavaScript Worker accept the issuer's JWTs.
pub(super) fn settings(others: &Settings) -> Settings {
    let document = format!(r#"{{"auth":{{"jwt":[{}]}}}}"#, provider(ISSUER));
    let javascript = [("ISSUER", ISSUER), ("AUDIENCE", AUDIENCE), ("JWKS_URI", &jwks_uri())];
    let javascript = javascript.map(|(name, value)| (name.to_owned(), value.to_owned()));
    with_config(others, &document).into_iter().chain(javascript).collect()
}

/// Returns the entry of `auth.jwt` for an issuer that uses the keys of the local issuer.
pub(super) fn provider(issuer: &str) -> String {
    format!(r#"{{"issuer":"{issuer}","audience":"{AUDIENCE}","jwks_uri":"{}"}}"#, jwks_uri())
}

/// Returns the `Authorization` header with the first user's JWT for this algorithm.
///
/// # Errors
/// Returns an error if the issuer was not started.
pub(super) fn authorization(folder: &Path, algorithm: &str) -> Result<(String, String)> {
    let jwts = fs::read_to_string(folder.join(format!("{algorithm}.txt")))?;
    let jwt = jwts.lines().next().context("the issuer wrote no JWT")?;
    Ok(("authorization".to_owned(), format!("Bearer {jwt}")))
}

fn jwks_uri() -> String {
    format!("http://127.0.0.1:{PORT}/jwks")
}
