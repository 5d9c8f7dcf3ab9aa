//! Requests that the service sends, and the responses to them.

use std::fmt;

use http::Method;
use zeroize::Zeroizing;

/// A request to a provider or an issuer.
pub struct OutboundRequest {
    /// GET or POST.
    pub method: Method,
    /// An absolute address, percent-encoded; it holds no secret.
    pub url: String,
    /// Names in lower case, and values, some of which are credentials.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// The most bytes of the response's body.
    pub max_bytes: usize,
    /// How long to wait for the end of the response, in seconds.
    pub seconds: u32,
}

/// The response to an [`OutboundRequest`].
#[derive(Default)]
pub struct OutboundResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers in [`CAPTURED_HEADERS`] that are present.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body. It may hold secrets.
    pub body: Zeroizing<Vec<u8>>,
}

/// The headers of an response that the service reads.
pub const CAPTURED_HEADERS: [&str; 4] = ["retry-after", "x-request-id", "x-amz-request-id", "x-resource-id"];

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It did not come in time.
    #[error("no answer in time")]
    TimedOut,
    /// There was no connection, or it broke.
    #[error("no connection")]
    Unreachable,
    /// Its body is longer than was asked for.
    #[error("an answer that is too long")]
    TooLarge,
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} …", self.method, self.url)
    }
}

impl fmt::Debug for OutboundResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} …", self.status)
    }
}
