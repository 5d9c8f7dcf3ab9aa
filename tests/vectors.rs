//! Tokens of the official SDKs, as recorded in `vectors/agora.json`: ours must be the same.

mod rtc;

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::Value;

use self::rtc::{Checked, RtcVector};

/// Builders whose tokens this project makes.
const COVERED: [&str; 6] =
    ["rtc006_account", "rtc006_uid", "rtc_account", "rtc_account_priv", "rtc_uid", "rtc_uid_priv"];

/// Builders that come next. A builder in neither list fails the test.
const NEXT: [&str; 17] = [
    "apaas_app",
    "apaas_room",
    "apaas_user",
    "chat_app",
    "chat_user",
    "convoai",
    "edu_room",
    "fpa",
    "raw006",
    "raw007",
    "rtc_rtm",
    "rtc_rtm2",
    "rtm",
    "rtm006",
    "rtm2_perm",
    "rtm_stream",
    "stt",
];

#[derive(Deserialize)]
struct File {
    vectors: Vec<Value>,
}

#[derive(Default)]
struct Counts {
    ran: usize,
    /// Those that went through `RtcToken` too.
    typed: usize,
}

#[test]
fn rtc_tokens_equal_those_of_the_official_sdks() -> anyhow::Result<()> {
    let file: File = serde_json::from_str(include_str!("vectors/agora.json"))?;
    let mut counts: BTreeMap<&str, Counts> = COVERED.map(|name| (name, Counts::default())).into();
    let mut failures = Vec::new();
    for vector in &file.vectors {
        if vector["kind"] != "build" {
            continue;
        }
        let id = vector["id"].as_str().context("a vector has no id")?;
        let builder = vector["builder"].as_str().with_context(|| format!("{id} has no builder"))?;
        let Some(counts) = counts.get_mut(builder) else {
            if !NEXT.contains(&builder) {
                failures.push(format!("{id}: the builder {builder} is in no list"));
            }
            continue;
        };
        counts.ran += 1;
        match RtcVector::deserialize(vector).map_err(Into::into).and_then(|vector| vector.check()) {
            Ok(Checked { typed }) => counts.typed += usize::from(typed),
            Err(error) => failures.push(format!("{id}: {error:#}")),
        }
    }
    for (builder, Counts { ran, typed }) in &counts {
        println!("{builder}: {ran} vectors, {typed} of them through RtcToken too");
        if *ran == 0 {
            failures.push(format!("no vector of {builder} ran"));
        }
    }
    for format in ["rtc006_", "rtc_"] {
        let mut of_format = counts.iter().filter(|(builder, _)| builder.starts_with(format));
        if of_format.all(|(_, counts)| counts.typed == 0) {
            failures.push(format!("no vector of {format}… ran through RtcToken"));
        }
    }
    ensure!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}
