//! Tests that a client's App Certificate is ignored, and that a warning reports the client.

use anyhow::{Context as _, ensure};
use hallpass_tests::DeploymentKind;
use hallpass_tests::logs::events;
use hallpass_tests::target::{EventKind, Lambda, Memory, Request, Target, Worker};
use hallpass_tests::wait;
use serde_json::{Value, json};

use crate::scratch;

/// A certificate that no project has.
const CERTIFICATE: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";

#[test]
fn in_memory() -> anyhow::Result<()> {
    warns(&mut Memory::start(DeploymentKind::Open))
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("certificate-lambda")?;
    warns(&mut Lambda::start(EventKind::HttpApi, DeploymentKind::Open, &folder)?)
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    warns(&mut Worker::start(DeploymentKind::Open, &scratch("certificate-worker")?)?)
}

fn warns(target: &mut impl Target) -> anyhow::Result<()> {
    for (field, user) in [("appCertificate", "uid"), ("appCert", "userId")] {
        let warnings =
            |target: &dyn Target| Ok::<_, anyhow::Error>(events(&target.log()?, "certificate_in_request"));
        let before = warnings(target)?.len();
        for certificate in [json!(""), Value::Null, json!(CERTIFICATE)] {
            let body = json!({ "channelName": "demo", user: "1234", field: certificate });
            let response = target.send(&Request::post("/v2/token/generate", &body, None))?;
            ensure!(response.status() == 200, "{body}: {}", response.status());
        }
        // The process writes its log after the response.
        wait::until(|| Ok(warnings(target)?.len() > before), || "the warning is logged".to_owned())?;
        let lines = warnings(target)?;
        ensure!(lines.len() == before + 1, "expected one warning, got {lines:?}");
        let line = lines.last().context("no warning")?;
        let expected = [("level", "WARN"), ("route", "/v2/token/generate"), ("field", field)];
        for (name, value) in expected {
            ensure!(line.get(name).is_some_and(|found| found == value), "expected {name} {value} in {line}");
        }
    }
    ensure!(!target.log()?.contains(CERTIFICATE), "the log contains the certificate");
    Ok(())
}
