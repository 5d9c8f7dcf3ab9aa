//! Identity providers that fail, change their keys, or are slow, and those who would have us bother them.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hallpass_tests::issuer::{Issuer, Reply, discovery_path, jwks};
use hallpass_tests::jwts::Jwts;
use hallpass_tests::target::{EventKind, Lambda, Memory, Request, Response, Target, Worker};
use hallpass_tests::wait;
use hallpass_tests::{Deployment, TimeLimits, tokens_in};
use serde_json::{Value, json};

use crate::scratch;

/// The most bytes of an issuer's document that are read.
const MAX_DOCUMENT: usize = 128 * 1024;
const UNKNOWN_KEY: (u16, &str) = (401, "unknown_signing_key");
const UNREACHABLE: (u16, &str) = (503, "issuer_unreachable");

/// How a tenant of the issuer fails, and what the log says of it.
struct Failure {
    tenant: &'static str,
    reason: &'static str,
    /// Which of its documents is not what it should be.
    place: fn(&str) -> String,
    /// What comes in its place; `$ISSUER` stands for the issuer.
    reply: Reply,
}

/// An issuer, and the JWTs of its users.
struct Provider {
    issuer: Issuer,
    jwts: Jwts,
}

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn in_memory() -> anyhow::Result<()> {
    everywhere(|deployment| Ok(Memory::start(deployment)))
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("issuers-lambda")?;
    everywhere(|deployment| Lambda::start(EventKind::HttpApi, deployment, &folder))
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("issuers-worker")?;
    everywhere(|deployment| Worker::start(deployment, &folder))
}

fn everywhere<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    unknown_keys(&start).context("unknown keys")?;
    failures(&start).context("failures")?;
    endless(&start).context("endless")
}

/// Made-up names of keys make nobody ask the issuer for each.
fn unknown_keys<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    const FLOOD: usize = 50;
    let mut kinds: Vec<_> = (0..FLOOD).map(unknown_kid).collect();
    kinds.push(json!({}));
    let (provider, mut target) = Provider::start("unknown-keys", &[""], &kinds, start)?;
    provider.publish(&["rsa", "ec", "ed"])?;
    let started = target.clock();
    for place in 0..FLOOD {
        ensure_refused(&provider.send(&mut target, place)?, UNKNOWN_KEY)?;
    }
    ensure_granted(&provider.send(&mut target, FLOOD)?)?;
    let minutes = (target.clock() - started).div_ceil(60);
    let (discovery, keys) = provider.fetches();
    let is_seldom = (1..=1 + minutes).contains(&(discovery as u64)) && keys == discovery;
    ensure!(is_seldom, "{minutes} minutes: discovery was fetched {discovery} times, keys {keys} times");
    Ok(())
}

