//! A replay of requests that were recorded with other servers, to check that Hallpass is compatible with these servers.
//!
//! `contracts/recorded.json` and `contracts/quickstarts.json` contain requests and responses. `contracts/differences.json`
//! lists deliberate differences.

mod compare;
mod decode;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::compare::differences;
use crate::DeploymentKind;
use crate::folders::root;
use crate::logs::leaks;
use crate::target::{Request, Target};

/// The result of a replay.
#[derive(Debug, Default)]
pub struct Replay {
    /// The number of responses that match the recorded response, except for salts and times.
    pub same: usize,
    /// The number of responses whose differences are all listed in `contracts/differences.json`.
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
    /// The configuration of the server, if it was not complete.
    #[serde(default)]
    config: String,
    #[serde(default, rename = "note")]
    _note: String,
    request: RecordedRequest,
    response: RecordedResponse,
    /// The content of the token in the response.
    #[serde(default, rename = "decodes")]
    _decodes: Value,
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
    /// The descriptions of the differences.
    differs: BTreeSet<String>,
}

/// Sends every recorded request, and compares the responses. `start` starts a target for each deployment.
///
/// # Errors
/// Returns an error if a file cannot be read, or a target does not start or does not respond.
pub fn replay<T: Target>(
    mut start: impl FnMut(DeploymentKind) -> anyhow::Result<T>,
) -> anyhow::Result<Replay> {
    let mut listed = BTreeMap::new();
    for difference in read::<Differences>("differences.json")?.differences {
        ensure!(!difference.reason.is_empty(), "{} has no reason", difference.id);
        ensure!(!difference.differs.is_empty(), "{} lists no differences", difference.id);
        let id = difference.id.clone();
        ensure!(listed.insert(id, difference.differs).is_none(), "duplicate ID {}", difference.id);
    }
    let mut replay = Replay::default();
    let mut targets = BTreeMap::new();
    let recorded = [read::<Recorded>("recorded.json")?, read("quickstarts.json")?];
    for case in recorded.into_iter().flat_map(|recorded| recorded.cases) {
        let kind = case.deployment_kind();
        let target = match targets.entry(kind) {
            std::collections::btree_map::Entry::Occupied(started) => started.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => vacant.insert(start(kind)?),
        };
        let (request, listed) = (case.request.to_request(), listed.remove(&case.id).unwrap_or_default());
        if target.can_receive(&request) {
            let response = target.send(&request).with_context(|| case.id.clone())?;
            let found = differences(&case.response, &response, &case.request.text());
            replay.record(&case.id, &found, &listed);
        }
    }
    for (kind, target) in &targets {
        let log = target.log()?;
        replay.failures.extend(leaks(&log).map(|leak| format!("the log of {} contains {leak}", kind.name())));
    }
    ensure!(replay.same > 0, "no response matches the recorded response");
    replay.failures.extend(listed.keys().map(|id| format!("{id}: is listed, but is not recorded")));
    Ok(replay)
}

impl Replay {
    /// Checks that there were no failures.
    ///
    /// # Errors
    /// Returns an error if a response differs from the recorded response, and the difference is not listed.
    pub fn result(self) -> anyhow::Result<()> {
        ensure!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
        Ok(())
    }

    fn record(&mut self, id: &str, found: &BTreeSet<String>, listed: &BTreeSet<String>) {
        match (found == listed, found.is_empty()) {
            (true, true) => self.same += 1,
            (true, false) => self.listed += 1,
            (false, _) => {
                let unlisted = found
                    .difference(listed)
                    .map(|difference| format!("\n    differs, but is not listed: {difference}"));
                let obsolete = listed
                    .difference(found)
                    .map(|difference| format!("\n    is listed, but does not differ: {difference}"));
                self.failures.push(format!("{id}:{}", unlisted.chain(obsolete).collect::<String>()));
            }
        }
    }
}

impl Case {
    /// Returns the deployment for a case. Servers with 006 tokens and servers with 007 tokens have the same paths, and
    /// `compat.version` selects the format. The quickstarts for Next.js and Flutter have the same path, and
    /// `auth.open.wildcard` selects the default user.
    fn deployment_kind(&self) -> DeploymentKind {
        match self.server.as_str() {
            name if name.starts_with("agent-quickstart-") && !self.config.is_empty() => {
                DeploymentKind::NoCertificate
            }
            name if name.starts_with("agent-quickstart-flutter") => DeploymentKind::CorsAny,
            name if name.starts_with("agent-quickstart-") => DeploymentKind::Compat007,
            "agora-token-service" | "agora-go-backend-middleware" | "AgoraIO/Tools go/docker" => {
                DeploymentKind::Compat007
            }
            _ => DeploymentKind::OpenWildcard,
        }
    }
}

impl RecordedRequest {
    /// Returns the parts of the request that can contain names: the path, the query and the body.
    fn text(&self) -> String {
        format!("{}\n{}", self.target, self.body.as_deref().unwrap_or_default())
    }

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
    let content = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&content).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_unlisted_and_obsolete_differences() {
        let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>();
        let mut replay = Replay::default();
        replay.record("same", &set(&[]), &set(&[]));
        replay.record("listed", &set(&["a", "b"]), &set(&["a", "b"]));
        assert_eq!((replay.same, replay.listed, replay.failures.len()), (1, 1, 0));
        replay.record("unlisted", &set(&["a"]), &set(&[]));
        replay.record("obsolete", &set(&[]), &set(&["a"]));
        replay.record("partly", &set(&["a"]), &set(&["a", "b"]));
        assert_eq!((replay.same, replay.listed, replay.failures.len()), (1, 1, 3));
        assert!(replay.result().is_err());
    }
}
