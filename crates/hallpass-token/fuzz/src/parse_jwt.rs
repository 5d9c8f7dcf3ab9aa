//! Fuzz target for VideoSDK tokens.

use hallpass_token::videosdk::{
    ApiKey, Claims, ParsedClaims, ParticipantId, Permissions, Project, Roles, RoomId, Scope, TokenId,
    Untrusted, VerifyError, Version,
};
use hallpass_token::{Ttl, UnixSeconds};

use crate::project::{other_secret, secret};
use crate::wrap;

/// Parses an input that starts with `ey` as a token. Uses any other input as the claims of a signed token.
pub fn parse_jwt(data: &[u8]) {
    match str::from_utf8(data) {
        Ok(token) if token.starts_with("ey") => check_parsed(token),
        _ => check_signed(&wrap::signed_jwt(data)),
    }
}

/// Checks that verification of a signed token at its start time succeeds if the token expires later.
fn check_signed(string: &str) {
    check_parsed(string);
    let Ok(token) = Untrusted::parse(string) else { return };
    let claims = token.claims();
    let Ok(api_key) = ApiKey::parse(&claims.api_key) else { return };
    let secrets = [other_secret(), secret()];
    let starts = claims.issued_at.max(claims.not_before).unwrap_or_default();
    let Some(now) = u32::try_from(starts).ok().map(UnixSeconds) else { return };
    match token.verify(Project { api_key: &api_key, secrets: &secrets }, now) {
        Ok(verified) => {
            assert_eq!(verified.secret_index(), 1);
            assert_eq!(verified.claims(), claims);
            assert!(claims.expires_at > Some(starts));
        }
        Err(VerifyError::NoExpiry) => assert_eq!(claims.expires_at, None),
        Err(VerifyError::Expired { .. }) => assert!(claims.expires_at <= Some(starts)),
        Err(other) => unreachable!("{other}"),
    }
}

/// Checks that a parsed token can be inspected, is rejected for another secret, and survives a round trip.
fn check_parsed(string: &str) {
    let Ok(token) = Untrusted::parse(string) else { return };
    assert!(!format!("{token:?}").is_empty());
    let claims = token.claims();
    let _ = claims.known_roles();
    let Ok(api_key) = ApiKey::parse(&claims.api_key) else { return };
    let project = Project { api_key: &api_key, secrets: &[other_secret()] };
    assert_eq!(token.verify(project, UnixSeconds(0)), Err(VerifyError::BadSignature));

    if let Some(again) = reencode(claims, &api_key) {
        let again = Untrusted::parse(&again).expect("the crate's own token");
        assert_eq!(again.claims().known_roles(), claims.known_roles());
        assert_eq!(again.claims().room, claims.room);
        assert_eq!(again.claims().participant, claims.participant);
        assert_eq!(again.claims().id, claims.id);
        assert_eq!(again.claims().expires_at, claims.expires_at);
    }
}

/// Encodes the token's content again. Returns `None` if the crate cannot encode the content.
fn reencode(claims: &ParsedClaims, api_key: &ApiKey) -> Option<String> {
    let room = claims.room.as_deref().map(RoomId::parse).transpose().ok()?;
    let participant = claims.participant.as_deref().map(ParticipantId::parse).transpose().ok()?;
    let roles = Roles::parse(claims.roles.iter().map(String::as_str)).ok()?;
    let issued_at = u32::try_from(claims.issued_at?).ok()?;
    let ttl = claims.expires_at?.checked_sub(issued_at.into())?;
    let minted = Claims {
        api_key,
        permissions: Permissions::parse(claims.permissions.iter().map(String::as_str)).ok()?,
        scope: match claims.version {
            Some(Version::Number(2)) => Scope::V2 { roles, room, participant },
            _ => return None,
        },
        issued_at: UnixSeconds(issued_at),
        expires_in: Ttl::new(ttl.try_into().ok()?).ok()?,
        id: claims.id.as_deref().map(TokenId::parse).transpose().ok()?,
    };
    // The crate caps the expiry at `u32::MAX`, so a token with a later expiry cannot be encoded again.
    (u64::from(minted.expires_at().0) == claims.expires_at?).then(|| minted.sign(&secret()))
}
