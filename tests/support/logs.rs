//! Checks of a deployment's log. The log must contain the lines that operators need and a line for each decision, but no tokens
//! or secrets.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cases::Case;
use crate::check::request_id;
use crate::deployment::SECRETS;
use crate::json_match::tokens_in;
use crate::run::Run;
use crate::target::{Response, Target};
use crate::wait;

/// The log of a deployment, and its expected content.
pub(crate) struct Log {
    name: String,
    text: String,
    required: String,
    decisions: Vec<Decision>,
}

/// The expected log lines of a request.
pub(crate) struct Decision {
    case: String,
    request_id: String,
    /// True if the response shows the decision. The response to a HEAD request does not show the decision, because such
    /// a response has no body.
    is_known: bool,
    granted: usize,
    refused: usize,
    /// Expected fields of the lines.
    fields: Map<String, Value>,
}

/// The fields in the log line of every decision.
const FIELDS: [&str; 12] = [
    "request_id",
    "caller",
    "subject",
    "route",
    "project",
    "services",
    "channel",
    "role",
    "ttl",
    "decision",
    "rules",
    "reason",
];
/// The minimum length of a part of a credential that the checks search for. Shorter strings could be in a log by
/// chance.
const MIN_PART: usize = 16;

/// Adds a failure to the run for each log that lacks required content, or contains a secret or a token. Returns the
/// number of log lines of decisions.
pub fn check(run: &mut Run) -> usize {
    let mut lines = 0;
    for log in &run.logs {
        let name = &log.name;
        if !log.text.contains(&log.required) {
            run.failures.push(format!("the log of {name} does not contain {}", log.required));
        }
        run.failures.extend(leaks(&log.text).map(|leak| format!("the log of {name} contains {leak}")));
        for token in run.tokens.iter().filter(|token| log.text.contains(&token.token)) {
            run.failures.push(format!("the log of {name} contains the token of {}", token.id));
        }
        for credentials in
            run.credentials.iter().filter(|credentials| contains_credentials(&log.text, credentials))
        {
            run.failures.push(format!("the log of {name} contains {credentials:?}"));
        }
        let decided = decisions_by_request(&log.text);
        lines += decided.values().map(Vec::len).sum::<usize>();
        run.failures.extend(log.mismatches(&decided));
    }
    lines
}

/// Returns the secrets of all deployments and the tokens in a log.
pub fn leaks(text: &str) -> impl Iterator<Item = &str> {
    let secrets = SECRETS.into_iter().filter(|secret| text.contains(*secret));
    secrets.chain(tokens_in(text))
}

/// Returns the lines with this event in a log. A platform can add a prefix to each line.
#[must_use]
pub fn events(log: &str, event: &str) -> Vec<Value> {
    let json = |line: &str| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok();
    let lines = log.lines().filter_map(json);
    lines.filter(|line| line.get("event").is_some_and(|name| name == event)).collect()
}

/// Returns whether a string contains the credentials or a part of the credentials.
#[must_use]
pub fn contains_credentials(text: &str, credentials: &str) -> bool {
    let parts = credentials.split([' ', ',', '.']).filter(|part| part.len() >= MIN_PART);
    parts.into_iter().any(|part| text.contains(part))
}

impl Log {
    /// Reads the log of a deployment. Waits for the expected lines, because a process writes its log after the
    /// response.
    pub(crate) fn read(
        name: &str,
        required: &str,
        decisions: Vec<Decision>,
        target: &impl Target,
    ) -> anyhow::Result<Self> {
        let (name, required) = (name.to_owned(), required.to_owned());
        let mut log = Self { name, text: String::new(), required, decisions };
        // The error is ignored, because the mismatches name the missing lines.
        let _: anyhow::Result<()> = wait::until(
            || {
                let text = target.log()?;
                let decided = decisions_by_request(&text);
                Ok(text.contains(&log.required)
                    && log.decisions.iter().all(|decision| decision.is_logged(&decided)))
            },
            || "the log contains the lines of each decision".to_owned(),
        );
        log.text = target.log()?;
        Ok(log)
    }

    fn mismatches(&self, decided: &BTreeMap<String, Vec<Map<String, Value>>>) -> Vec<String> {
        let mut mismatches = Vec::new();
        if !events(&self.text, "start_failed").is_empty() {
            mismatches.push(format!("the log of {} contains the event start_failed", self.name));
        }
        if self.decisions.is_empty() {
            // If request IDs are not unique, log lines cannot be assigned to requests: see `Target::has_request_ids`.
            return mismatches;
        }
        let mut seen = 0;
        for decision in &self.decisions {
            let lines = decided.get(&decision.request_id).map_or(&[][..], Vec::as_slice);
            seen += lines.len();
            mismatches
                .extend(decision.mismatches(lines).map(|mismatch| format!("{}: {mismatch}", decision.case)));
        }
        let lines: usize = decided.values().map(Vec::len).sum();
        if seen != lines {
            mismatches.push(format!(
                "the log of {} contains {} decisions that belong to no request",
                self.name,
                lines - seen
            ));
        }
        mismatches
    }
}

