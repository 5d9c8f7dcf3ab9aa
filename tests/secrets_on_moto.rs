//! Secrets in AWS Secrets Manager: as they should be, as they should not, and out of reach; and a service that goes by
//! them, with a clock of the test's own.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::ensure;
use hallpass_lambda::{STORE_TIMEOUT, SecretsManager, SecretsManagerError};
use hallpass_tests::TimeLimits;
use hallpass_tests::logs::{events, leaks};
use hallpass_tests::moto::{Credentials, Moto, create_certificate};
use hallpass_tests::signer::{NEXT, OLD, signer};
use hallpass_tests::target::{Memory, Target as _};
use serde_json::{Value, json};

use crate::scratch;

const SECRET_ID: &str = "hallpass";
const CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
const VALUE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
const BINARY: &str = "a binary secret";
const NOT_AN_OBJECT: &str = "a string that is not a JSON object";

type Settings = Vec<(String, String)>;

/// Returns the certificate's value, or `None` if the secret has none.
fn get(settings: &Settings) -> Result<Option<String>, SecretsManagerError> {
    get_within(TimeLimits::Extended, settings)
}

fn get_within(limits: TimeLimits, settings: &Settings) -> Result<Option<String>, SecretsManagerError> {
    let mut found = store(limits, settings)?.get(&[CERTIFICATE], SystemTime::now())?;
    assert!(found.len() <= 1 && found.iter().all(|(name, _)| name == CERTIFICATE), "{found:?}");
    Ok(found.pop().map(|(_, value)| value.to_string()))
}

fn store(limits: TimeLimits, settings: &Settings) -> Result<SecretsManager, SecretsManagerError> {
    let setting =
        |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    SecretsManager::from_settings(setting, limits.factor()).unwrap_or(Err(SecretsManagerError::NotFound))
}

fn with(mut settings: Settings, changes: &[(&str, &str)]) -> Settings {
    for (name, value) in changes {
        settings.retain(|(known, _)| known != name);
        settings.push(((*name).to_owned(), (*value).to_owned()));
    }
    settings
}

