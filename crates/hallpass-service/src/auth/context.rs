//! What an authentication needs in addition to the credentials.

use hallpass_token::UnixSeconds;

use crate::web::log::RequestLog;

/// The time, the platform and the log of one request.
pub(super) struct Context<'a, P> {
    pub(super) now: UnixSeconds,
    pub(super) platform: &'a P,
    pub(super) log: &'a RequestLog,
}
