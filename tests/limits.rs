//! Tests of the rate limit with Miniflare's rate limiter, which `wrangler dev` also uses.

use anyhow::{Context as _, ensure};
use hallpass_tests::target::{Miniflare, Request, Response, Target as _};
use hallpass_tests::wait;
use serde_json::{Value, json};

use crate::scratch;

const KEY_ONE: &str = "one-0123456789abcdef0123456789abcdef";
const KEY_TWO: &str = "two-0123456789abcdef0123456789abcdef";
/// The maximum number of requests per minute.
const LIMIT: usize = 3;

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let bindings = json!({
        "AGORA_APP_ID": "970CA35de60c44645bbae8a215061b33",
        "AGORA_APP_CERTIFICATE": "5CFd2fd1755d40ecb72977518be15d3b",
        "KEY_ONE": KEY_ONE,
        "KEY_TWO": KEY_TWO,
        "HALLPASS_CONFIG": {
            "auth": { "keys": [{ "name": "one", "secret": "KEY_ONE" }, { "name": "two", "secret": "KEY_TWO" }] },
        },
    });
    let limit = json!({ "simple": { "limit": LIMIT, "period": 60 } });
    let options = json!({ "bindings": bindings, "ratelimits": { "RATE_LIMIT": limit } });
    let mut worker = Miniflare::start(&options, &scratch("worker-limits")?)?;

    for _ in 0..LIMIT {
        ensure!(
            send(&mut worker, "/v1/token", Some(KEY_ONE))?.status() == 200,
            "a request within the limit failed"
        );
    }
    let limited = send(&mut worker, "/v1/token", Some(KEY_ONE))?;
    ensure!(limited.status() == 429, "the request above the limit got {}", limited.status());
    ensure!(limited.headers().get("retry-after").is_some_and(|seconds| seconds == "60"), "no Retry-After");
    let problem: Value = serde_json::from_slice(limited.body())?;
    ensure!(problem["code"] == "too_many_requests", "{problem}");

    let compat_response = send(&mut worker, "/rtctoken", Some(KEY_ONE))?;
    let body: Value = serde_json::from_slice(compat_response.body())?;
    ensure!(compat_response.status() == 429 && body["error"].is_string(), "/rtctoken responded with {body}");

    ensure!(
        send(&mut worker, "/v1/token", Some(KEY_TWO))?.status() == 200,
        "the limit counts two callers together"
    );
    ensure!(
        send(&mut worker, "/healthz", Some(KEY_ONE))?.status() != 429,
        "the limit counts the health check"
    );

    // Requests without credentials are counted by IP address.
    let statuses = (0..=LIMIT)
        .map(|_| Ok(send(&mut worker, "/v1/token", None)?.status().as_u16()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(statuses == [401, 401, 401, 429], "without credentials: {statuses:?}");

    // Node.js may print the Worker's log lines after the response.
    wait::until(
        || Ok(limited_requests(&worker)? == (2, 1)),
        || "the log contains three requests above the limit".to_owned(),
    )
    .with_context(|| worker.log().unwrap_or_default())?;

    // Miniflare's rate limiter uses the Worker's clock, so the minute ends only when the test advances this clock.
    worker.controls.advance_clock(60)?;
    ensure!(
        send(&mut worker, "/v1/token", Some(KEY_ONE))?.status() == 200,
        "a request after a minute failed"
    );
    Ok(())
}

/// Returns two numbers of logged requests above the limit: requests with the service key, and requests of unknown
/// callers.
fn limited_requests(worker: &Miniflare) -> anyhow::Result<(usize, usize)> {
    let log = worker.log()?;
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let count = |caller: &str, subject: Value| {
        let is_limited = |line: &&Value| {
            line["reason"] == "too_many_requests" && line["caller"] == caller && line["subject"] == subject
        };
        lines.iter().filter(is_limited).count()
    };
    Ok((count("service", json!("one")), count("unknown", Value::Null)))
}

fn send(worker: &mut Miniflare, target: &str, key: Option<&str>) -> anyhow::Result<Response> {
    let authorization = key.map(|key| format!("Bearer {key}"));
    // The two routes need different bodies, because native routes reject unknown fields.
    let body = if target == "/v1/token" {
        json!({ "rtc": { "channel": "demo" } })
    } else {
        json!({ "channel": "demo" })
    };
    worker.send(&Request::post(target, &body, authorization.as_deref()))
}
