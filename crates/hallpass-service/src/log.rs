//! Lines for the person on call: one JSON object each, with an event name that stays.

use std::cell::RefCell;

use serde_json::{Map, Value};

/// How urgent a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What happened.
    Info,
    /// Somebody should look at it some day.
    Warning,
    /// Somebody does not get a token.
    Error,
}

/// A line to be written to the platform's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    level: Level,
    text: String,
}

impl LogLine {
    pub(crate) fn new(level: Level, event: &str, fields: Value) -> Self {
        let mut line = Map::new();
        let name = match level {
            Level::Info => "INFO",
            Level::Warning => "WARN",
            Level::Error => "ERROR",
        };
        line.insert("level".into(), name.into());
        line.insert("event".into(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        Self { level, text: Value::Object(line).to_string() }
    }

    /// How urgent the line is.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The line: JSON without a line break.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The lines of one request.
#[derive(Debug, Default)]
pub(crate) struct Journal(RefCell<Vec<LogLine>>);

impl Journal {
    pub(crate) fn add(&self, line: LogLine) {
        self.0.borrow_mut().push(line);
    }

    pub(crate) fn into_lines(self) -> Vec<LogLine> {
        self.0.into_inner()
    }
}
