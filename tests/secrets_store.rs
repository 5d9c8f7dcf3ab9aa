//! The Worker with secrets in a Secrets Store, which `wrangler dev` simulates: what changes there is used without a
//! deployment, and what is out of reach is no reason to refuse anybody for a day.

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
/// Values that a certificate changes to, one after the other.
const VALUES: [&str; 3] = [
    "5CFd2fd1755d40ecb72977518be15d3b",
    "b3a1f0c24d5e6978812a3b4c5d6e7f90",
    "7e2d9c4b5a60183f9e8d7c6b5a493827",
];
const VIDEOSDK_VALUE: &str = "e4c1a7b2d9f8063512ab34cd56ef7890e4c1a7b2d9f80635";

/// Secrets are read again when they are this old.
const FRESH_SECONDS: u64 = 300;
/// A request waits for them when they are this old.
const OVERDUE_SECONDS: u64 = 600;
const DAY_SECONDS: u64 = 24 * 3600;
/// A store that returns no secret is asked again after this time, while there are no secrets.
const RETRY_SECONDS: u64 = 1;
/// The same if it did not answer at all.
const RETRY_SILENT_SECONDS: u64 = 5;
/// After this time a request no longer waits for the store.
const STORE_SECONDS: u64 = 2;

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn found_on_worker() -> anyhow::Result<()> {
    let worker = start("found", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    let ready = worker.send_one(&get("/readyz"))?;
    ensure!(ready.status() == 200, "/readyz: {}", text(&ready));
    end(&worker, &[])
}

/// The log says what is missing, and so does `/readyz`; what is stored then is used at once.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn missing_at_the_start_on_worker() -> anyhow::Result<()> {
    let worker = start("missing", &[CERTIFICATE, NEXT])?;
    let refused = worker.send_one(&mint())?;
    let problem: Value = serde_json::from_slice(refused.body())?;
    ensure!(refused.status() == 503 && problem["code"] == "not_ready", "{problem}");
    let in_its_shape = worker.send_one(&Request::post("/rtctoken", &json!({ "channel": "demo" }), None))?;
    let body: Value = serde_json::from_slice(in_its_shape.body())?;
    ensure!(in_its_shape.status() == 503 && body["error"].is_string(), "another server's route says {body}");
    ensure_not_ready(&worker, &[CERTIFICATE, NEXT])?;
    ensure_logged(&worker, 1, |line| {
        line["event"] == "not_ready" && [CERTIFICATE, NEXT].iter().all(|name| says(line, "message", name))
    })?;

    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_not_ready(&worker, &[NEXT])?;
    worker.put(NEXT, VALUES[1])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    end(&worker, &["not_ready", "ready"])
}

/// A change is used after five minutes by the request after the one that finds them over, and that one does not wait;
/// after ten minutes it waits, and is the first to use it.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn changed_on_worker() -> anyhow::Result<()> {
    let worker = start("changed", &[CERTIFICATE, NEXT])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.put(NEXT, VALUES[2])?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(FRESH_SECONDS - 60)?;
    for _ in 0..3 {
        ensure_signed(&worker, &worker.send_one(&mint())?, 0).context("within five minutes")?;
    }
    worker.controls.hold(CERTIFICATE)?;
    worker.controls.advance_clock(60)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0).context("while the store does not answer")?;
    worker.controls.recover()?;
    wait::until(
        || Ok(signer(&worker, &token_of(&worker.send_one(&mint())?)?)? == 1),
        || "the change is used".to_owned(),
    )?;
    ensure_logged(&worker, 1, is_change_of_the_certificate)?;

    worker.put(CERTIFICATE, VALUES[2])?;
    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 2).context("the first request after ten minutes")?;
    ensure_logged(&worker, 2, is_change_of_the_certificate)?;
    end(&worker, &["secrets_changed"])
}

/// All who call after a long time, and not only the first of them, wait for what changed meanwhile.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn changed_while_nobody_called_on_worker() -> anyhow::Result<()> {
    const AT_ONCE: usize = 20;
    let worker = start("changed-while-nobody-called", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(3 * 3600)?;
    for response in send_while_holding(&worker, AT_ONCE)? {
        ensure_signed(&worker, &response, 1)?;
    }
    end(&worker, &["secrets_changed"])
}

