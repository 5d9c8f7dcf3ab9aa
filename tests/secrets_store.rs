//! Tests of the Worker with secrets in a Secrets Store that Miniflare simulates. The Worker uses changed secrets
//! without a deployment. If the store is unreachable, the Worker issues tokens for a day.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, ensure};
use hallpass_tests::logs::leaks;
use hallpass_tests::target::{Miniflare, Request, Response, Target as _};
use hallpass_tests::tokens_in;
use hallpass_tests::wait;
use hallpass_token::UnixSeconds;
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, AppId, Project};
use serde_json::{Value, json};

use crate::scratch;

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const API_KEY: &str = "6d1b9f0e-2c47-4a58-9e13-5b7d8c9a0f21";
const CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
const NEXT: &str = "AGORA_APP_CERTIFICATE_NEXT";
const VIDEOSDK: &str = "VIDEOSDK_SECRET_KEY";
/// The successive values of a certificate.
const VALUES: [&str; 3] = [
    "5CFd2fd1755d40ecb72977518be15d3b",
    "b3a1f0c24d5e6978812a3b4c5d6e7f90",
    "7e2d9c4b5a60183f9e8d7c6b5a493827",
];
const VIDEOSDK_VALUE: &str = "e4c1a7b2d9f8063512ab34cd56ef7890e4c1a7b2d9f80635";

/// The age at which secrets are read again.
const FRESH_SECONDS: u64 = 300;
/// The age at which requests wait until the secrets have been read again.
const OVERDUE_SECONDS: u64 = 600;
const DAY_SECONDS: u64 = 24 * 3600;
/// The time between two reads while no secrets are loaded.
const RETRY_SECONDS: u64 = 1;
/// The time between two reads while no secrets are loaded, if the store timed out.
const TIMEOUT_RETRY_SECONDS: u64 = 5;
/// The maximum time that a request waits for the store.
const STORE_SECONDS: u64 = 2;

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn valid_secret_on_worker() -> anyhow::Result<()> {
    let worker = start("found", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    let ready = worker.send_one(&get("/readyz"))?;
    ensure!(ready.status() == 200, "/readyz: {}", text(&ready));
    ensure_log(&worker, &[])
}

/// Checks that the log and `/readyz` name the missing secrets, and that the Worker uses new secrets after a second.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn missing_at_the_start_on_worker() -> anyhow::Result<()> {
    let worker = start("missing", &[CERTIFICATE, NEXT])?;
    let response = worker.send_one(&token_request())?;
    let problem: Value = serde_json::from_slice(response.body())?;
    ensure!(response.status() == 503 && problem["code"] == "not_ready", "{problem}");
    let compat_response =
        worker.send_one(&Request::post("/rtctoken", &json!({ "channel": "demo" }), None))?;
    let body: Value = serde_json::from_slice(compat_response.body())?;
    ensure!(compat_response.status() == 503 && body["error"].is_string(), "/rtctoken responded with {body}");
    ensure_not_ready(&worker, &[CERTIFICATE, NEXT])?;
    ensure_logged(&worker, 1, |line| {
        line["event"] == "not_ready"
            && [CERTIFICATE, NEXT].iter().all(|name| field_contains(line, "message", name))
    })?;

    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_not_ready(&worker, &[NEXT])?;
    worker.put(NEXT, VALUES[1])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    ensure_log(&worker, &["not_ready", "ready"])
}

/// Checks refreshes after five and after ten minutes. After five minutes, a request starts a refresh without waiting,
/// and later requests use the changed secret. After ten minutes, a request waits for the refresh and uses the changed
/// secret.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn changed_on_worker() -> anyhow::Result<()> {
    let worker = start("changed", &[CERTIFICATE, NEXT])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.put(NEXT, VALUES[2])?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(FRESH_SECONDS - 60)?;
    for _ in 0..3 {
        ensure_signed(&worker, &worker.send_one(&token_request())?, 0).context("within five minutes")?;
    }
    worker.controls.hold(CERTIFICATE)?;
    worker.controls.advance_clock(60)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)
        .context("while the store does not respond")?;
    worker.controls.recover()?;
    wait::until(
        || Ok(signer(&worker, &issued_token(&worker.send_one(&token_request())?)?)? == 1),
        || "the new certificate signs".to_owned(),
    )?;
    ensure_logged(&worker, 1, is_change_of_the_certificate)?;

    worker.put(CERTIFICATE, VALUES[2])?;
    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 2)
        .context("the first request after ten minutes")?;
    ensure_logged(&worker, 2, is_change_of_the_certificate)?;
    ensure_log(&worker, &["secrets_changed"])
}

