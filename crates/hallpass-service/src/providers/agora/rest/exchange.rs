//! What all calls have in common.

use http::Method;
use zeroize::Zeroizing;

use super::credentials::Credentials;
use crate::providers::agora::NAME;
use crate::providers::upstream::UpstreamError;
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// How long a call may take, unless its function says otherwise.
const SECONDS: u32 = 8;
/// The size limit of a response: 1,000 events have about 130 KB, and so have 500 projects.
const MAX_BYTES: usize = 512 * 1024;

/// Returns a request. Agora requires the content type even without content, and responds 415 without it.
pub(super) fn request(
    method: Method,
    url: String,
    credentials: Credentials,
    body: Vec<u8>,
) -> OutboundRequest {
    let mut headers = credentials.into_headers();
    headers.push(("content-type", Zeroizing::new("application/json".to_owned())));
    headers.push(("accept", Zeroizing::new("application/json".to_owned())));
    OutboundRequest { method, url, headers, body, max_bytes: MAX_BYTES, seconds: SECONDS }
}

/// Returns a successful response.
pub(super) fn success(
    response: Result<OutboundResponse, SendError>,
) -> Result<OutboundResponse, UpstreamError> {
    let response = response.map_err(|error| UpstreamError::of_sending(NAME, error))?;
    if (200..300).contains(&response.status) {
        Ok(response)
    } else {
        Err(UpstreamError::of_response(NAME, &response))
    }
}

/// Returns the error for a response that differs from Agora's documentation.
pub(super) fn not_understood(response: &OutboundResponse) -> UpstreamError {
    UpstreamError::not_understood(NAME, response)
}