/// A secret that is deleted, or is no certificate any more, changes nothing for a day; the log warns once a minute.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn deleted_later_on_worker() -> anyhow::Result<()> {
    let worker = start("deleted", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    worker.delete(CERTIFICATE)?;
    let is_warning =
        |line: &Value| line["event"] == "secrets_not_refreshed" && line["names"] == json!([CERTIFICATE]);
    worker.controls.advance_clock(FRESH_SECONDS)?;
    for warnings in 1..=3 {
        for _ in 0..3 {
            ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
        }
        ensure_logged(&worker, warnings, is_warning)?;
        worker.controls.advance_clock(60)?;
    }
    worker.put(CERTIFICATE, "no certificate")?;
    worker.controls.advance_clock(DAY_SECONDS - FRESH_SECONDS - 10 * 60)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0).context("shortly before the day is over")?;
    ensure_logged(&worker, 4, is_warning)?;

    worker.controls.advance_clock(10 * 60)?;
    let refused = worker.send_one(&mint())?;
    ensure!(refused.status() == 503, "a day later: {}", text(&refused));
    ensure_not_ready(&worker, &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 1)?;
    end(&worker, &["secrets_not_refreshed", "not_ready", "ready"])
}

/// What an error of the store says is kept out of log and answers: it may repeat a value.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn failing_on_worker() -> anyhow::Result<()> {
    let worker = start("failing", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.fail(CERTIFICATE, &format!("{} is not to be read", VALUES[0]))?;
    for request in [mint(), get("/readyz"), get("/rtc/demo/publisher/uid/1")] {
        let refused = worker.send_one(&request)?;
        let text = text(&refused);
        ensure!(refused.status() == 503 && !text.contains(VALUES[0]), "{}: {text}", request.target);
        worker.controls.advance_clock(RETRY_SECONDS)?;
    }
    worker.controls.recover()?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    worker.controls.fail(CERTIFICATE, &format!("{} is not to be read", VALUES[0]))?;
    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    end(&worker, &["not_ready", "ready", "secrets_not_refreshed"])
}

/// A store that does not answer: no request waits longer than two seconds, and none that needs no secret waits at all.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn slow_on_worker() -> anyhow::Result<()> {
    let worker = start("slow", &[CERTIFICATE, VIDEOSDK])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.put(VIDEOSDK, VIDEOSDK_VALUE)?;
    worker.controls.hold(CERTIFICATE)?;
    let refused = send_in_vain(&worker, || {
        let health = worker.send_one(&get("/healthz"))?;
        ensure!(health.status() == 200, "/healthz: {}", text(&health));
        Ok(())
    })
    .context("the first request")?;
    ensure!(refused.status() == 503, "{}", text(&refused));
    ensure_logged(&worker, 1, |line| {
        line["event"] == "not_ready" && says(line, "message", "did not respond within 1500 ms for AGORA")
    })?;
    ensure_not_ready(&worker, &[CERTIFICATE]).context("while the store does not answer")?;

    worker.controls.recover()?;
    worker.controls.advance_clock(RETRY_SILENT_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    worker.controls.hold(CERTIFICATE)?;
    worker.controls.advance_clock(FRESH_SECONDS)?;
    let reads = worker.controls.reads(CERTIFICATE)?.started;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)
        .context("while it does not answer after five minutes")?;
    wait_until_silent(&worker, reads).context("after the answer")?;
    worker.controls.expire_time_limits(STORE_SECONDS)?;
    ensure_logged(&worker, 1, |line| {
        line["event"] == "secrets_not_refreshed"
            && says(line, "reason", "did not respond within 1500 ms for AGORA")
    })
    .context("of what went on after the answer")?;

    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    let response = send_in_vain(&worker, || Ok(())).context("a request after ten minutes")?;
    ensure_signed(&worker, &response, 0)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0).context("the one after it")?;
    end(&worker, &["not_ready", "ready", "secrets_not_refreshed"])
}

