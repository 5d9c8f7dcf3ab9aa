//! Parsing of tokens without verification.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::error::{MAX_TOKEN_BYTES, ParseError, Part};
use super::json::Object;
use super::parsed_claims::ParsedClaims;
use crate::mac::SIGNATURE_LEN;
use crate::quote::excerpt;

/// A parsed token. The signature is not verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// The signed string: the encoded header, a dot, and the encoded claims.
    pub(super) signed: Box<str>,
    pub(super) signature: [u8; SIGNATURE_LEN],
    claims: ParsedClaims,
}

impl Untrusted {
    /// Parses a token strictly, as RFC 7515 section 5.2 and RFC 7519 section 7.2 require. Does not check the signature.
    ///
    /// This function accepts valid but unsuitable claims. For example, `explain` and [`Untrusted::verify`] check
    /// whether `exp` is missing, but this function does not.
    ///
    /// # Errors
    /// Returns [`ParseError`] if the string is not an HS256 JWT, or if a claim does not have the type that VideoSDK
    /// defines.
    pub fn parse(token: &str) -> Result<Self, ParseError> {
        let (token, errors) = Self::read(token)?;
        errors.into_iter().next().map_or(Ok(token), Err)
    }

    /// Parses a token. Returns the token without its invalid claims, and an error for each invalid claim.
    ///
    /// A token with errors must not be returned to callers of the crate, because this token does not contain the
    /// invalid claims. Without the invalid claims, the token can appear to be valid.
    pub(super) fn read(token: &str) -> Result<(Self, Vec<ParseError>), ParseError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(ParseError::TooLarge(token.len()));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(ParseError::Parts(1))?;
        let Some((header, claims)) = signed.split_once('.').filter(|(_, claims)| !claims.contains('.'))
        else {
            return Err(ParseError::Parts(token.split('.').count()));
        };
        check_header(&read_object(header, Part::Header)?)?;
        let (claims, errors) = ParsedClaims::read(&read_object(claims, Part::Claims)?);
        let signature = decode(signature, Part::Signature)?;
        let signature =
            signature.try_into().map_err(|other: Vec<u8>| ParseError::SignatureLength(other.len()))?;
        Ok((Self { signed: signed.into(), signature, claims }, errors))
    }

    /// Returns the claims, which are not verified.
    #[must_use]
    pub const fn claims(&self) -> &ParsedClaims {
        &self.claims
    }
}

/// Omits the signature, because anyone who knows the signature and the claims can use the token.
impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Untrusted").field("claims", &self.claims).finish_non_exhaustive()
    }
}

fn read_object(string: &str, part: Part) -> Result<Object, ParseError> {
    Object::parse(&decode(string, part)?).ok_or(ParseError::Json(part))
}

fn decode(string: &str, part: Part) -> Result<Vec<u8>, ParseError> {
    if string.contains('=') {
        return Err(ParseError::Padding(part));
    }
    if string.contains(['+', '/']) {
        return Err(ParseError::StandardAlphabet(part));
    }
    BASE64_URL_SAFE_NO_PAD.decode(string).map_err(|_| ParseError::Base64(part))
}

