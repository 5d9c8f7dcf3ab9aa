//! Who is calling.

use crate::config::Open;
use crate::problem::Problem;
use crate::service::Auth;

/// A caller whose credentials, where any are needed, were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody at all: the configuration opens the service to everyone.
    Anonymous(Open),
}

/// Finds out who is calling.
///
/// # Errors
/// [`Problem::AuthNotConfigured`] where nobody said who may call: then nothing is minted.
/// [`Problem::NotReady`] where that cannot be read.
pub(crate) fn authenticate(auth: &Auth) -> Result<Caller, Problem> {
    match auth {
        Auth::Open(open) => Ok(Caller::Anonymous(*open)),
        Auth::NotConfigured => Err(Problem::AuthNotConfigured),
        Auth::Unknown => Err(Problem::NotReady),
    }
}
