//! Tests of secrets in AWS Secrets Manager, as simulated by moto: valid, invalid, and unreachable secrets. Some tests
//! use the secrets in a service with a simulated clock.

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
/// The reason for rejecting a binary secret.
const BINARY: &str = "a binary secret";
/// The reason for rejecting a string that is not a JSON object.
const NOT_AN_OBJECT: &str = "a string that is not a JSON object";

type Settings = Vec<(String, String)>;

/// Returns the certificate's value, or `None` if the secret does not contain the certificate.
fn get(settings: &Settings) -> Result<Option<String>, SecretsManagerError> {
    get_with_limits(TimeLimits::Extended, settings)
}

fn get_with_limits(limits: TimeLimits, settings: &Settings) -> Result<Option<String>, SecretsManagerError> {
    let mut found = store(limits, settings)?.get(&[CERTIFICATE], SystemTime::now())?;
    assert!(found.len() <= 1 && found.iter().all(|(name, _)| name == CERTIFICATE), "{found:?}");
    Ok(found.pop().map(|(_, value)| value.to_string()))
}

fn store(limits: TimeLimits, settings: &Settings) -> Result<SecretsManager, SecretsManagerError> {
    let setting =
        |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    SecretsManager::from_settings(setting, limits.factor()).unwrap_or(Err(SecretsManagerError::NotFound))
}

/// Returns the settings with these values changed.
fn with(mut settings: Settings, changes: &[(&str, &str)]) -> Settings {
    for (name, value) in changes {
        settings.retain(|(known, _)| known != name);
        settings.push(((*name).to_owned(), (*value).to_owned()));
    }
    settings
}

