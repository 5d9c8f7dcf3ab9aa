//! URLs of the providers' REST APIs.

use crate::web::json::{Invalid, Json};
use crate::web::url::is_loopback;

/// Reads `url` of a REST API: one of the provider's own, or a stand-in on this machine. Whoever receives a request there
/// receives credentials. Without a URL, the first of `known` is used.
pub(super) fn read_url<'j>(value: Option<&'j Json<'j>>, known: &[&str]) -> Result<String, Invalid<'j>> {
    let Some(value) = value else { return Ok(known.first().copied().unwrap_or_default().to_owned()) };
    let url = value.string()?.trim_end_matches('/');
    let is_here = url.strip_prefix("http://").is_some_and(is_loopback);
    if is_here || known.contains(&url) {
        return Ok(url.to_owned());
    }
    let detail = format!("expected {}, or http:// and an address of this machine", known.join(" or "));
    Err(Invalid::new(value, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_provider_and_this_machine_get_requests() {
        const KNOWN: &[&str] = &["https://api.agora.io", "https://api.sd-rtn.com"];
        let read = |url: &str| {
            let value = Json::from(url);
            value.read(|value| read_url(Some(value), KNOWN)).map_err(|error| error.detail)
        };
        for url in ["https://api.sd-rtn.com", "https://api.agora.io/", "http://127.0.0.1:8080"] {
            assert_eq!(read(url).unwrap(), url.trim_end_matches('/'));
        }
        for url in [
            "http://api.agora.io",
            "https://api.agora.io.example.com",
            "https://api.agora.io/dev",
            "https://api.videosdk.live",
            "https://127.0.0.1",
            "http://127.0.0.1/x",
            "http://127.0.0.1@example.com",
            "",
        ] {
            let message = read(url).unwrap_err();
            assert!(
                message.starts_with("expected https://api.agora.io or https://api.sd-rtn.com"),
                "{message}"
            );
        }
    }
}
