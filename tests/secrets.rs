//! Tests of secrets that change, are missing, or cannot be read. Times are exact to the second, because the tests
//! control the clock and the store.

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
/// The reason for a failed read.
const REASON: &str = "the store is under maintenance";
const FRESH_SECONDS: u32 = 300;
/// The time between two reads while no secrets are loaded.
const RETRY_SECONDS: u32 = 1;
/// The time between two reads while no secrets are loaded, if the store timed out.
const TIMEOUT_RETRY_SECONDS: u32 = 5;
const DAY_SECONDS: u32 = 24 * 3600;

/// A store that a test changes while a service uses it.
#[derive(Clone, Default)]
struct TestStore(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    values: BTreeMap<String, String>,
    failure: Option<StoreFailure>,
    /// True if the values are permanent, so that a service reads them once.
    is_permanent: bool,
    reads: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum StoreFailure {
    Error,
    Timeout,
}

impl SecretStore for TestStore {
    fn secrets(&self, names: &[&str]) -> Result<Secrets, StoreError> {
        let mut state = self.state();
        state.reads += 1;
        if let Some(failure) = state.failure {
            let is_timeout = failure == StoreFailure::Timeout;
            let names = vec!["THE_STORE".to_owned()];
            return Err(StoreError { names, reason: REASON.into(), is_timeout });
        }
        let value =
            |name: &&str| Some(((*name).to_owned(), Zeroizing::new(state.values.get(*name)?.clone())));
        let values: Vec<_> = names.iter().filter_map(value).collect();
        Ok(if state.is_permanent { Secrets::permanent(values) } else { Secrets::from_store(values) })
    }
}

impl TestStore {
    fn with(values: &[(&str, &str)]) -> Self {
        let store = Self::default();
        values.iter().for_each(|(name, value)| store.put(name, value));
        store
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

    fn fail(&self, failure: StoreFailure) {
        self.state().failure = Some(failure);
    }

    fn recover(&self) {
        self.state().failure = None;
    }

    fn reads(&self) -> usize {
        self.state().reads
    }

    /// Starts a service with one project, two certificates and a service key.
    fn start_service(&self) -> Memory<Self> {
        let document = json!({
            "projects": { "default": { "provider": "agora", "app_id": APP_ID, "certificates": ["FIRST", "SECOND"] } },
            "auth": { "open": true, "keys": [{ "name": "backend", "secret": "KEY" }] },
        });
        let setting = move |name: &str| (name == "HALLPASS_CONFIG").then(|| document.to_string());
        Memory::with_store(setting, self.clone())
    }
}

/// Returns a store with every secret of the service.
fn store_with_all() -> TestStore {
    TestStore::with(&[("FIRST", OLD), ("SECOND", NEXT), ("KEY", KEY)])
}

fn mint(service: &mut Memory<TestStore>) -> anyhow::Result<(u16, Value)> {
    mint_with(service, None)
}

fn mint_with(service: &mut Memory<TestStore>, key: Option<&str>) -> anyhow::Result<(u16, Value)> {
    let authorization = key.map(|key| format!("Bearer {key}"));
    let body = json!({ "rtc": { "channel": "demo", "uid": 1 } });
    service.send_for_json(&Request::post("/v1/token", &body, authorization.as_deref()))
}

/// Returns the certificate that signs the next token.
fn signer(service: &mut impl Target) -> anyhow::Result<&'static str> {
    hallpass_tests::signer::signer(service, APP_ID)
}

/// Returns the log lines of an event.
fn events(service: &Memory<TestStore>, event: &str) -> anyhow::Result<Vec<Value>> {
    Ok(logs::events(&service.log()?, event))
}

fn ensure_missing(service: &mut Memory<TestStore>, names: &Value) -> anyhow::Result<()> {
    let (status, body) = service.send_for_json(&Request::get("/readyz"))?;
    ensure!(status == 503 && body.get("missing") == Some(names), "{status} {body}");
    Ok(())
}

#[test]
fn retries_a_store_that_fails_at_the_start() -> anyhow::Result<()> {
    let store = store_with_all();
    store.fail(StoreFailure::Error);
    let mut service = store.start_service();
    ensure!(store.reads() == 1, "{} reads at the start", store.reads());
    ensure_missing(&mut service, &json!(["THE_STORE"]))?;
    let (status, body) = mint(&mut service)?;
    ensure!(status == 503 && body.get("code").is_some_and(|code| code == "not_ready"), "{status} {body}");
    ensure!(
        !body.to_string().contains(REASON),
        "the response contains the reason, which belongs only in the log: {body}"
    );
    ensure!(store.reads() == 1, "a request within a second read the store again");
    let lines = events(&service, "not_ready")?;
    let message = format!("the secrets could not be read: {REASON}");
    ensure!(lines.len() == 1 && lines.iter().all(|line| line["message"] == message), "{lines:?}");

    service.advance_clock(RETRY_SECONDS);
    ensure!(mint(&mut service)?.0 == 503 && store.reads() == 2, "the service did not retry after a second");
    store.recover();
    service.advance_clock(RETRY_SECONDS);
    ensure!(
        signer(&mut service)? == OLD && events(&service, "ready")?.len() == 1,
        "the service did not recover"
    );
    Ok(())
}

#[test]
fn names_every_missing_secret() -> anyhow::Result<()> {
    let store = TestStore::with(&[("SECOND", NEXT)]);
    let mut service = store.start_service();
    ensure_missing(&mut service, &json!(["FIRST", "KEY"]))?;
    let lines = events(&service, "not_ready")?;
    ensure!(
        lines.iter().any(|line| line["message"]
            == "the secrets FIRST, KEY are not set. Store each of them in the platform's secret store"),
        "{lines:?}"
    );
    store.put("FIRST", OLD);
    store.put("KEY", KEY);
    service.advance_clock(RETRY_SECONDS);
    ensure!(service.send_for_json(&Request::get("/readyz"))?.0 == 200, "/readyz did not respond with 200");
    Ok(())
}

#[test]
fn uses_a_changed_secret_after_five_minutes() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    ensure!(signer(&mut service)? == OLD && store.reads() == 1, "wrong signer or reads at the start");
    store.put("FIRST", NEXT);
    store.put("SECOND", OLD);
    service.advance_clock(FRESH_SECONDS - 1);
    ensure!(
        signer(&mut service)? == OLD && store.reads() == 1,
        "the service read the store again before five minutes"
    );
    service.advance_clock(1);
    ensure!(signer(&mut service)? == NEXT && store.reads() == 2, "the service did not read the store again");
    let lines = events(&service, "secrets_changed")?;
    ensure!(
        lines.len() == 1 && lines.iter().all(|line| line["names"] == json!(["FIRST", "SECOND"])),
        "{lines:?}"
    );
    service.advance_clock(FRESH_SECONDS);
    ensure!(
        signer(&mut service)? == NEXT && store.reads() == 3,
        "the service did not read the store a third time"
    );
    ensure!(events(&service, "secrets_changed")?.len() == 1, "the log reports a change of equal secrets");
    Ok(())
}