/// Whatever an issuer answers in place of its keys, its users are told to come again, and it is not asked for each.
fn failures<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let failures = all_failures();
    let tenants: Vec<_> = failures.iter().map(|failure| failure.tenant).chain(["/full", "/late"]).collect();
    let kinds: Vec<_> = tenants.iter().map(|tenant| of_tenant(tenant)).collect();
    let (provider, mut target) = Provider::start("failures", &tenants, &kinds, start)?;
    let Provider { issuer, jwts } = &provider;
    for tenant in &tenants {
        issuer.publish(tenant, &jwts.keys(&["rsa"])?);
    }
    for failure in &failures {
        issuer.reply(&(failure.place)(failure.tenant), in_place(failure, issuer));
    }
    let keys = json!({ "keys": jwts.keys(&["rsa"])? }).to_string();
    issuer.reply(&jwks("/full"), Reply::Document(padded(&keys, MAX_DOCUMENT)));
    issuer.reply(&jwks("/oversized"), Reply::Document(padded(&keys, MAX_DOCUMENT + 1)));
    issuer.reply(&jwks("/late"), Reply::Delayed(Duration::from_secs(1), keys));

    for (place, failure) in failures.iter().enumerate() {
        let tenant = failure.tenant;
        let started = target.clock();
        for _ in 0..3 {
            let response = provider.send(&mut target, place)?;
            ensure_refused(&response, UNREACHABLE).context(tenant)?;
            let after = response.headers().get("retry-after");
            ensure!(after.is_some_and(|after| after == "10"), "{tenant}: retry after {after:?}");
        }
        let passed = target.clock() - started;
        let fetches = issuer.fetches(&discovery_path(tenant));
        let is_seldom = (1..=1 + passed.div_ceil(10)).contains(&(fetches as u64));
        ensure!(is_seldom, "{tenant} was asked {fetches} times in {passed} s");
    }
    for path in [discovery_path(""), jwks("")] {
        ensure!(issuer.fetches(&path) == 0, "a redirect was followed to {path}");
    }
    for place in failures.len()..tenants.len() {
        ensure_granted(&provider.send(&mut target, place)?)
            .with_context(|| format!("{:?}", tenants.get(place)))?;
    }
    for Failure { tenant, reason, .. } in &failures {
        let source = format!("\"source\":\"{}\"", issuer.url(tenant));
        let lines = || -> anyhow::Result<Vec<String>> {
            let log = target.log()?;
            let is_such = |line: &&str| line.contains("issuer_keys_not_fetched") && line.contains(&source);
            Ok(log.lines().filter(is_such).map(str::to_owned).collect())
        };
        let fetches = issuer.fetches(&discovery_path(tenant));
        wait::until(
            || Ok(lines()?.len() >= fetches),
            || format!("the log has a line for each fetch from {tenant}"),
        )?;
        let lines = lines()?;
        ensure!(lines.len() == fetches, "{tenant}: {fetches} fetches, in the log {lines:?}");
        let reason = format!("\"reason\":\"{reason}");
        ensure!(lines.iter().all(|line| line.contains(&reason)), "{tenant}: {lines:?}");
    }
    Ok(())
}

/// A document whose end never comes is given up.
fn endless<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    // The machine's clock: it is given up then, but a slow machine may see that later.
    let in_production = |deployment| start(Deployment { time_limits: TimeLimits::Production, ..deployment });
    let (provider, mut target) = Provider::start("endless", &[""], &[json!({})], in_production)?;
    provider.publish(&["rsa"])?;
    provider.issuer.reply(&jwks(""), Reply::Endless);
    let started = Instant::now();
    ensure_refused(&provider.send(&mut target, 0)?, UNREACHABLE)?;
    let waited = started.elapsed();
    ensure!(waited > Duration::from_secs(4), "it was given up after {waited:?}");
    wait::until(|| Ok(target.log()?.contains("did not respond within 5 s")), || "the log says why".to_owned())
}

/// Twenty at once in a fresh isolate: one of them fetches, and the others wait for it.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn first_requests_on_worker() -> anyhow::Result<()> {
    const AT_ONCE: usize = 20;
    const GOOD: &str = "/good";
    const FLOODED: &str = "/flooded";
    let folder = scratch("first-requests-worker")?;
    let unknown = json!({ "header": { "kid": "nobody" }, "claims": { "iss": format!("$ISSUER{FLOODED}") } });
    let kinds = [of_tenant(GOOD), unknown, of_tenant(FLOODED)];
    let start = |deployment| Worker::start(deployment, &folder);
    let (Provider { issuer, jwts }, worker) =
        Provider::start("first-requests", &[GOOD, FLOODED], &kinds, start)?;
    for tenant in [GOOD, FLOODED] {
        issuer.publish(tenant, &jwts.keys(&["rsa"])?);
    }
    for (place, tenant, refusal) in [(0, GOOD, None), (1, FLOODED, Some(UNKNOWN_KEY)), (2, FLOODED, None)] {
        let requests = vec![request(&jwts.bearer(place)?); AT_ONCE];
        for response in send_while_holding(&issuer, &worker, &requests)? {
            refusal
                .map_or_else(|| ensure_granted(&response), |refusal| ensure_refused(&response, refusal))?;
        }
        let fetches = (issuer.fetches(&discovery_path(tenant)), issuer.key_fetches(tenant));
        ensure!(fetches == (1, 1), "discovery and keys of {tenant} were fetched {fetches:?} times");
    }
    Ok(())
}