/// Checks that all simultaneous requests after a long idle time use the changed secret, not only the first request.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn changed_while_idle_on_worker() -> anyhow::Result<()> {
    const AT_ONCE: usize = 20;
    let worker = start("changed-while-idle", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(3 * 3600)?;
    for response in send_while_holding(&worker, AT_ONCE)? {
        ensure_signed(&worker, &response, 1)?;
    }
    ensure_log(&worker, &["secrets_changed"])
}

/// Checks that the Worker uses the old value of a deleted or malformed secret for a day, and logs a warning once a
/// minute.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn deleted_later_on_worker() -> anyhow::Result<()> {
    let worker = start("deleted", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    worker.delete(CERTIFICATE)?;
    let is_warning =
        |line: &Value| line["event"] == "secrets_not_refreshed" && line["names"] == json!([CERTIFICATE]);
    worker.controls.advance_clock(FRESH_SECONDS)?;
    for warnings in 1..=3 {
        for _ in 0..3 {
            ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
        }
        ensure_logged(&worker, warnings, is_warning)?;
        worker.controls.advance_clock(60)?;
    }
    worker.put(CERTIFICATE, "malformed")?;
    worker.controls.advance_clock(DAY_SECONDS - FRESH_SECONDS - 10 * 60)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)
        .context("shortly before a day has passed")?;
    ensure_logged(&worker, 4, is_warning)?;

    worker.controls.advance_clock(10 * 60)?;
    let response = worker.send_one(&token_request())?;
    ensure!(response.status() == 503, "a day later: {}", text(&response));
    ensure_not_ready(&worker, &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 1)?;
    ensure_log(&worker, &["secrets_not_refreshed", "not_ready", "ready"])
}

/// Checks that the log and the responses do not contain the store's error messages, because a message may contain a
/// secret.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn failing_on_worker() -> anyhow::Result<()> {
    let worker = start("failing", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.fail(CERTIFICATE, &format!("{} cannot be read", VALUES[0]))?;
    for request in [token_request(), get("/readyz"), get("/rtc/demo/publisher/uid/1")] {
        let response = worker.send_one(&request)?;
        let text = text(&response);
        ensure!(response.status() == 503 && !text.contains(VALUES[0]), "{}: {text}", request.target);
        worker.controls.advance_clock(RETRY_SECONDS)?;
    }
    worker.controls.recover()?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    worker.controls.fail(CERTIFICATE, &format!("{} cannot be read", VALUES[0]))?;
    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    ensure_log(&worker, &["not_ready", "ready", "secrets_not_refreshed"])
}

