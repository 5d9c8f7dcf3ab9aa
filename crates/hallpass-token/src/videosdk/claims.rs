//! Minting of VideoSDK tokens.

use alloc::string::String;

use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::credentials::{ApiKey, Secret};
use super::id::{ParticipantId, RoomId, TokenId};
use super::scope::{Permissions, Scope};
use crate::base64::push_base64;
use crate::mac::SIGNATURE_LEN;
use crate::time::{Ttl, UnixSeconds};

/// The claims of a token, restricted to values that VideoSDK accepts (Formats 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims<'a> {
    /// The project's API key.
    pub api_key: &'a ApiKey,
    /// The permissions of the participant in a room.
    pub permissions: Permissions,
    /// The version, the roles, and the room and the participant to which the token is bound.
    pub scope: Scope<'a>,
    /// The issue time.
    pub issued_at: UnixSeconds,
    /// The TTL of the token. VideoSDK checks the expiry only when a participant joins. A participant who has joined can
    /// stay in the room after the expiry.
    pub expires_in: Ttl,
    /// The token's ID, for logs. If this field is `None`, the claim `jti` is omitted.
    pub id: Option<TokenId<'a>>,
}

/// The JWT header `{"alg":"HS256","typ":"JWT"}` in base64url.
pub(super) const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// The maximum length of the claims as JSON, in bytes, without the four strings that callers choose.
const FIXED_LEN: usize = 176;

