//! Tests of identity providers that fail, respond slowly, or rotate their keys, and of JWTs that could cause many
//! requests to identity providers.

#[cfg(test)]
mod cache;

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hallpass_tests::issuer::{Issuer, Reply, discovery_path, jwks};
use hallpass_tests::jwts::Jwts;
use hallpass_tests::logs::events;
use hallpass_tests::target::{EventKind, Lambda, Memory, Request, Response, Target, Worker};
use hallpass_tests::wait;
use hallpass_tests::{Deployment, TimeLimits, tokens_in};
use serde_json::{Value, json};

use crate::scratch;

/// The maximum size of an issuer's document, in bytes.
const MAX_DOCUMENT: usize = 128 * 1024;
const UNKNOWN_KEY: (u16, &str) = (401, "unknown_signing_key");
const UNREACHABLE: (u16, &str) = (503, "issuer_unreachable");
const NO_USABLE_KEY: (u16, &str) = (401, "no_usable_key");

/// A failure of a tenant of the issuer.
struct Failure {
    tenant: &'static str,
    /// The start of the reason in the log.
    reason: &'static str,
    /// Returns the path of the document that fails.
    path: fn(&str) -> String,
    /// The reply for this path. `$ISSUER` and `$TENANT` are placeholders for the URLs of the issuer and the tenant.
    reply: Reply,
}

/// An issuer and the JWTs of its users.
struct Fixture {
    issuer: Issuer,
    jwts: Jwts,
}

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn in_memory() -> anyhow::Result<()> {
    run_all(|deployment| Ok(Memory::start(deployment)))
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("issuers-lambda")?;
    run_all(|deployment| Lambda::start(EventKind::HttpApi, deployment, &folder))
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("issuers-worker")?;
    run_all(|deployment| Worker::start(deployment, &folder))
}

fn run_all<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    unknown_keys(&start).context("unknown keys")?;
    failures(&start).context("failures")?;
    unusable_keys(&start).context("unusable keys")?;
    endless_document(&start).context("endless document")
}

/// Checks that JWTs with unknown key IDs cause at most one fetch per minute.
fn unknown_keys<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    const FLOOD: usize = 50;
    let mut specs: Vec<_> = (0..FLOOD).map(jwt_with_unknown_kid).collect();
    specs.push(json!({}));
    let (fixture, mut target) = Fixture::start("unknown-keys", &[""], &specs, start)?;
    fixture.publish(&["rsa", "ec", "ed"])?;
    let started = target.clock();
    for index in 0..FLOOD {
        ensure_error(&fixture.send(&mut target, index)?, UNKNOWN_KEY)?;
    }
    ensure_granted(&fixture.send(&mut target, FLOOD)?)?;
    let minutes = (target.clock() - started).div_ceil(60);
    let (discovery, keys) = fixture.fetches();
    let is_limited = (1..=1 + minutes).contains(&(discovery as u64)) && keys == discovery;
    ensure!(is_limited, "discovery was fetched {discovery} times and keys {keys} times in {minutes} minutes");
    Ok(())
}

