//! Checks of URLs. The service fetches keys from these URLs, or sends credentials to them.

/// Returns whether a URL uses `https`, or `http` with a loopback host. No one can modify a response from such a URL in
/// transit.
pub(crate) fn is_https_or_loopback(url: &str) -> bool {
    if url.bytes().any(|byte| !byte.is_ascii_graphic()) || url.contains(['\\', '#']) {
        return false;
    }
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let Some(rest) = rest.strip_prefix("//") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.is_empty() || authority.bytes().any(|byte| byte == b'@') {
        return false;
    }
    match scheme {
        "https" => true,
        "http" => is_loopback(authority),
        _ => false,
    }
}

/// Returns whether a host, with or without a port, is a loopback host.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_local = host == "localhost"
        || host == "[::1]"
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_local && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_https_and_loopback_only() {
        for url in [
            "https://a.example/jwks",
            "https://a.example:8443",
            "http://localhost:3000/jwks",
            "http://127.0.0.1/x?y",
            "http://127.1.2.3:80",
            "http://[::1]:3000/",
        ] {
            assert!(is_https_or_loopback(url), "{url}");
        }
        for url in [
            "http://localhost@a.example/",
            "http://127.0.0.1.a.example/",
            "http://10.0.0.1/",
            "http://127.0.0.1:x/",
            "https://user@a.example/",
            "https://",
            "https:a.example",
            "ftp://a.example/",
            "https://a.example/ x",
            "https:\\\\a.example",
            "",
        ] {
            assert!(!is_https_or_loopback(url), "{url}");
        }
    }
}
