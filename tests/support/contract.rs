//! The answers of the servers that apps use today, as they were recorded, replayed against ours.
//!
//! `contracts/recorded.json` holds requests and answers, `contracts/differences.json` what is different on purpose.

mod compare;
mod decode;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::compare::differences;
use crate::Setup;
use crate::folders::root;
use crate::logs::leaks;
use crate::target::{Request, Target};

/// What a replay came to.
#[derive(Debug, Default)]
pub struct Replay {
    /// How many answers are the recorded ones but for salt and time.
    pub same: usize,
    /// How many differ as listed.
    pub listed: usize,
    failures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    server: String,
    #[serde(default, rename = "config")]
    _config: String,
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedRequest {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    #[serde(rename = "comment")]
    _comment: String,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    id: String,
    reason: String,
    /// Each a sentence of the comparison.
    differs: BTreeSet<String>,
}

/// Sends every recorded request, and compares the answers; `start` starts one target for each deployment.
///
/// # Errors
/// Where a file cannot be read, a target does not start or does not answer.
pub fn replay<T: Target>(mut start: impl FnMut(Setup) -> anyhow::Result<T>) -> anyhow::Result<Replay> {
    let mut listed = BTreeMap::new();
    for difference in read::<Differences>("differences.json")?.differences {
        ensure!(!difference.reason.is_empty(), "{} has no reason", difference.id);
        ensure!(!difference.differs.is_empty(), "{} does not say what differs", difference.id);
        let id = difference.id.clone();
        ensure!(listed.insert(id, difference.differs).is_none(), "{} is there twice", difference.id);
    }
    let mut replay = Replay::default();
    let mut targets = BTreeMap::new();
    for case in read::<Recorded>("recorded.json")?.cases {
        let setup = case.setup();
        let target = match targets.entry(setup) {
            std::collections::btree_map::Entry::Occupied(started) => started.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => vacant.insert(start(setup)?),
        };
        let response = target.send(&case.request.to_request()).with_context(|| case.id.clone())?;
        let found = differences(&case.response, &response);
        replay.judge(&case.id, &found, &listed.remove(&case.id).unwrap_or_default());
    }
    for (setup, target) in &targets {
        let log = target.log()?;
        replay.failures.extend(leaks(&log).map(|leak| format!("the log of {} holds {leak}", setup.name())));
    }
    ensure!(replay.same > 0, "nothing is as it was recorded");
    replay.failures.extend(listed.keys().map(|id| format!("{id}: is listed, and was not recorded")));
    Ok(replay)
}

impl Replay {
    /// Fails for any answer that is neither the recorded one nor different as listed.
    ///
    /// # Errors
    /// For any such answer.
    pub fn result(self) -> anyhow::Result<()> {
        ensure!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
        Ok(())
    }

    fn judge(&mut self, id: &str, found: &BTreeSet<String>, listed: &BTreeSet<String>) {
        match (found == listed, found.is_empty()) {
            (true, true) => self.same += 1,
            (true, false) => self.listed += 1,
            (false, _) => {
                let new =
                    found.difference(listed).map(|text| format!("\n    differs, and is not listed: {text}"));
                let gone =
                    listed.difference(found).map(|text| format!("\n    listed, and no difference: {text}"));
                self.failures.push(format!("{id}:{}", new.chain(gone).collect::<String>()));
            }
        }
    }
}

impl Case {
    /// The originals of 007 tokens and of 006 tokens share paths, and a setting tells which of them we are.
    fn setup(&self) -> Setup {
        match self.server.as_str() {
            "agora-token-service" | "agora-go-backend-middleware" | "AgoraIO/Tools go/docker" => {
                Setup::Compat007
            }
            _ => Setup::OpenWildcard,
        }
    }
}

impl RecordedRequest {
    fn to_request(&self) -> Request {
        Request {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
                .collect(),
            body: self.body.clone().unwrap_or_default().into_bytes(),
            gateway_claims: None,
        }
    }
}

fn read<T: DeserializeOwned>(name: &str) -> anyhow::Result<T> {
    let path = root().join("tests/contracts").join(name);
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_difference_and_one_that_is_none_any_more_fail() {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
        let mut replay = Replay::default();
        replay.judge("same", &set(&[]), &set(&[]));
        replay.judge("listed", &set(&["a", "b"]), &set(&["a", "b"]));
        assert_eq!((replay.same, replay.listed, replay.failures.len()), (1, 1, 0));
        replay.judge("new", &set(&["a"]), &set(&[]));
        replay.judge("gone", &set(&[]), &set(&["a"]));
        replay.judge("partly", &set(&["a"]), &set(&["a", "b"]));
        assert_eq!((replay.same, replay.listed, replay.failures.len()), (1, 1, 3));
        assert!(replay.result().is_err());
    }
}