fn valid_result() -> Result<Option<String>, SecretsManagerError> {
    Ok(Some(VALUE.to_owned()))
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn gets_secrets_of_each_kind() -> anyhow::Result<()> {
    let moto = Moto::start(&scratch("secrets-manager-kinds")?)?;
    let settings = moto.settings(SECRET_ID);
    assert_eq!(get(&settings), Err(SecretsManagerError::NotFound));
    let field = |expected| Err(SecretsManagerError::Field { name: CERTIFICATE.into(), expected });
    let longest = format!(r#"{{"{CERTIFICATE}":"{VALUE}","OTHER":"{}"}}"#, "é\\\"".repeat(16_000));
    for (secret, expected) in [
        (format!(r#"{{"{CERTIFICATE}":"{VALUE}","OTHER":"x"}}"#), valid_result()),
        (longest, valid_result()),
        (r#"{"OTHER":"x"}"#.to_owned(), Ok(None)),
        (format!(r#"{{"{CERTIFICATE}":1}}"#), field("a string")),
        (format!(r#"{{"{CERTIFICATE}":"x","{CERTIFICATE}":"y"}}"#), field("one field of this name")),
        (format!(r#"["{CERTIFICATE}"]"#), Err(SecretsManagerError::Malformed(NOT_AN_OBJECT))),
        (VALUE.to_owned(), Err(SecretsManagerError::Malformed(NOT_AN_OBJECT))),
    ] {
        moto.put(SECRET_ID, &secret)?;
        assert_eq!(get(&settings), expected, "{secret:.100}");
    }
    moto.put_binary(SECRET_ID, "AAEC")?;
    assert_eq!(get(&settings), Err(SecretsManagerError::Malformed(BINARY)));
    moto.delete(SECRET_ID)?;
    assert_eq!(get(&settings), Err(SecretsManagerError::NotFound));
    Ok(())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn only_a_role_with_read_access_gets_secrets() -> anyhow::Result<()> {
    let moto = Moto::start(&scratch("secrets-manager-access")?)?;
    moto.put(SECRET_ID, &format!(r#"{{"{CERTIFICATE}":"{VALUE}"}}"#))?;
    let (reader, outsider) = (moto.create_role("reader", true)?, moto.create_role("outsider", false)?);
    moto.enforce_access()?;
    let as_role = |Credentials { id, key, session }: &Credentials| {
        let changes =
            [("AWS_ACCESS_KEY_ID", &**id), ("AWS_SECRET_ACCESS_KEY", key), ("AWS_SESSION_TOKEN", session)];
        with(moto.settings(SECRET_ID), &changes)
    };
    assert_eq!(get(&as_role(&reader)), valid_result());
    // Moto's errors are XML and contain no code that the service can read. Secrets Manager's errors are JSON.
    let denied = Err(SecretsManagerError::Denied { code: None });
    let invalid =
        [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_SESSION_TOKEN", "wrong"), ("AWS_SESSION_TOKEN", "")];
    for settings in invalid.map(|change| with(as_role(&reader), &[change])) {
        assert_eq!(get(&settings), denied, "{:?}", settings.last());
    }
    assert_eq!(get(&as_role(&outsider)), denied);
    assert_eq!(get(&with(as_role(&reader), &[("AWS_SECRET_ACCESS_KEY", "a\nb")])), denied);
    assert_eq!(
        get(&with(as_role(&reader), &[("AWS_ACCESS_KEY_ID", "a\nb")])),
        Err(SecretsManagerError::NoCredentials)
    );
    Ok(())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn calls_only_a_server_with_a_trusted_certificate() -> anyhow::Result<()> {
    let (folder, other) = (scratch("secrets-manager-tls")?, scratch("secrets-manager-tls-other")?);
    let mut moto = Moto::start(&folder)?;
    create_certificate(&other)?;
    let bundle = other.join("ca.pem").to_string_lossy().into_owned();
    moto.put(SECRET_ID, &format!(r#"{{"{CERTIFICATE}":"{VALUE}"}}"#))?;
    let settings = moto.settings(SECRET_ID);
    // The TLS certificate is valid only for 127.0.0.1.
    let other_host = moto.url().replace("127.0.0.1", "localhost");
    assert_eq!(get(&settings), valid_result());
    for change in
        [("AWS_CA_BUNDLE", ""), ("AWS_CA_BUNDLE", bundle.as_str()), ("AWS_ENDPOINT_URL", other_host.as_str())]
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
fn times_out_if_the_store_is_too_slow() -> anyhow::Result<()> {
    let unresponsive = TcpListener::bind(("127.0.0.1", 0))?;
    let slow = TcpListener::bind(("127.0.0.1", 0))?;
    let (unresponsive_address, slow_address) = (unresponsive.local_addr()?, slow.local_addr()?);
    // Sends a byte every 100 ms until the client disconnects. The complete response would take longer than the time
    // limit.
    thread::spawn(move || {
        for mut connection in slow.incoming().flatten() {
            let mut sent = connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{");
            while sent.is_ok() {
                thread::sleep(Duration::from_millis(100));
                sent = connection.write_all(b" ");
            }
        }
    });
    let check_timeout = &|url: String| {
        let settings = [
            ("HALLPASS_SECRET_ID", SECRET_ID),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &url),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ];
        let started = Instant::now();
        let result = get_with_limits(TimeLimits::Production, &with(Settings::new(), &settings));
        let waited = started.elapsed();
        assert_eq!(result, Err(SecretsManagerError::TimedOut { limit: STORE_TIMEOUT }), "{url}");
        assert!(waited >= STORE_TIMEOUT, "the request to {url} timed out after {waited:?}");
    };
    thread::scope(|scope| {
        for url in [
            format!("http://{unresponsive_address}"),
            format!("https://{unresponsive_address}"),
            format!("http://{slow_address}"),
        ] {
            scope.spawn(move || check_timeout(url));
        }
    });
    Ok(())
}

const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
const FRESH_SECONDS: u32 = 300;
const DAY_SECONDS: u32 = 24 * 3600;

/// Starts a service with one project and one certificate.
fn service(moto: &Moto) -> anyhow::Result<Memory<SecretsManager>> {
    let document = json!({
        "projects": { "default": { "provider": "agora", "app_id": APP_ID, "certificates": [CERTIFICATE] } },
        "auth": { "open": true },
    });
    let store = store(TimeLimits::Extended, &moto.settings(SECRET_ID))?;
    Ok(Memory::with_store(|name| (name == "HALLPASS_CONFIG").then(|| document.to_string()), store))
}

/// Returns a secret that contains one certificate.
fn secret_with(certificate: &str) -> String {
    json!({ CERTIFICATE: certificate }).to_string()
}

/// Returns the reasons from the log lines about secrets that could not be refreshed.
fn reasons(service: &Memory<SecretsManager>) -> anyhow::Result<Vec<Value>> {
    let lines = events(&service.log()?, "secrets_not_refreshed");
    Ok(lines.iter().filter(|line| line["level"] == "WARN").map(|line| line["reason"].clone()).collect())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn uses_a_change_and_works_without_the_store_for_a_day() -> anyhow::Result<()> {
    const STEP_SECONDS: u32 = 60;
    let mut moto = Moto::start(&scratch("secrets-manager-service")?)?;
    moto.put(SECRET_ID, &secret_with(OLD))?;
    let mut service = service(&moto)?;
    ensure!(signer(&mut service, APP_ID)? == OLD, "wrong signer at the start");
    moto.put(SECRET_ID, &secret_with(NEXT))?;
    service.advance_clock(FRESH_SECONDS - 1);
    ensure!(signer(&mut service, APP_ID)? == OLD, "the service read the store again before five minutes");
    service.advance_clock(1);
    ensure!(signer(&mut service, APP_ID)? == NEXT, "the service did not read the store again");
    ensure!(
        events(&service.log()?, "secrets_changed").len() == 1,
        "the log does not contain secrets_changed once"
    );

    moto.stop();
    let mut minutes = 0;
    for second in (STEP_SECONDS..DAY_SECONDS).step_by(STEP_SECONDS as usize) {
        service.advance_clock(STEP_SECONDS);
        ensure!(signer(&mut service, APP_ID)? == NEXT, "after {second} s");
        minutes = second / 60;
    }
    let reasons = reasons(&service)?;
    let expected = minutes as usize - 4; // The first warning is at minute 5.
    ensure!(reasons.len() == expected, "{} warnings in {minutes} minutes", reasons.len());
    let reason = format!("the secrets could not be read: {}", SecretsManagerError::Unreachable);
    ensure!(reasons.iter().all(|logged| *logged == reason), "{:?}", reasons.first());

    moto.restart()?;
    moto.put(SECRET_ID, &secret_with(OLD))?;
    service.advance_clock(STEP_SECONDS);
    ensure!(signer(&mut service, APP_ID)? == OLD, "the service did not recover");
    ensure!(leaks(&service.log()?).count() == 0, "the log contains a secret");
    Ok(())
}

#[test]
#[ignore = "needs moto; cargo xtask test runs it"]
fn issues_tokens_while_the_store_does_not_respond() -> anyhow::Result<()> {
    const RETRY_SECONDS: u32 = 60;
    let mut moto = Moto::start(&scratch("secrets-manager-unresponsive")?)?;
    moto.put(SECRET_ID, &secret_with(OLD))?;
    let service = service(&moto)?;
    let mut service = service.clone_with_store(store(TimeLimits::Production, &moto.settings(SECRET_ID))?);
    let mut server = moto.become_unresponsive()?;
    service.advance_clock(FRESH_SECONDS);
    for reads in 1..3 {
        let started = Instant::now();
        ensure!(signer(&mut service, APP_ID)? == OLD, "the loaded certificate does not sign");
        let waited = started.elapsed();
        ensure!(waited >= STORE_TIMEOUT, "the read timed out after {waited:?}");
        // Other requests do not read the store before the next retry.
        service.advance_clock(RETRY_SECONDS - 1);
        ensure!(signer(&mut service, APP_ID)? == OLD, "the loaded certificate does not sign");
        ensure!(server.connections() == reads, "{} reads, expected {reads}", server.connections());
        service.advance_clock(1);
    }
    let reason =
        format!("the secrets could not be read: {}", SecretsManagerError::TimedOut { limit: STORE_TIMEOUT });
    let reasons = reasons(&service)?;
    ensure!(reasons == [reason.clone(), reason], "{reasons:?}");
    Ok(())
}
