//! Tests of the Lambda function with secrets in Secrets Manager: valid, invalid, and unreachable secrets. Each test
//! checks `/readyz` and the log.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hallpass_lambda::{STORE_TIMEOUT, SecretsManagerError, TimeLimitFactor};
use hallpass_tests::logs::{events, leaks};
use hallpass_tests::moto::{Credentials, Moto};
use hallpass_tests::signer::{NEXT, OLD, signer};
use hallpass_tests::target::{EventKind, Lambda, Request, Response, Target};
use hallpass_tests::unresponsive::UnresponsiveServer;
use hallpass_tests::{Deployment, TimeLimits, tokens_in, wait};
use serde_json::{Value, json};

use crate::scratch;

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
/// A value that is not a certificate. Like a certificate, the value must not appear in responses or logs.
const PASSWORD: &str = "correct-horse-battery";

/// The state of a secret in Secrets Manager.
enum StoredSecret {
    Missing,
    WithoutValue,
    Value(String),
}

/// A secret from which the function cannot load a certificate.
struct Case {
    /// The name of the case and of the secret.
    name: &'static str,
    stored: StoredSecret,
    /// The names of secrets in the response of `/readyz`.
    missing: &'static [&'static str],
    /// The message in the log.
    message: String,
}

/// Returns the message in the log for an error of Secrets Manager.
fn read_error(error: SecretsManagerError) -> String {
    format!("the secrets could not be read: {error}")
}

