//! Verification of tokens with other implementations: Agora's npm packages, and the `crypto` module of Node.js for
//! VideoSDK tokens.

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cases::{Content, Service};
use crate::process::node;
use crate::run::{Run, Token, is_selection};

/// The output of `interop/decode.mjs` for a token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decoded {
    id: String,
    format: String,
    /// True if the signature is valid for the project.
    valid: bool,
    /// The services. A 006 token contains only checksums of the channel and the user. For a 006 token, this field
    /// contains the expected services, and `valid` is true only if the checksums match.
    services: Option<Vec<Service>>,
    claims: Option<Map<String, Value>>,
    expires_in: i64,
    issued_at: u64,
}

/// Decodes every token of the run with the official packages, and adds a failure for each token with unexpected content. Returns
/// the number of tokens.
///
/// # Errors
/// Returns an error if the packages cannot be run, or do not return a result for every token.
pub fn check(run: &mut Run) -> anyhow::Result<usize> {
    if run.tokens.is_empty() && is_selection() {
        return Ok(0);
    }
    ensure!(!run.tokens.is_empty(), "the run has no tokens to verify");
    let decoded = decode(&run.tokens)?;
    ensure!(
        decoded.len() == run.tokens.len(),
        "expected results for {} tokens, got {}",
        run.tokens.len(),
        decoded.len()
    );
    for (token, decoded) in run.tokens.iter().zip(&decoded) {
        let mismatches = compare(token, decoded);
        if !mismatches.is_empty() {
            run.failures.push(format!("{}, token:\n    {}", token.id, mismatches.join("\n    ")));
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
    let decoded = node("interop/decode.mjs", &lines)?;
    decoded.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

fn compare(token: &Token, decoded: &Decoded) -> Vec<String> {
    let Token { expect, request_time, .. } = token;
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
        ("issued_at", request_time.contains(&decoded.issued_at)),
    ];
    let got = format!(
        "{} {:?} {:?} {} {}",
        decoded.format, decoded.services, decoded.claims, decoded.expires_in, decoded.issued_at
    );
    facts
        .into_iter()
        .filter(|(_, is_expected)| !is_expected)
        .map(|(name, _)| format!("{name}: expected {expect:?} issued in {request_time:?}, got {got}"))
        .collect()
}