/// Checks that the service verifies tokens of both certificates before and after a swap.
#[test]
fn verifies_tokens_from_before_and_after_a_swap() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    let (_, before) = mint(&mut service)?;
    store.put("FIRST", NEXT);
    store.put("SECOND", OLD);
    service.advance_clock(FRESH_SECONDS);
    let (_, after) = mint(&mut service)?;
    for (response, certificate) in [(before, 1), (after, 0)] {
        let token = response.get("token").context("no token")?;
        let (_, report) =
            service.send_for_json(&Request::post("/v1/inspect", &json!({ "token": token }), None))?;
        let signature = report.get("signature").context("no signature")?;
        ensure!(signature["status"] == "valid" && signature["certificate"] == certificate, "{report}");
    }
    Ok(())
}

#[test]
fn accepts_only_the_new_value_of_a_changed_service_key() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    ensure!(mint_with(&mut service, Some(KEY))?.0 == 200, "the first key was not accepted");
    store.put("KEY", OTHER_KEY);
    service.advance_clock(FRESH_SECONDS);
    let statuses = (mint_with(&mut service, Some(KEY))?.0, mint_with(&mut service, Some(OTHER_KEY))?.0);
    ensure!(statuses == (401, 200), "{statuses:?}");
    Ok(())
}

#[test]
fn issues_tokens_for_a_day_without_the_store() -> anyhow::Result<()> {
    const STEP_SECONDS: u32 = 30;
    let store = store_with_all();
    let mut service = store.start_service();
    store.fail(StoreFailure::Error);
    let mut minutes = 0;
    for second in (STEP_SECONDS..DAY_SECONDS).step_by(STEP_SECONDS as usize) {
        service.advance_clock(STEP_SECONDS);
        ensure!(signer(&mut service)? == OLD, "after {second} s");
        minutes = second / 60;
    }
    let lines = events(&service, "secrets_not_refreshed")?;
    let expected = minutes as usize - 4; // The first warning is at minute 5.
    ensure!(lines.len() == expected, "{} warnings in {minutes} minutes", lines.len());
    let reason = format!("the secrets could not be read: {REASON}");
    ensure!(
        lines.iter().all(|line| line["level"] == "WARN"
            && line["names"] == json!(["THE_STORE"])
            && line["reason"] == reason),
        "{:?}",
        lines.first()
    );
    service.advance_clock(STEP_SECONDS);
    ensure!(mint(&mut service)?.0 == 503, "the service issued a token after a day");
    ensure_missing(&mut service, &json!(["THE_STORE"]))?;
    ensure!(events(&service, "not_ready")?.len() == 1, "the log does not contain not_ready once");
    store.recover();
    service.advance_clock(RETRY_SECONDS);
    ensure!(signer(&mut service)? == OLD, "the service did not recover");
    Ok(())
}