fn cases() -> [Case; 9] {
    let json = |secret: Value| StoredSecret::Value(secret.to_string());
    let (first, second) = ("AGORA_APP_CERTIFICATE", "AGORA_APP_CERTIFICATE_NEXT");
    let not_an_object = || read_error(SecretsManagerError::Malformed("a string that is not a JSON object"));
    let not_a_string =
        |name: &str| read_error(SecretsManagerError::Field { name: name.to_owned(), expected: "a string" });
    [
        Case {
            name: "no-secret",
            stored: StoredSecret::Missing,
            missing: &["HALLPASS_SECRET_ID"],
            message: read_error(SecretsManagerError::NotFound),
        },
        Case {
            name: "no-value",
            stored: StoredSecret::WithoutValue,
            missing: &["AGORA_APP_CERTIFICATE", "AGORA_APP_CERTIFICATE_NEXT"],
            message: "the secrets AGORA_APP_CERTIFICATE, AGORA_APP_CERTIFICATE_NEXT are not set. Store each of them in the platform's secret store".to_owned(),
        },
        Case {
            name: "no-second",
            stored: json(json!({ first: OLD, "OTHER": PASSWORD })),
            missing: &["AGORA_APP_CERTIFICATE_NEXT"],
            message: "the secret AGORA_APP_CERTIFICATE_NEXT is not set. Store it in the platform's secret store".to_owned(),
        },
        Case {
            name: "object",
            stored: json(json!({ first: OLD, second: { "value": NEXT } })),
            missing: &["AGORA_APP_CERTIFICATE_NEXT"],
            message: not_a_string(second),
        },
        Case {
            name: "number",
            stored: json(json!({ first: 20_261_121, second: NEXT })),
            missing: &["AGORA_APP_CERTIFICATE"],
            message: not_a_string(first),
        },
        Case {
            name: "password",
            stored: json(json!({ first: OLD, second: PASSWORD })),
            missing: &["AGORA_APP_CERTIFICATE_NEXT"],
            message:
                "the secret AGORA_APP_CERTIFICATE_NEXT must be 32 hexadecimal characters, but has 21 bytes"
                    .to_owned(),
        },
        Case {
            name: "array",
            stored: json(json!([OLD, NEXT])),
            missing: &["HALLPASS_SECRET_ID"],
            message: not_an_object(),
        },
        Case {
            name: "truncated",
            stored: StoredSecret::Value(format!(r#"{{"{first}":"{OLD}","{second}":"{NEXT}""#)),
            missing: &["HALLPASS_SECRET_ID"],
            message: not_an_object(),
        },
        Case {
            name: "bare-certificate",
            stored: StoredSecret::Value(OLD.to_owned()),
            missing: &["HALLPASS_SECRET_ID"],
            message: not_an_object(),
        },
    ]
}

/// The function and the bodies of its responses.
struct Function {
    lambda: Lambda,
    responses: String,
    /// The values that must not appear in responses or in the log.
    secrets: Vec<String>,
}

impl Function {
    fn start(name: &str, settings: Vec<(String, String)>, folder: &Path) -> anyhow::Result<Self> {
        Self::start_with_limits(TimeLimits::Extended, name, settings, folder)
    }

    fn start_with_limits(
        time_limits: TimeLimits,
        name: &str,
        settings: Vec<(String, String)>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let document = json!({
            "projects": { "default": {
                "provider": "agora",
                "app_id": APP_ID,
                "certificates": ["AGORA_APP_CERTIFICATE", "AGORA_APP_CERTIFICATE_NEXT"],
            } },
            "auth": { "open": true },
        });
        let aws_secrets = settings
            .iter()
            .filter(|(name, _)| ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&&**name));
        let aws_secrets: Vec<_> = aws_secrets.map(|(_, value)| value.clone()).collect();
        let secrets = [aws_secrets, [OLD, NEXT, PASSWORD].map(str::to_owned).into()].concat();
        let mut variables = settings;
        variables.push(("HALLPASS_CONFIG".to_owned(), document.to_string()));
        let deployment = Deployment { name: name.to_owned(), variables, time_limits, redirect: None };
        let lambda = Lambda::start(EventKind::HttpApi, deployment, folder)?;
        Ok(Self { lambda, responses: String::new(), secrets })
    }

    /// Checks that `/readyz` names these secrets, and that only the log contains the reason.
    fn ensure_not_ready(&mut self, missing: &[&str], message: &str) -> anyhow::Result<()> {
        let (status, body) = self.send_for_json(&Request::get("/readyz"))?;
        ensure!(status == 503 && body.get("missing") == Some(&json!(missing)), "{status} {body}");
        let (status, body) = self.send_for_json(&token_request())?;
        ensure!(status == 503 && body.get("code").is_some_and(|code| code == "not_ready"), "{status} {body}");
        ensure!(
            !self.responses.contains(message),
            "a response contains the reason, which belongs only in the log"
        );
        let reasons =
            |log: &str| (fields(log, "not_ready", "message"), fields(log, "request_failed", "reason"));
        let is_logged = || {
            let (loads, requests) = reasons(&self.log()?);
            Ok(!loads.is_empty() && !requests.is_empty())
        };
        wait::until(is_logged, || "the log contains the reason".to_owned())?;
        let (loads, requests) = reasons(&self.log()?);
        ensure!(loads.iter().chain(&requests).all(|reason| reason == message), "{loads:?} {requests:?}");
        Ok(())
    }

    /// Waits until the function has loaded the secrets and logged `ready`. Checks that the function issues tokens.
    fn ensure_ready(&mut self) -> anyhow::Result<()> {
        wait::until(
            || Ok(self.send_for_json(&Request::get("/readyz"))?.0 == 200),
            || "/readyz responds with status 200".to_owned(),
        )?;
        ensure!(signer(self, APP_ID)? == OLD, "the first certificate does not sign");
        let is_logged = || Ok(!fields(&self.log()?, "ready", "message").is_empty());
        wait::until(is_logged, || "the log contains the event ready".to_owned())
    }

    /// Checks that the responses and the log contain no secrets.
    fn ensure_no_leaks(&self) -> anyhow::Result<()> {
        let log = self.log()?;
        for output in [&self.responses, &log] {
            let leaked: Vec<_> = self.secrets.iter().filter(|secret| output.contains(*secret)).collect();
            ensure!(leaked.is_empty(), "{leaked:?} in {output}");
        }
        let leaked: Vec<_> = leaks(&log).collect();
        ensure!(leaked.is_empty(), "the log contains {leaked:?}");
        Ok(())
    }
}

impl Target for Function {
    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let response = self.lambda.send(request)?;
        self.responses.push_str(&String::from_utf8_lossy(response.body()));
        Ok(response)
    }

    fn log(&self) -> anyhow::Result<String> {
        self.lambda.log()
    }
}

fn token_request() -> Request {
    Request::post("/v1/token", &json!({ "rtc": { "channel": "demo", "uid": 1 } }), None)
}

fn valid_secret() -> String {
    json!({ "AGORA_APP_CERTIFICATE": OLD, "AGORA_APP_CERTIFICATE_NEXT": NEXT, "OTHER": PASSWORD }).to_string()
}

