//! The function, and secrets in Secrets Manager that are as they should be, are not, or are out of reach: each with what
//! `/readyz` and the log say of it.

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
/// A value that is no certificate, and as secret as one.
const PASSWORD: &str = "correct-horse-battery";

/// What a secret holds.
enum Stored {
    NoSecret,
    NoValue,
    Text(String),
}

/// A secret with which nothing can be signed.
struct Case {
    /// Of the secret, too.
    name: &'static str,
    stored: Stored,
    /// What `/readyz` lists.
    missing: &'static [&'static str],
    /// What the log says.
    message: String,
}

/// What the log says where this happens.
fn unread(error: SecretsManagerError) -> String {
    format!("the secrets could not be read: {error}")
}

fn cases() -> [Case; 9] {
    let text = |secret: Value| Stored::Text(secret.to_string());
    let (first, second) = ("AGORA_APP_CERTIFICATE", "AGORA_APP_CERTIFICATE_NEXT");
    let not_an_object = || unread(SecretsManagerError::Malformed("a string that is not a JSON object"));
    let not_a_string =
        |name: &str| unread(SecretsManagerError::Field { name: name.to_owned(), expected: "a string" });
    [
        Case {
            name: "no-secret",
            stored: Stored::NoSecret,
            missing: &["HALLPASS_SECRET_ID"],
            message: unread(SecretsManagerError::NotFound),
        },
        Case {
            name: "no-value",
            stored: Stored::NoValue,
            missing: &["AGORA_APP_CERTIFICATE", "AGORA_APP_CERTIFICATE_NEXT"],
            message: "the secrets AGORA_APP_CERTIFICATE, AGORA_APP_CERTIFICATE_NEXT are not set".to_owned(),
        },
        Case {
            name: "no-second",
            stored: text(json!({ first: OLD, "OTHER": PASSWORD })),
            missing: &["AGORA_APP_CERTIFICATE_NEXT"],
            message: "the secret AGORA_APP_CERTIFICATE_NEXT is not set".to_owned(),
        },
        Case {
            name: "no-text",
            stored: text(json!({ first: OLD, second: { "value": NEXT } })),
            missing: &["AGORA_APP_CERTIFICATE_NEXT"],
            message: not_a_string(second),
        },
        Case {
            name: "number",
            stored: text(json!({ first: 20_261_121, second: NEXT })),
            missing: &["AGORA_APP_CERTIFICATE"],
            message: not_a_string(first),
        },
        Case {
            name: "password",
            stored: text(json!({ first: OLD, second: PASSWORD })),
            missing: &["AGORA_APP_CERTIFICATE_NEXT"],
            message:
                "the secret AGORA_APP_CERTIFICATE_NEXT must be 32 hexadecimal characters, but has 21 bytes"
                    .to_owned(),
        },
        Case {
            name: "array",
            stored: text(json!([OLD, NEXT])),
            missing: &["HALLPASS_SECRET_ID"],
            message: not_an_object(),
        },
        Case {
            name: "cut-off",
            stored: Stored::Text(format!(r#"{{"{first}":"{OLD}","{second}":"{NEXT}""#)),
            missing: &["HALLPASS_SECRET_ID"],
            message: not_an_object(),
        },
        Case {
            name: "bare",
            stored: Stored::Text(OLD.to_owned()),
            missing: &["HALLPASS_SECRET_ID"],
            message: not_an_object(),
        },
    ]
}

/// The function, with all that it has answered.
struct Function {
    lambda: Lambda,
    answers: String,
    /// What none of its answers and no line of its log may hold.
    secrets: Vec<String>,
}

impl Function {
    fn start(name: &str, settings: Vec<(String, String)>, folder: &Path) -> anyhow::Result<Self> {
        Self::start_within(TimeLimits::Extended, name, settings, folder)
    }

    fn start_within(
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
        let of_aws = settings
            .iter()
            .filter(|(name, _)| ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&&**name));
        let of_aws: Vec<_> = of_aws.map(|(_, value)| value.clone()).collect();
        let secrets = [of_aws, [OLD, NEXT, PASSWORD].map(str::to_owned).into()].concat();
        let mut variables = settings;
        variables.push(("HALLPASS_CONFIG".to_owned(), document.to_string()));
        let deployment = Deployment { name: name.to_owned(), variables, time_limits };
        let lambda = Lambda::start(EventKind::HttpApi, deployment, folder)?;
        Ok(Self { lambda, answers: String::new(), secrets })
    }

    /// It says what is missing to `/readyz`, and why to the log alone.
    fn ensure_not_ready(&mut self, missing: &[&str], message: &str) -> anyhow::Result<()> {
        let (status, body) = self.send_for_json(&Request::get("/readyz"))?;
        ensure!(status == 503 && body.get("missing") == Some(&json!(missing)), "{status} {body}");
        let (status, body) = self.send_for_json(&token())?;
        ensure!(status == 503 && body.get("code").is_some_and(|code| code == "not_ready"), "{status} {body}");
        ensure!(!self.answers.contains(message), "an answer says what only the log should");
        let said = |log: &str| (texts(log, "not_ready", "message"), texts(log, "request_failed", "reason"));
        let is_said = || {
            let (loads, requests) = said(&self.log()?);
            Ok(!loads.is_empty() && !requests.is_empty())
        };
        wait::until(is_said, || "the log says what is wrong".to_owned())?;
        let (loads, requests) = said(&self.log()?);
        ensure!(loads.iter().chain(&requests).all(|text| text == message), "{loads:?} {requests:?}");
        Ok(())
    }

    /// The running function reads the secrets at one of the next requests, and logs that it is ready.
    fn ensure_served(&mut self) -> anyhow::Result<()> {
        wait::until(
            || Ok(self.send_for_json(&Request::get("/readyz"))?.0 == 200),
            || "/readyz answers 200".to_owned(),
        )?;
        ensure!(signer(self, APP_ID)? == OLD, "not the first certificate");
        let is_said = || Ok(!texts(&self.log()?, "ready", "message").is_empty());
        wait::until(is_said, || "the log says so".to_owned())
    }

    fn ensure_nothing_shown(&self) -> anyhow::Result<()> {
        let log = self.log()?;
        for text in [&self.answers, &log] {
            let shown: Vec<_> = self.secrets.iter().filter(|secret| text.contains(*secret)).collect();
            ensure!(shown.is_empty(), "{shown:?} in {text}");
        }
        let leaked: Vec<_> = leaks(&log).collect();
        ensure!(leaked.is_empty(), "the log holds {leaked:?}");
        Ok(())
    }
}

impl Target for Function {
    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let response = self.lambda.send(request)?;
        self.answers.push_str(&String::from_utf8_lossy(response.body()));
        Ok(response)
    }

    fn log(&self) -> anyhow::Result<String> {
        self.lambda.log()
    }
}

