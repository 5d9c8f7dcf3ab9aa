//! Fuzz target for format 006.

use hallpass_token::UnixSeconds;
use hallpass_token::agora::v006::{Subject, Token006, Untrusted006};
use hallpass_token::agora::{FieldStr, Project, VerifyError};

use crate::project::{certificate, other_certificate};
use crate::wrap;

/// Parses an input that starts with `006` as a token. Uses any other input as the content and as the message of a
/// token.
pub fn parse_006(data: &[u8]) {
    match str::from_utf8(data) {
        Ok(token) if token.starts_with("006") => check_parsed(token),
        _ => {
            check_parsed(&wrap::token_006(data));
            if let Some(token) = wrap::signed_006(data) {
                check_signed(&token);
            }
        }
    }
}

const EMPTY_SUBJECT: Subject<'_> = Subject { channel: FieldStr::EMPTY, user: FieldStr::EMPTY };

/// Checks that a signed token verifies until its expiry, and that the crate encodes the content identically.
fn check_signed(string: &str) {
    check_parsed(string);
    let Ok(token) = Untrusted006::parse(string) else { return };
    let project = Project { app_id: token.app_id(), certificates: &[certificate()] };
    let end = token.expires_at();
    assert!(matches!(token.verify(project, EMPTY_SUBJECT, end), Err(VerifyError::Expired { .. })));
    if let Some(before) = end.0.checked_sub(1).map(UnixSeconds) {
        let verified = token.verify(project, EMPTY_SUBJECT, before).expect("the token is signed and valid");
        for (id, _) in verified.privileges().iter() {
            let _ = verified.grants(id, before);
        }
    }
    assert_eq!(reencode(&token), string);
}

/// Checks that a parsed token can be inspected, is rejected for another certificate, and survives a round trip.
fn check_parsed(string: &str) {
    let Ok(token) = Untrusted006::parse(string) else { return };
    assert!(!format!("{token:?}").is_empty());
    assert_eq!(token.privileges().iter().count(), token.privileges().len());
    let project = Project { app_id: token.app_id(), certificates: &[other_certificate()] };
    assert!(token.verify(project, EMPTY_SUBJECT, UnixSeconds(0)).is_err());

    let again = Untrusted006::parse(&reencode(&token)).expect("the crate's own token");
    assert_eq!(again.app_id(), token.app_id());
    assert_eq!(again.salt(), token.salt());
    assert_eq!(again.expires_at(), token.expires_at());
    assert_eq!(again.privileges(), token.privileges());
}

/// Encodes the token's content again, with an empty channel and an empty user.
fn reencode(token: &Untrusted006) -> String {
    Token006 {
        app_id: token.app_id(),
        subject: EMPTY_SUBJECT,
        salt: token.salt(),
        expires_at: token.expires_at(),
        privileges: token.privileges(),
    }
    .sign(&certificate())
}
