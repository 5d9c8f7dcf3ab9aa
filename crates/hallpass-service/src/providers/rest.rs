//! Calls to the providers' REST APIs.

use http::Method;
use zeroize::Zeroizing;

use super::upstream::{ProviderNames, UpstreamError};
use crate::web::json::{Invalid, Json};
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};
use crate::web::strings::join;
use crate::web::url::is_loopback;

/// Reads the `url` of a REST API. The default is the first URL in `known`. Accepts only the URLs in `known` and loopback
/// URLs, because requests contain credentials.
pub(super) fn read_url<'j>(value: Option<&'j Json<'j>>, known: &[&str]) -> Result<String, Invalid<'j>> {
    let Some(value) = value else { return Ok(known.first().copied().unwrap_or_default().to_owned()) };
    let url = value.string()?.trim_end_matches('/');
    let is_local = url.strip_prefix("http://").is_some_and(is_loopback);
    if is_local || known.contains(&url) {
        return Ok(url.to_owned());
    }
    let detail = format!("expected {}, or an http:// URL of a loopback address", join(known, " or "));
    Err(Invalid::new(value, detail))
}

/// Returns a request with the credentials in `headers`, and with limits on the size and the duration of the response.
/// Sets a content type even if the request has no body, because Agora otherwise responds with status 415.
pub(super) fn request(
    method: Method,
    url: String,
    mut headers: Vec<(&'static str, Zeroizing<String>)>,
    body: Vec<u8>,
    (max_bytes, seconds): (usize, u32),
) -> OutboundRequest {
    headers.push(("content-type", Zeroizing::new("application/json".to_owned())));
    headers.push(("accept", Zeroizing::new("application/json".to_owned())));
    OutboundRequest { method, url, headers, body, max_bytes, seconds }
}

/// Reads the JSON body of a successful response. `read` returns `None` for a body that does not match the provider's
/// documentation.
///
/// # Errors
/// Returns [`UpstreamError`] if there is no response, the status is not a success, or the body has an unexpected form.
pub(super) fn read<T>(
    provider: ProviderNames,
    response: Result<OutboundResponse, SendError>,
    read: impl FnOnce(Json<'_>) -> Option<T>,
) -> Result<T, UpstreamError> {
    let response = check_status(provider, response)?;
    let document = Json::parse(&response.body).ok();
    document.and_then(read).ok_or_else(|| UpstreamError::from_unexpected_body(provider, &response))
}

fn check_status(
    provider: ProviderNames,
    response: Result<OutboundResponse, SendError>,
) -> Result<OutboundResponse, UpstreamError> {
    match response {
        Ok(response) if (200..300).contains(&response.status) => Ok(response),
        Ok(response) => Err(UpstreamError::from_response(provider, &response)),
        Err(error) => Err(UpstreamError::from_send_error(provider, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests URLs that the tests in `tests/config` do not cover.
    #[test]
    fn accepts_provider_and_loopback_urls_only() {
        const KNOWN: &[&str] = &["https://api.agora.io", "https://api.sd-rtn.com"];
        for (url, expected) in [
            ("https://api.sd-rtn.com", true),
            ("https://api.agora.io/", true),
            ("http://127.0.0.1:8080", true),
            ("https://api.agora.io.example.com", false),
            ("https://api.agora.io/dev", false),
            ("https://127.0.0.1", false),
            ("http://127.0.0.1@example.com", false),
            ("", false),
        ] {
            assert_eq!(read_url(Some(&Json::from(url)), KNOWN).is_ok(), expected, "{url}");
        }
    }
}
