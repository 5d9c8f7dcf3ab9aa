//! What a deployment wrote to its log: what the person on call needs, one line for each decision, and nothing that
//! would be of use to whoever reads along.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cases::Case;
use crate::check::request_id;
use crate::json_match::tokens_in;
use crate::run::Run;
use crate::setup::SECRETS;
use crate::target::{Response, Target};
use crate::wait;

/// The log of one deployment, and what it must say.
pub(crate) struct Log {
    name: String,
    text: String,
    must_say: String,
    decisions: Vec<Decision>,
}

/// What one request must have left in the log.
pub(crate) struct Decision {
    case: String,
    request_id: String,
    /// The answer shows what was decided: that to HEAD does not.
    is_shown: bool,
    granted: usize,
    refused: usize,
    /// What the line says among other things.
    says: Map<String, Value>,
}

/// What every line of a decision has.
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
/// The least length of a part of a credential that is looked for: anything shorter may be there by chance.
const MIN_PART: usize = 16;

/// Adds a failure to the run for each log that lacks what it must say, or holds what it must not; says how many lines
/// of decisions there were.
pub fn check(run: &mut Run) -> usize {
    let mut lines = 0;
    for log in &run.logs {
        let name = &log.name;
        if !log.text.contains(&log.must_say) {
            run.failures.push(format!("the log of {name} does not say {}", log.must_say));
        }
        run.failures.extend(leaks(&log.text).map(|leak| format!("the log of {name} holds {leak}")));
        for token in run.tokens.iter().filter(|token| log.text.contains(&token.token)) {
            run.failures.push(format!("the log of {name} holds the token of {}", token.id));
        }
        for credentials in run.credentials.iter().filter(|credentials| holds(&log.text, credentials)) {
            run.failures.push(format!("the log of {name} holds {credentials:?}"));
        }
        let decided = decided(&log.text);
        lines += decided.values().map(Vec::len).sum::<usize>();
        run.failures.extend(log.mismatches(&decided));
    }
    lines
}

/// What no log may hold: secrets of any deployment, and whatever looks like a token.
pub fn leaks(text: &str) -> impl Iterator<Item = &str> {
    let secrets = SECRETS.into_iter().filter(|secret| text.contains(*secret));
    secrets.chain(tokens_in(text))
}

/// The lines of such an event in a log; a platform may write something in front of them.
#[must_use]
pub fn events(log: &str, event: &str) -> Vec<Value> {
    let json = |line: &str| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok();
    let lines = log.lines().filter_map(json);
    lines.filter(|line| line.get("event").is_some_and(|name| name == event)).collect()
}

/// Whether a text holds credentials or a part of them.
#[must_use]
pub fn holds(text: &str, credentials: &str) -> bool {
    let parts = credentials.split([' ', ',', '.']).filter(|part| part.len() >= MIN_PART);
    parts.into_iter().any(|part| text.contains(part))
}

impl Log {
    /// A process writes its log a little later than its answer.
    pub(crate) fn take(
        name: &str,
        must_say: &str,
        decisions: Vec<Decision>,
        target: &impl Target,
    ) -> anyhow::Result<Self> {
        let (name, must_say) = (name.to_owned(), must_say.to_owned());
        let mut log = Self { name, text: String::new(), must_say, decisions };
        // If lines are missing, the mismatches say which.
        let _: anyhow::Result<()> = wait::until(
            || {
                let text = target.log()?;
                let decided = decided(&text);
                Ok(text.contains(&log.must_say)
                    && log.decisions.iter().all(|decision| decision.is_logged(&decided)))
            },
            || "the log has the lines of each decision".to_owned(),
        );
        log.text = target.log()?;
        Ok(log)
    }