/// Checks that requests wait at most two seconds for an unresponsive store, and that requests that need no secret do
/// not wait.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn unresponsive_on_worker() -> anyhow::Result<()> {
    let worker = start("unresponsive", &[CERTIFICATE, VIDEOSDK])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.put(VIDEOSDK, VIDEOSDK_VALUE)?;
    worker.controls.hold(CERTIFICATE)?;
    let response = send_until_timeout(&worker, || {
        let health = worker.send_one(&get("/healthz"))?;
        ensure!(health.status() == 200, "/healthz: {}", text(&health));
        Ok(())
    })
    .context("the first request")?;
    ensure!(response.status() == 503, "{}", text(&response));
    ensure_logged(&worker, 1, |line| {
        line["event"] == "not_ready"
            && field_contains(line, "message", "did not respond within 1500 ms for AGORA")
    })?;
    ensure_not_ready(&worker, &[CERTIFICATE]).context("while the store does not respond")?;

    worker.controls.recover()?;
    worker.controls.advance_clock(TIMEOUT_RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    worker.controls.hold(CERTIFICATE)?;
    worker.controls.advance_clock(FRESH_SECONDS)?;
    let reads = worker.controls.reads(CERTIFICATE)?.started;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)
        .context("after five minutes, while the store does not respond")?;
    wait_until_blocked(&worker, reads).context("after the response")?;
    worker.controls.expire_time_limits(STORE_SECONDS)?;
    ensure_logged(&worker, 1, |line| {
        line["event"] == "secrets_not_refreshed"
            && field_contains(line, "reason", "did not respond within 1500 ms for AGORA")
    })
    .context("the log of the refresh after the response")?;

    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    let response = send_until_timeout(&worker, || Ok(())).context("a request after ten minutes")?;
    ensure_signed(&worker, &response, 0)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0).context("the next request")?;
    ensure_log(&worker, &["not_ready", "ready", "secrets_not_refreshed"])
}

/// Checks that the Worker uses a secret in a variable together with a secret in the store.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn mixed_on_worker() -> anyhow::Result<()> {
    let plain = [(VIDEOSDK, VIDEOSDK_VALUE)];
    let worker = start_with("mixed", &[CERTIFICATE, VIDEOSDK], &[CERTIFICATE], &plain)?;
    let videosdk = Request::post("/v1/token", &json!({ "videosdk": {} }), None);
    ensure_not_ready(&worker, &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 1)?;
    let response = worker.send_one(&videosdk)?;
    ensure!(response.status() == 200, "{}", text(&response));
    ensure_logged(&worker, 1, is_change_of_the_certificate)?;
    ensure_log(&worker, &["not_ready", "ready", "secrets_changed"])
}

/// Checks that `/readyz` names a secret without a binding and a secret that is missing in the store.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn without_a_binding_on_worker() -> anyhow::Result<()> {
    let worker = start_with("without-a-binding", &[CERTIFICATE, VIDEOSDK], &[CERTIFICATE], &[])?;
    ensure_not_ready(&worker, &[CERTIFICATE, VIDEOSDK])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_not_ready(&worker, &[VIDEOSDK])?;
    ensure_log(&worker, &["not_ready"])
}

/// Checks that an alias of a secret can be bound to the store, and that `/readyz` then names only the binding.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn alias_on_worker() -> anyhow::Result<()> {
    const ALIAS: &str = "APP_CERTIFICATE";
    let document = json!({ "auth": { "open": true } });
    let bindings = [("HALLPASS_CONFIG", document), ("APP_ID", json!(APP_ID))].into();
    let worker = start_with_bindings("alias", &bindings, &[ALIAS])?;
    ensure_not_ready(&worker, &[ALIAS])?;
    worker.put(ALIAS, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&token_request())?, 0)?;
    ensure_log(&worker, &["not_ready", "ready"])
}

/// Checks that twenty simultaneous requests in a new isolate succeed.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn first_requests_with_a_store_on_worker() -> anyhow::Result<()> {
    const AT_ONCE: usize = 20;
    let worker = start("first-requests", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    for response in send_while_holding(&worker, AT_ONCE)? {
        ensure_signed(&worker, &response, 0)?;
    }
    ensure_log(&worker, &[])
}

/// Rotates the certificates while other threads request tokens. Every request must succeed. Each token must be signed
/// with a certificate that Agora accepts at that time.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn rotation_under_load_on_worker() -> anyhow::Result<()> {
    const SENDERS: usize = 4;
    let worker = start("rotation", &[CERTIFICATE, NEXT])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.put(NEXT, VALUES[0])?;
    let rotation = Rotation::default();
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(|| rotation.send(&worker))).collect();
        let rotated = rotation.run(&worker);
        rotation.is_over.store(true, Ordering::SeqCst);
        for sender in senders {
            sender.join().ok().context("a sender failed")??;
        }
        rotated
    })?;
    println!("tokens of each certificate: {:?}", rotation.tokens);
    ensure_log(&worker, &["secrets_changed"])
}

