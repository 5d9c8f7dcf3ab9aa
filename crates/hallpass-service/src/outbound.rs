//! Requests that the service sends, and the answers to them.

use std::fmt;

use http::Method;
use zeroize::Zeroizing;

/// A request to a provider or an issuer.
pub struct Outgoing {
    /// GET or POST.
    pub method: Method,
    /// An absolute address, percent-encoded; it holds no secret.
    pub url: String,
    /// Names in lower case, and values, some of which are credentials.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// The most bytes of the answer's body.
    pub max_bytes: usize,
    /// How long to wait for the end of the answer, in seconds.
    pub seconds: u32,
}

/// The answer to it.
#[derive(Default)]
pub struct Incoming {
    /// The HTTP status.
    pub status: u16,
    /// Of those that [`HEADERS_TAKEN`] names, the ones that there are.
    pub headers: Vec<(&'static str, String)>,
    /// All of the body. It may hold what nobody should see.
    pub body: Zeroizing<Vec<u8>>,
}

/// The headers of an answer that the service reads.
pub const HEADERS_TAKEN: [&str; 4] = ["retry-after", "x-request-id", "x-amz-request-id", "x-resource-id"];

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It did not come in time.
    TimedOut,
    /// There was no connection, or it broke.
    Unreachable,
    /// Its body is longer than was asked for.
    TooLarge,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} …", self.method, self.url)
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} …", self.status)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "no answer in time",
            Self::Unreachable => "no connection",
            Self::TooLarge => "an answer that is too long",
        })
    }
}
