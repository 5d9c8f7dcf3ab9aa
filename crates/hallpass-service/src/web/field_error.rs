//! An invalid value in a request, and where it is.

use std::fmt;
use std::ops::Deref;

use super::json::JsonError;

/// A part of a request that holds an invalid value. Display is a sentence for the client. Boxed, because every reader of a
/// request returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError(Box<Parts>);

/// The parts of a [`FieldError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The path of the field; `None` if no single field is at fault.
    pub(crate) field: Option<String>,
    detail: String,
    /// Whether the server that a compatible route imitates finds the error while it reads the request, and not while it
    /// builds the token. Some servers report the two in different fields.
    pub(crate) is_reading: bool,
}

impl FieldError {
    /// Returns an error whose sentence is the name of the field and this predicate.
    pub(crate) fn new(field: &str, predicate: impl fmt::Display) -> Self {
        Self::of(field, &predicate)
    }

    // Compiled once, for all types of predicates.
    #[cold]
    fn of(field: &str, predicate: &dyn fmt::Display) -> Self {
        Self::sentence(field, format!("`{field}` {predicate}"))
    }

    /// Returns an error with this whole sentence.
    pub(crate) fn sentence(field: &str, sentence: impl Into<String>) -> Self {
        Self(Box::new(Parts { field: Some(field.to_owned()), detail: sentence.into(), is_reading: false }))
    }

    /// Returns an error of the body as a whole.
    pub(crate) fn body(detail: impl fmt::Display) -> Self {
        Self::whole(format!("the body: {}", &detail as &dyn fmt::Display))
    }

    /// Returns an error of no single field, with this whole sentence.
    pub(crate) fn whole(sentence: impl Into<String>) -> Self {
        Self(Box::new(Parts { field: None, detail: sentence.into(), is_reading: false }))
    }

    /// Marks the error as one that the imitated server finds while it reads the request.
    pub(crate) fn reading(mut self) -> Self {
        self.0.is_reading = true;
        self
    }
}

impl Deref for FieldError {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// A JSON document that is invalid at one place.
impl From<JsonError> for FieldError {
    fn from(JsonError { path, detail, is_predicate }: JsonError) -> Self {
        if path.is_empty() {
            Self::body(detail)
        } else if is_predicate {
            Self::new(&path, detail)
        } else {
            Self::new(&path, format_args!("is not valid: {detail}"))
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}
