//! Property tests: modified tokens are rejected, because every bit and every character is significant.

use std::fmt;

use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{AppCertificate, AppId, FieldStr, Role, Salt, User};
use hallpass_token::{PrivilegeTtl, Ttl, UnixSeconds, videosdk};
use proptest::prelude::*;

use super::content::{content, sign};
use super::inputs::{
    Signer, channel, channel_name, check, privilege_ttl, rtc_privileges, rtm_user, signer, ttl, user,
};
use super::videosdk::{Project, project};

/// A token, and a function that verifies a string as a token with the same project and subject.
struct Sample {
    token: String,
    verifies: Box<dyn Fn(&str) -> bool>,
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.token)
    }
}

fn sample_007(signer: Signer, token: String) -> Sample {
    let verifies = move |string: &str| {
        Untrusted007::parse(string)
            .is_ok_and(|token| token.verify(signer.project(), signer.issued_at).is_ok())
    };
    Sample { token, verifies: Box::new(verifies) }
}

fn sample_006(signer: Signer, token: String, channel: String, user: String) -> Sample {
    let verifies = move |string: &str| {
        let subject =
            Subject { channel: FieldStr::new(&channel).unwrap(), user: FieldStr::new(&user).unwrap() };
        let now = UnixSeconds(signer.issued_at.0.min(u32::MAX - 1));
        Untrusted006::parse(string).is_ok_and(|token| token.verify(signer.project(), subject, now).is_ok())
    };
    Sample { token, verifies: Box::new(verifies) }
}

fn sample_videosdk(project: Project, token: String) -> Sample {
    let verifies = move |string: &str| {
        let now = UnixSeconds(project.issued_at.0.min(u32::MAX - 1));
        videosdk::Untrusted::parse(string).is_ok_and(|token| token.verify(project.keys(), now).is_ok())
    };
    Sample { token, verifies: Box::new(verifies) }
}

/// Returns tokens of each format. The lengths of the tokens cover every possible Base64 padding.
fn samples() -> Vec<Sample> {
    let signer = Signer {
        app_id: AppId::parse("970CA35de60c44645bbae8a215061b33").unwrap(),
        certificate: AppCertificate::parse("5CFd2fd1755d40ecb72977518be15d3b").unwrap(),
        issued_at: UnixSeconds(1_700_000_000),
        salt: Salt::from_bytes([1, 2, 3, 4]),
    };
    let ttl = Ttl::new(3600).unwrap();
    let privileges = Role::Publisher.privileges(PrivilegeTtl::For(ttl));
    let mut samples = Vec::new();
    for (name, uid) in [("room", 7), ("room7", 0), ("class 7a", 2_882_341_273)] {
        let user = User::from_number_or_any(uid);
        let token = signer.mint().rtc(channel(name), user, privileges, ttl);
        samples.push(sample_007(signer.clone(), token));
        let token = signer.mint().rtc_006(channel(name), user, privileges);
        let user = if uid == 0 { String::new() } else { uid.to_string() };
        samples.push(sample_006(signer.clone(), token, name.to_owned(), user));
    }
    let token = signer.mint().rtm(rtm_user("alice"), ttl);
    samples.push(sample_007(signer.clone(), token));
    let token = signer.mint().rtm_006(rtm_user("alice"), PrivilegeTtl::WithToken);
    samples.push(sample_006(signer, token, "alice".to_owned(), String::new()));
    for room in ["2kyv-gzay-64pg", "2kyv-gzay-64pgx", "2kyv-gzay-64pgxy"] {
        let project = Project::sample();
        let token = project.sign_for_room(room);
        samples.push(sample_videosdk(project, token));
    }
    samples
}

#[test]
fn every_bit_is_significant() {
    for sample in samples() {
        assert!((sample.verifies)(&sample.token), "{sample:?}");
        for position in 0..sample.token.len() {
            for bit in 0..8 {
                assert_flipped(&sample, position, bit);
            }
        }
    }
}

/// Flips a bit of a token, and checks that the modified token is rejected. If the result is not UTF-8, skips the check.
fn assert_flipped(sample: &Sample, position: usize, bit: u8) {
    let mut bytes = sample.token.clone().into_bytes();
    bytes[position] ^= 1 << bit;
    if let Ok(string) = String::from_utf8(bytes) {
        assert!(!(sample.verifies)(&string), "{sample:?} with bit {bit} of {position}: {string}");
    }
}

#[test]
fn every_character_is_significant() {
    // The test uses only one token of each format, because a test of all tokens would take seconds.
    for sample in &samples()[6..9] {
        for position in 0..sample.token.len() {
            let (before, from) = sample.token.split_at(position);
            let (own, after) = from.split_at(1);
            for other in (0..128_u8).map(char::from).filter(|other| !own.starts_with(*other)) {
                let string = format!("{before}{other}{after}");
                assert!(!(sample.verifies)(&string), "{sample:?} with {other:?} at {position}");
            }
        }
    }
}

#[test]
fn rejects_removed_and_duplicated_characters() {
    for sample in samples() {
        for position in 0..sample.token.len() {
            let (before, from) = sample.token.split_at(position);
            let (own, after) = from.split_at(1);
            for string in [format!("{before}{after}"), format!("{before}{own}{own}{after}")] {
                assert!(!(sample.verifies)(&string), "{sample:?} changed at {position}: {string}");
            }
        }
    }
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let rtc = (signer(), channel_name(), user(), rtc_privileges(), ttl()).prop_map(
        |(signer, name, user, privileges, ttl)| {
            let token = signer.mint().rtc(channel(&name), user.user(), privileges, ttl);
            sample_007(signer, token)
        },
    );
    let services =
        (signer(), ttl(), proptest::collection::vec(content(), 1..4)).prop_map(|(signer, ttl, content)| {
            let token = sign(&signer, ttl.seconds(), &content);
            sample_007(signer, token)
        });
    let rtc_006 = (signer(), channel_name(), user(), privilege_ttl()).prop_map(
        |(signer, name, user, privilege_ttl)| {
            let token =
                signer.mint().rtc_006(channel(&name), user.user(), Role::Publisher.privileges(privilege_ttl));
            sample_006(signer, token, name, user.field())
        },
    );
    let videosdk = project().prop_map(|project| {
        let token = project.sign();
        sample_videosdk(project, token)
    });
    prop_oneof![rtc, services, rtc_006, videosdk]
}

#[test]
fn every_bit_of_any_token_is_significant() {
    check(2000, (any_sample(), any::<prop::sample::Index>(), 0..7_u8), |(sample, index, bit)| {
        assert!((sample.verifies)(&sample.token));
        assert_flipped(&sample, index.index(sample.token.len()), bit);
    });
}
