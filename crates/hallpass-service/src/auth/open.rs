//! The section `auth.open` of the configuration.

use crate::web::json::{Invalid, Json};

/// The service accepts callers without credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// Without a policy, these callers may also have tokens that any user can use (uid 0).
    pub(crate) wildcard: bool,
}

impl Open {
    /// Reads `true`, `false`, or an object with `wildcard`.
    pub(super) fn read<'j>(value: &'j Json<'j>) -> Result<Option<Self>, Invalid<'j>> {
        match value {
            Json::Bool(open) => Ok(open.then(Self::default)),
            Json::Object(_) => {
                let wildcard = value.fields(&["wildcard"])?.get("wildcard");
                Ok(Some(Self { wildcard: wildcard.map_or(Ok(false), Json::boolean)? }))
            }
            Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Err(value.expected("true, false, or an object with `wildcard`"))
            }
        }
    }
}
