//! Invalid values in a request.

use std::fmt;
use std::ops::Deref;

use super::json::JsonError;

/// An invalid value in a request. Display writes the message for the client. The content is boxed to keep `Result`
/// small, because every function that reads a request returns this error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError(Box<FieldErrorInner>);

/// The content of a [`FieldError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldErrorInner {
    /// The path of the field; `None` if no single field is invalid.
    pub(crate) field: Option<String>,
    detail: String,
    /// True if the server that a compatible route imitates detects the error while it parses the request. False if that
    /// server detects the error while it builds the token. Some servers report the two kinds of errors in different
    /// response fields.
    pub(crate) is_parse_error: bool,
}

impl FieldError {
    /// Returns an error whose message is the name of the field followed by the predicate.
    pub(crate) fn new(field: &str, predicate: impl fmt::Display) -> Self {
        Self::of(field, &predicate)
    }

    // This function is separate from `new`, so that its code is compiled only once for all types of predicates.
    #[cold]
    fn of(field: &str, predicate: &dyn fmt::Display) -> Self {
        Self::sentence(field, with_period(format!("`{field}` {predicate}")))
    }

    /// Returns an error with this complete message.
    pub(crate) fn sentence(field: &str, message: impl Into<String>) -> Self {
        Self::inner(Some(field.to_owned()), message.into())
    }

    /// Returns an error that concerns the body as a whole.
    pub(crate) fn body(detail: impl fmt::Display) -> Self {
        Self::without_field(with_period(format!("The body is invalid: {}", &detail as &dyn fmt::Display)))
    }

    /// Returns an error that concerns no single field, with this complete message.
    pub(crate) fn without_field(message: impl Into<String>) -> Self {
        Self::inner(None, message.into())
    }

    fn inner(field: Option<String>, detail: String) -> Self {
        Self(Box::new(FieldErrorInner { field, detail, is_parse_error: false }))
    }

    /// Marks the error as a parse error: the imitated server detects such an error while it parses the request.
    pub(crate) fn while_parsing(mut self) -> Self {
        self.0.is_parse_error = true;
        self
    }
}

/// Ends a message with a period.
fn with_period(mut sentence: String) -> String {
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

impl Deref for FieldError {
    type Target = FieldErrorInner;

    fn deref(&self) -> &FieldErrorInner {
        &self.0
    }
}

/// Converts an error in the body. If the path is empty, a predicate is already a complete sentence.
impl From<JsonError> for FieldError {
    fn from(JsonError { path, detail, is_predicate }: JsonError) -> Self {
        match (path.is_empty(), is_predicate) {
            (true, true) => Self::without_field(with_period(detail)),
            (true, false) => Self::body(detail),
            (false, true) => Self::new(&path, detail),
            (false, false) => Self::new(&path, format_args!("is invalid: {detail}")),
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}
