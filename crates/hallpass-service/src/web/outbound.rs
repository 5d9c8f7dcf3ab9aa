//! Requests that the service sends, and the responses to them.

use std::fmt;

use http::Method;
use zeroize::Zeroizing;

/// A request to a provider or an issuer.
pub struct OutboundRequest {
    /// The method: GET or POST.
    pub method: Method,
    /// The absolute, percent-encoded URL. The URL contains no secrets.
    pub url: String,
    /// The headers, with their names in lower case. Some values are credentials.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body; empty for a request without a body.
    pub body: Vec<u8>,
    /// The maximum size of the response body, in bytes.
    pub max_bytes: usize,
    /// The timeout for the complete response, in seconds.
    pub seconds: u32,
}

/// The response to an [`OutboundRequest`].
#[derive(Default)]
pub struct OutboundResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers in [`CAPTURED_HEADERS`] that are present.
    pub headers: Vec<(&'static str, String)>,
    /// The complete body, which may contain secrets.
    pub body: Zeroizing<Vec<u8>>,
}

/// The response headers that the service reads.
pub const CAPTURED_HEADERS: [&str; 4] = ["retry-after", "x-request-id", "x-amz-request-id", "x-resource-id"];

/// The reason why the complete response to a request could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The complete response did not arrive before the timeout.
    #[error("the request timed out")]
    TimedOut,
    /// The connection could not be established or was lost.
    #[error("the connection failed")]
    Unreachable,
    /// The body is larger than [`OutboundRequest::max_bytes`].
    #[error("the response is too large")]
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