fn token() -> Request {
    Request::post("/v1/token", &json!({ "rtc": { "channel": "demo", "uid": 1 } }), None)
}

fn good() -> String {
    json!({ "AGORA_APP_CERTIFICATE": OLD, "AGORA_APP_CERTIFICATE_NEXT": NEXT, "OTHER": PASSWORD }).to_string()
}

/// What a member of such lines of a log says.
fn texts(log: &str, event: &str, member: &str) -> Vec<String> {
    let lines = events(log, event);
    lines.iter().filter_map(|line| Some(line.get(member)?.as_str()?.to_owned())).collect()
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn secrets_are_loaded_at_the_start_and_kept_without_the_store() -> anyhow::Result<()> {
    const MINTS: usize = 200;
    let folder = scratch("secrets-on-lambda-start")?;
    let mut moto = Moto::start(&folder)?;
    moto.put("good", &good())?;
    let mut function = Function::start("good", moto.settings("good"), &folder)?;
    let (status, body) = function.send_for_json(&Request::get("/readyz"))?;
    ensure!(status == 200, "{status} {body}");
    moto.stop();
    for mint in 0..MINTS {
        ensure!(signer(&mut function, APP_ID)? == OLD, "mint {mint}");
    }
    ensure!(tokens_in(&function.answers).len() == MINTS, "not {MINTS} tokens");
    ensure!(events(&function.log()?, "not_ready").is_empty(), "{}", function.log()?);
    function.ensure_nothing_shown()
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn what_is_wrong_is_said_until_it_is_mended() -> anyhow::Result<()> {
    let folder = scratch("secrets-on-lambda-wrong")?;
    let moto = Moto::start(&folder)?;
    let check = |Case { name, stored, missing, message }: Case| {
        match stored {
            Stored::NoSecret => {}
            Stored::NoValue => moto.create_empty(name)?,
            Stored::Text(secret) => moto.put(name, &secret)?,
        }
        let mut function = Function::start(name, moto.settings(name), &folder)?;
        function.ensure_not_ready(missing, &message)?;
        moto.put(name, &good())?;
        function.ensure_served()?;
        function.ensure_nothing_shown()
    };
    thread::scope(|scope| {
        let running = cases().map(|case| (case.name, scope.spawn(|| check(case))));
        running.into_iter().try_for_each(|(name, case)| case.join().ok().context("it failed")?.context(name))
    })
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn a_role_that_may_not_read_is_said() -> anyhow::Result<()> {
    let folder = scratch("secrets-on-lambda-denied")?;
    let moto = Moto::start(&folder)?;
    moto.put("denied", &good())?;
    let Credentials { id, key, session } = moto.create_role("may-not", false)?;
    moto.enforce_access()?;
    let mut settings = moto.settings("denied");
    settings.retain(|(name, _)| {
        !["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].contains(&&**name)
    });
    let of_role = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", key), ("AWS_SESSION_TOKEN", session)];
    settings.extend(of_role.map(|(name, value)| (name.to_owned(), value)));
    let mut function = Function::start("denied", settings, &folder)?;
    let denied = unread(SecretsManagerError::Denied { code: None });
    function.ensure_not_ready(&["HALLPASS_SECRET_ID"], &denied)?;
    function.ensure_nothing_shown()
}

#[test]
#[ignore = "needs the built Lambda function and moto; cargo xtask test runs it"]
fn a_store_that_is_down_at_the_start_is_asked_again() -> anyhow::Result<()> {
    let folder = scratch("secrets-on-lambda-down")?;
    let mut moto = Moto::start(&folder)?;
    moto.stop();
    let mut function = Function::start("down", moto.settings("down"), &folder)?;
    function.ensure_not_ready(&["HALLPASS_SECRET_ID"], &unread(SecretsManagerError::Unreachable))?;
    moto.restart()?;
    moto.put("down", &good())?;
    function.ensure_served()?;
    function.ensure_nothing_shown()
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn a_store_that_says_nothing_is_given_up() -> anyhow::Result<()> {
    is_given_up_after(STORE_TIMEOUT, "silent", None)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn a_factor_extends_the_time_limit() -> anyhow::Result<()> {
    is_given_up_after(2 * STORE_TIMEOUT, "silent-twice", Some("2"))
}

/// A request that asks a silent store is answered by 503 once this limit is over, and not before.
fn is_given_up_after(limit: Duration, name: &str, factor: Option<&str>) -> anyhow::Result<()> {
    let folder = scratch(&format!("secrets-on-lambda-{name}"))?;
    let mut silent = UnresponsiveServer::bind("127.0.0.1:0")?;
    let url = silent.url()?;
    let settings = [
        ("HALLPASS_SECRET_ID", "silent"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ];
    let factor = factor.map(|factor| (TimeLimitFactor::SETTING, factor));
    let settings =
        settings.into_iter().chain(factor).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut function = Function::start_within(TimeLimits::Production, name, settings.collect(), &folder)?;
    ensure!(
        function.send_for_json(&Request::get("/healthz"))?.0 == 200 && silent.connections() == 1,
        "the start"
    );
    // The function asks again once some seconds have passed.
    let is_asked_again = || {
        ensure!(function.send_for_json(&Request::get("/healthz"))?.0 == 200, "/healthz");
        ensure!(silent.connections() == 1, "/healthz asked the store");
        let started = Instant::now();
        let (status, body) = function.send_for_json(&token())?;
        let waited = started.elapsed();
        ensure!(status == 503, "{status} {body}");
        let is_asked = silent.connections() == 2;
        ensure!(!is_asked || waited >= limit, "the store was given up after {waited:?}");
        Ok(is_asked)
    };
    wait::until(is_asked_again, || "the store is asked again".to_owned())?;
    function.ensure_not_ready(&["HALLPASS_SECRET_ID"], &unread(SecretsManagerError::TimedOut { limit }))?;
    function.ensure_nothing_shown()
}
