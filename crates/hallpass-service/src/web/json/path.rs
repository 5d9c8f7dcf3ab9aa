//! Errors with the path of the invalid value.

use super::Json;
use crate::web::strings::truncate;

/// An invalid value in a document, identified by its node. The content is boxed to keep `Result` small, because every
/// function that reads a value returns this error.
#[derive(Debug)]
pub(crate) struct Invalid<'j>(Box<InvalidInner<'j>>);

#[derive(Debug)]
struct InvalidInner<'j> {
    node: &'j Json<'j>,
    /// The field of the node, if the error concerns a field. The field may be missing in the node.
    field: Option<&'static str>,
    detail: String,
    is_predicate: bool,
}

/// An invalid value in a document, identified by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// The path, such as `policy[0].rtc.channel`; empty for the document as a whole.
    pub(crate) path: String,
    /// The description of the error and the expected value.
    pub(crate) detail: String,
    /// True if `detail` is a predicate that follows the path, such as "must be …". If the path is empty, such a
    /// `detail` is a complete sentence.
    pub(crate) is_predicate: bool,
}

impl<'j> Invalid<'j> {
    /// Returns an error for a value that cannot be read.
    pub(crate) fn new(node: &'j Json<'j>, detail: impl Into<String>) -> Self {
        Self::of(node, None, detail.into(), false)
    }

    /// Returns an error for a value that violates a rule. In the message, the predicate follows the path.
    pub(crate) fn rule(node: &'j Json<'j>, predicate: impl Into<String>) -> Self {
        Self::of(node, None, predicate.into(), true)
    }

    /// Returns an error for a field that is missing or must not be set.
    pub(crate) fn field(object: &'j Json<'j>, field: &'static str, predicate: impl Into<String>) -> Self {
        Self::of(object, Some(field), predicate.into(), true)
    }

    #[cold]
    fn of(node: &'j Json<'j>, field: Option<&'static str>, detail: String, is_predicate: bool) -> Self {
        Self(Box::new(InvalidInner { node, field, detail, is_predicate }))
    }

    /// Determines the path of the value in its document.
    #[cold]
    pub(crate) fn resolve(self, document: &Json<'_>) -> JsonError {
        let InvalidInner { node, field, detail, is_predicate } = *self.0;
        let mut path = path_to(document, std::ptr::from_ref(node).cast()).unwrap_or_default();
        if let Some(field) = field {
            path = format!("{path}.{field}");
        }
        JsonError { path: path.strip_prefix('.').unwrap_or(&path).to_owned(), detail, is_predicate }
    }
}

/// Returns the path of the node at this address. Truncates names, because a client may have used a token as a name.
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
            .find_map(|(name, value)| Some(format!(".{}{}", truncate(name), path_to(value, target)?))),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    }
}