/// The client whose request fetches the keys hangs up: those who wait for the keys get them all the same.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn client_hangs_up_on_worker() -> anyhow::Result<()> {
    let folder = scratch("hang-up-worker")?;
    let start = |deployment| Worker::start(deployment, &folder);
    let (Provider { issuer, jwts }, worker) = Provider::start("hang-up", &[""], &[json!({})], start)?;
    issuer.publish("", &jwts.keys(&["rsa"])?);
    issuer.set_holding_documents(true);
    let bearer = jwts.bearer(0)?;
    let mut connection = TcpStream::connect(worker.address())?;
    write!(connection, "GET /rtcToken HTTP/1.1\r\nhost: localhost\r\nauthorization: {bearer}\r\n\r\n")?;
    wait::until(|| Ok(issuer.fetches(&discovery_path("")) > 0), || "the issuer is asked".to_owned())?;
    drop(connection);
    for response in send_while_holding(&issuer, &worker, &vec![request(&bearer); 3])? {
        ensure_granted(&response)?;
    }
    let fetches = (issuer.fetches(&discovery_path("")), issuer.key_fetches(""));
    ensure!(fetches == (1, 1), "discovery and keys were fetched {fetches:?} times");
    Ok(())
}

/// While one issuer does not answer, the users of another one get their tokens.
#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn others_need_not_wait_on_worker() -> anyhow::Result<()> {
    const ENDLESS: &str = "/endless";
    let folder = scratch("others-worker")?;
    let kinds = [json!({}), of_tenant(ENDLESS)];
    let start = |deployment| Worker::start(deployment, &folder);
    let (provider, worker) = Provider::start("others", &["", ENDLESS], &kinds, start)?;
    provider.publish(&["rsa"])?;
    let Provider { issuer, jwts } = &provider;
    let controls = worker.controls().context("the Worker has no controls")?;
    issuer.reply(&discovery_path(ENDLESS), Reply::Endless);
    let good = request(&jwts.bearer(0)?);
    let waiting = vec![request(&jwts.bearer(1)?); 3];
    thread::scope(|scope| {
        let waiting = scope.spawn(|| worker.send_at_once(&waiting));
        wait::until(
            || Ok(issuer.fetches(&discovery_path(ENDLESS)) > 0),
            || "the issuer is asked".to_owned(),
        )?;
        for response in worker.send_at_once(&vec![good; 5])? {
            ensure_granted(&response)?;
        }
        ensure!(!waiting.is_finished(), "the issuer that does not answer was given up");
        controls.expire_time_limits(5)?;
        for response in waiting.join().ok().context("a sender failed")?? {
            ensure_refused(&response, UNREACHABLE)?;
        }
        Ok(())
    })
}

/// Sends requests at once. The issuer holds back its documents until all of them have arrived.
fn send_while_holding(
    issuer: &Issuer,
    worker: &Worker,
    requests: &[Request],
) -> anyhow::Result<Vec<Response>> {
    let controls = worker.controls().context("the Worker has no controls")?;
    let expected = controls.requests()? + requests.len();
    issuer.set_holding_documents(true);
    thread::scope(|scope| {
        let sending = scope.spawn(|| worker.send_at_once(requests));
        let arrived =
            wait::until(|| Ok(controls.requests()? >= expected), || "all requests have arrived".to_owned());
        issuer.set_holding_documents(false);
        arrived?;
        sending.join().ok().context("a sender failed")?
    })
}

