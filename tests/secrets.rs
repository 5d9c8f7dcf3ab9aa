//! Secrets that change, are missing, or cannot be read, to the second: the clock and the store are the test's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, ensure};
use hallpass_lambda::SecretStore;
use hallpass_service::{Secrets, StoreError};
use hallpass_tests::logs;
use hallpass_tests::signer::{NEXT, OLD};
use hallpass_tests::target::{Memory, Request, Target};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const KEY: &str = "a-service-key-of-more-than-32-bytes-0001";
const OTHER_KEY: &str = "a-service-key-of-more-than-32-bytes-0002";
const REASON: &str = "the store is on holiday";
const FRESH_SECONDS: u32 = 300;
/// Between two attempts while there are no secrets.
const RETRY_SECONDS: u32 = 1;
/// The same where the store did not answer at all.
const SILENT_RETRY_SECONDS: u32 = 5;
const DAY_SECONDS: u32 = 24 * 3600;

/// A store that the test changes while a service reads it.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    values: BTreeMap<String, String>,
    /// It cannot be read; the value is whether it does not even say so.
    closed: Option<bool>,
    /// What it gives is given for good.
    is_final: bool,
    reads: usize,
}

impl SecretStore for Shelf {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let mut state = self.state();
        state.reads += 1;
        if let Some(is_timeout) = state.closed {
            let names = vec!["THE_STORE".to_owned()];
            return Err(StoreError { names, reason: REASON.into(), is_timeout });
        }
        let value =
            |name: &&str| Some(((*name).to_owned(), Zeroizing::new(state.values.get(*name)?.clone())));
        let values: Vec<_> = names.iter().filter_map(value).collect();
        Ok(if state.is_final { Secrets::permanent(values) } else { Secrets::from_store(values) })
    }
}

impl Shelf {
    fn with(values: &[(&str, &str)]) -> Self {
        let shelf = Self::default();
        values.iter().for_each(|(name, value)| shelf.put(name, value));
        shelf
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, name: &str, value: &str) {
        self.state().values.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&self, name: &str) {
        self.state().values.remove(name);
    }

    fn close(&self) {
        self.state().closed = Some(false);
    }

    fn become_unresponsive(&self) {
        self.state().closed = Some(true);
    }

    fn open(&self) {
        self.state().closed = None;
    }

    fn reads(&self) -> usize {
        self.state().reads
    }

    /// A service with one project, two certificates and a service key.
    fn start(&self) -> Memory<Self> {
        let document = json!({
            "projects": { "default": { "provider": "agora", "app_id": APP_ID, "certificates": ["FIRST", "SECOND"] } },
            "auth": { "open": true, "keys": [{ "name": "backend", "secret": "KEY" }] },
        });
        let setting = move |name: &str| (name == "HALLPASS_CONFIG").then(|| document.to_string());
        Memory::with_store(setting, self.clone())
    }
}

fn full() -> Shelf {
    Shelf::with(&[("FIRST", OLD), ("SECOND", NEXT), ("KEY", KEY)])
}

fn mint(service: &mut Memory<Shelf>) -> anyhow::Result<(u16, Value)> {
    mint_with(service, None)
}

fn mint_with(service: &mut Memory<Shelf>, key: Option<&str>) -> anyhow::Result<(u16, Value)> {
    let authorization = key.map(|key| format!("Bearer {key}"));
    let body = json!({ "rtc": { "channel": "demo", "uid": 1 } });
    service.send_for_json(&Request::post("/v1/token", &body, authorization.as_deref()))
}

/// Whose certificate signs the next token.
fn signer(service: &mut impl Target) -> anyhow::Result<&'static str> {
    hallpass_tests::signer::signer(service, APP_ID)
}

/// What the log says of such events.
fn events(service: &Memory<Shelf>, event: &str) -> anyhow::Result<Vec<Value>> {
    Ok(logs::events(&service.log()?, event))
}

fn ensure_missing(service: &mut Memory<Shelf>, names: &Value) -> anyhow::Result<()> {
    let (status, body) = service.send_for_json(&Request::get("/readyz"))?;
    ensure!(status == 503 && body.get("missing") == Some(names), "{status} {body}");
    Ok(())
}

#[test]
fn a_store_out_of_reach_at_the_start_is_asked_again() -> anyhow::Result<()> {
    let shelf = full();
    shelf.close();
    let mut service = shelf.start();
    ensure!(shelf.reads() == 1, "it was not asked at the start");
    ensure_missing(&mut service, &json!(["THE_STORE"]))?;
    let (status, body) = mint(&mut service)?;
    ensure!(status == 503 && body.get("code").is_some_and(|code| code == "not_ready"), "{status} {body}");
    ensure!(!body.to_string().contains(REASON), "the answer says what only the log should: {body}");
    ensure!(shelf.reads() == 1, "it was asked again at once");
    let lines = events(&service, "not_ready")?;
    let message = format!("the secrets could not be read: {REASON}");
    ensure!(lines.len() == 1 && lines.iter().all(|line| line["message"] == message), "{lines:?}");

    service.advance_clock(RETRY_SECONDS);
    ensure!(mint(&mut service)?.0 == 503 && shelf.reads() == 2, "it was not asked again after a second");
    shelf.open();
    service.advance_clock(RETRY_SECONDS);
    ensure!(signer(&mut service)? == OLD && events(&service, "ready")?.len() == 1, "it did not recover");
    Ok(())
}