/// One secret of the Worker, and one of the store.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn mixed_on_worker() -> anyhow::Result<()> {
    let plain = [(VIDEOSDK, VIDEOSDK_VALUE)];
    let worker = start_with("mixed", &[CERTIFICATE, VIDEOSDK], &[CERTIFICATE], &plain)?;
    let videosdk = Request::post("/v1/token", &json!({ "videosdk": {} }), None);
    ensure_not_ready(&worker, &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 0)?;
    worker.put(CERTIFICATE, VALUES[1])?;
    worker.controls.advance_clock(OVERDUE_SECONDS)?;
    ensure_signed(&worker, &worker.send_one(&mint())?, 1)?;
    let of_videosdk = worker.send_one(&videosdk)?;
    ensure!(of_videosdk.status() == 200, "{}", text(&of_videosdk));
    ensure_logged(&worker, 1, is_change_of_the_certificate)?;
    end(&worker, &["not_ready", "ready", "secrets_changed"])
}

/// A secret without a binding is named beside one whose binding leads to nothing, and beside one that is there.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn without_a_binding_on_worker() -> anyhow::Result<()> {
    let worker = start_with("without-a-binding", &[CERTIFICATE, VIDEOSDK], &[CERTIFICATE], &[])?;
    ensure_not_ready(&worker, &[CERTIFICATE, VIDEOSDK])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    worker.controls.advance_clock(RETRY_SECONDS)?;
    ensure_not_ready(&worker, &[VIDEOSDK])?;
    end(&worker, &["not_ready"])
}

/// Twenty at once in a fresh isolate: all of them get tokens.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn first_requests_with_a_store_on_worker() -> anyhow::Result<()> {
    const AT_ONCE: usize = 20;
    let worker = start("first-requests", &[CERTIFICATE])?;
    worker.put(CERTIFICATE, VALUES[0])?;
    for response in send_while_holding(&worker, AT_ONCE)? {
        ensure_signed(&worker, &response, 0)?;
    }
    end(&worker, &[])
}

/// The certificates are swapped while others ask for tokens all the time. None of them is refused, and each gets a
/// token of a certificate that Agora takes at that time.
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
    end(&worker, &["secrets_changed"])
}

/// Where a rotation is, by places in [`VALUES`].
#[derive(Default)]
struct Rotation {
    /// The newest certificate that may sign.
    newest: AtomicUsize,
    /// The oldest one that may.
    oldest: AtomicUsize,
    /// How many tokens came of each certificate.
    tokens: [AtomicUsize; VALUES.len()],
    is_over: AtomicBool,
}

