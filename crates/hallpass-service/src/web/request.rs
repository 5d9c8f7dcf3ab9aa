//! Requests, as an adapter converts them, and what the platform supplies with each.

use hallpass_token::UnixSeconds;
use http::Method;

use super::headers::Headers;

/// The most bytes that the body of a request may have.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// One HTTP request, with nothing about it checked.
#[derive(Debug)]
pub struct Request {
    /// The method as it was sent.
    pub method: Method,
    /// The path as it was sent, percent-encoding included, beginning with `/`.
    pub path: String,
    /// What follows the `?`, percent-encoding included; empty where there is none.
    pub query: String,
    /// At least those headers that [`Service::headers_read`](crate::Service::headers_read) names.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// All of it, at most [`MAX_BODY_BYTES`].
    Whole(Vec<u8>),
    /// It is longer than [`MAX_BODY_BYTES`]; the rest was not read.
    TooLarge,
    /// It ended early or could not be decoded.
    Broken,
}

/// What the platform supplies with a request.
pub struct RequestContext<'a> {
    /// The current time.
    pub now: UnixSeconds,
    /// Fresh bytes from the platform's secure source.
    pub random: [u8; RequestContext::RANDOM_BYTES],
    /// The platform's id of this request, as its own log has it.
    pub request_id: String,
    /// Claims that the platform's gateway has checked; `None` where it has none, and where there is no such gateway.
    pub gateway_claims: Option<Vec<(String, String)>>,
    /// The address of the caller, where the platform knows it. Asked for only when it is needed.
    pub caller_address: &'a dyn Fn() -> Option<String>,
}

impl RequestContext<'_> {
    /// How many random bytes a request needs: 4 for a salt, 4 for a uid.
    pub const RANDOM_BYTES: usize = 8;

    pub(crate) fn salt_bytes(&self) -> [u8; 4] {
        let [a, b, c, d, _, _, _, _] = self.random;
        [a, b, c, d]
    }

    pub(crate) fn uid_bytes(&self) -> [u8; 4] {
        let [_, _, _, _, a, b, c, d] = self.random;
        [a, b, c, d]
    }
}

impl Body {
    /// A body that is whole, or too large.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        if bytes.len() > MAX_BODY_BYTES { Self::TooLarge } else { Self::Whole(bytes) }
    }
}

/// Returns the parts of a path between its slashes. Bytes, because to look for a character of a text costs several times as
/// much.
pub(crate) fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
}
