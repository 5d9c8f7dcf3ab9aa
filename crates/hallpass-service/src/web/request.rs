//! Requests, and the data that the platform supplies with each request.

use hallpass_token::UnixSeconds;
use http::Method;

use super::headers::Headers;

/// The maximum size of a request body, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// An HTTP request that has not been validated.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The percent-encoded path, as the client sent it. The path starts with `/`. A `?` in the path means that the
    /// platform removed the rest of the path from an encoded question mark. The service rejects such a path.
    pub path: String,
    /// The percent-encoded query string after the `?`; empty if the URL has no query.
    pub query: String,
    /// The headers, including at least those that [`Service::headers_read`](crate::Service::headers_read) names.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// The complete body, at most [`MAX_BODY_BYTES`] long.
    Whole(Vec<u8>),
    /// The body is longer than [`MAX_BODY_BYTES`]. The platform may not have read the body completely.
    TooLarge,
    /// The body ended early or could not be decoded.
    Broken,
}

/// The data that the platform supplies with a request.
pub struct RequestContext<'a> {
    /// The current time.
    pub now: UnixSeconds,
    /// Random bytes from the platform's cryptographically secure generator.
    pub random: [u8; RequestContext::RANDOM_BYTES],
    /// The ID under which the platform logs the request.
    pub request_id: String,
    /// The claims that the platform's gateway verified; `None` if there is no gateway, or if the gateway verified no
    /// claims.
    pub gateway_claims: Option<Vec<(String, String)>>,
    /// Returns the IP address of the caller, if the platform knows the address. The service calls this function only if
    /// it needs the address.
    pub caller_address: &'a dyn Fn() -> Option<String>,
}

impl RequestContext<'_> {
    /// The number of random bytes that a request requires: 4 bytes for a salt, 4 bytes for a uid, 4 bytes for the uid of
    /// an agent, and 8 bytes for a channel name.
    pub const RANDOM_BYTES: usize = 20;

    pub(crate) fn salt_bytes(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.random;
        [a, b, c, d]
    }

    pub(crate) fn uid_bytes(&self) -> [u8; 4] {
        let [_, _, _, _, a, b, c, d, ..] = self.random;
        [a, b, c, d]
    }

    pub(crate) fn agent_uid_bytes(&self) -> [u8; 4] {
        let [.., a, b, c, d, _, _, _, _, _, _, _, _] = self.random;
        [a, b, c, d]
    }

    pub(crate) fn channel_bytes(&self) -> [u8; 8] {
        let [.., a, b, c, d, e, f, g, h] = self.random;
        [a, b, c, d, e, f, g, h]
    }
}

impl Body {
    /// Returns [`Self::Whole`], or [`Self::TooLarge`] if there are more than [`MAX_BODY_BYTES`] bytes.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        if bytes.len() > MAX_BODY_BYTES { Self::TooLarge } else { Self::Whole(bytes) }
    }
}

/// Returns the parts of a path between its slashes. The path is passed as bytes, because splitting a `str` at a
/// character takes several times as long.
pub(crate) fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_each_random_byte_once() {
        let random = std::array::from_fn(|position| u8::try_from(position).unwrap());
        let context = RequestContext {
            now: UnixSeconds(0),
            random,
            request_id: String::new(),
            gateway_claims: None,
            caller_address: &|| None,
        };
        let (salt, uid, agent_uid) = (context.salt_bytes(), context.uid_bytes(), context.agent_uid_bytes());
        let used = [&salt[..], &uid, &agent_uid, &context.channel_bytes()].concat();
        assert_eq!(used, random);
    }
}
