//! Tokens as Agora's own npm packages read them, and those of VideoSDK as Node's own cryptography does.

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cases::{Content, Service};
use crate::process::node;
use crate::run::{Run, Token, is_selection};

/// What `interop/decode.mjs` says of one token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decoded {
    id: String,
    format: String,
    /// The signature was verified, and the token is of this project.
    valid: bool,
    /// Of an 006 token, which holds a checksum of them only, those that it was asked for: `valid` covers them.
    services: Option<Vec<Service>>,
    claims: Option<Map<String, Value>>,
    expires_in: i64,
    issued_at: u64,
}

/// Has every token of the run read by the official packages; adds a failure for each that is not as expected.
///
/// # Errors
/// Where the packages cannot be run, or do not answer for every token.
pub fn check(run: &mut Run) -> anyhow::Result<usize> {
    if run.tokens.is_empty() && is_selection() {
        return Ok(0);
    }
    ensure!(!run.tokens.is_empty(), "there is no token to verify");
    let decoded = decode(&run.tokens)?;
    ensure!(
        decoded.len() == run.tokens.len(),
        "{} tokens went in, {} came out",
        run.tokens.len(),
        decoded.len()
    );
    for (token, decoded) in run.tokens.iter().zip(&decoded) {
        let mismatches = compare(token, decoded);
        if !mismatches.is_empty() {
            run.failures.push(format!("{}, its token:\n    {}", token.id, mismatches.join("\n    ")));
        }
    }
    Ok(decoded.len())
}

fn decode(tokens: &[Token]) -> anyhow::Result<Vec<Decoded>> {
    let mut lines = String::new();
    for Token { id, token, expect, .. } in tokens {
        let (public, secret) = expect.project.keys();
        let line = json!({
            "id": id,
            "token": token,
            "project": public,
            "secret": secret,
            "services": expect.services(),
        });
        lines.push_str(&format!("{line}\n"));
    }
    let decoded = node("decode.mjs", &lines)?;
    decoded.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

fn compare(token: &Token, decoded: &Decoded) -> Vec<String> {
    let Token { expect, asked, .. } = token;
    let content = match &expect.content {
        Content::Services(services) => decoded.services.as_ref() == Some(services),
        Content::Claims(claims) => decoded.claims.as_ref() == Some(claims),
    };
    let facts = [
        ("id", decoded.id == token.id),
        ("format", decoded.format == expect.format),
        ("signature", decoded.valid),
        ("content", content),
        ("expires_in", decoded.expires_in == i64::from(expect.expires_in)),
        ("issued_at", asked.contains(&decoded.issued_at)),
    ];
    let got = format!(
        "{} {:?} {:?} {} {}",
        decoded.format, decoded.services, decoded.claims, decoded.expires_in, decoded.issued_at
    );
    facts
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(name, _)| format!("{name}: expected {expect:?} issued in {asked:?}, got {got}"))
        .collect()
}