/// The state of a rotation. Each certificate is represented by its index in [`VALUES`].
#[derive(Default)]
struct Rotation {
    /// The newest certificate that may sign.
    newest: AtomicUsize,
    /// The oldest certificate that may sign.
    oldest: AtomicUsize,
    /// The number of tokens that each certificate signed.
    tokens: [AtomicUsize; VALUES.len()],
    is_over: AtomicBool,
}

impl Rotation {
    /// Rotates through all certificates, as docs/runbooks/app-certificate.md describes: each certificate is first
    /// configured in the second place, and then in the first place.
    fn run(&self, worker: &Miniflare) -> anyhow::Result<()> {
        let token = || -> anyhow::Result<String> { issued_token(&worker.send_one(&token_request())?) };
        // If the secrets have the second age, requests wait for the store.
        let ages = [FRESH_SECONDS, OVERDUE_SECONDS];
        let pairs = VALUES.iter().zip(VALUES.iter().skip(1));
        for (new, ((old_value, new_value), age_seconds)) in (1..).zip(pairs.zip(ages)) {
            self.wait_for_tokens_of(new - 1)?;
            let before = token()?;
            worker.put(NEXT, new_value)?;
            Self::refresh(worker, age_seconds)?;
            self.newest.store(new, Ordering::SeqCst);
            worker.put(CERTIFICATE, new_value)?;
            worker.put(NEXT, old_value)?;
            Self::refresh(worker, age_seconds)?;
            self.oldest.store(new, Ordering::SeqCst);
            let after = token()?;
            ensure!(signer(worker, &after)? == new, "the next certificate does not sign");
            for (token, index) in [(after, 0), (before, 1)] {
                let inspected =
                    worker.send_one(&Request::post("/v1/inspect", &json!({ "token": token }), None))?;
                let report: Value = serde_json::from_slice(inspected.body())?;
                let signature = |field: &str| report.pointer(&format!("/signature/{field}"));
                let is_verified = signature("status") == Some(&json!("valid"))
                    && signature("certificate") == Some(&json!(index));
                ensure!(is_verified, "the token of certificate {index}: {report}");
            }
        }
        self.wait_for_tokens_of(VALUES.len() - 1)
    }

    /// Advances the clock until the secrets have this age, and waits until the secrets have been read again. The store holds
    /// its responses until a request has started the read.
    fn refresh(worker: &Miniflare, age_seconds: u64) -> anyhow::Result<()> {
        let before = worker.controls.reads(NEXT)?.started;
        worker.controls.hold(NEXT)?;
        worker.controls.advance_clock(age_seconds)?;
        let is_reading = || Ok(worker.controls.reads(NEXT)?.started > before);
        wait::until(is_reading, || "a request reads the store".to_owned())?;
        worker.controls.recover()?;
        let is_idle = || {
            let reads = [worker.controls.reads(CERTIFICATE)?, worker.controls.reads(NEXT)?];
            Ok(reads.iter().all(|reads| reads.started == reads.completed))
        };
        wait::until(is_idle, || "no request reads the store".to_owned())
    }

    fn wait_for_tokens_of(&self, index: usize) -> anyhow::Result<()> {
        let count = self.tokens.get(index).context("no certificate has this index")?;
        wait::until(
            || Ok(count.load(Ordering::SeqCst) > 0),
            || format!("the senders have tokens of certificate {index}"),
        )
    }

