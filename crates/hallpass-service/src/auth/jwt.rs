//! A JWT in compact form (RFC 7515 section 7.1, RFC 7519).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hallpass_token::UnixSeconds;

use super::algorithm::Algorithm;
use super::unauthorized::Unauthorized;
use crate::claims::{Claim, Claims};

/// The most bytes of a JWT that is looked at; servers in front of an app take no longer header either.
pub(super) const MAX_BYTES: usize = 8 * 1024;
/// By how much the clocks of issuer and service may differ. As long, a token that was stolen works after its end.
const LEEWAY_SECONDS: u64 = 60;

/// A JWT that anybody can have written.
#[derive(Debug)]
pub(super) struct UntrustedJwt<'a> {
    /// `None` for one that is not known, and for `none`.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) key_id: Option<String>,
    claims: Claims,
    /// What was signed.
    pub(super) message: &'a str,
    pub(super) signature: Vec<u8>,
}

impl<'a> UntrustedJwt<'a> {
    /// Whether a text looks like one: three parts.
    pub(super) fn fits(text: &str) -> bool {
        text.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// # Errors
    /// [`Unauthorized::TooLarge`] and [`Unauthorized::MalformedJwt`].
    pub(super) fn parse(text: &'a str) -> Result<Self, Unauthorized> {
        if text.len() > MAX_BYTES {
            return Err(Unauthorized::TooLarge);
        }
        let malformed = Unauthorized::MalformedJwt;
        let (message, signature) = text.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = message.split_once('.').ok_or(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed);
        let header: Claims = serde_json::from_slice(&decode(header)?).map_err(|_| malformed)?;
        let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| malformed)?;
        // An extension that must be understood (RFC 7515 section 4.1.11); none is.
        if header.get("crit").is_some() {
            return Err(malformed);
        }
        let algorithm = header.text("alg").ok_or(malformed)?;
        let key_id = match header.get("kid") {
            None => None,
            Some(Claim::Text(key_id)) => Some(key_id.clone()),
            Some(_) => return Err(malformed),
        };
        let algorithm = Algorithm::parse(algorithm);
        Ok(Self { algorithm, key_id, claims, message, signature: decode(signature)? })
    }

    /// Who is said to have issued it.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.text("iss")
    }

    /// Whether the audience is one of these (RFC 7519 section 4.1.3); a token for several is for each of them.
    pub(super) fn is_for(&self, audiences: &[Claim]) -> bool {
        self.claims.has("aud", audiences)
    }

    pub(super) fn has(&self, name: &str, wanted: &[Claim]) -> bool {
        self.claims.has(name, wanted)
    }

    /// # Errors
    /// [`Unauthorized::NoExpiry`], [`Unauthorized::Expired`] and [`Unauthorized::NotYetValid`].
    pub(super) fn check_times(&self, UnixSeconds(now): UnixSeconds) -> Result<(), Unauthorized> {
        let now = u64::from(now);
        let ends = self.claims.get("exp").and_then(seconds).ok_or(Unauthorized::NoExpiry)?;
        if now >= ends.saturating_add(LEEWAY_SECONDS) {
            return Err(Unauthorized::Expired);
        }
        let begins = match self.claims.get("nbf") {
            None => 0,
            Some(begins) => seconds(begins).ok_or(Unauthorized::MalformedJwt)?,
        };
        if begins > now + LEEWAY_SECONDS { Err(Unauthorized::NotYetValid) } else { Ok(()) }
    }

    /// The claims, for whoever has checked the signature.
    pub(super) fn into_claims(self) -> Claims {
        self.claims
    }
}

/// A time in seconds; some issuers write fractions (RFC 7519 section 2), which are cut off. One before 1970 is long
/// ago.
fn seconds(claim: &Claim) -> Option<u64> {
    let Claim::Number(text) = claim else { return None };
    text.parse().ok().or_else(|| text.parse::<f64>().ok().map(|seconds| seconds as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(header: &str, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode(claims), encode("signature"))
    }

    fn times(claims: &str) -> Result<(), Unauthorized> {
        let text = jwt(r#"{"alg":"RS256"}"#, claims);
        UntrustedJwt::parse(&text).unwrap().check_times(UnixSeconds(1_000_000))
    }

    #[test]
    fn what_is_no_jwt_is_refused() {
        let good = jwt(r#"{"alg":"RS256"}"#, "{}");
        assert!(UntrustedJwt::parse(&good).is_ok());
        for text in [
            String::new(),
            "..".into(),
            "a.b.c".into(),
            format!("{good}="),
            format!("{good}.x"),
            good.replace('.', ""),
            jwt("{}", "{}"),
            jwt("[]", "{}"),
            jwt(r#"{"alg":"RS256"}"#, "[]"),
            jwt(r#"{"alg":1}"#, "{}"),
            jwt(r#"{"alg":"RS256","alg":"RS256"}"#, "{}"),
            jwt(r#"{"alg":"RS256"}"#, r#"{"sub":"a","sub":"b"}"#),
            jwt(r#"{"alg":"RS256","kid":1}"#, "{}"),
            jwt(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, "{}"),
        ] {
            assert_eq!(UntrustedJwt::parse(&text).map(|_| ()), Err(Unauthorized::MalformedJwt), "{text}");
        }
        let long = "x".repeat(MAX_BYTES + 1);
        assert_eq!(UntrustedJwt::parse(&long).map(|_| ()), Err(Unauthorized::TooLarge));
    }

    #[test]
    fn it_ends_a_minute_after_it_says() {
        assert_eq!(times(r#"{"exp":1000000}"#), Ok(()));
        assert_eq!(times(r#"{"exp":999941}"#), Ok(()));
        assert_eq!(times(r#"{"exp":999940}"#), Err(Unauthorized::Expired));
        assert_eq!(times(r#"{"exp":1000000.5}"#), Ok(()));
        assert_eq!(times(r#"{"exp":-1}"#), Err(Unauthorized::Expired));
        for claims in ["{}", r#"{"exp":"1000000"}"#, r#"{"exp":null}"#] {
            assert_eq!(times(claims), Err(Unauthorized::NoExpiry), "{claims}");
        }
        assert_eq!(times(r#"{"exp":18446744073709551615}"#), Ok(()));
    }

    #[test]
    fn it_begins_a_minute_before_it_says() {
        assert_eq!(times(r#"{"exp":2000000,"nbf":1000060}"#), Ok(()));
        assert_eq!(times(r#"{"exp":2000000,"nbf":1000061}"#), Err(Unauthorized::NotYetValid));
        assert_eq!(times(r#"{"exp":2000000,"nbf":"x"}"#), Err(Unauthorized::MalformedJwt));
    }
}
