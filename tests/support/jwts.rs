//! JWTs from another implementation: the npm package jose, or the `crypto` module of Node.js for JWTs that jose
//! rejects.

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::process::node;

/// The output of `interop/jwts.mjs`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwts {
    /// The public keys, by name.
    keys: Map<String, Value>,
    /// The JWTs, in the order of the request.
    jwts: Vec<String>,
    /// The number of JWTs that jose signed.
    pub signed_by_jose: usize,
}

impl Jwts {
    /// Creates keys, and signs a JWT for each specification. Times in the JWTs are relative to `now`, and `$ISSUER` is a placeholder for
    /// `issuer`.
    ///
    /// # Errors
    /// Returns an error if Node.js or the package cannot be run, or a specification is invalid.
    pub fn sign(now: u64, issuer: &str, specs: &[Value]) -> anyhow::Result<Self> {
        let request = json!({ "now": now, "issuer": issuer, "jwts": specs });
        let signed: Self = serde_json::from_str(&node("interop/jwts.mjs", &request.to_string())?)?;
        ensure!(signed.jwts.len() == specs.len(), "expected {} JWTs, got {}", specs.len(), signed.jwts.len());
        Ok(signed)
    }

    /// Returns a JWT by its index in the request.
    ///
    /// # Errors
    /// Returns an error if no JWT has this index.
    pub fn jwt(&self, index: usize) -> anyhow::Result<&str> {
        Ok(self.jwts.get(index).with_context(|| format!("there is no JWT {index}"))?)
    }

    /// Returns the value of `Authorization` for a JWT, by its index in the request.
    ///
    /// # Errors
    /// Returns an error if no JWT has this index.
    pub fn bearer(&self, index: usize) -> anyhow::Result<String> {
        Ok(format!("Bearer {}", self.jwt(index)?))
    }

    /// Returns the public keys with these names.
    ///
    /// # Errors
    /// Returns an error if a key does not exist.
    pub fn keys(&self, names: &[&str]) -> anyhow::Result<Value> {
        let key = |name: &&str| self.keys.get(*name).cloned().with_context(|| format!("no key {name}"));
        names.iter().map(key).collect::<anyhow::Result<Vec<_>>>().map(Value::Array)
    }
}