/// Every failure but that nothing ends.
fn all_failures() -> Vec<Failure> {
    let document = |text: &str| Reply::Document(text.to_owned());
    let keys = |text: &str| Reply::Document(format!("{{\"keys\":[{text}]}}"));
    let led_to = |place: &str| document(&json!({ "issuer": "$TENANT", "jwks_uri": place }).to_string());
    let failure = |tenant, reason, place: fn(&str) -> String, reply| Failure { tenant, reason, place, reply };
    let word = "AQAB".repeat(10) + "AQA";
    vec![
        failure("/closes", "no connection", discovery_path, Reply::Close),
        failure("/closes-later", "no connection", jwks, Reply::Close),
        failure("/error", "responded with status 500", discovery_path, Reply::Status(500)),
        failure("/missing", "responded with status 404", jwks, Reply::Status(404)),
        failure("/empty", "responded with status 204", jwks, Reply::Status(204)),
        failure(
            "/elsewhere",
            "responded with status 302",
            discovery_path,
            Reply::Redirect("$ISSUER/.well-known/openid-configuration".into()),
        ),
        failure("/keys-elsewhere", "responded with status 302", jwks, Reply::Redirect("$ISSUER/jwks".into())),
        failure("/oversized", "an answer that is too long", jwks, keys("")),
        failure(
            "/oversized-discovery",
            "an answer that is too long",
            discovery_path,
            document(&" ".repeat(MAX_DOCUMENT + 1)),
        ),
        failure("/page", "not a discovery document", discovery_path, document("<!doctype html>")),
        failure(
            "/no-address",
            "not a discovery document",
            discovery_path,
            document(r#"{"issuer":"$TENANT"}"#),
        ),
        failure(
            "/in-the-name-of-another",
            "the discovery document belongs to another issuer",
            discovery_path,
            document(r#"{"issuer":"$ISSUER","jwks_uri":"$ISSUER/jwks"}"#),
        ),
        failure(
            "/named-with-slash",
            "the discovery document belongs to another issuer",
            discovery_path,
            document(r#"{"issuer":"$TENANT/","jwks_uri":"$TENANT/jwks"}"#),
        ),
        failure(
            "/unsafe",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            led_to("http://192.0.2.1/jwks"),
        ),
        failure(
            "/unsafe-name",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            led_to("http://localhost.example.com/jwks"),
        ),
        failure(
            "/unsafe-user",
            "the `jwks_uri` is not an https URL",
            discovery_path,
            led_to("http://127.0.0.1@192.0.2.1/jwks"),
        ),
        failure("/file", "the `jwks_uri` is not an https URL", discovery_path, led_to("file:///etc/passwd")),
        failure("/no-keys", "no usable key for RS256, ES256 or EdDSA", jwks, keys("")),
        failure("/no-json", "no usable key for RS256, ES256 or EdDSA", jwks, document("null")),
        failure(
            "/secret",
            "no usable key for RS256, ES256 or EdDSA",
            jwks,
            keys(&format!(r#"{{"kty":"oct","kid":"rsa","k":"{word}"}}"#)),
        ),
        failure(
            "/short",
            "no usable key for RS256, ES256 or EdDSA",
            jwks,
            keys(&format!(r#"{{"kty":"RSA","kid":"rsa","n":"{word}","e":"AQAB"}}"#)),
        ),
        failure(
            "/encrypts",
            "no usable key for RS256, ES256 or EdDSA",
            jwks,
            keys(&format!(r#"{{"kty":"OKP","crv":"Ed25519","use":"enc","kid":"rsa","x":"{word}"}}"#)),
        ),
    ]
}

/// Within a minute after keys came, unknown names of keys do not lead to another fetch; after it, to one.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn unknown_keys_a_minute_later() -> anyhow::Result<()> {
    let (provider, mut memory) = with_clock(&[json!({}), unknown_kid(1), unknown_kid(2)])?;
    ensure_granted(&provider.send(&mut memory, 0)?)?;
    memory.advance_clock(59);
    ensure_refused(&provider.send(&mut memory, 1)?, UNKNOWN_KEY)?;
    provider.ensure_fetches(1)?;
    memory.advance_clock(1);
    for place in [1, 2, 1, 2] {
        ensure_refused(&provider.send(&mut memory, place)?, UNKNOWN_KEY)?;
    }
    provider.ensure_fetches(2)
}

/// A key that the issuer has begun to use is known after one fetch, and one that it has withdrawn within an hour.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn rotation() -> anyhow::Result<()> {
    let next = json!({ "key": "next", "claims": { "exp": 200_000 } });
    let (provider, mut memory) = with_clock(&[long(), next])?;
    let [old, new] = [0, 1];
    ensure_granted(&provider.send(&mut memory, old)?)?;
    provider.publish(&["rsa", "next"])?;
    memory.advance_clock(59);
    ensure_refused(&provider.send(&mut memory, new)?, UNKNOWN_KEY)?;
    provider.ensure_fetches(1)?;
    memory.advance_clock(1);
    for place in [new, old] {
        ensure_granted(&provider.send(&mut memory, place)?)?;
    }
    provider.ensure_fetches(2)?;

    provider.publish(&["next"])?;
    memory.advance_clock(3599);
    ensure_granted(&provider.send(&mut memory, old)?)?;
    provider.ensure_fetches(2)?;
    memory.advance_clock(1);
    ensure_refused(&provider.send(&mut memory, old)?, UNKNOWN_KEY)?;
    ensure_granted(&provider.send(&mut memory, new)?)?;
    provider.ensure_fetches(3)
}

/// An issuer that is out of reach at the start is asked again after ten seconds.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn down_at_the_start() -> anyhow::Result<()> {
    let (provider, mut memory) = with_clock(&[json!({})])?;
    provider.issuer.set_down(true);
    ensure_refused(&provider.send(&mut memory, 0)?, UNREACHABLE)?;
    provider.issuer.set_down(false);
    memory.advance_clock(9);
    ensure_refused(&provider.send(&mut memory, 0)?, UNREACHABLE)?;
    ensure!(provider.issuer.fetches(&discovery_path("")) == 1, "it was asked before ten seconds were over");
    memory.advance_clock(1);
    ensure_granted(&provider.send(&mut memory, 0)?)
}

/// An issuer that is out of reach later: its keys are used for a day, and not longer.
#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn down_later() -> anyhow::Result<()> {
    const HOUR: u32 = 3600;
    let unknown = json!({ "header": { "kid": "nobody" }, "claims": { "exp": 200_000 } });
    let (provider, mut memory) = with_clock(&[long(), unknown])?;
    ensure_granted(&provider.send(&mut memory, 0)?)?;
    provider.issuer.set_down(true);
    memory.advance_clock(HOUR);
    ensure_granted(&provider.send(&mut memory, 0)?)?;
    ensure!(memory.log()?.contains("issuer_keys_not_fetched"), "the log does not say so");
    ensure_refused(&provider.send(&mut memory, 1)?, UNKNOWN_KEY)?;
    let asked = provider.issuer.fetches(&discovery_path(""));
    ensure!(asked == 2, "it was asked {asked} times, and not once an hour and a minute apart");
    memory.advance_clock(59);
    ensure_granted(&provider.send(&mut memory, 0)?)?;
    ensure!(provider.issuer.fetches(&discovery_path("")) == 2, "it was asked within a minute");
    memory.advance_clock(23 * HOUR - 60);
    ensure_granted(&provider.send(&mut memory, 0)?).context("a second before the day is over")?;
    memory.advance_clock(1);
    ensure_refused(&provider.send(&mut memory, 0)?, UNREACHABLE).context("a day later")?;
    provider.issuer.set_down(false);
    memory.advance_clock(10);
    ensure_granted(&provider.send(&mut memory, 0)?).context("it is back")
}

fn with_clock(kinds: &[Value]) -> anyhow::Result<(Provider, Memory)> {
    let (provider, memory) =
        Provider::start("clock", &[""], kinds, |deployment| Ok(Memory::start(deployment)))?;
    provider.publish(&["rsa"])?;
    Ok((provider, memory))
}

/// A JWT that outlives every test.
fn long() -> Value {
    json!({ "claims": { "exp": 200_000 } })
}

fn of_tenant(tenant: &str) -> Value {
    json!({ "claims": { "iss": format!("$ISSUER{tenant}") } })
}

fn unknown_kid(number: usize) -> Value {
    json!({ "header": { "kid": format!("nobody-{number}") } })
}

fn request(authorization: &str) -> Request {
    Request::post("/v1/token", &json!({ "rtc": { "channel": "demo" } }), Some(authorization))
}

fn ensure_granted(response: &Response) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(response.body());
    ensure!(response.status() == 200 && tokens_in(&text).len() == 1, "{} {text}", response.status());
    Ok(())
}

fn ensure_refused(response: &Response, (status, code): (u16, &str)) -> anyhow::Result<()> {
    let text = String::from_utf8_lossy(response.body());
    let is_refused = response.status() == status && text.contains(&format!("\"code\":\"{code}\""));
    ensure!(is_refused && tokens_in(&text).is_empty(), "expected {code}, got {} {text}", response.status());
    Ok(())
}

/// The reply of a tenant, with the addresses in it.
fn in_place(Failure { tenant, reply, .. }: &Failure, issuer: &Issuer) -> Reply {
    let fill = |text: &str| text.replace("$ISSUER", &issuer.url("")).replace("$TENANT", &issuer.url(tenant));
    match reply {
        Reply::Document(text) => Reply::Document(fill(text)),
        Reply::Redirect(text) => Reply::Redirect(fill(text)),
        Reply::Delayed(..) | Reply::Endless | Reply::Status(_) | Reply::Close => reply.clone(),
    }
}

/// A document of this length.
fn padded(document: &str, length: usize) -> String {
    format!("{document}{}", " ".repeat(length.saturating_sub(document.len())))
}

impl Provider {
    /// An issuer without keys, a target that accepts JWTs of these tenants, and JWTs of these kinds by its clock.
    fn start<T: Target>(
        name: &str,
        tenants: &[&str],
        kinds: &[Value],
        start: impl Fn(Deployment) -> anyhow::Result<T>,
    ) -> anyhow::Result<(Self, T)> {
        let issuer = Issuer::start()?;
        let accepted =
            tenants.iter().map(|tenant| json!({ "issuer": issuer.url(tenant), "audience": "app" }));
        let document = json!({ "auth": { "jwt": accepted.collect::<Vec<_>>() } });
        let target = start(Deployment::configured(name, document.to_string()))?;
        let jwts = Jwts::sign(target.clock(), &issuer.url(""), kinds)?;
        Ok((Self { issuer, jwts }, target))
    }

    fn publish(&self, keys: &[&str]) -> anyhow::Result<()> {
        self.issuer.publish("", &self.jwts.keys(keys)?);
        Ok(())
    }

    fn send(&self, target: &mut impl Target, place: usize) -> anyhow::Result<Response> {
        target.send(&request(&self.jwts.bearer(place)?))
    }

    /// How often discovery and keys were fetched.
    fn fetches(&self) -> (usize, usize) {
        (self.issuer.fetches(&discovery_path("")), self.issuer.key_fetches(""))
    }

    fn ensure_fetches(&self, expected: usize) -> anyhow::Result<()> {
        let fetches = self.fetches();
        ensure!(fetches == (expected, expected), "discovery and keys were fetched {fetches:?} times");
        Ok(())
    }
}
