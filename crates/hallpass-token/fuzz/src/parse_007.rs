//! Fuzz target for format 007.

use hallpass_token::UnixSeconds;
use hallpass_token::agora::v007::{Remainder, Services, Token007, Untrusted007};
use hallpass_token::agora::{Project, Service, VerifyError};

use crate::project::{certificate, other_certificate};
use crate::wrap;

/// Parses an input that starts with `007` as a token. Uses any other input as the payload and as the signed data of a
/// token.
pub fn parse_007(data: &[u8]) {
    match str::from_utf8(data) {
        Ok(token) if token.starts_with("007") => check_parsed(token),
        _ => {
            if let Some(token) = wrap::token_007(data) {
                check_parsed(&token);
            }
            if let Some(token) = wrap::signed_007(data) {
                check_signed(&token);
            }
        }
    }
}

/// Checks that a signed token verifies from issue time to expiry, and that the crate encodes the content identically.
fn check_signed(string: &str) {
    check_parsed(string);
    let Ok(token) = Untrusted007::parse(string) else { return };
    let certificates = [other_certificate(), certificate()];
    let project = Project { app_id: token.app_id(), certificates: &certificates };
    let verified = token.verify(project, token.issued_at()).expect("the token is signed and valid");
    assert_eq!(verified.certificate_index(), 1);
    assert!(token.verify(project, token.expires_at()).is_ok());
    if let Some(after) = token.expires_at().0.checked_add(1).map(UnixSeconds) {
        assert!(matches!(token.verify(project, after), Err(VerifyError::Expired { .. })));
    }
    // Only eight services are checked, because the time of each `grants` call grows with the number of services.
    for service in verified.services().take(8) {
        for (id, _) in service.privileges().iter() {
            let last = service.privileges().get(id).expect("the ID comes from the map");
            assert!(verified.grants(&service, id, token.privilege_expires_at(last)));
        }
    }
    if let Some(again) = reencode(&token) {
        assert_eq!(again, string);
    }
}

/// Checks that a parsed token can be inspected, is rejected for another certificate, and survives a round trip.
fn check_parsed(string: &str) {
    let Ok(token) = Untrusted007::parse(string) else { return };
    assert!(!format!("{token:?}").is_empty());
    for service in token.services() {
        assert!((1..=10).contains(&service.number()), "{}", service.name());
        if let Service::Rtm2 { permissions, .. } = service {
            let _ = permissions.to_vec();
        }
    }
    let project = Project { app_id: token.app_id(), certificates: &[other_certificate()] };
    assert_eq!(token.verify(project, token.issued_at()), Err(VerifyError::BadSignature));

    if let Some(again) = reencode(&token) {
        let again = Untrusted007::parse(&again).expect("the crate's own token");
        assert_eq!(again.app_id(), token.app_id());
        assert_eq!(again.issued_at(), token.issued_at());
        assert_eq!(again.expires_in(), token.expires_in());
        assert_eq!(again.salt(), token.salt());
        assert!(again.services().eq(token.services()));
        assert_eq!(again.remainder(), Remainder::Empty);
    }
}

/// Encodes the token's content again. Returns `None` if the crate cannot encode the content in the same order.
fn reencode(token: &Untrusted007) -> Option<String> {
    let mut services: Vec<Service<'_>> = token.services().collect();
    if token.remainder() != Remainder::Empty || !services.is_sorted_by_key(Service::number) {
        return None;
    }
    Some(
        Token007 {
            app_id: token.app_id(),
            issued_at: token.issued_at(),
            expires_in: token.expires_in(),
            salt: token.salt(),
            services: Services::new(&mut services).ok()?,
        }
        .sign(&certificate()),
    )
}
