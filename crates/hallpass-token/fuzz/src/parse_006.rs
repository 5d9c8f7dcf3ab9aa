//! Tokens of format 006.

use hallpass_token::UnixSeconds;
use hallpass_token::agora::v006::{Subject, Token006, Untrusted006};
use hallpass_token::agora::{FieldStr, Project, VerifyError};

use crate::project::{certificate, other_certificate};
use crate::wrap;

/// Reads bytes as a token if they look like one, and else as the message of one that is signed.
pub fn parse_006(data: &[u8]) {
    match str::from_utf8(data) {
        Ok(token) if token.starts_with("006") => read(token),
        _ => {
            read(&wrap::token_006(data));
            if let Some(token) = wrap::signed_006(data) {
                signed(&token);
            }
        }
    }
}

const NOBODY: Subject<'_> = Subject { channel: FieldStr::EMPTY, user: FieldStr::EMPTY };

/// A token that is signed verifies until its end, and is what the crate would write.
fn signed(text: &str) {
    read(text);
    let Ok(token) = Untrusted006::parse(text) else { return };
    let project = Project { app_id: token.app_id(), certificates: &[certificate()] };
    let end = token.expires_at();
    assert!(matches!(token.verify(project, NOBODY, end), Err(VerifyError::Expired { .. })));
    if let Some(before) = end.0.checked_sub(1).map(UnixSeconds) {
        let verified = token.verify(project, NOBODY, before).expect("signed, and in time");
        for (id, _) in verified.privileges().iter() {
            let _ = verified.grants(id, before);
        }
    }
    assert_eq!(again(&token), text);
}

/// Whatever is read can be looked at, does not verify with another key, and is read the same again.
fn read(text: &str) {
    let Ok(token) = Untrusted006::parse(text) else { return };
    assert!(!format!("{token:?}").is_empty());
    assert_eq!(token.privileges().iter().count(), token.privileges().len());
    let project = Project { app_id: token.app_id(), certificates: &[other_certificate()] };
    assert!(token.verify(project, NOBODY, UnixSeconds(0)).is_err());

    let again = Untrusted006::parse(&again(&token)).expect("a token of the crate itself");
    assert_eq!(again.app_id(), token.app_id());
    assert_eq!(again.salt(), token.salt());
    assert_eq!(again.expires_at(), token.expires_at());
    assert_eq!(again.privileges(), token.privileges());
}

/// The same content, for nobody.
fn again(token: &Untrusted006) -> String {
    Token006 {
        app_id: token.app_id(),
        subject: NOBODY,
        salt: token.salt(),
        expires_at: token.expires_at(),
        privileges: token.privileges(),
    }
    .sign(&certificate())
}