/// Checks that a missing or malformed secret in the store does not affect the loaded secrets.
#[test]
fn keeps_loaded_secrets_if_new_ones_are_missing_or_malformed() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    store.put("FIRST", "not-hex-digits");
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == OLD, "wrong signer after a malformed secret");
    store.put("FIRST", NEXT);
    store.remove("KEY");
    service.advance_clock(60);
    ensure!(signer(&mut service)? == OLD, "wrong signer after a missing secret");
    let lines = events(&service, "secrets_not_refreshed")?;
    let reasons: Vec<_> = lines.iter().map(|line| (&line["names"], &line["reason"])).collect();
    ensure!(
        reasons
            == [
                (
                    &json!(["FIRST"]),
                    &json!("the secret FIRST must be 32 hexadecimal characters, but has 14 bytes")
                ),
                (
                    &json!(["KEY"]),
                    &json!("the secret KEY is not set. Store it in the platform's secret store")
                ),
            ],
        "{reasons:?}"
    );
    store.put("KEY", KEY);
    service.advance_clock(60);
    ensure!(signer(&mut service)? == NEXT, "wrong signer after both secrets are valid");
    Ok(())
}

#[test]
fn reads_permanent_secrets_once() -> anyhow::Result<()> {
    for (store, status) in [(store_with_all(), 200), (TestStore::with(&[("FIRST", OLD)]), 503)] {
        store.state().is_permanent = true;
        let mut service = store.start_service();
        store.put("SECOND", OLD);
        for _ in 0..3 {
            ensure!(mint(&mut service)?.0 == status, "expected status {status}");
            service.advance_clock(DAY_SECONDS);
        }
        ensure!(store.reads() == 1, "{} reads", store.reads());
    }
    Ok(())
}

#[test]
fn retries_a_store_that_timed_out_less_often() -> anyhow::Result<()> {
    let store = store_with_all();
    store.fail(StoreFailure::Timeout);
    let mut service = store.start_service();
    for second in 1..=TIMEOUT_RETRY_SECONDS {
        service.advance_clock(1);
        ensure!(mint(&mut service)?.0 == 503, "the service issued a token at second {second}");
        let reads = if second < TIMEOUT_RETRY_SECONDS { 1 } else { 2 };
        ensure!(store.reads() == reads, "{} reads at second {second}", store.reads());
    }
    Ok(())
}