fn found() -> Result<Option<String>, SecretsManagerError> {
    Ok(Some(VALUE.to_owned()))
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn secrets_of_all_kinds() -> anyhow::Result<()> {
    let moto = Moto::start(&scratch("secrets-manager-kinds")?)?;
    let settings = moto.settings(SECRET_ID);
    assert_eq!(get(&settings), Err(SecretsManagerError::NotFound));
    let field = |expected| Err(SecretsManagerError::Field { name: CERTIFICATE.into(), expected });
    let longest = format!(r#"{{"{CERTIFICATE}":"{VALUE}","OTHER":"{}"}}"#, "é\\\"".repeat(16_000));
    for (secret, wanted) in [
        (format!(r#"{{"{CERTIFICATE}":"{VALUE}","OTHER":"x"}}"#), found()),
        (longest, found()),
        (r#"{"OTHER":"x"}"#.to_owned(), Ok(None)),
        (format!(r#"{{"{CERTIFICATE}":1}}"#), field("a string")),
        (format!(r#"{{"{CERTIFICATE}":"x","{CERTIFICATE}":"y"}}"#), field("one field of this name")),
        (format!(r#"["{CERTIFICATE}"]"#), Err(SecretsManagerError::Malformed(NOT_AN_OBJECT))),
        (VALUE.to_owned(), Err(SecretsManagerError::Malformed(NOT_AN_OBJECT))),
    ] {
        moto.put(SECRET_ID, &secret)?;
        assert_eq!(get(&settings), wanted, "{secret:.100}");
    }
    moto.put_binary(SECRET_ID, "AAEC")?;
    assert_eq!(get(&settings), Err(SecretsManagerError::Malformed(BINARY)));
    moto.delete(SECRET_ID)?;
    assert_eq!(get(&settings), Err(SecretsManagerError::NotFound));
    Ok(())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn only_a_role_that_may_read_gets_secrets() -> anyhow::Result<()> {
    let moto = Moto::start(&scratch("secrets-manager-access")?)?;
    moto.put(SECRET_ID, &format!(r#"{{"{CERTIFICATE}":"{VALUE}"}}"#))?;
    let (may, may_not) = (moto.create_role("may", true)?, moto.create_role("may-not", false)?);
    moto.enforce_access()?;
    let as_role = |Credentials { id, key, session }: &Credentials| {
        let of_role =
            [("AWS_ACCESS_KEY_ID", &**id), ("AWS_SECRET_ACCESS_KEY", key), ("AWS_SESSION_TOKEN", session)];
        with(moto.settings(SECRET_ID), &of_role)
    };
    assert_eq!(get(&as_role(&may)), found());
    // Moto says why in XML, and Secrets Manager in JSON.
    let denied = Err(SecretsManagerError::Denied { code: None });
    let wrong =
        [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_SESSION_TOKEN", "wrong"), ("AWS_SESSION_TOKEN", "")];
    for settings in wrong.map(|change| with(as_role(&may), &[change])) {
        assert_eq!(get(&settings), denied, "{:?}", settings.last());
    }
    assert_eq!(get(&as_role(&may_not)), denied);
    assert_eq!(get(&with(as_role(&may), &[("AWS_SECRET_ACCESS_KEY", "a\nb")])), denied);
    assert_eq!(
        get(&with(as_role(&may), &[("AWS_ACCESS_KEY_ID", "a\nb")])),
        Err(SecretsManagerError::NoCredentials)
    );
    Ok(())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn only_a_server_with_a_trusted_certificate_is_asked() -> anyhow::Result<()> {
    let (folder, other) = (scratch("secrets-manager-tls")?, scratch("secrets-manager-tls-other")?);
    let mut moto = Moto::start(&folder)?;
    create_certificate(&other)?;
    let bundle = other.join("ca.pem").to_string_lossy().into_owned();
    moto.put(SECRET_ID, &format!(r#"{{"{CERTIFICATE}":"{VALUE}"}}"#))?;
    let settings = moto.settings(SECRET_ID);
    // The certificate is for 127.0.0.1.
    let elsewhere = moto.url().replace("127.0.0.1", "localhost");
    assert_eq!(get(&settings), found());
    for change in
        [("AWS_CA_BUNDLE", ""), ("AWS_CA_BUNDLE", bundle.as_str()), ("AWS_ENDPOINT_URL", elsewhere.as_str())]
    {
        assert_eq!(
            get(&with(settings.clone(), &[change])),
            Err(SecretsManagerError::Unreachable),
            "{change:?}"
        );
    }
    moto.stop();
    assert_eq!(get(&settings), Err(SecretsManagerError::Unreachable));
    moto.restart()?;
    assert_eq!(get(&settings), Err(SecretsManagerError::NotFound));
    Ok(())
}

#[test]
fn a_store_that_is_too_slow_is_given_up() -> anyhow::Result<()> {
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    let slow = TcpListener::bind(("127.0.0.1", 0))?;
    let (silent_at, slow_at) = (silent.local_addr()?, slow.local_addr()?);
    // A byte now and then, for longer than the time limit, until the client hangs up.
    thread::spawn(move || {
        for mut connection in slow.incoming().flatten() {
            let mut sent = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{");
            while sent.is_ok() {
                thread::sleep(Duration::from_millis(100));
                sent = connection.write_all(b" ");
            }
        }
    });
    let give_up = &|url: String| {
        let settings = [
            ("HALLPASS_SECRET_ID", SECRET_ID),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &url),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ];
        let started = Instant::now();
        let got = get_within(TimeLimits::Production, &with(Settings::new(), &settings));
        let waited = started.elapsed();
        assert_eq!(got, Err(SecretsManagerError::TimedOut { limit: STORE_TIMEOUT }), "{url}");
        assert!(waited >= STORE_TIMEOUT, "{url} was given up after {waited:?}");
    };
    thread::scope(|scope| {
        for url in
            [format!("http://{silent_at}"), format!("https://{silent_at}"), format!("http://{slow_at}")]
        {
            scope.spawn(move || give_up(url));
        }
    });
    Ok(())
}

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const FRESH_SECONDS: u32 = 300;
const DAY_SECONDS: u32 = 24 * 3600;

/// A service with a project of one certificate.
fn service(moto: &Moto) -> anyhow::Result<Memory<SecretsManager>> {
    let document = json!({
        "projects": { "default": { "provider": "agora", "app_id": APP_ID, "certificates": [CERTIFICATE] } },
        "auth": { "open": true },
    });
    let store = store(TimeLimits::Extended, &moto.settings(SECRET_ID))?;
    Ok(Memory::with_store(|name| (name == "HALLPASS_CONFIG").then(|| document.to_string()), store))
}

fn one(certificate: &str) -> String {
    json!({ CERTIFICATE: certificate }).to_string()
}

/// Why the secrets were not read again, as the log has it, for each time.
fn reasons(service: &Memory<SecretsManager>) -> anyhow::Result<Vec<Value>> {
    let lines = events(&service.log()?, "secrets_not_refreshed");
    Ok(lines.iter().filter(|line| line["level"] == "WARN").map(|line| line["reason"].clone()).collect())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn a_service_picks_up_a_change_and_outlives_its_store_for_a_day() -> anyhow::Result<()> {
    const STEP_SECONDS: u32 = 60;
    let mut moto = Moto::start(&scratch("secrets-manager-service")?)?;
    moto.put(SECRET_ID, &one(OLD))?;
    let mut service = service(&moto)?;
    ensure!(signer(&mut service, APP_ID)? == OLD, "the start");
    moto.put(SECRET_ID, &one(NEXT))?;
    service.advance_clock(FRESH_SECONDS - 1);
    ensure!(signer(&mut service, APP_ID)? == OLD, "it was read again too early");
    service.advance_clock(1);
    ensure!(signer(&mut service, APP_ID)? == NEXT, "it was not read again");
    ensure!(events(&service.log()?, "secrets_changed").len() == 1, "nobody is told");

    moto.stop();
    let mut minutes = 0;
    for second in (STEP_SECONDS..DAY_SECONDS).step_by(STEP_SECONDS as usize) {
        service.advance_clock(STEP_SECONDS);
        ensure!(signer(&mut service, APP_ID)? == NEXT, "after {second} s");
        minutes = second / 60;
    }
    let reasons = reasons(&service)?;
    let from_the_fifth_minute_on = minutes as usize - 4;
    ensure!(reasons.len() == from_the_fifth_minute_on, "{} warnings in {minutes} minutes", reasons.len());
    let reason = format!("the secrets could not be read: {}", SecretsManagerError::Unreachable);
    ensure!(reasons.iter().all(|it| *it == reason), "{:?}", reasons.first());

    moto.restart()?;
    moto.put(SECRET_ID, &one(OLD))?;
    service.advance_clock(STEP_SECONDS);
    ensure!(signer(&mut service, APP_ID)? == OLD, "it did not recover");
    ensure!(leaks(&service.log()?).count() == 0, "the log holds a value");
    Ok(())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn a_service_answers_while_its_store_says_nothing() -> anyhow::Result<()> {
    const BETWEEN_SECONDS: u32 = 60;
    let mut moto = Moto::start(&scratch("secrets-manager-silent")?)?;
    moto.put(SECRET_ID, &one(OLD))?;
    let service = service(&moto)?;
    let mut service = service.clone_with_store(store(TimeLimits::Production, &moto.settings(SECRET_ID))?);
    let mut silent = moto.become_unresponsive()?;
    service.advance_clock(FRESH_SECONDS);
    for asked in 1..3 {
        let started = Instant::now();
        ensure!(signer(&mut service, APP_ID)? == OLD, "the certificate from before");
        let waited = started.elapsed();
        ensure!(waited >= STORE_TIMEOUT, "the store was given up after {waited:?}");
        // No other request asks the store before the next attempt.
        service.advance_clock(BETWEEN_SECONDS - 1);
        ensure!(signer(&mut service, APP_ID)? == OLD, "the certificate from before");
        ensure!(silent.connections() == asked, "the store was asked {} times", silent.connections());
        service.advance_clock(1);
    }
    let reason =
        format!("the secrets could not be read: {}", SecretsManagerError::TimedOut { limit: STORE_TIMEOUT });
    let reasons = reasons(&service)?;
    ensure!(reasons == [reason.clone(), reason], "{reasons:?}");
    Ok(())
}
