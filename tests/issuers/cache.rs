//! Tests of the cached keys of an identity provider over time. The tests in memory advance the clock.

use super::*;

/// Checks that unknown key IDs cause no fetch in the minute after a fetch, and one fetch after that minute.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn unknown_keys_a_minute_later() -> anyhow::Result<()> {
    let (fixture, mut memory) =
        start_in_memory(&[json!({}), jwt_with_unknown_kid(1), jwt_with_unknown_kid(2)])?;
    ensure_granted(&fixture.send(&mut memory, 0)?)?;
    memory.advance_clock(59);
    ensure_error(&fixture.send(&mut memory, 1)?, UNKNOWN_KEY)?;
    fixture.ensure_fetches(1)?;
    memory.advance_clock(1);
    for index in [1, 2, 1, 2] {
        ensure_error(&fixture.send(&mut memory, index)?, UNKNOWN_KEY)?;
    }
    fixture.ensure_fetches(2)
}

/// Checks that the service accepts a new key of the issuer after one fetch, and a withdrawn key for at most an hour.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn rotation() -> anyhow::Result<()> {
    let next = json!({ "key": "next", "claims": { "exp": 200_000 } });
    let (fixture, mut memory) = start_in_memory(&[long_lived_jwt(), next])?;
    let [old, new] = [0, 1];
    ensure_granted(&fixture.send(&mut memory, old)?)?;
    fixture.publish(&["rsa", "next"])?;
    memory.advance_clock(59);
    ensure_error(&fixture.send(&mut memory, new)?, UNKNOWN_KEY)?;
    fixture.ensure_fetches(1)?;
    memory.advance_clock(1);
    for index in [new, old] {
        ensure_granted(&fixture.send(&mut memory, index)?)?;
    }
    fixture.ensure_fetches(2)?;

    fixture.publish(&["next"])?;
    memory.advance_clock(3599);
    ensure_granted(&fixture.send(&mut memory, old)?)?;
    fixture.ensure_fetches(2)?;
    memory.advance_clock(1);
    ensure_error(&fixture.send(&mut memory, old)?, UNKNOWN_KEY)?;
    ensure_granted(&fixture.send(&mut memory, new)?)?;
    fixture.ensure_fetches(3)
}

/// Checks that the service retries ten seconds after the first fetch has failed.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn unreachable_at_the_start() -> anyhow::Result<()> {
    let (fixture, mut memory) = start_in_memory(&[json!({})])?;
    fixture.issuer.set_down(true);
    ensure_error(&fixture.send(&mut memory, 0)?, UNREACHABLE)?;
    fixture.issuer.set_down(false);
    memory.advance_clock(9);
    ensure_error(&fixture.send(&mut memory, 0)?, UNREACHABLE)?;
    ensure!(fixture.issuer.fetches(&discovery_path("")) == 1, "the service retried within ten seconds");
    memory.advance_clock(1);
    ensure_granted(&fixture.send(&mut memory, 0)?)
}

/// Checks that the service uses the keys of an unreachable issuer for a day, and not longer.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn unreachable_after_the_first_fetch() -> anyhow::Result<()> {
    const HOUR: u32 = 3600;
    let unknown = json!({ "header": { "kid": "unknown" }, "claims": { "exp": 200_000 } });
    let (fixture, mut memory) = start_in_memory(&[long_lived_jwt(), unknown])?;
    ensure_granted(&fixture.send(&mut memory, 0)?)?;
    fixture.issuer.set_down(true);
    memory.advance_clock(HOUR);
    ensure_granted(&fixture.send(&mut memory, 0)?)?;
    ensure!(memory.log()?.contains("issuer_keys_not_fetched"), "the log does not contain the failed fetch");
    ensure_error(&fixture.send(&mut memory, 1)?, UNKNOWN_KEY)?;
    let fetches = fixture.issuer.fetches(&discovery_path(""));
    ensure!(fetches == 2, "{fetches} fetches instead of one at the start and one after an hour");
    memory.advance_clock(59);
    ensure_granted(&fixture.send(&mut memory, 0)?)?;
    ensure!(fixture.issuer.fetches(&discovery_path("")) == 2, "the service retried within a minute");
    memory.advance_clock(23 * HOUR - 60);
    ensure_granted(&fixture.send(&mut memory, 0)?).context("a second before the day is over")?;
    memory.advance_clock(1);
    ensure_error(&fixture.send(&mut memory, 0)?, UNREACHABLE).context("a day later")?;
    fixture.issuer.set_down(false);
    memory.advance_clock(10);
    ensure_granted(&fixture.send(&mut memory, 0)?).context("after the issuer recovered")
}

/// Checks that a key set without usable keys withdraws the cached keys, and that the service accepts keys again ten seconds
/// after the issuer publishes them.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn withdrawal_of_all_keys() -> anyhow::Result<()> {
    const HOUR: u32 = 3600;
    let unknown = json!({ "header": { "kid": "unknown" }, "claims": { "exp": 200_000 } });
    let (fixture, mut memory) = start_in_memory(&[long_lived_jwt(), unknown])?;
    ensure_granted(&fixture.send(&mut memory, 0)?)?;
    fixture.publish(&["secp256k1", "encryption"])?;
    memory.advance_clock(HOUR);
    ensure_error(&fixture.send(&mut memory, 0)?, NO_USABLE_KEY)?;
    fixture.ensure_fetches(2)?;
    memory.advance_clock(9);
    for index in [0, 1] {
        ensure_error(&fixture.send(&mut memory, index)?, NO_USABLE_KEY)?;
    }
    fixture.ensure_fetches(2)?;
    // A failed fetch does not restore the withdrawn keys.
    fixture.issuer.set_down(true);
    memory.advance_clock(1);
    ensure_error(&fixture.send(&mut memory, 0)?, NO_USABLE_KEY)?;
    fixture.issuer.set_down(false);
    fixture.publish(&["rsa"])?;
    memory.advance_clock(9);
    ensure_error(&fixture.send(&mut memory, 0)?, NO_USABLE_KEY)?;
    memory.advance_clock(1);
    ensure_granted(&fixture.send(&mut memory, 0)?)
}

fn start_in_memory(specs: &[Value]) -> anyhow::Result<(Fixture, Memory)> {
    let (fixture, memory) =
        Fixture::start("clock", &[""], specs, |deployment| Ok(Memory::start(deployment)))?;
    fixture.publish(&["rsa"])?;
    Ok((fixture, memory))
}
