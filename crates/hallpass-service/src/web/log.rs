//! Log lines: JSON objects with a stable event name.

use std::cell::{Cell, RefCell};

use super::json::{Json, write_object};

/// The severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// An event that needs no action.
    Info,
    /// A condition that needs attention, but not immediately.
    Warning,
    /// A failure that prevented a valid request from succeeding.
    Error,
}

/// A line for the platform's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    level: Level,
    text: String,
}

impl LogLine {
    pub(crate) fn new<const N: usize>(
        level: Level,
        event: &str,
        fields: [(&'static str, Json<'_>); N],
    ) -> Self {
        Self::of(level, event, fields.into())
    }

    /// Returns a line with these fields after `level` and `event`.
    pub(crate) fn of(level: Level, event: &str, fields: Vec<(&'static str, Json<'_>)>) -> Self {
        let name = match level {
            Level::Info => "INFO",
            Level::Warning => "WARN",
            Level::Error => "ERROR",
        };
        let first = [("level", Json::from(name)), ("event", Json::from(event))];
        let mut text = Vec::with_capacity(512);
        write_object(first.iter().chain(&fields).map(|(name, value)| (*name, value)), &mut text);
        // The conversion cannot fail, because JSON is UTF-8.
        Self { level, text: String::from_utf8(text).unwrap_or_default() }
    }

    /// Returns the severity.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Returns the line: JSON without a line break.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The log lines of one request, and whether the secrets must be refreshed after the response.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    lines: RefCell<Vec<LogLine>>,
    is_refresh_due: Cell<bool>,
}

impl RequestLog {
    pub(crate) fn add(&self, line: LogLine) {
        self.lines.borrow_mut().push(line);
    }

    /// Requests a refresh of the secrets after the response.
    pub(crate) fn request_refresh(&self) {
        self.is_refresh_due.set(true);
    }

    /// Returns the lines, and whether the secrets must be refreshed.
    pub(crate) fn into_parts(self) -> (Vec<LogLine>, bool) {
        (self.lines.into_inner(), self.is_refresh_due.get())
    }
}