/// Checks that users of a failing issuer get status 503 with `Retry-After`, and that few requests reach the issuer.
fn failures<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let failures = failure_cases();
    let tenants: Vec<_> =
        failures.iter().map(|failure| failure.tenant).chain(["/largest", "/late"]).collect();
    let specs: Vec<_> = tenants.iter().map(|tenant| jwt_of_tenant(tenant)).collect();
    let (fixture, mut target) = Fixture::start("failures", &tenants, &specs, start)?;
    let Fixture { issuer, jwts } = &fixture;
    for tenant in &tenants {
        issuer.publish(tenant, &jwts.keys(&["rsa"])?);
    }
    for failure in &failures {
        issuer.reply(&(failure.path)(failure.tenant), fill_placeholders(failure, issuer));
    }
    let keys = json!({ "keys": jwts.keys(&["rsa"])? }).to_string();
    issuer.reply(&jwks("/largest"), Reply::Document(padded(&keys, MAX_DOCUMENT)));
    issuer.reply(&jwks("/oversized"), Reply::Document(padded(&keys, MAX_DOCUMENT + 1)));
    issuer.reply(&jwks("/late"), Reply::Delayed(Duration::from_secs(1), keys));

    for (index, failure) in failures.iter().enumerate() {
        let tenant = failure.tenant;
        let started = target.clock();
        for _ in 0..3 {
            let response = fixture.send(&mut target, index)?;
            ensure_error(&response, UNREACHABLE).context(tenant)?;
            let retry_after = response.headers().get("retry-after");
            ensure!(
                retry_after.is_some_and(|seconds| seconds == "10"),
                "{tenant}: Retry-After: {retry_after:?}"
            );
        }
        let elapsed = target.clock() - started;
        let fetches = issuer.fetches(&discovery_path(tenant));
        let is_limited = (1..=1 + elapsed.div_ceil(10)).contains(&(fetches as u64));
        ensure!(is_limited, "{fetches} requests to {tenant} in {elapsed} s");
    }
    for path in [discovery_path(""), jwks("")] {
        ensure!(issuer.fetches(&path) == 0, "the service followed a redirect to {path}");
    }
    for index in failures.len()..tenants.len() {
        ensure_granted(&fixture.send(&mut target, index)?)
            .with_context(|| format!("{:?}", tenants.get(index)))?;
    }
    for Failure { tenant, reason, .. } in &failures {
        let source = format!("\"source\":\"{}\"", issuer.url(tenant));
        let lines = || -> anyhow::Result<Vec<String>> {
            let log = target.log()?;
            let is_failed_fetch =
                |line: &&str| line.contains("issuer_keys_not_fetched") && line.contains(&source);
            Ok(log.lines().filter(is_failed_fetch).map(str::to_owned).collect())
        };
        let fetches = issuer.fetches(&discovery_path(tenant));
        wait::until(
            || Ok(lines()?.len() >= fetches),
            || format!("the log contains a line for each fetch from {tenant}"),
        )?;
        let lines = lines()?;
        ensure!(lines.len() == fetches, "{tenant}: {fetches} fetches, but the log contains {lines:?}");
        let reason = format!("\"reason\":\"{reason}");
        ensure!(lines.iter().all(|line| line.contains(&reason)), "{tenant}: {lines:?}");
    }
    Ok(())
}

