//! JWTs made by somebody else: the npm package jose, and by hand with Node's cryptography where jose would not.

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::process::node;

/// What `interop/jwts.mjs` made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwts {
    /// The public keys, by name.
    keys: Map<String, Value>,
    /// One for each that was asked for, in their order.
    jwts: Vec<String>,
    /// How many of them jose made.
    pub signed_by_jose: usize,
}

impl Jwts {
    /// Makes keys, and a JWT of each kind that is asked for; times in them count from `now`, and `$ISSUER` stands for
    /// `issuer`.
    ///
    /// # Errors
    /// Where node or the package cannot be run, or a kind is not understood.
    pub fn sign(now: u64, issuer: &str, kinds: &[Value]) -> anyhow::Result<Self> {
        let asked = json!({ "now": now, "issuer": issuer, "jwts": kinds });
        let made: Self = serde_json::from_str(&node("jwts.mjs", &asked.to_string())?)?;
        ensure!(made.jwts.len() == kinds.len(), "{} of {} JWTs were made", made.jwts.len(), kinds.len());
        Ok(made)
    }

    /// A JWT, by its place among those that were asked for.
    ///
    /// # Errors
    /// Where there is none.
    pub fn jwt(&self, place: usize) -> anyhow::Result<&str> {
        Ok(self.jwts.get(place).with_context(|| format!("there is no JWT {place}"))?)
    }

    /// The value of `Authorization` with a JWT.
    ///
    /// # Errors
    /// Where there is none.
    pub fn bearer(&self, place: usize) -> anyhow::Result<String> {
        Ok(format!("Bearer {}", self.jwt(place)?))
    }

    /// The public keys of these names.
    ///
    /// # Errors
    /// Where one is missing.
    pub fn keys(&self, names: &[&str]) -> anyhow::Result<Value> {
        let key = |name: &&str| self.keys.get(*name).cloned().with_context(|| format!("no key {name}"));
        names.iter().map(key).collect::<anyhow::Result<Vec<_>>>().map(Value::Array)
    }
}