#[test]
fn every_missing_secret_is_named() -> anyhow::Result<()> {
    let shelf = Shelf::with(&[("SECOND", NEXT)]);
    let mut service = shelf.start();
    ensure_missing(&mut service, &json!(["FIRST", "KEY"]))?;
    let lines = events(&service, "not_ready")?;
    ensure!(lines.iter().any(|line| line["message"] == "the secrets FIRST, KEY are not set"), "{lines:?}");
    shelf.put("FIRST", OLD);
    shelf.put("KEY", KEY);
    service.advance_clock(RETRY_SECONDS);
    ensure!(service.send_for_json(&Request::get("/readyz"))?.0 == 200, "it is not ready");
    Ok(())
}

#[test]
fn a_change_is_picked_up_after_five_minutes() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    ensure!(signer(&mut service)? == OLD && shelf.reads() == 1, "the start");
    shelf.put("FIRST", NEXT);
    shelf.put("SECOND", OLD);
    service.advance_clock(FRESH_SECONDS - 1);
    ensure!(signer(&mut service)? == OLD && shelf.reads() == 1, "it was read again too early");
    service.advance_clock(1);
    ensure!(signer(&mut service)? == NEXT && shelf.reads() == 2, "it was not read again");
    let lines = events(&service, "secrets_changed")?;
    ensure!(
        lines.len() == 1 && lines.iter().all(|line| line["names"] == json!(["FIRST", "SECOND"])),
        "{lines:?}"
    );
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == NEXT && shelf.reads() == 3, "it was not read a third time");
    ensure!(events(&service, "secrets_changed")?.len() == 1, "what is the same is called changed");
    Ok(())
}

/// Both certificates verify before and after they change places.
#[test]
fn a_token_from_before_a_change_is_known_after_it() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    let (_, before) = mint(&mut service)?;
    shelf.put("FIRST", NEXT);
    shelf.put("SECOND", OLD);
    service.advance_clock(FRESH_SECONDS);
    let (_, after) = mint(&mut service)?;
    for (answered, certificate) in [(before, 1), (after, 0)] {
        let token = answered.get("token").context("no token")?;
        let (_, report) =
            service.send_for_json(&Request::post("/v1/inspect", &json!({ "token": token }), None))?;
        let signature = report.get("signature").context("no signature")?;
        ensure!(signature["status"] == "valid" && signature["certificate"] == certificate, "{report}");
    }
    Ok(())
}

#[test]
fn a_changed_service_key_opens_and_the_old_one_does_not() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    ensure!(mint_with(&mut service, Some(KEY))?.0 == 200, "the key");
    shelf.put("KEY", OTHER_KEY);
    service.advance_clock(FRESH_SECONDS);
    let statuses = (mint_with(&mut service, Some(KEY))?.0, mint_with(&mut service, Some(OTHER_KEY))?.0);
    ensure!(statuses == (401, 200), "{statuses:?}");
    Ok(())
}

#[test]
fn a_store_that_is_down_for_a_day_stops_nobody() -> anyhow::Result<()> {
    const STEP_SECONDS: u32 = 30;
    let shelf = full();
    let mut service = shelf.start();
    shelf.close();
    let mut minutes = 0;
    for second in (STEP_SECONDS..DAY_SECONDS).step_by(STEP_SECONDS as usize) {
        service.advance_clock(STEP_SECONDS);
        ensure!(signer(&mut service)? == OLD, "after {second} s");
        minutes = second / 60;
    }
    let lines = events(&service, "secrets_not_refreshed")?;
    let from_the_fifth_minute_on = minutes as usize - 4;
    ensure!(lines.len() == from_the_fifth_minute_on, "{} warnings in {minutes} minutes", lines.len());
    let reason = format!("the secrets could not be read: {REASON}");
    ensure!(
        lines.iter().all(|line| line["level"] == "WARN"
            && line["names"] == json!(["THE_STORE"])
            && line["reason"] == reason),
        "{:?}",
        lines.first()
    );
    service.advance_clock(STEP_SECONDS);
    ensure!(mint(&mut service)?.0 == 503, "after a day");
    ensure_missing(&mut service, &json!(["THE_STORE"]))?;
    ensure!(events(&service, "not_ready")?.len() == 1, "nobody is told");
    shelf.open();
    service.advance_clock(RETRY_SECONDS);
    ensure!(signer(&mut service)? == OLD, "it did not recover");
    Ok(())
}