/// Checks that users of an issuer without usable keys get status 401, that the log describes the keys, and that few
/// requests reach the issuer.
fn unusable_keys<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let bytes = "AQAB".repeat(10) + "AQA";
    let cases = [
        ("/no-keys", String::new(), r"[]"),
        ("/not-a-key", "null".to_owned(), r#"[""]"#),
        ("/symmetric-key", format!(r#"{{"kty":"oct","kid":"rsa","k":"{bytes}"}}"#), r#"["oct"]"#),
        ("/short-key", format!(r#"{{"kty":"RSA","kid":"rsa","n":"{bytes}","e":"AQAB"}}"#), r#"["RSA"]"#),
        (
            "/encryption-key",
            format!(r#"{{"kty":"OKP","crv":"Ed25519","use":"enc","kid":"rsa","x":"{bytes}"}}"#),
            r#"["OKP Ed25519 enc"]"#,
        ),
        (
            "/untrusted-text",
            format!(r#"{{"kty":"\"\n{}","alg":["RS256"]}}"#, "x".repeat(100)),
            r#"["\"\nxxxxxxxxxxxxxxxxxxxxxx…"]"#,
        ),
    ];
    let tenants = cases.each_ref().map(|(tenant, ..)| *tenant);
    let mut specs: Vec<_> = tenants.iter().map(|tenant| jwt_of_tenant(tenant)).collect();
    let unknown =
        |tenant| json!({ "header": { "kid": "unknown" }, "claims": { "iss": format!("$ISSUER{tenant}") } });
    specs.extend(tenants.iter().map(unknown));
    let (fixture, mut target) = Fixture::start("unusable-keys", &tenants, &specs, start)?;
    let Fixture { issuer, jwts } = &fixture;
    for (tenant, key, _) in &cases {
        issuer.publish(tenant, &jwts.keys(&["rsa"])?);
        issuer.reply(&jwks(tenant), Reply::Document(format!("{{\"keys\":[{key}]}}")));
    }
    for (index, tenant) in tenants.iter().enumerate() {
        let started = target.clock();
        for jwt in [index, cases.len() + index, index] {
            ensure_error(&fixture.send(&mut target, jwt)?, NO_USABLE_KEY).context(*tenant)?;
        }
        let elapsed = target.clock() - started;
        let fetches = issuer.key_fetches(tenant);
        let is_limited = (1..=1 + elapsed.div_ceil(10)).contains(&(fetches as u64));
        ensure!(is_limited, "{fetches} requests to {tenant} in {elapsed} s");
    }
    for (tenant, _, skipped) in &cases {
        let (source, fetches) = (issuer.url(tenant), issuer.key_fetches(tenant));
        let lines = || -> anyhow::Result<Vec<Value>> {
            let mut lines = events(&target.log()?, "issuer_keys_not_usable");
            lines.retain(|line| line.get("source").is_some_and(|value| *value == *source));
            Ok(lines)
        };
        wait::until(
            || Ok(lines()?.len() >= fetches),
            || format!("the log contains a line for each fetch from {tenant}"),
        )?;
        let (lines, expected) = (lines()?, serde_json::from_str::<Value>(skipped)?);
        let is_expected = lines.iter().all(|line| line.get("skipped") == Some(&expected));
        ensure!(lines.len() == fetches && is_expected, "{tenant}: {fetches} fetches, {lines:?}");
    }
    let is_failed_fetch = target.log()?.contains("issuer_keys_not_fetched");
    ensure!(!is_failed_fetch, "the log contains a failed fetch");
    Ok(())
}

/// Checks that the fetch of a document that never ends times out.
fn endless_document<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let in_production = |deployment| start(Deployment { time_limits: TimeLimits::Production, ..deployment });
    let (fixture, mut target) = Fixture::start("endless", &[""], &[json!({})], in_production)?;
    fixture.publish(&["rsa"])?;
    fixture.issuer.reply(&jwks(""), Reply::Endless);
    // A slow machine may notice the timeout later, so the test checks only the minimum time.
    let started = Instant::now();
    ensure_error(&fixture.send(&mut target, 0)?, UNREACHABLE)?;
    let waited = started.elapsed();
    ensure!(waited > Duration::from_secs(4), "the fetch timed out after {waited:?}");
    wait::until(
        || Ok(target.log()?.contains("did not respond within 5 s")),
        || "the log contains the timeout".to_owned(),
    )
}

/// Checks that only one of twenty simultaneous requests in a new isolate fetches the keys. The other requests wait for
/// the keys.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn first_requests_on_worker() -> anyhow::Result<()> {
    const AT_ONCE: usize = 20;
    const GOOD: &str = "/good";
    const FLOODED: &str = "/flooded";
    let folder = scratch("first-requests-worker")?;
    let unknown = json!({ "header": { "kid": "unknown" }, "claims": { "iss": format!("$ISSUER{FLOODED}") } });
    let specs = [jwt_of_tenant(GOOD), unknown, jwt_of_tenant(FLOODED)];
    let start = |deployment| Worker::start(deployment, &folder);
    let (Fixture { issuer, jwts }, worker) =
        Fixture::start("first-requests", &[GOOD, FLOODED], &specs, start)?;
    for tenant in [GOOD, FLOODED] {
        issuer.publish(tenant, &jwts.keys(&["rsa"])?);
    }
    for (index, tenant, error) in [(0, GOOD, None), (1, FLOODED, Some(UNKNOWN_KEY)), (2, FLOODED, None)] {
        let requests = vec![request(&jwts.bearer(index)?); AT_ONCE];
        for response in send_while_holding(&issuer, &worker, &requests)? {
            error.map_or_else(|| ensure_granted(&response), |error| ensure_error(&response, error))?;
        }
        let fetches = (issuer.fetches(&discovery_path(tenant)), issuer.key_fetches(tenant));
        ensure!(fetches == (1, 1), "discovery and keys of {tenant} were fetched {fetches:?} times");
    }
    Ok(())
}

/// Checks that requests that wait for the keys succeed even if a client disconnects. The request of this client fetches
/// the keys.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn client_disconnects_on_worker() -> anyhow::Result<()> {
    let folder = scratch("disconnect-worker")?;
    let start = |deployment| Worker::start(deployment, &folder);
    let (Fixture { issuer, jwts }, worker) = Fixture::start("disconnect", &[""], &[json!({})], start)?;
    issuer.publish("", &jwts.keys(&["rsa"])?);
    issuer.set_holding_documents(true);
    let bearer = jwts.bearer(0)?;
    let mut connection = TcpStream::connect(worker.address())?;
    write!(connection, "GET /rtcToken HTTP/1.1\r\nhost: localhost\r\nauthorization: {bearer}\r\n\r\n")?;
    wait::until(
        || Ok(issuer.fetches(&discovery_path("")) > 0),
        || "the issuer receives a request".to_owned(),
    )?;
    drop(connection);
    for response in send_while_holding(&issuer, &worker, &vec![request(&bearer); 3])? {
        ensure_granted(&response)?;
    }
    let fetches = (issuer.fetches(&discovery_path("")), issuer.key_fetches(""));
    ensure!(fetches == (1, 1), "discovery and keys were fetched {fetches:?} times");
    Ok(())
}

/// Checks that users of other issuers receive tokens while one issuer does not respond.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn slow_issuer_does_not_delay_others_on_worker() -> anyhow::Result<()> {
    const ENDLESS: &str = "/endless";
    let folder = scratch("others-worker")?;
    let specs = [json!({}), jwt_of_tenant(ENDLESS)];
    let start = |deployment| Worker::start(deployment, &folder);
    let (fixture, worker) = Fixture::start("others", &["", ENDLESS], &specs, start)?;
    fixture.publish(&["rsa"])?;
    let Fixture { issuer, jwts } = &fixture;
    let controls = worker.controls().context("the Worker has no controls")?;
    issuer.reply(&discovery_path(ENDLESS), Reply::Endless);
    let unaffected = request(&jwts.bearer(0)?);
    let blocked = vec![request(&jwts.bearer(1)?); 3];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| worker.send_concurrently(&blocked));
        wait::until(
            || Ok(issuer.fetches(&discovery_path(ENDLESS)) > 0),
            || "the issuer receives a request".to_owned(),
        )?;
        for response in worker.send_concurrently(&vec![unaffected; 5])? {
            ensure_granted(&response)?;
        }
        ensure!(!waiting.is_finished(), "the requests did not wait for the unresponsive issuer");
        controls.expire_time_limits(5)?;
        for response in waiting.join().ok().context("a sender failed")?? {
            ensure_error(&response, UNREACHABLE)?;
        }
        Ok(())
    })
}

