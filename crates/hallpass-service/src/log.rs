//! Lines for the person on call: one JSON object each, with an event name that stays.

use std::cell::{Cell, RefCell};

use serde::Serialize;

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
    /// The fields are an object.
    pub(crate) fn new(level: Level, event: &str, fields: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Line<'a, T> {
            level: &'static str,
            event: &'a str,
            #[serde(flatten)]
            fields: &'a T,
        }
        let name = match level {
            Level::Info => "INFO",
            Level::Warning => "WARN",
            Level::Error => "ERROR",
        };
        // Nothing that is logged has a key that is no string, the one thing that JSON cannot hold.
        let text = serde_json::to_string(&Line { level: name, event, fields }).unwrap_or_default();
        Self { level, text }
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

/// What there is to do after one request.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    lines: RefCell<Vec<LogLine>>,
    is_refresh_due: Cell<bool>,
}

impl Journal {
    pub(crate) fn add(&self, line: LogLine) {
        self.lines.borrow_mut().push(line);
    }

    /// The secrets are to be read again.
    pub(crate) fn ask_for_refresh(&self) {
        self.is_refresh_due.set(true);
    }

    /// The lines, and whether the secrets are to be read again.
    pub(crate) fn into_parts(self) -> (Vec<LogLine>, bool) {
        (self.lines.into_inner(), self.is_refresh_due.get())
    }
}
