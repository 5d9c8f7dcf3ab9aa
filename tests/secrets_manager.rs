//! Secrets in AWS Secrets Manager: as they should be, as they should not, and out of reach.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use hallpass_lambda::{SecretsManager, SecretsManagerError};
use hallpass_tests::moto::{Credentials, Moto};

use crate::scratch;

const SECRET_ID: &str = "hallpass";
const CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
const VALUE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
const BINARY: &str = "a binary secret";
const NO_OBJECT: &str = "a text that is no JSON object";

type Settings = Vec<(String, String)>;

/// The certificate's value, `None` where the secret has none.
fn get(settings: &Settings) -> Result<Option<String>, SecretsManagerError> {
    let setting =
        |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let store = SecretsManager::from_settings(setting).unwrap_or(Err(SecretsManagerError::NotFound))?;
    let mut found = store.get(&[CERTIFICATE], SystemTime::now())?;
    assert!(found.len() <= 1 && found.iter().all(|(name, _)| name == CERTIFICATE), "{found:?}");
    Ok(found.pop().map(|(_, value)| value.to_string()))
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
    let member = |expected| Err(SecretsManagerError::Member { name: CERTIFICATE.into(), expected });
    let longest = format!(r#"{{"{CERTIFICATE}":"{VALUE}","OTHER":"{}"}}"#, "é\\\"".repeat(16_000));
    for (secret, wanted) in [
        (format!(r#"{{"{CERTIFICATE}":"{VALUE}","OTHER":"x"}}"#), found()),
        (longest, found()),
        (r#"{"OTHER":"x"}"#.to_owned(), Ok(None)),
        (format!(r#"{{"{CERTIFICATE}":1}}"#), member("a text")),
        (format!(r#"{{"{CERTIFICATE}":"x","{CERTIFICATE}":"y"}}"#), member("it once")),
        (format!(r#"["{CERTIFICATE}"]"#), Err(SecretsManagerError::Malformed(NO_OBJECT))),
        (VALUE.to_owned(), Err(SecretsManagerError::Malformed(NO_OBJECT))),
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
    let (may, may_not) = (moto.role("may", true)?, moto.role("may-not", false)?);
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
    let foreign = Moto::start(&other)?.settings(SECRET_ID);
    let bundle = foreign.iter().find(|(name, _)| name == "AWS_CA_BUNDLE").context("no bundle")?.1.clone();
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
    // A byte now and then, for longer than anybody waits; it ends with whoever asked.
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
        assert_eq!(get(&with(Settings::new(), &settings)), Err(SecretsManagerError::TimedOut), "{url}");
        let waited = started.elapsed();
        assert!(waited < Duration::from_secs(2), "{url} was given up after {waited:?}");
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