impl Decision {
    pub(crate) fn of(case: &Case, response: &Response) -> Self {
        let text = String::from_utf8_lossy(response.body());
        let code = serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|body| body.get("code").and_then(Value::as_str).map(str::to_owned));
        let code = code.as_deref().unwrap_or_default();
        let is_inspection = case.request.target.starts_with("/v1/inspect");
        let is_denial = match response.status().as_u16() {
            401 | 429 => true,
            403 => code != "origin_not_allowed",
            503 => code == "issuer_unreachable",
            _ => false,
        };
        // The response contains no token, but the request is a decision.
        let is_uid = case.request.target.starts_with("/v1/uid");
        Self {
            case: case.id.clone(),
            request_id: request_id(response).to_owned(),
            is_known: case.request.method != "HEAD",
            granted: tokens_in(&text).len()
                + usize::from((is_inspection || is_uid) && response.status() == 200),
            refused: usize::from(is_denial),
            fields: case.expect.audit.clone().unwrap_or_default(),
        }
    }

    /// Returns whether the log contains at least the expected lines.
    fn is_logged(&self, decided: &BTreeMap<String, Vec<Map<String, Value>>>) -> bool {
        let lines = decided.get(&self.request_id).map_or(&[][..], Vec::as_slice);
        let (granted, refused) = (count(lines, "granted"), count(lines, "refused"));
        !self.is_known || granted >= self.granted && refused >= self.refused
    }

    fn mismatches(&self, lines: &[Map<String, Value>]) -> impl Iterator<Item = String> {
        let mut mismatches = Vec::new();
        let (granted, refused) = (count(lines, "granted"), count(lines, "refused"));
        let is_expected =
            granted == self.granted && refused == self.refused && granted + refused == lines.len();
        if self.is_known && !is_expected {
            mismatches.push(format!(
                "expected {} lines of granted and {} of refused decisions in the log, got {granted} and {refused}",
                self.granted, self.refused
            ));
        }
        if lines.is_empty() && !self.fields.is_empty() {
            mismatches.push("expected a line of the decision in the log, got none".to_owned());
        }
        for line in lines {
            let missing: Vec<_> = FIELDS.into_iter().filter(|field| !line.contains_key(*field)).collect();
            if !missing.is_empty() {
                mismatches.push(format!("the line of the decision lacks {missing:?}"));
            }
            for (name, value) in self.fields.iter().filter(|(name, value)| line.get(*name) != Some(value)) {
                mismatches.push(format!(
                    "expected {name} to be {value} in the log, got {}",
                    line.get(name).unwrap_or(&Value::Null)
                ));
            }
        }
        mismatches.into_iter()
    }
}

/// Returns the number of lines with this decision.
fn count(lines: &[Map<String, Value>], decision: &str) -> usize {
    lines.iter().filter(|line| line.get("decision").is_some_and(|value| value == decision)).count()
}

/// Returns the lines of decisions in a log, by request ID.
fn decisions_by_request(log: &str) -> BTreeMap<String, Vec<Map<String, Value>>> {
    let mut decided: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in events(log, "decision") {
        let Value::Object(line) = line else { continue };
        let request = line.get("request_id").and_then(Value::as_str).unwrap_or_default();
        decided.entry(request.to_owned()).or_default().push(line);
    }
    decided
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(granted: usize, refused: usize) -> Decision {
        let case = "case".to_owned();
        Decision { case, request_id: "1".into(), is_known: true, granted, refused, fields: Map::new() }
    }

    fn log(lines: &[&str]) -> String {
        let nulls: String = FIELDS[1..].iter().map(|field| format!(r#","{field}":null"#)).collect();
        let line = |decision: &&str| {
            let nulls = nulls.replace(r#""decision":null"#, &format!(r#""decision":"{decision}""#));
            format!(r#"INFO {{"event":"decision","request_id":"1"{nulls}}}"#)
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn reports_additional_and_missing_lines() {
        let mismatches = |decision: Decision, lines: &[&str]| {
            let decided = decisions_by_request(&log(lines));
            let lines = decided.get("1").map_or(&[][..], Vec::as_slice);
            decision.mismatches(lines).count()
        };
        assert_eq!(mismatches(decision(1, 0), &["granted"]), 0);
        assert_eq!(mismatches(decision(0, 1), &["refused"]), 0);
        assert_eq!(mismatches(decision(0, 0), &[]), 0);
        for (expected, lines) in [
            (decision(1, 0), &[][..]),
            (decision(1, 0), &["granted", "granted"]),
            (decision(0, 0), &["granted"]),
            (decision(0, 1), &["granted", "refused"]),
            (decision(0, 1), &["refused", "refused"]),
            (decision(0, 0), &["other"]),
        ] {
            assert_eq!(mismatches(expected, lines), 1, "{lines:?}");
        }
    }

    #[test]
    fn finds_parts_of_credentials() {
        let key = "0123456789abcdef0123456789abcdef";
        assert!(contains_credentials(&format!("a {key} b"), &format!("Bearer {key}")));
        assert!(!contains_credentials("Bearer", "Bearer x.y.z"));
    }
}
