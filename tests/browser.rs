//! Runs web clients in Chromium against the Worker: Agora's Video UIKit for React with Agora's SDKs, and scripts that
//! send the requests of other web clients. Agora is unreachable, so a test ends with the call of the SDK.

use std::path::Path;

use hallpass_tests::Deployment;
use hallpass_tests::browser::Page;
use hallpass_tests::target::Worker;
use serde_json::{Value, json};

use crate::scratch;

#[test]
#[ignore = "needs Chromium and the built Worker; cargo xtask test runs it"]
fn clients_on_worker() -> anyhow::Result<()> {
    let folder = scratch("browser")?;
    let page = Page::reserve()?;
    let deployments = configurations(&page.origin())
        .into_iter()
        .map(|(name, document)| Ok((name, start(name, &document, &folder)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    println!("{}", page.run(&deployments)?);
    Ok(())
}

/// Returns the configuration documents of the deployments, by name.
fn configurations(origin: &str) -> [(&'static str, Value); 6] {
    let cors = json!({ "origins": [origin] });
    let every_channel = json!([{
        "who": { "kind": "anonymous" },
        "rtc": { "every_channel": true, "identity": "any" },
        "rtm": { "identity": "any" },
        "chat": { "identity": "any" },
    }]);
    let subscriber = json!([{
        "who": { "kind": "anonymous" },
        "rtc": { "role": "subscriber", "identity": "any" },
        "rtm": { "identity": "any" },
    }]);
    [
        ("open", json!({ "auth": { "open": true }, "cors": cors })),
        ("wildcard", json!({ "auth": { "open": { "wildcard": true } }, "cors": cors })),
        ("without-cors", json!({ "auth": { "open": { "wildcard": true } } })),
        ("closed", json!({ "cors": cors })),
        ("every-channel", json!({ "auth": { "open": true }, "policy": every_channel, "cors": cors })),
        (
            "narrow-role",
            json!({
                "auth": { "open": true },
                "policy": subscriber,
                "compat": { "narrow_role": true, "version": "007" },
                "cors": cors,
            }),
        ),
    ]
}

fn start(name: &str, document: &Value, folder: &Path) -> anyhow::Result<Worker> {
    Worker::start(Deployment::configured(name, document.to_string()), folder)
}