impl Claims<'_> {
    /// Returns the expiry: the issue time plus the TTL.
    #[must_use]
    pub const fn expires_at(&self) -> UnixSeconds {
        self.issued_at.saturating_add(self.expires_in.seconds())
    }

    /// Returns the signed token: header, claims and signature in base64url, separated by dots (RFC 7515 section 3.1).
    ///
    /// The header and the order of the claims equal those of VideoSDK's server SDKs. `jti` is the last claim.
    #[must_use]
    pub fn sign(&self, secret: &Secret) -> String {
        let payload = self.payload();
        let mut token =
            String::with_capacity(HEADER.len() + encoded_len(payload.len()) + encoded_len(SIGNATURE_LEN) + 2);
        token.push_str(HEADER);
        token.push('.');
        push_base64(&mut token, &BASE64_URL_SAFE_NO_PAD, payload.as_bytes());
        let signature = secret.key().sign(&[token.as_bytes()]);
        token.push('.');
        push_base64(&mut token, &BASE64_URL_SAFE_NO_PAD, &signature);
        token
    }

    /// Returns the claims as JSON. No string needs an escape sequence, because the types of this module reject all
    /// characters that JSON escapes.
    fn payload(&self) -> String {
        let (roles, room, participant) = match self.scope {
            Scope::V1 => (None, None, None),
            Scope::V2 { roles, room, participant } => {
                (roles.json(), room.map(RoomId::as_str), participant.map(ParticipantId::as_str))
            }
        };
        let id = self.id.map(TokenId::as_str);
        let strings = [Some(self.api_key.as_str()), room, participant, id];
        let strings_len: usize = strings.into_iter().flatten().map(str::len).sum();

        let mut json = String::with_capacity(FIXED_LEN + strings_len);
        json.push_str(r#"{"apikey":""#);
        json.push_str(self.api_key.as_str());
        json.push_str(r#"","permissions":"#);
        json.push_str(self.permissions.json());
        if self.scope != Scope::V1 {
            json.push_str(r#","version":2"#);
        }
        if let Some(roles) = roles {
            json.push_str(r#","roles":"#);
            json.push_str(roles);
        }
        push_string(&mut json, r#","participantId":""#, participant);
        push_string(&mut json, r#","roomId":""#, room);
        push_time(&mut json, r#","iat":"#, self.issued_at);
        push_time(&mut json, r#","exp":"#, self.expires_at());
        push_string(&mut json, r#","jti":""#, id);
        json.push('}');
        json
    }
}

/// Appends `start`, the string and a closing quotation mark, if there is a string. `start` ends with the opening
/// quotation mark.
fn push_string(json: &mut String, start: &str, string: Option<&str>) {
    if let Some(string) = string {
        json.push_str(start);
        json.push_str(string);
        json.push('"');
    }
}

fn push_time(json: &mut String, start: &str, time: UnixSeconds) {
    json.push_str(start);
    json.push_str(itoa::Buffer::new().format(time.0));
}

/// Returns the length of the base64url encoding, without padding, of this number of bytes.
const fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::videosdk::scope::Roles;
    use crate::videosdk::test_support::{self, DOCS_24H_JTI, NOW, SDK_MANAGEMENT, SDK_PARTICIPANT};
    use crate::videosdk::test_support::{V1_DEFAULT_10M, V2_ROOM, Vector};
    use base64::Engine as _;

    fn claims<'a>(api_key: &'a ApiKey, permissions: Permissions, scope: Scope<'a>, ttl: u32) -> Claims<'a> {
        let expires_in = Ttl::new(ttl).unwrap();
        Claims { api_key, permissions, scope, issued_at: NOW, expires_in, id: None }
    }

    #[track_caller]
    fn assert_signs(claims: Claims<'_>, vector: &Vector) {
        assert_eq!(claims.sign(&test_support::secret()), vector.token());
    }

    #[test]
    fn header_has_alg_hs256_and_typ_jwt() {
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#), HEADER);
    }

    #[test]
    fn signs_v1_default_10m() {
        let key = test_support::api_key();
        assert_signs(claims(&key, Permissions::JoinAndModerate, Scope::V1, 600), &V1_DEFAULT_10M);
    }

    #[test]
    fn signs_v2_room() {
        let key = test_support::api_key();
        let room = Some(RoomId::parse("2kyv-gzay-64pg").unwrap());
        let scope = Scope::V2 { roles: Roles::Rtc, room, participant: None };
        assert_signs(claims(&key, Permissions::JoinAndModerate, scope, 600), &V2_ROOM);
    }

    #[test]
    fn signs_docs_24h_jti() {
        let key = test_support::api_key();
        let id = Some(TokenId::parse("00000000-0000-4000-8000-000000000000").unwrap());
        assert_signs(Claims { id, ..claims(&key, Permissions::Join, Scope::V1, 86_400) }, &DOCS_24H_JTI);
    }

    #[test]
    fn signs_sdk_management() {
        let key = test_support::api_key();
        let scope = Scope::V2 { roles: Roles::Crawler, room: None, participant: None };
        assert_signs(claims(&key, Permissions::JoinAndModerate, scope, 86_400), &SDK_MANAGEMENT);
    }

    #[test]
    fn signs_sdk_participant() {
        let key = test_support::api_key();
        let room = Some(RoomId::parse("2kyv-gzay-64pg").unwrap());
        let participant = Some(ParticipantId::parse("user-123").unwrap());
        let scope = Scope::V2 { roles: Roles::Rtc, room, participant };
        assert_signs(claims(&key, Permissions::Join, scope, 900), &SDK_PARTICIPANT);
    }

    #[test]
    fn writes_the_version_of_an_empty_v2_scope() {
        let key = ApiKey::parse("k").unwrap();
        let scope = Scope::V2 { roles: Roles::None, room: None, participant: None };
        assert_eq!(
            claims(&key, Permissions::AskToJoin, scope, 60).payload(),
            r#"{"apikey":"k","permissions":["ask_join"],"version":2,"iat":1700000000,"exp":1700000060}"#
        );
    }

    #[test]
    fn longest_claims_fit_the_reserved_capacity() {
        let string = "x".repeat(256);
        let key = ApiKey::parse("k").unwrap();
        let room = Some(RoomId::parse(&string).unwrap());
        let participant = Some(ParticipantId::parse(&string).unwrap());
        let scope = Scope::V2 { roles: Roles::RtcAndCrawler, room, participant };
        let id = Some(TokenId::parse(&string).unwrap());
        let claims = Claims { id, ..claims(&key, Permissions::JoinAndModerate, scope, 86_400) };
        assert!(claims.payload().len() <= FIXED_LEN + 3 * 256 + 1);
    }

    #[test]
    fn token_fits_the_reserved_capacity() {
        let key = "x".repeat(20);
        for len in 1..20 {
            let key = ApiKey::parse(&key[..len]).unwrap();
            let token = claims(&key, Permissions::Join, Scope::V1, 60).sign(&test_support::secret());
            assert_eq!(token.len(), token.capacity());
        }
    }
}