/// Returns the values of a string field in the log lines of an event.
fn fields(log: &str, event: &str, name: &str) -> Vec<String> {
    let lines = events(log, event);
    lines.iter().filter_map(|line| Some(line.get(name)?.as_str()?.to_owned())).collect()
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn keeps_secrets_from_the_start_without_the_store() -> anyhow::Result<()> {
    const MINTS: usize = 200;
    let folder = scratch("secrets-on-lambda-start")?;
    let mut moto = Moto::start(&folder)?;
    moto.put("valid", &valid_secret())?;
    let mut function = Function::start("valid", moto.settings("valid"), &folder)?;
    let (status, body) = function.send_for_json(&Request::get("/readyz"))?;
    ensure!(status == 200, "{status} {body}");
    moto.stop();
    for mint in 0..MINTS {
        ensure!(signer(&mut function, APP_ID)? == OLD, "mint {mint}");
    }
    ensure!(tokens_in(&function.responses).len() == MINTS, "not {MINTS} tokens");
    ensure!(events(&function.log()?, "not_ready").is_empty(), "{}", function.log()?);
    function.ensure_no_leaks()
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn reports_an_invalid_secret_until_it_is_fixed() -> anyhow::Result<()> {
    let folder = scratch("secrets-on-lambda-invalid")?;
    let moto = Moto::start(&folder)?;
    let check = |Case { name, stored, missing, message }: Case| {
        match stored {
            StoredSecret::Missing => {}
            StoredSecret::WithoutValue => moto.create_empty(name)?,
            StoredSecret::Value(secret) => moto.put(name, &secret)?,
        }
        let mut function = Function::start(name, moto.settings(name), &folder)?;
        function.ensure_not_ready(missing, &message)?;
        moto.put(name, &valid_secret())?;
        function.ensure_ready()?;
        function.ensure_no_leaks()
    };
    thread::scope(|scope| {
        let running = cases().map(|case| (case.name, scope.spawn(|| check(case))));
        running
            .into_iter()
            .try_for_each(|(name, case)| case.join().ok().context("the case panicked")?.context(name))
    })
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn reports_a_role_without_read_access() -> anyhow::Result<()> {
    let folder = scratch("secrets-on-lambda-denied")?;
    let moto = Moto::start(&folder)?;
    moto.put("denied", &valid_secret())?;
    let Credentials { id, key, session } = moto.create_role("without-access", false)?;
    moto.enforce_access()?;
    let mut settings = moto.settings("denied");
    settings.retain(|(name, _)| {
        !["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&&**name)
    });
    let role_settings =
        [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", key), ("AWS_SESSION_TOKEN", session)];
    settings.extend(role_settings.map(|(name, value)| (name.to_owned(), value)));
    let mut function = Function::start("denied", settings, &folder)?;
    let denied = read_error(SecretsManagerError::Denied { code: None });
    function.ensure_not_ready(&["HALLPASS_SECRET_ID"], &denied)?;
    function.ensure_no_leaks()
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn retries_a_store_that_is_down_at_the_start() -> anyhow::Result<()> {
    let folder = scratch("secrets-on-lambda-down")?;
    let mut moto = Moto::start(&folder)?;
    moto.stop();
    let mut function = Function::start("down", moto.settings("down"), &folder)?;
    function.ensure_not_ready(&["HALLPASS_SECRET_ID"], &read_error(SecretsManagerError::Unreachable))?;
    moto.restart()?;
    moto.put("down", &valid_secret())?;
    function.ensure_ready()?;
    function.ensure_no_leaks()
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn times_out_if_the_store_does_not_respond() -> anyhow::Result<()> {
    times_out_after(STORE_TIMEOUT, "unresponsive", None)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn a_factor_extends_the_time_limit() -> anyhow::Result<()> {
    times_out_after(2 * STORE_TIMEOUT, "unresponsive-twice", Some("2"))
}

/// Checks the response to a token request while the store does not respond: status 503 after this time limit, and not
/// earlier.
fn times_out_after(limit: Duration, name: &str, factor: Option<&str>) -> anyhow::Result<()> {
    let folder = scratch(&format!("secrets-on-lambda-{name}"))?;
    let mut server = UnresponsiveServer::bind("127.0.0.1:0")?;
    let url = server.url()?;
    let settings = [
        ("HALLPASS_SECRET_ID", "unresponsive"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ];
    let factor = factor.map(|factor| (TimeLimitFactor::SETTING, factor));
    let settings =
        settings.into_iter().chain(factor).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut function =
        Function::start_with_limits(TimeLimits::Production, name, settings.collect(), &folder)?;
    ensure!(
        function.send_for_json(&Request::get("/healthz"))?.0 == 200 && server.connections() == 1,
        "the function did not read the store once at the start"
    );
    // The function waits some seconds before it reads the store again.
    let is_retried = || {
        ensure!(
            function.send_for_json(&Request::get("/healthz"))?.0 == 200,
            "/healthz did not respond with 200"
        );
        ensure!(server.connections() == 1, "/healthz read the store");
        let started = Instant::now();
        let (status, body) = function.send_for_json(&token_request())?;
        let waited = started.elapsed();
        ensure!(status == 503, "{status} {body}");
        let is_retried = server.connections() == 2;
        ensure!(!is_retried || waited >= limit, "the read timed out after {waited:?}");
        Ok(is_retried)
    };
    wait::until(is_retried, || "the function reads the store again".to_owned())?;
    function
        .ensure_not_ready(&["HALLPASS_SECRET_ID"], &read_error(SecretsManagerError::TimedOut { limit }))?;
    function.ensure_no_leaks()
}
