//! Where in a document a value is.

use super::Json;
use crate::web::text::quote;

/// An invalid value in a document, by the node that holds it. Boxed, because every reader returns it.
#[derive(Debug)]
pub(crate) struct Invalid<'j>(Box<Parts<'j>>);

#[derive(Debug)]
struct Parts<'j> {
    node: &'j Json<'j>,
    /// A field of the node that is missing.
    missing: Option<&'static str>,
    detail: String,
    is_predicate: bool,
}

/// An invalid value in a document, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// Such as `policy[0].rtc.channel`; empty for the document as a whole.
    pub(crate) path: String,
    /// What is wrong, and what was expected.
    pub(crate) detail: String,
    /// Whether the detail continues a sentence that begins with the path: "must be …".
    pub(crate) is_predicate: bool,
}

impl<'j> Invalid<'j> {
    /// A value that cannot be read.
    pub(crate) fn new(node: &'j Json<'j>, detail: impl Into<String>) -> Self {
        Self::of(node, None, detail.into(), false)
    }

    /// A value that can be read and breaks a rule. The predicate continues a sentence that begins with the path.
    pub(crate) fn rule(node: &'j Json<'j>, predicate: impl Into<String>) -> Self {
        Self::of(node, None, predicate.into(), true)
    }

    /// A field that is not set and must be, or that must not be set.
    pub(crate) fn field(object: &'j Json<'j>, field: &'static str, predicate: impl Into<String>) -> Self {
        Self::of(object, Some(field), predicate.into(), true)
    }

    #[cold]
    fn of(node: &'j Json<'j>, missing: Option<&'static str>, detail: String, is_predicate: bool) -> Self {
        Self(Box::new(Parts { node, missing, detail, is_predicate }))
    }

    /// Finds the path of the value in its document.
    #[cold]
    pub(crate) fn resolve(self, document: &Json<'_>) -> JsonError {
        let Parts { node, missing, detail, is_predicate } = *self.0;
        let mut path = path_to(document, std::ptr::from_ref(node).cast()).unwrap_or_default();
        if let Some(field) = missing {
            path = format!("{path}.{field}");
        }
        JsonError { path: path.strip_prefix('.').unwrap_or(&path).to_owned(), detail, is_predicate }
    }
}

/// The path of the node at this address. Names are shortened: a client may have put a token in the place of a name.
fn path_to(node: &Json<'_>, target: *const ()) -> Option<String> {
    if std::ptr::addr_eq(node, target) {
        return Some(String::new());
    }
    match node {
        Json::Array(items) => {
            let path = |(position, item)| Some(format!("[{position}]{}", path_to(item, target)?));
            items.iter().enumerate().find_map(path)
        }
        Json::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| Some(format!(".{}{}", quote(name), path_to(value, target)?))),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}