#[test]
fn logs_a_recovered_store_once() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    store.fail(StoreFailure::Error);
    service.advance_clock(FRESH_SECONDS);
    mint(&mut service)?;
    store.recover();
    for _ in 0..3 {
        service.advance_clock(FRESH_SECONDS);
        mint(&mut service)?;
    }
    let refreshed = events(&service, "secrets_refreshed")?.len();
    ensure!(refreshed == 1, "the log contains secrets_refreshed {refreshed} times");
    ensure!(events(&service, "secrets_changed")?.is_empty(), "the log contains secrets_changed");
    Ok(())
}

/// Checks that secrets are discarded after exactly a day, even if the service tried to read the secrets less than a
/// minute ago.
#[test]
fn discards_secrets_after_a_day() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    store.fail(StoreFailure::Error);
    service.advance_clock(DAY_SECONDS - 1);
    ensure!(signer(&mut service)? == OLD, "wrong signer a second before the limit");
    service.advance_clock(1);
    ensure!(mint(&mut service)?.0 == 503, "the service issued a token after a day");
    ensure_missing(&mut service, &json!(["THE_STORE"]))
}

/// Checks that secrets that were loaded while the clock was ahead are refreshed after the clock is corrected.
#[test]
fn refreshes_secrets_after_the_clock_is_set_back() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    store.put("FIRST", NEXT);
    service.rewind_clock(2 * DAY_SECONDS);
    ensure!(signer(&mut service)? == NEXT, "the service did not read the store again");
    store.put("FIRST", OLD);
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == OLD, "the service did not read the store again after five minutes");
    Ok(())
}

/// Checks that an alias of a secret applies while the secret itself is missing or empty, and that `/readyz` and the log
/// name only the secret itself.
#[test]
fn reads_a_secret_under_its_alias() -> anyhow::Result<()> {
    let store = TestStore::default();
    let setting = |name: &str| match name {
        "HALLPASS_CONFIG" => Some(r#"{"auth":{"open":true}}"#.to_owned()),
        "APP_ID" => Some(APP_ID.to_owned()),
        _ => None,
    };
    let mut service = Memory::with_store(setting, store.clone());
    ensure_missing(&mut service, &json!(["AGORA_APP_CERTIFICATE"]))?;
    ensure!(!service.log()?.contains("NEXT_AGORA"), "the log names an alias");
    store.put("NEXT_AGORA_APP_CERTIFICATE", OLD);
    service.advance_clock(RETRY_SECONDS);
    ensure!(signer(&mut service)? == OLD, "the alias does not apply");
    store.put("AGORA_APP_CERTIFICATE", NEXT);
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == NEXT, "the alias takes precedence");
    store.put("AGORA_APP_CERTIFICATE", "");
    service.advance_clock(FRESH_SECONDS);
    ensure!(signer(&mut service)? == OLD, "the empty secret takes precedence");
    Ok(())
}

#[test]
fn routes_without_secrets_do_not_read_the_store() -> anyhow::Result<()> {
    let store = store_with_all();
    store.fail(StoreFailure::Error);
    let mut service = store.start_service();
    service.advance_clock(RETRY_SECONDS);
    for target in ["/healthz", "/", "/openapi.json", "/ping"] {
        ensure!(service.send_for_json(&Request::get(target))?.0 == 200, "{target}");
    }
    ensure!(store.reads() == 1, "a route without secrets read the store");
    Ok(())
}

#[test]
fn logs_and_debug_output_contain_no_secret() -> anyhow::Result<()> {
    let store = store_with_all();
    let mut service = store.start_service();
    store.put("FIRST", "not-a-certificate-value");
    service.advance_clock(FRESH_SECONDS);
    mint(&mut service)?;
    let output = format!("{service:?}\n{}", service.log()?);
    ensure!(!output.contains("Fingerprints(["), "the output contains hashes of secrets");
    for value in [OLD, NEXT, KEY, "not-a-certificate-value"] {
        ensure!(!output.contains(value), "the output contains {value}");
    }
    Ok(())
}