/// A slip in the store must not end what works.
#[test]
fn what_is_missing_or_malformed_later_changes_nothing() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    shelf.put("FIRST", "no certificate");
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == OLD, "malformed");
    shelf.put("FIRST", NEXT);
    shelf.remove("KEY");
    service.advance_clock(60);
    ensure!(signer(&mut service)? == OLD, "missing");
    let lines = events(&service, "secrets_not_refreshed")?;
    let said: Vec<_> = lines.iter().map(|line| (&line["names"], &line["reason"])).collect();
    ensure!(
        said == [
            (
                &json!(["FIRST"]),
                &json!("the secret FIRST must be 32 hexadecimal characters, but has 14 bytes")
            ),
            (&json!(["KEY"]), &json!("the secret KEY is not set")),
        ],
        "{said:?}"
    );
    shelf.put("KEY", KEY);
    service.advance_clock(60);
    ensure!(signer(&mut service)? == NEXT, "mended");
    Ok(())
}

#[test]
fn what_is_for_good_is_read_once() -> anyhow::Result<()> {
    for (shelf, status) in [(full(), 200), (Shelf::with(&[("FIRST", OLD)]), 503)] {
        shelf.state().is_final = true;
        let mut service = shelf.start();
        shelf.put("SECOND", OLD);
        for _ in 0..3 {
            ensure!(mint(&mut service)?.0 == status, "not {status}");
            service.advance_clock(DAY_SECONDS);
        }
        ensure!(shelf.reads() == 1, "it was read {} times", shelf.reads());
    }
    Ok(())
}

#[test]
fn a_silent_store_is_asked_less_often() -> anyhow::Result<()> {
    let shelf = full();
    shelf.become_unresponsive();
    let mut service = shelf.start();
    for second in 1..=SILENT_RETRY_SECONDS {
        service.advance_clock(1);
        ensure!(mint(&mut service)?.0 == 503, "at second {second}");
        let reads = if second < SILENT_RETRY_SECONDS { 1 } else { 2 };
        ensure!(shelf.reads() == reads, "{} reads at second {second}", shelf.reads());
    }
    Ok(())
}

#[test]
fn a_store_that_can_be_read_again_is_said_so_once() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    shelf.close();
    service.advance_clock(FRESH_SECONDS);
    mint(&mut service)?;
    shelf.open();
    for _ in 0..3 {
        service.advance_clock(FRESH_SECONDS);
        mint(&mut service)?;
    }
    let said = events(&service, "secrets_refreshed")?.len();
    ensure!(said == 1 && events(&service, "secrets_changed")?.is_empty(), "it was said {said} times");
    Ok(())
}

/// Not a second longer, also where the last attempt was made a moment ago.
#[test]
fn secrets_of_a_day_are_used_no_more() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    shelf.close();
    service.advance_clock(DAY_SECONDS - 1);
    ensure!(signer(&mut service)? == OLD, "a second before");
    service.advance_clock(1);
    ensure!(mint(&mut service)?.0 == 503, "after a day");
    ensure_missing(&mut service, &json!(["THE_STORE"]))
}

/// What was read by a clock that was ahead is not kept until the right time is there.
#[test]
fn a_clock_that_is_set_back_keeps_no_secret_longer() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    shelf.put("FIRST", NEXT);
    service.rewind_clock(2 * DAY_SECONDS);
    ensure!(signer(&mut service)? == NEXT, "it was not read again");
    shelf.put("FIRST", OLD);
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == OLD, "it was not read again five minutes later");
    Ok(())
}

#[test]
fn a_route_that_needs_no_secret_waits_for_none() -> anyhow::Result<()> {
    let shelf = full();
    shelf.close();
    let mut service = shelf.start();
    service.advance_clock(RETRY_SECONDS);
    for target in ["/healthz", "/", "/openapi.json", "/ping"] {
        ensure!(service.send_for_json(&Request::get(target))?.0 == 200, "{target}");
    }
    ensure!(shelf.reads() == 1, "they asked the store");
    Ok(())
}

#[test]
fn nothing_shows_a_value() -> anyhow::Result<()> {
    let shelf = full();
    let mut service = shelf.start();
    shelf.put("FIRST", "a value that is no certificate");
    service.advance_clock(FRESH_SECONDS);
    mint(&mut service)?;
    let shown = format!("{service:?}\n{}", service.log()?);
    ensure!(!shown.contains("Fingerprints(["), "hashes of secrets are shown");
    for value in [OLD, NEXT, KEY, "a value that is no certificate"] {
        ensure!(!shown.contains(value), "{value} is shown");
    }
    Ok(())
}
