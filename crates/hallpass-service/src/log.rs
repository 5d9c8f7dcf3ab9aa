//! Lines for the person on call: one JSON object each, with an event name that stays.

use serde_json::{Map, Value, json};

/// A line to be written to the platform's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine(String);

impl LogLine {
    pub(crate) fn warning(event: &str, message: &str) -> Self {
        Self::new("WARN", event, json!({ "message": message }))
    }

    pub(crate) fn error(event: &str, fields: Value) -> Self {
        Self::new("ERROR", event, fields)
    }

    fn new(level: &str, event: &str, fields: Value) -> Self {
        let mut line = Map::new();
        line.insert("level".into(), level.into());
        line.insert("event".into(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        Self(Value::Object(line).to_string())
    }

    /// The line: JSON without a line break.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