impl Rotation {
    /// Goes through all certificates, as docs/runbooks/app-certificate.md says: each comes second before it comes first.
    fn run(&self, worker: &Miniflare) -> anyhow::Result<()> {
        let token = || -> anyhow::Result<String> { token_of(&worker.send_one(&mint())?) };
        // The second time the requests wait for the store.
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
            ensure!(signer(worker, &after)? == new, "the next one does not sign");
            for (token, place) in [(after, 0), (before, 1)] {
                let inspected =
                    worker.send_one(&Request::post("/v1/inspect", &json!({ "token": token }), None))?;
                let report: Value = serde_json::from_slice(inspected.body())?;
                let says = |field: &str| report.pointer(&format!("/signature/{field}"));
                let is_known =
                    says("status") == Some(&json!("valid")) && says("certificate") == Some(&json!(place));
                ensure!(is_known, "the token of certificate {place}: {report}");
            }
        }
        self.wait_for_tokens_of(VALUES.len() - 1)
    }

    /// Lets the secrets become as old as this, and waits until they were read again. The store holds back its answer until
    /// a request has asked for it.
    fn refresh(worker: &Miniflare, age_seconds: u64) -> anyhow::Result<()> {
        let before = worker.controls.reads(NEXT)?.started;
        worker.controls.hold(NEXT)?;
        worker.controls.advance_clock(age_seconds)?;
        let is_asked = || Ok(worker.controls.reads(NEXT)?.started > before);
        wait::until(is_asked, || "the store is asked".to_owned())?;
        worker.controls.recover()?;
        let is_idle = || {
            let reads = [worker.controls.reads(CERTIFICATE)?, worker.controls.reads(NEXT)?];
            Ok(reads.iter().all(|reads| reads.started == reads.completed))
        };
        wait::until(is_idle, || "no request reads the store".to_owned())
    }

    fn wait_for_tokens_of(&self, place: usize) -> anyhow::Result<()> {
        let count = self.tokens.get(place).context("there is no such certificate")?;
        wait::until(
            || Ok(count.load(Ordering::SeqCst) > 0),
            || "the senders have tokens of the certificate".to_owned(),
        )
    }

    /// Asks for tokens until the rotation is over.
    fn send(&self, worker: &Miniflare) -> anyhow::Result<()> {
        while !self.is_over.load(Ordering::SeqCst) {
            let oldest = self.oldest.load(Ordering::SeqCst);
            let signer = signer(worker, &token_of(&worker.send_one(&mint())?)?)?;
            let newest = self.newest.load(Ordering::SeqCst);
            ensure!((oldest..=newest).contains(&signer), "certificate {signer}, not {oldest} to {newest}");
            self.tokens.get(signer).context("there is no such certificate")?.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// A Worker that is to have these secrets, all of them in the store.
fn start(name: &str, secrets: &[&str]) -> anyhow::Result<Miniflare> {
    start_with(name, secrets, secrets, &[])
}

/// A Worker that is to have these secrets, some of them in the store and some as they are.
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
    // In the store a secret has another name than in Hallpass.
    let in_store = |name: &&str| {
        let secret = json!({ "store_id": "0123456789abcdef", "secret_name": format!("HALLPASS_{name}") });
        ((*name).to_owned(), secret)
    };
    let stored: BTreeMap<_, _> = stored.iter().map(in_store).collect();
    let options = json!({ "bindings": bindings, "secretsStoreSecrets": stored });
    Miniflare::start(&options, &scratch(&format!("secrets-store-{name}"))?)
}

/// What holds for every test at its end: of what can be said of secrets the log has said this, and nothing else, and it
/// holds no secret.
fn end(worker: &Miniflare, events: &[&str]) -> anyhow::Result<()> {
    const OF_SECRETS: [&str; 4] = ["not_ready", "ready", "secrets_changed", "secrets_not_refreshed"];
    for event in OF_SECRETS {
        let count = || logged(worker, |line| line["event"] == event);
        if events.contains(&event) {
            wait::until(|| Ok(count()? > 0), || format!("the log says {event}"))?;
        } else {
            ensure!(count()? == 0, "the log says {event}:\n{}", worker.log()?);
        }
    }
    let log = worker.log()?;
    let leaked: Vec<_> = leaks(&log).chain(VALUES.into_iter().filter(|value| log.contains(value))).collect();
    ensure!(leaked.is_empty(), "the log holds {leaked:?}");
    Ok(())
}

fn mint() -> Request {
    Request::post("/v1/token", &json!({ "rtc": { "channel": "demo" } }), None)
}

fn get(target: &str) -> Request {
    Request { method: "GET".to_owned(), target: target.to_owned(), ..Request::default() }
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// Sends requests for tokens at once. The store holds back its answers until all of them have asked.
fn send_while_holding(worker: &Miniflare, count: usize) -> anyhow::Result<Vec<Response>> {
    let expected = worker.controls.reads(CERTIFICATE)?.started + count;
    worker.controls.hold(CERTIFICATE)?;
    thread::scope(|scope| {
        let sending = scope.spawn(|| worker.send_at_once(&vec![mint(); count]));
        let asked = wait::until(
            || Ok(worker.controls.reads(CERTIFICATE)?.started >= expected),
            || "all requests have asked the store".to_owned(),
        );
        worker.controls.recover()?;
        asked?;
        sending.join().ok().context("a sender failed")?
    })
}

/// Sends a request for a token to a Worker whose store does not answer. While it waits, `meanwhile` is done.
fn send_in_vain(
    worker: &Miniflare,
    meanwhile: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<Response> {
    let reads = worker.controls.reads(CERTIFICATE)?.started;
    thread::scope(|scope| {
        let sending = scope.spawn(|| worker.send_one(&mint()));
        wait_until_silent(worker, reads)?;
        worker.controls.expire_time_limits(STORE_SECONDS - 1)?;
        meanwhile()?;
        ensure!(!sending.is_finished(), "it did not wait for the store");
        worker.controls.expire_time_limits(1)?;
        sending.join().ok().context("a sender failed")?
    })
}

/// Waits until the store was asked for a certificate that it holds back, and has answered for the other secrets.
fn wait_until_silent(worker: &Miniflare, reads_before: usize) -> anyhow::Result<()> {
    let is_silent = || {
        let (held, other) = (worker.controls.reads(CERTIFICATE)?, worker.controls.reads(VIDEOSDK)?);
        Ok(held.started > reads_before && other.started == other.completed)
    };
    wait::until(is_silent, || "only the secret that is held back is missing".to_owned())
}

fn token_of(response: &Response) -> anyhow::Result<String> {
    let text = text(response);
    let tokens = tokens_in(&text);
    ensure!(response.status() == 200 && tokens.len() == 1, "{} {text}", response.status());
    Ok(tokens.concat())
}

/// Which of [`VALUES`] signed this token, which must be good by the Worker's clock.
fn signer(worker: &Miniflare, token: &str) -> anyhow::Result<usize> {
    let app_id = AppId::parse(APP_ID)?;
    let certificates =
        VALUES.iter().map(|value| AppCertificate::parse(value)).collect::<Result<Vec<_>, _>>()?;
    let token = Untrusted007::parse(token)?;
    let project = Project { app_id: &app_id, certificates: &certificates };
    let now = UnixSeconds(u32::try_from(worker.clock())?);
    Ok(token.verify(project, now)?.certificate_index())
}

fn ensure_signed(worker: &Miniflare, response: &Response, by: usize) -> anyhow::Result<()> {
    let signer = signer(worker, &token_of(response)?)?;
    ensure!(signer == by, "certificate {signer} signed, not {by}");
    Ok(())
}

/// The names that `/readyz` gives.
fn not_ready(worker: &Miniflare) -> anyhow::Result<Vec<String>> {
    let response = worker.send_one(&get("/readyz"))?;
    ensure!(response.status() == 503, "/readyz: {} {}", response.status(), text(&response));
    let problem: Value = serde_json::from_slice(response.body())?;
    Ok(serde_json::from_value(problem.get("missing").cloned().unwrap_or_default())?)
}

fn ensure_not_ready(worker: &Miniflare, names: &[&str]) -> anyhow::Result<()> {
    let named = not_ready(worker)?;
    ensure!(named == names, "/readyz names {named:?}, not {names:?}");
    Ok(())
}

fn is_change(line: &Value) -> bool {
    line["event"] == "secrets_changed"
}

fn is_change_of_the_certificate(line: &Value) -> bool {
    is_change(line) && line["names"] == json!([CERTIFICATE])
}

fn says(line: &Value, field: &str, part: &str) -> bool {
    line[field].as_str().is_some_and(|text| text.contains(part))
}

/// How many lines of the log are such.
fn logged(worker: &Miniflare, is_such: impl Fn(&Value) -> bool) -> anyhow::Result<usize> {
    let log = worker.log()?;
    Ok(log.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(is_such).count())
}

/// What Node prints for the Worker may come after its answer.
fn ensure_logged(worker: &Miniflare, count: usize, is_such: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
    wait::until(|| Ok(logged(worker, &is_such)? >= count), || "the log says so".to_owned())
        .with_context(|| worker.log().unwrap_or_default())?;
    let lines = logged(worker, is_such)?;
    ensure!(lines == count, "{lines} lines of the log say so, not {count}:\n{}", worker.log()?);
    Ok(())
}
