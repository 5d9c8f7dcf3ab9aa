//! Property tests: no string causes a panic in parsing, verification or explanation.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{self, ExpectedService, ExpectedUser, FieldStr, Format, Service};
use hallpass_token::{PrivilegeTtl, Seconds, UnixSeconds, videosdk};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::content::{content, sign};
use super::inputs::{Signer, check, rtm_user, signer, string};
use super::videosdk::{Project, project};

const CASES: u32 = 512;

/// Parses, verifies and explains a string with the functions of both providers.
fn exercise(string: &str, now: u32, signer: &Signer, project: &Project) {
    let _ = Format::detect(string).to_string();
    let now = UnixSeconds(now);
    exercise_agora(string, now, signer);
    exercise_videosdk(string, now, project);
}

fn exercise_agora(string: &str, now: UnixSeconds, signer: &Signer) {
    let subject = Subject { channel: FieldStr::EMPTY, user: FieldStr::EMPTY };
    match Untrusted006::parse(string) {
        Ok(token) => {
            let _ = format!("{token:?} {:?}", token.verify(signer.project(), subject, now));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match Untrusted007::parse(string) {
        Ok(token) => {
            for service in token.services() {
                if let Service::Rtm2 { permissions, .. } = service {
                    let _ = permissions.to_vec();
                }
            }
            let _ = format!("{token:?} {:?}", token.verify(signer.project(), now));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let projects = [signer.project()];
    for (service, user) in [
        ("", None),
        ("", Some(ExpectedUser::Uid(7))),
        ("rtm", Some(ExpectedUser::Account("a"))),
        ("rtc", Some(ExpectedUser::Account("a"))),
    ] {
        let (app_id, channel) = (Some(signer.app_id.as_str()), Some("room"));
        let expected = agora::Expected { service: ExpectedService::parse(service), app_id, channel, user };
        let report = agora::explain(string, &agora::Context { now, projects: &projects, expected });
        assert!(report.token.is_some() || !report.problems.is_empty());
        for problem in &report.problems {
            assert!(!problem.to_string().is_empty());
        }
    }
}

fn exercise_videosdk(string: &str, now: UnixSeconds, project: &Project) {
    match videosdk::Untrusted::parse(string) {
        Ok(token) => {
            let _ = format!("{token:?} {:?}", token.verify(project.keys(), now));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let projects = &[project.keys()];
    let expected = videosdk::Expected { api_key: Some("k"), room: Some("r"), participant: Some("p") };
    let report = videosdk::explain(string, &videosdk::Context { now, projects, expected });
    assert!(report.token.is_some() || !report.problems.is_empty());
    for problem in &report.problems {
        assert!(!problem.to_string().is_empty());
    }
}

#[test]
fn handles_any_string() {
    let prefix = prop_oneof![Just(""), Just("005"), Just("006"), Just("007"), Just("eyJ"), Just("1:")];
    check(
        CASES,
        (prefix, string(), any::<u32>(), signer(), project()),
        |(prefix, string, now, signer, project)| {
            exercise(&format!("{prefix}{string}"), now, &signer, &project);
        },
    );
}

#[test]
fn handles_any_bytes_after_the_app_id_of_006() {
    check(CASES, (vec(any::<u8>(), 0..200), signer(), project()), |(bytes, signer, project)| {
        let app_id = signer.app_id.as_str();
        exercise(&format!("006{app_id}{}", STANDARD.encode(&bytes)), 0, &signer, &project);

        // The same bytes as the message of a 006 token. The length fields of the token are valid.
        let mut content = vec![32, 0];
        content.extend([0; 40]);
        content.extend(u16::try_from(bytes.len()).unwrap().to_le_bytes());
        content.extend(bytes);
        exercise(&format!("006{app_id}{}", STANDARD.encode(&content)), 0, &signer, &project);
    });
}

#[test]
fn handles_any_bytes_after_the_salt_of_007() {
    let level = 0..10_u8;
    check(
        CASES,
        (level, vec(any::<u8>(), 0..200), signer(), project()),
        |(level, bytes, signer, project)| {
            let mut payload = vec![32, 0];
            payload.extend([0; 32]);
            payload.extend([32, 0]);
            payload.extend(signer.app_id.as_str().bytes());
            payload.extend([0; 12]);
            payload.extend(bytes);
            let stream = miniz_oxide::deflate::compress_to_vec_zlib(&payload, level);
            exercise(&format!("007{}", STANDARD.encode(stream)), 0, &signer, &project);
        },
    );
}

#[test]
fn handles_any_bytes_as_jwt_parts() {
    let json = prop_oneof![string(), "[{}\\[\\]:,\"0-9a-z]{0,40}"];
    check(CASES, (json, vec(any::<u8>(), 0..40), signer(), project()), |(json, bytes, signer, project)| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let (json, bytes) = (URL_SAFE_NO_PAD.encode(json), URL_SAFE_NO_PAD.encode(bytes));
        exercise(&format!("{header}.{json}.{bytes}"), 0, &signer, &project);
        exercise(&format!("{json}.{bytes}.{header}"), 0, &signer, &project);
    });
}

/// A modification of a string at one position.
#[derive(Clone, Debug)]
enum Change {
    Insert(char),
    Remove,
    Replace(char),
    Truncate,
}

fn change() -> impl Strategy<Value = (Index, Change)> {
    let character =
        || prop_oneof!["[0-9A-Za-z+/=._-]".prop_map(|c| c.chars().next().unwrap()), any::<char>()];
    let change = prop_oneof![
        4 => character().prop_map(Change::Insert),
        4 => Just(Change::Remove),
        8 => character().prop_map(Change::Replace),
        1 => Just(Change::Truncate),
    ];
    (any::<Index>(), change)
}

fn changed(string: &str, changes: Vec<(Index, Change)>) -> String {
    let mut chars: Vec<char> = string.chars().collect();
    for (index, change) in changes {
        let at = index.index(chars.len() + 1);
        match change {
            Change::Insert(c) => chars.insert(at, c),
            Change::Truncate => chars.truncate(at),
            Change::Remove | Change::Replace(_) if at == chars.len() => {}
            Change::Remove => drop(chars.remove(at)),
            Change::Replace(c) => chars[at] = c,
        }
    }
    chars.into_iter().collect()
}

#[test]
fn handles_modified_tokens() {
    let changes = || vec(change(), 0..4);
    let inputs = (signer(), project(), vec(content(), 1..4), any::<u32>(), changes(), changes());
    check(CASES, inputs, |(signer, project, content, now, changes, more)| {
        let token = sign(&signer, Seconds(now), &content);
        exercise(&changed(&token, changes.clone()), now, &signer, &project);
        let token = signer.mint().rtm_006(rtm_user("alice"), PrivilegeTtl::WithToken);
        exercise(&changed(&token, changes), now, &signer, &project);
        exercise(&changed(&project.sign(), more), now, &signer, &project);
    });
}

/// The test changes bytes of the payload before compression, so that the zlib checksum stays valid.
#[test]
fn handles_modified_payloads() {
    let changes = vec((any::<Index>(), any::<u8>()), 0..6);
    check(
        CASES,
        (signer(), project(), vec(content(), 1..4), changes),
        |(signer, project, content, changes)| {
            let token = sign(&signer, Seconds::DAY, &content);
            let stream = STANDARD.decode(&token[3..]).unwrap();
            let mut payload = miniz_oxide::inflate::decompress_to_vec_zlib(&stream).unwrap();
            for (index, byte) in changes {
                let at = index.index(payload.len());
                payload[at] = byte;
            }
            let stream = miniz_oxide::deflate::compress_to_vec_zlib(&payload, 6);
            exercise(&format!("007{}", STANDARD.encode(stream)), signer.issued_at.0, &signer, &project);
        },
    );
}
