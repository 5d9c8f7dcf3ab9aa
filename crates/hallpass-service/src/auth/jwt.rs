//! A JWT in compact form (RFC 7515 section 7.1, RFC 7519).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hallpass_token::UnixSeconds;

use super::algorithm::Algorithm;
use super::claims::Claims;
use super::error::Unauthorized;
use crate::web::json::Json;

/// The maximum length of a JWT in bytes. Common proxies reject headers that exceed this length.
pub(super) const MAX_BYTES: usize = 8 * 1024;
/// The tolerated difference between the clocks of the issuer and the service. A JWT is accepted for this long after its
/// `exp`.
const LEEWAY_SECONDS: u64 = 60;

/// A JWT whose signature has not been verified.
#[derive(Debug)]
pub(super) struct UntrustedJwt<'a> {
    /// The algorithm; `None` if `alg` is `none` or an unknown algorithm.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) key_id: Option<String>,
    /// The media type in the header field `typ`, in normal form; see [`normal_type`].
    pub(super) media_type: Option<String>,
    pub(super) claims: Claims,
    /// The signed string: the first two parts of the JWT, joined by a dot.
    pub(super) message: &'a str,
    pub(super) signature: Vec<u8>,
}

impl<'a> UntrustedJwt<'a> {
    /// Returns whether the string has three parts separated by dots, like a JWT.
    pub(super) fn has_three_parts(token: &str) -> bool {
        token.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// Parses a JWT without verifying the signature.
    pub(super) fn parse(token: &'a str) -> Result<Self, Unauthorized> {
        if token.len() > MAX_BYTES {
            return Err(Unauthorized::TooLarge);
        }
        Self::decode(token).ok_or(Unauthorized::MalformedJwt)
    }

    #[inline(never)]
    fn decode(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = Claims::parse(&decode(header)?)?;
        let claims = Claims::parse(&decode(claims)?)?;
        // `crit` names extensions that the verifier must support (RFC 7515 section 4.1.11). This service supports no
        // extensions.
        if header.get("crit").is_some() {
            return None;
        }
        let algorithm = Algorithm::parse(header.get_str("alg")?);
        let string = |name| match header.get(name) {
            None => Some(None),
            Some(value) => value.as_str().map(Some),
        };
        let key_id = string("kid")?.map(str::to_owned);
        let media_type = string("typ")?.map(normal_type);
        Some(Self { algorithm, key_id, media_type, claims, message, signature: decode(signature)? })
    }

    /// Rejects a JWT that has expired, expires after more than `max_ttl` seconds, is not valid yet, or has no expiration
    /// time.
    pub(super) fn check_times(
        &self,
        UnixSeconds(now): UnixSeconds,
        max_ttl: u32,
    ) -> Result<(), Unauthorized> {
        let now = u64::from(now);
        let expires_at = self.claims.get("exp").and_then(seconds).ok_or(Unauthorized::NoExpiry)?;
        if now >= expires_at.saturating_add(LEEWAY_SECONDS) {
            return Err(Unauthorized::Expired);
        }
        if expires_at > now + u64::from(max_ttl) + LEEWAY_SECONDS {
            return Err(Unauthorized::ExpiryTooFar);
        }
        let valid_from = match self.claims.get("nbf") {
            None => 0,
            Some(valid_from) => seconds(valid_from).ok_or(Unauthorized::MalformedJwt)?,
        };
        if valid_from > now + LEEWAY_SECONDS { Err(Unauthorized::NotYetValid) } else { Ok(()) }
    }
}

/// Returns a media type in lower case without the prefix `application/`, which is optional in `typ` (RFC 7515 section
/// 4.1.9).
pub(super) fn normal_type(media_type: &str) -> String {
    let media_type = media_type.to_ascii_lowercase();
    media_type.strip_prefix("application/").map(str::to_owned).unwrap_or(media_type)
}

/// Returns a Unix time in whole seconds, or `None` if the claim is not a number. Fractions (RFC 7519 section 2) are
/// truncated, and times before 1970 become 0.
fn seconds(claim: &Json<'_>) -> Option<u64> {
    let Json::Number(number) = claim else { return None };
    number.as_u64().or_else(|| number.as_f64().map(|seconds| seconds as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_times_within_the_leeway() {
        for (claims, expected) in [
            (r#"{"exp":999941}"#, Ok(())),
            (r#"{"exp":999940}"#, Err(Unauthorized::Expired)),
            (r#"{"exp":1000000.5}"#, Ok(())),
            (r#"{"exp":1003660}"#, Ok(())),
            (r#"{"exp":1003661}"#, Err(Unauthorized::ExpiryTooFar)),
            (r#"{"exp":1e300}"#, Err(Unauthorized::ExpiryTooFar)),
            (r#"{"exp":18446744073709551615}"#, Err(Unauthorized::ExpiryTooFar)),
            (r#"{"exp":1003600,"nbf":1000060}"#, Ok(())),
            (r#"{"exp":1003600,"nbf":1000061}"#, Err(Unauthorized::NotYetValid)),
        ] {
            let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
            let text = format!("{}.{}.", encode(r#"{"alg":"RS256"}"#), encode(claims));
            let jwt = UntrustedJwt::parse(&text).unwrap();
            assert_eq!(jwt.check_times(UnixSeconds(1_000_000), 3600), expected, "{claims}");
        }
    }

    #[test]
    fn the_prefix_and_the_case_of_a_media_type_are_optional() {
        for text in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert_eq!(normal_type(text), "at+jwt", "{text}");
        }
        assert_eq!(normal_type("application/application/jwt"), "application/jwt");
    }
}