    fn mismatches(&self, decided: &BTreeMap<String, Vec<Map<String, Value>>>) -> Vec<String> {
        let mut mismatches = Vec::new();
        if !events(&self.text, "start_failed").is_empty() {
            mismatches.push(format!("{} could not mint before its first request", self.name));
        }
        if self.decisions.is_empty() {
            // Lines cannot be assigned to requests: see `Target::has_request_ids`.
            return mismatches;
        }
        let mut seen = 0;
        for decision in &self.decisions {
            let lines = decided.get(&decision.request_id).map_or(&[][..], Vec::as_slice);
            seen += lines.len();
            mismatches.extend(decision.mismatches(lines).map(|text| format!("{}: {text}", decision.case)));
        }
        let lines: usize = decided.values().map(Vec::len).sum();
        if seen != lines {
            mismatches.push(format!("the log of {} has {} decisions of no request", self.name, lines - seen));
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
        let is_refusal = match response.status().as_u16() {
            401 | 429 => true,
            403 => code != "origin_not_allowed",
            503 => code == "issuer_unreachable",
            _ => false,
        };
        Self {
            case: case.id.clone(),
            request_id: request_id(response).to_owned(),
            is_shown: case.request.method != "HEAD",
            granted: tokens_in(&text).len(),
            refused: usize::from(is_refusal),
            says: case.expect.audit.clone().unwrap_or_default(),
        }
    }

    /// Whether it has left at least the lines that it must.
    fn is_logged(&self, decided: &BTreeMap<String, Vec<Map<String, Value>>>) -> bool {
        let lines = decided.get(&self.request_id).map_or(&[][..], Vec::as_slice);
        let (granted, refused) = (count(lines, "granted"), count(lines, "refused"));
        !self.is_shown || granted >= self.granted && refused >= self.refused
    }

    fn mismatches(&self, lines: &[Map<String, Value>]) -> impl Iterator<Item = String> {
        let mut mismatches = Vec::new();
        let (granted, refused) = (count(lines, "granted"), count(lines, "refused"));
        // Of two tokens in one answer the second may be refused, and then the first is not handed out.
        let is_granted = granted == self.granted || self.refused == 1 && granted == 1;
        let is_expected = is_granted && refused == self.refused && granted + refused == lines.len();
        if self.is_shown && !is_expected {
            mismatches.push(format!(
                "expected {} lines of grants and {} of refusals in the log, got {granted} and {refused}",
                self.granted, self.refused
            ));
        }
        if lines.is_empty() && !self.says.is_empty() {
            mismatches.push("expected a line of the decision in the log, got none".to_owned());
        }
        for line in lines {
            let missing: Vec<_> = FIELDS.into_iter().filter(|field| !line.contains_key(*field)).collect();
            if !missing.is_empty() {
                mismatches.push(format!("the line of the decision lacks {missing:?}"));
            }
            for (name, value) in self.says.iter().filter(|(name, value)| line.get(*name) != Some(value)) {
                mismatches.push(format!(
                    "expected {name} to be {value} in the log, got {}",
                    line.get(name).unwrap_or(&Value::Null)
                ));
            }
        }
        mismatches.into_iter()
    }
}

/// How many of these lines tell of such a decision.
fn count(lines: &[Map<String, Value>], decision: &str) -> usize {
    lines.iter().filter(|line| line.get("decision").is_some_and(|is| is == decision)).count()
}

/// The lines of decisions in a log, by request.
fn decided(log: &str) -> BTreeMap<String, Vec<Map<String, Value>>> {
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
        Decision { case, request_id: "1".into(), is_shown: true, granted, refused, says: Map::new() }
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
    fn a_line_too_many_and_a_line_too_few_are_seen() {
        let mismatches = |decision: Decision, lines: &[&str]| {
            let decided = decided(&log(lines));
            let lines = decided.get("1").map_or(&[][..], Vec::as_slice);
            decision.mismatches(lines).count()
        };
        assert_eq!(mismatches(decision(1, 0), &["granted"]), 0);
        assert_eq!(mismatches(decision(0, 1), &["refused"]), 0);
        assert_eq!(mismatches(decision(0, 1), &["granted", "refused"]), 0);
        assert_eq!(mismatches(decision(0, 0), &[]), 0);
        for (expected, lines) in [
            (decision(1, 0), &[][..]),
            (decision(1, 0), &["granted", "granted"]),
            (decision(0, 0), &["granted"]),
            (decision(0, 1), &["refused", "refused"]),
            (decision(0, 0), &["other"]),
        ] {
            assert_eq!(mismatches(expected, lines), 1, "{lines:?}");
        }
    }

    #[test]
    fn a_part_of_credentials_is_found() {
        let key = "0123456789abcdef0123456789abcdef";
        assert!(holds(&format!("a {key} b"), &format!("Bearer {key}")));
        assert!(!holds("Bearer", "Bearer x.y.z"));
    }
}
