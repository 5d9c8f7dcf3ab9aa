//! Property tests: every function of `Mint` for format 006 encodes its arguments.

use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::{FieldStr, Privileges};
use hallpass_token::{PrivilegeTtl, Seconds, UnixSeconds};

use super::inputs::{
    Signer, channel, channel_name, check, name, privilege_ttl, rtc_privileges, rtm_user, signer, user,
};

const CASES: u32 = 128;

/// Parses and verifies a token, and compares the content of the token with the arguments.
#[track_caller]
fn assert_content(signer: &Signer, token: &str, subject: Subject<'_>, privileges: &[(u16, PrivilegeTtl)]) {
    let ends = privileges
        .iter()
        .map(|&(privilege, privilege_ttl)| (privilege, end(signer.issued_at, privilege_ttl)));
    let privileges = Privileges::new(&ends.collect::<Vec<_>>()).unwrap();
    let expires_at = signer.issued_at.saturating_add(Seconds::DAY);
    let token = Untrusted006::parse(token).unwrap();
    assert_eq!(token.app_id(), &signer.app_id);
    assert_eq!(token.salt(), signer.salt.get());
    assert_eq!(token.expires_at(), expires_at);
    assert_eq!(token.privileges(), privileges);

    // The expiry is exclusive and at most `u32::MAX`, so the time of the check must be before `u32::MAX`.
    let now = UnixSeconds(signer.issued_at.0.min(u32::MAX - 1));
    let verified = token.verify(signer.project(), subject, now).unwrap();
    assert_eq!(verified.subject(), subject);
    assert_eq!(verified.certificate_index(), 0);
    assert_eq!(verified.privileges(), privileges);
    for (privilege, _) in privileges.iter() {
        assert!(verified.grants(privilege, now));
    }
}

fn end(issued_at: UnixSeconds, privilege_ttl: PrivilegeTtl) -> UnixSeconds {
    match privilege_ttl {
        PrivilegeTtl::WithToken => UnixSeconds(0),
        PrivilegeTtl::For(ttl) => issued_at.saturating_add(ttl.seconds()),
    }
}

#[test]
fn rtc() {
    check(CASES, (signer(), channel_name(), user(), rtc_privileges()), |(signer, name, user, privileges)| {
        let token = signer.mint().rtc_006(channel(&name), user.user(), privileges);
        let granted: Vec<_> =
            privileges.iter().map(|(privilege, privilege_ttl)| (privilege as u16, privilege_ttl)).collect();
        let user = user.field();
        let subject = Subject { channel: FieldStr::new(&name).unwrap(), user: FieldStr::new(&user).unwrap() };
        assert_content(&signer, &token, subject, &granted);
    });
}

#[test]
fn rtm() {
    check(CASES, (signer(), name(), privilege_ttl()), |(signer, name, login)| {
        let token = signer.mint().rtm_006(rtm_user(&name), login);
        let subject = Subject { channel: FieldStr::new(&name).unwrap(), user: FieldStr::EMPTY };
        assert_content(&signer, &token, subject, &[(1000, login)]);
    });
}