fn check_header(header: &Object) -> Result<(), ParseError> {
    let algorithm = header.string("alg")?.ok_or(ParseError::Missing("alg"))?;
    if algorithm != "HS256" {
        return Err(ParseError::Algorithm(excerpt(&algorithm)));
    }
    match header.string("typ")? {
        Some(name) if !name.eq_ignore_ascii_case("JWT") => return Err(ParseError::Type(excerpt(&name))),
        _ => {}
    }
    if header.has("crit") { Err(ParseError::Critical) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Ttl;
    use crate::videosdk::claims::Claims;
    use crate::videosdk::id::{ParticipantId, RoomId, TokenId};
    use crate::videosdk::scope::{Permissions, Roles, Scope};
    use crate::videosdk::test_support::{self, NOW, SEED_0_1_X, V1_DEFAULT_10M};
    use alloc::format;

    const CLAIMS: &str = r#"{"apikey":"k"}"#;

    fn with_header(header: &str) -> Result<Untrusted, ParseError> {
        Untrusted::parse(&test_support::token_with(header, CLAIMS))
    }

    #[test]
    fn parses_an_upper_case_role() {
        let token = Untrusted::parse(&SEED_0_1_X.token()).unwrap();
        assert_eq!(token.claims().known_roles(), Roles::Crawler);
        assert_eq!(token.claims().roles, ["CRAWLER"]);
    }

    #[test]
    fn round_trips_minted_tokens() {
        let (api_key, string) = (test_support::api_key(), "教室-é/<&>'%\u{1f600}");
        let claims = Claims {
            api_key: &api_key,
            permissions: Permissions::AskToJoin,
            scope: Scope::V2 {
                roles: Roles::None,
                room: RoomId::parse(string).ok(),
                participant: ParticipantId::parse(string).ok(),
            },
            issued_at: NOW,
            expires_in: Ttl::MAX,
            id: TokenId::parse(string).ok(),
        };
        let token = Untrusted::parse(&claims.sign(&test_support::secret())).unwrap();
        let claims = token.claims();
        assert_eq!([&claims.room, &claims.participant, &claims.id], [&Some(string.into()); 3]);
    }

    #[test]
    fn rejects_other_numbers_of_parts() {
        for (string, parts) in [("", 1), ("a", 1), ("a.b", 2), ("a.b.c.d", 4), ("a.b.c.d.e", 5)] {
            assert_eq!(Untrusted::parse(string), Err(ParseError::Parts(parts)), "{string}");
        }
    }

    #[test]
    fn limits_tokens_to_16_kib() {
        let long = |len: usize| format!("a.{}.c", "b".repeat(len - 4));
        assert_ne!(Untrusted::parse(&long(16_384)), Err(ParseError::TooLarge(16_384)));
        assert_eq!(Untrusted::parse(&long(16_385)), Err(ParseError::TooLarge(16_385)));
    }

    #[test]
    fn rejects_other_algorithms() {
        for name in ["none", "None", "hs256", "HS384", "RS256", ""] {
            let read = with_header(&format!("{{\"alg\":\"{name}\"}}"));
            assert_eq!(read, Err(ParseError::Algorithm(name.into())));
        }
    }

    #[test]
    fn truncates_the_name_of_an_algorithm() {
        let read = with_header(&format!("{{\"alg\":\"{}\"}}", "é".repeat(65)));
        assert_eq!(read, Err(ParseError::Algorithm(format!("{}…", "é".repeat(64)).into())));
    }

    #[test]
    fn rejects_a_missing_algorithm() {
        assert_eq!(with_header(r#"{"typ":"JWT"}"#), Err(ParseError::Missing("alg")));
    }

    #[test]
    fn rejects_duplicate_algorithms() {
        assert_eq!(with_header(r#"{"alg":"HS256","alg":"none"}"#), Err(ParseError::Duplicate("alg")));
    }

    #[test]
    fn accepts_a_missing_type_and_any_case() {
        assert!(with_header(r#"{"alg":"HS256"}"#).is_ok());
        assert!(with_header(r#"{"alg":"HS256","typ":"jwt"}"#).is_ok());
    }

    #[test]
    fn rejects_other_types() {
        assert_eq!(with_header(r#"{"alg":"HS256","typ":"JWE"}"#), Err(ParseError::Type("JWE".into())));
    }

    #[test]
    fn rejects_critical_extensions() {
        assert_eq!(with_header(r#"{"alg":"HS256","crit":[]}"#), Err(ParseError::Critical));
    }

    #[test]
    fn rejects_padding() {
        let token = V1_DEFAULT_10M.token() + "=";
        assert_eq!(Untrusted::parse(&token), Err(ParseError::Padding(Part::Signature)));
    }

    #[test]
    fn rejects_standard_base64() {
        let token = V1_DEFAULT_10M.token().replace('-', "+");
        assert_eq!(Untrusted::parse(&token), Err(ParseError::StandardAlphabet(Part::Signature)));
    }

    /// The last of the 43 characters of a signature encodes four bits, and has two unused bits. `8` and `9` differ only
    /// in an unused bit.
    #[test]
    fn rejects_nonzero_unused_bits() {
        let token = V1_DEFAULT_10M.token();
        let token = format!("{}9", token.strip_suffix('8').unwrap());
        assert_eq!(Untrusted::parse(&token), Err(ParseError::Base64(Part::Signature)));
    }

    #[test]
    fn rejects_whitespace() {
        let token = V1_DEFAULT_10M.token() + "\n";
        assert_eq!(Untrusted::parse(&token), Err(ParseError::Base64(Part::Signature)));
    }

    #[test]
    fn rejects_claims_that_are_not_an_object() {
        assert_eq!(Untrusted::parse(&test_support::token("[]")), Err(ParseError::Json(Part::Claims)));
    }

    #[test]
    fn names_the_first_invalid_claim() {
        let read = Untrusted::parse(&test_support::token(r#"{"exp":1.5,"roomId":7,"apikey":"k"}"#));
        assert_eq!(read, Err(ParseError::WrongType { name: "roomId", expected: "a string" }));
    }

    #[test]
    fn rejects_signatures_of_other_lengths() {
        let token = V1_DEFAULT_10M.token();
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert_eq!(Untrusted::parse(&format!("{signed}.")), Err(ParseError::SignatureLength(0)));
        let long = format!("{signed}.{}", test_support::encode([0; 33]));
        assert_eq!(Untrusted::parse(&long), Err(ParseError::SignatureLength(33)));
    }

    #[test]
    fn debug_output_omits_the_token() {
        let token = V1_DEFAULT_10M.token();
        let printed = format!("{:?}", Untrusted::parse(&token).unwrap());
        assert!(token.split('.').all(|part| !printed.contains(part)));
    }
}