/// Sends requests simultaneously. The issuer holds its documents until all requests have arrived.
fn send_while_holding(
    issuer: &Issuer,
    worker: &Worker,
    requests: &[Request],
) -> anyhow::Result<Vec<Response>> {
    let controls = worker.controls().context("the Worker has no controls")?;
    let expected = controls.requests()? + requests.len();
    issuer.set_holding_documents(true);
    thread::scope(|scope| {
        let sending = scope.spawn(|| worker.send_concurrently(requests));
        let arrived =
            wait::until(|| Ok(controls.requests()? >= expected), || "all requests have arrived".to_owned());
        issuer.set_holding_documents(false);
        arrived?;
        sending.join().ok().context("a sender failed")?
    })
}

/// Returns every failure except an endless document.
fn failure_cases() -> Vec<Failure> {
    let document = |content: &str| Reply::Document(content.to_owned());
    let keys = |list: &str| Reply::Document(format!("{{\"keys\":[{list}]}}"));
    let jwks_uri = |uri: &str| document(&json!({ "issuer": "$TENANT", "jwks_uri": uri }).to_string());
    let failure = |tenant, reason, path: fn(&str) -> String, reply| Failure { tenant, reason, path, reply };
    vec![
        failure("/closes", "the connection failed", discovery_path, Reply::Close),
        failure("/closes-later", "the connection failed", jwks, Reply::Close),
        failure("/error", "the issuer responded with status 500", discovery_path, Reply::Status(500)),
        failure("/missing", "the issuer responded with status 404", jwks, Reply::Status(404)),
        failure("/empty", "the issuer responded with status 204", jwks, Reply::Status(204)),
        failure(
            "/redirected",
            "the issuer responded with status 302",
            discovery_path,
            Reply::Redirect("$ISSUER/.well-known/openid-configuration".into()),
        ),
        failure(
            "/redirected-keys",
            "the issuer responded with status 302",
            jwks,
            Reply::Redirect("$ISSUER/jwks".into()),
        ),
        failure("/oversized", "the response is too large", jwks, keys("")),
        failure(
            "/oversized-discovery",
            "the response is too large",
            discovery_path,
            document(&" ".repeat(MAX_DOCUMENT + 1)),
        ),
        failure(
            "/html",
            "the response is not a discovery document",
            discovery_path,
            document("<!doctype html>"),
        ),
        failure(
            "/no-jwks-uri",
            "the response is not a discovery document",
            discovery_path,
            document(r#"{"issuer":"$TENANT"}"#),
        ),
        failure(
            "/other-issuer",
            "the discovery document belongs to another issuer",
            discovery_path,
            document(r#"{"issuer":"$ISSUER","jwks_uri":"$ISSUER/jwks"}"#),
        ),
        failure(
            "/trailing-slash",
            "the discovery document belongs to another issuer",
            discovery_path,
            document(r#"{"issuer":"$TENANT/","jwks_uri":"$TENANT/jwks"}"#),
        ),
        failure(
            "/http",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            jwks_uri("http://192.0.2.1/jwks"),
        ),
        failure(
            "/http-localhost-subdomain",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            jwks_uri("http://localhost.example.com/jwks"),
        ),
        failure(
            "/http-userinfo",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            jwks_uri("http://127.0.0.1@192.0.2.1/jwks"),
        ),
        failure(
            "/file",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            jwks_uri("file:///etc/passwd"),
        ),
        failure("/null", "the response is not a key set", jwks, document("null")),
        failure("/html-keys", "the response is not a key set", jwks, document("<!doctype html>")),
        failure("/no-list", "the response is not a key set", jwks, document(r#"{"keys":{}}"#)),
        failure("/single-key", "the response is not a key set", jwks, document(r#"{"kty":"RSA"}"#)),
    ]
}

/// Returns the specification of a JWT that does not expire during a test.
fn long_lived_jwt() -> Value {
    json!({ "claims": { "exp": 200_000 } })
}

fn jwt_of_tenant(tenant: &str) -> Value {
    json!({ "claims": { "iss": format!("$ISSUER{tenant}") } })
}

fn jwt_with_unknown_kid(number: usize) -> Value {
    json!({ "header": { "kid": format!("unknown-{number}") } })
}

fn request(authorization: &str) -> Request {
    Request::post("/v1/token", &json!({ "rtc": { "channel": "demo" } }), Some(authorization))
}

fn ensure_granted(response: &Response) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(response.body());
    ensure!(response.status() == 200 && tokens_in(&text).len() == 1, "{} {text}", response.status());
    Ok(())
}

fn ensure_error(response: &Response, (status, code): (u16, &str)) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(response.body());
    let is_expected = response.status() == status && text.contains(&format!("\"code\":\"{code}\""));
    ensure!(is_expected && tokens_in(&text).is_empty(), "expected {code}, got {} {text}", response.status());
    Ok(())
}

/// Returns the reply of a failure, with URLs in place of the placeholders.
fn fill_placeholders(Failure { tenant, reply, .. }: &Failure, issuer: &Issuer) -> Reply {
    let fill =
        |template: &str| template.replace("$ISSUER", &issuer.url("")).replace("$TENANT", &issuer.url(tenant));
    match reply {
        Reply::Document(content) => Reply::Document(fill(content)),
        Reply::Redirect(url) => Reply::Redirect(fill(url)),
        Reply::Delayed(..) | Reply::Endless | Reply::Status(_) | Reply::Close => reply.clone(),
    }
}

/// Pads a document to this length with spaces.
fn padded(document: &str, length: usize) -> String {
    format!("{document}{}", " ".repeat(length.saturating_sub(document.len())))
}

impl Fixture {
    /// Starts an issuer without keys, and a target that accepts JWTs of these tenants. Signs JWTs whose times are
    /// relative to the target's clock.
    fn start<T: Target>(
        name: &str,
        tenants: &[&str],
        specs: &[Value],
        start: impl Fn(Deployment) -> anyhow::Result<T>,
    ) -> anyhow::Result<(Self, T)> {
        let issuer = Issuer::start()?;
        let accepted =
            tenants.iter().map(|tenant| json!({ "issuer": issuer.url(tenant), "audience": "app" }));
        let document = json!({ "auth": { "jwt": accepted.collect::<Vec<_>>() } });
        let target = start(Deployment::configured(name, document.to_string()))?;
        let jwts = Jwts::sign(target.clock(), &issuer.url(""), specs)?;
        Ok((Self { issuer, jwts }, target))
    }

    fn publish(&self, keys: &[&str]) -> anyhow::Result<()> {
        self.issuer.publish("", &self.jwts.keys(keys)?);
        Ok(())
    }

    fn send(&self, target: &mut impl Target, index: usize) -> anyhow::Result<Response> {
        target.send(&request(&self.jwts.bearer(index)?))
    }

    /// Returns the number of fetches of the discovery document and the number of fetches of the keys.
    fn fetches(&self) -> (usize, usize) {
        (self.issuer.fetches(&discovery_path("")), self.issuer.key_fetches(""))
    }

    fn ensure_fetches(&self, expected: usize) -> anyhow::Result<()> {
        let fetches = self.fetches();
        ensure!(fetches == (expected, expected), "discovery and keys were fetched {fetches:?} times");
        Ok(())
    }
}