    /// Requests tokens until the rotation is over.
    fn send(&self, worker: &Miniflare) -> anyhow::Result<()> {
        while !self.is_over.load(Ordering::SeqCst) {
            let oldest = self.oldest.load(Ordering::SeqCst);
            let signer = signer(worker, &issued_token(&worker.send_one(&token_request())?)?)?;
            let newest = self.newest.load(Ordering::SeqCst);
            ensure!(
                (oldest..=newest).contains(&signer),
                "certificate {signer} signed, expected {oldest} to {newest}"
            );
            self.tokens.get(signer).context("no certificate has this index")?.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// Starts a Worker that needs these secrets and reads all of them from the store.
fn start(name: &str, secrets: &[&str]) -> anyhow::Result<Miniflare> {
    start_with(name, secrets, secrets, &[])
}

/// Starts a Worker that needs these secrets. The Worker reads the `stored` secrets from the store. The `plain` secrets
/// are variables.
fn start_with(
    name: &str,
    secrets: &[&str],
    stored: &[&str],
    plain: &[(&str, &str)],
) -> anyhow::Result<Miniflare> {
    let certificates: Vec<_> = secrets.iter().filter(|name| **name != VIDEOSDK).collect();
    let meet = secrets
        .contains(&VIDEOSDK)
        .then(|| ("meet", json!({ "provider": "videosdk", "api_key": API_KEY, "secrets": [VIDEOSDK] })));
    let agora = json!({ "provider": "agora", "app_id": APP_ID, "certificates": certificates });
    let projects: BTreeMap<_, _> = [("default", agora)].into_iter().chain(meet).collect();
    let document = json!({ "projects": projects, "auth": { "open": true } });
    let bindings: BTreeMap<_, _> = plain
        .iter()
        .map(|(name, value)| (*name, json!(value)))
        .chain([("HALLPASS_CONFIG", document)])
        .collect();
    start_with_bindings(name, &bindings, stored)
}

/// Starts a Worker with these bindings, which reads the `stored` secrets from the store.
fn start_with_bindings(
    name: &str,
    bindings: &BTreeMap<&str, Value>,
    stored: &[&str],
) -> anyhow::Result<Miniflare> {
    // The store's name of a secret differs from Hallpass's name.
    let in_store = |name: &&str| {
        let secret = json!({ "store_id": "0123456789abcdef", "secret_name": format!("HALLPASS_{name}") });
        ((*name).to_owned(), secret)
    };
    let stored: BTreeMap<_, _> = stored.iter().map(in_store).collect();
    let options = json!({ "bindings": bindings, "secretsStoreSecrets": stored });
    Miniflare::start(&options, &scratch(&format!("secrets-store-{name}"))?)
}

/// Checks at the end of a test that the log contains these events about secrets, no other events about secrets, and no
/// secret.
fn ensure_log(worker: &Miniflare, events: &[&str]) -> anyhow::Result<()> {
    const SECRET_EVENTS: [&str; 4] = ["not_ready", "ready", "secrets_changed", "secrets_not_refreshed"];
    for event in SECRET_EVENTS {
        let count = || count_logged(worker, |line| line["event"] == event);
        if events.contains(&event) {
            wait::until(|| Ok(count()? > 0), || format!("the log contains {event}"))?;
        } else {
            ensure!(count()? == 0, "the log contains {event}:\n{}", worker.log()?);
        }
    }
    let log = worker.log()?;
    let leaked: Vec<_> = leaks(&log).chain(VALUES.into_iter().filter(|value| log.contains(value))).collect();
    ensure!(leaked.is_empty(), "the log contains {leaked:?}");
    Ok(())
}

fn token_request() -> Request {
    Request::post("/v1/token", &json!({ "rtc": { "channel": "demo" } }), None)
}

fn get(target: &str) -> Request {
    Request { method: "GET".to_owned(), target: target.to_owned(), ..Request::default() }
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// Sends token requests simultaneously. The store holds its responses until every request has started a read.
fn send_while_holding(worker: &Miniflare, count: usize) -> anyhow::Result<Vec<Response>> {
    let expected = worker.controls.reads(CERTIFICATE)?.started + count;
    worker.controls.hold(CERTIFICATE)?;
    thread::scope(|scope| {
        let sending = scope.spawn(|| worker.send_concurrently(&vec![token_request(); count]));
        let all_started = wait::until(
            || Ok(worker.controls.reads(CERTIFICATE)?.started >= expected),
            || "every request has started a read".to_owned(),
        );
        worker.controls.recover()?;
        all_started?;
        sending.join().ok().context("a sender failed")?
    })
}

/// Sends a token request to a Worker whose store does not respond. Calls `meanwhile` while the request waits.
fn send_until_timeout(
    worker: &Miniflare,
    meanwhile: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Response> {
    let reads = worker.controls.reads(CERTIFICATE)?.started;
    thread::scope(|scope| {
        let sending = scope.spawn(|| worker.send_one(&token_request()));
        wait_until_blocked(worker, reads)?;
        worker.controls.expire_time_limits(STORE_SECONDS - 1)?;
        meanwhile()?;
        ensure!(!sending.is_finished(), "the request did not wait for the store");
        worker.controls.expire_time_limits(1)?;
        sending.join().ok().context("a sender failed")?
    })
}

/// Waits until the store holds a read of the certificate and has responded to the reads of the other secrets.
fn wait_until_blocked(worker: &Miniflare, reads_before: usize) -> anyhow::Result<()> {
    let is_blocked = || {
        let (held, other) = (worker.controls.reads(CERTIFICATE)?, worker.controls.reads(VIDEOSDK)?);
        Ok(held.started > reads_before && other.started == other.completed)
    };
    wait::until(is_blocked, || "only the held secret is still being read".to_owned())
}

fn issued_token(response: &Response) -> anyhow::Result<String> {
    let text = text(response);
    let tokens = tokens_in(&text);
    ensure!(response.status() == 200 && tokens.len() == 1, "{} {text}", response.status());
    Ok(tokens.concat())
}

/// Returns the index in [`VALUES`] of the certificate that signed this token. Fails if the token is not valid at the time of
/// the Worker's clock.
fn signer(worker: &Miniflare, token: &str) -> anyhow::Result<usize> {
    let app_id = AppId::parse(APP_ID)?;
    let certificates =
        VALUES.iter().map(|value| AppCertificate::parse(value)).collect::<Result<Vec<_>, _>>()?;
    let token = Untrusted007::parse(token)?;
    let project = Project { app_id: &app_id, certificates: &certificates };
    let now = UnixSeconds(u32::try_from(worker.clock())?);
    Ok(token.verify(project, now)?.certificate_index())
}

fn ensure_signed(worker: &Miniflare, response: &Response, expected: usize) -> anyhow::Result<()> {
    let signer = signer(worker, &issued_token(response)?)?;
    ensure!(signer == expected, "certificate {signer} signed, expected {expected}");
    Ok(())
}

/// Returns the names in the response of `/readyz`.
fn missing_secrets(worker: &Miniflare) -> anyhow::Result<Vec<String>> {
    let response = worker.send_one(&get("/readyz"))?;
    ensure!(response.status() == 503, "/readyz: {} {}", response.status(), text(&response));
    let problem: Value = serde_json::from_slice(response.body())?;
    Ok(serde_json::from_value(problem.get("missing").cloned().unwrap_or_default())?)
}

fn ensure_not_ready(worker: &Miniflare, names: &[&str]) -> anyhow::Result<()> {
    let missing = missing_secrets(worker)?;
    ensure!(missing == names, "/readyz names {missing:?}, expected {names:?}");
    Ok(())
}

fn is_change(line: &Value) -> bool {
    line["event"] == "secrets_changed"
}

fn is_change_of_the_certificate(line: &Value) -> bool {
    is_change(line) && line["names"] == json!([CERTIFICATE])
}

fn field_contains(line: &Value, field: &str, part: &str) -> bool {
    line[field].as_str().is_some_and(|text| text.contains(part))
}

/// Counts the matching lines in the log.
fn count_logged(worker: &Miniflare, matches: impl Fn(&Value) -> bool) -> anyhow::Result<usize> {
    let log = worker.log()?;
    Ok(log.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(matches).count())
}

/// Waits until the log contains this number of matching lines. Node.js may print log lines after the response.
fn ensure_logged(worker: &Miniflare, count: usize, matches: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
    wait::until(
        || Ok(count_logged(worker, &matches)? >= count),
        || format!("the log contains {count} matching lines"),
    )
    .with_context(|| worker.log().unwrap_or_default())?;
    let lines = count_logged(worker, matches)?;
    ensure!(lines == count, "{lines} matching lines in the log, expected {count}:\n{}", worker.log()?);
    Ok(())
}
