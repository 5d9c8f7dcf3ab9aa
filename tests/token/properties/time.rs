//! Property tests: a token verifies only in its validity period, and only with the credentials that signed the token.

use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, FieldStr, Project, VerifyError};
use hallpass_token::{PrivilegeTtl, UnixSeconds};
use proptest::prelude::*;

use super::inputs::{
    app_id, channel, check, name, other_certificate, rtc_privileges, rtm_user, signer, ttl, user,
};

const CASES: u32 = 512;
const LEEWAY: u32 = 60;

/// Returns the time `any`, and times around the boundaries of the validity period.
fn times_around(start: u32, ttl: u32, any: u32) -> Vec<UnixSeconds> {
    let boundaries = [start.saturating_sub(LEEWAY), start, start.saturating_add(ttl)];
    let around = |boundary: u32| [boundary.saturating_sub(1), boundary, boundary.saturating_add(1)];
    boundaries.into_iter().flat_map(around).chain([any, 0, u32::MAX]).map(UnixSeconds).collect()
}

#[test]
fn verifies_007_from_issue_time_to_expiry() {
    check(CASES, (signer(), name(), ttl(), any::<u32>()), |(signer, user, ttl, any)| {
        let token = signer.mint().rtm(rtm_user(&user), ttl);
        let token = Untrusted007::parse(&token).unwrap();
        let (start, seconds) = (signer.issued_at.0, ttl.seconds().0);
        for now in times_around(start, seconds, any) {
            let early = u64::from(now.0) + u64::from(LEEWAY) < u64::from(start);
            let late = u64::from(now.0) > u64::from(start) + u64::from(seconds);
            match token.verify(signer.project(), now) {
                Ok(_) => assert!(!early && !late, "{now:?}"),
                Err(VerifyError::NotYetValid { .. }) => assert!(early, "{now:?}"),
                Err(VerifyError::Expired { .. }) => assert!(late, "{now:?}"),
                Err(other) => panic!("{other}"),
            }
        }
    });
}

/// The expiry of format 006 is exclusive. A 006 token does not contain its issue time, so only the expiry is checked.
#[test]
fn verifies_006_until_expiry() {
    check(CASES, (signer(), name(), any::<u32>()), |(signer, user, any)| {
        let token = signer.mint().rtm_006(rtm_user(&user), PrivilegeTtl::WithToken);
        let token = Untrusted006::parse(&token).unwrap();
        let subject = Subject { channel: FieldStr::new(&user).unwrap(), user: FieldStr::EMPTY };
        let end = signer.issued_at.0.saturating_add(86_400);
        for now in times_around(signer.issued_at.0, 86_400, any) {
            match token.verify(signer.project(), subject, now) {
                Ok(_) => assert!(now.0 < end, "{now:?}"),
                Err(VerifyError::Expired { .. }) => assert!(now.0 >= end, "{now:?}"),
                Err(other) => panic!("{other}"),
            }
        }
    });
}

#[test]
fn finds_the_signing_certificate() {
    let inputs =
        (signer(), other_certificate(), other_certificate(), name(), user(), rtc_privileges(), ttl());
    check(CASES, inputs, |(signer, first, second, name, user, privileges, ttl)| {
        let own = signer.certificate.clone();
        let user_field = user.field();
        let subject =
            Subject { channel: FieldStr::new(&name).unwrap(), user: FieldStr::new(&user_field).unwrap() };
        let now = UnixSeconds(signer.issued_at.0.min(u32::MAX - 1));
        let token_string_007 = signer.mint().rtc(channel(&name), user.user(), privileges, ttl);
        let token_string_006 = signer.mint().rtc_006(channel(&name), user.user(), privileges);
        let (token_007, token_006) = (
            Untrusted007::parse(&token_string_007).unwrap(),
            Untrusted006::parse(&token_string_006).unwrap(),
        );
        let cases: [(&[AppCertificate], Result<usize, VerifyError>); 6] = [
            (&[], Err(VerifyError::BadSignature)),
            (std::slice::from_ref(&first), Err(VerifyError::BadSignature)),
            (&[first.clone(), second.clone()], Err(VerifyError::BadSignature)),
            (&[own.clone(), first.clone()], Ok(0)),
            (&[first.clone(), own.clone()], Ok(1)),
            (&[own.clone(), own.clone()], Ok(0)),
        ];
        for (certificates, expected) in cases {
            let project = Project { app_id: &signer.app_id, certificates };
            assert_eq!(token_007.verify(project, now).map(|verified| verified.certificate_index()), expected);
            assert_eq!(
                token_006.verify(project, subject, now).map(|verified| verified.certificate_index()),
                expected
            );
        }
    });
}

#[test]
fn rejects_tokens_of_another_project() {
    check(CASES, (signer(), app_id(), name(), ttl()), |(signer, other, user, ttl)| {
        let project = Project { app_id: &other, ..signer.project() };
        let token = Untrusted007::parse(&signer.mint().rtm(rtm_user(&user), ttl)).unwrap();
        assert_eq!(token.verify(project, signer.issued_at), Err(VerifyError::OtherProject));
        let token =
            Untrusted006::parse(&signer.mint().rtm_006(rtm_user(&user), PrivilegeTtl::WithToken)).unwrap();
        let subject = Subject { channel: FieldStr::new(&user).unwrap(), user: FieldStr::EMPTY };
        assert_eq!(token.verify(project, subject, signer.issued_at), Err(VerifyError::OtherProject));
    });
}

/// Verification of a 006 token compares the checksums before the signature, so the error names the channel or the user.
#[test]
fn rejects_006_tokens_for_another_subject() {
    let inputs = (signer(), name(), user(), name(), user(), rtc_privileges());
    check(CASES, inputs, |(signer, channel_name, user, other_name, other_user, privileges)| {
        let token = signer.mint().rtc_006(channel(&channel_name), user.user(), privileges);
        let token = Untrusted006::parse(&token).unwrap();
        let now = UnixSeconds(signer.issued_at.0.min(u32::MAX - 1));
        let verify = |channel: &str, user: &str| {
            let subject =
                Subject { channel: FieldStr::new(channel).unwrap(), user: FieldStr::new(user).unwrap() };
            token.verify(signer.project(), subject, now).map(drop)
        };
        let (user, other_user) = (user.field(), other_user.field());
        if other_name != channel_name {
            assert_eq!(verify(&other_name, &user), Err(VerifyError::OtherChannel));
        }
        let expected =
            if user.is_empty() || user == other_user { Ok(()) } else { Err(VerifyError::OtherUser) };
        assert_eq!(verify(&channel_name, &other_user), expected);
    });
}
