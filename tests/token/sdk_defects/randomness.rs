//! Category D: predictable or repeated salts.
//!
//! The crate does not generate random numbers. Instead, the caller passes four bytes as the salt. The tests in
//! `support/randomness.rs` of the package `hallpass-tests` show that Hallpass uses new random bytes for each token, on
//! every platform.

use std::collections::BTreeSet;

use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{Channel, Mint, Salt, User};

use super::fixtures::{NOW, Vector, publisher, ttl};

/// Returns a 007 token and a 006 token.
fn both(mint: &Mint<'_>) -> [String; 2] {
    let (channel, user) = (Channel::Any, User::from_number_or_any(7));
    [mint.rtc(channel, user, publisher(60), ttl(60)), mint.rtc_006(channel, user, publisher(60))]
}

/// Returns the salts of a 007 token and a 006 token. The salt of a token that cannot be parsed is `None`.
fn salts([v007, v006]: &[String; 2]) -> [Option<u32>; 2] {
    [
        Untrusted007::parse(v007).ok().map(|token| token.salt()),
        Untrusted006::parse(v006).ok().map(|token| token.salt()),
    ]
}

#[test]
fn d01_two_salts_produce_two_tokens_in_one_second() {
    let defaults = Vector::default_project();
    let [first, second] = [1, 2].map(|salt| both(&defaults.mint_at(NOW, salt)));
    assert_ne!(first[0], second[0]);
    assert_ne!(first[1], second[1]);
    assert_eq!(salts(&first), [Some(1); 2]);
    assert_eq!(salts(&second), [Some(2); 2]);
}

#[test]
fn d02_accepts_any_salt_except_zero() {
    let defaults = Vector::default_project();
    for salt in [1, 100_000, 100_001, u32::MAX] {
        let bytes = salt.to_le_bytes();
        assert_eq!(Salt::from_bytes(bytes).get(), salt);
        let mint = Mint { salt: Salt::from_bytes(bytes), ..defaults.mint() };
        assert_eq!(salts(&both(&mint)), [Some(salt); 2]);
    }
    assert_eq!(Salt::from_bytes([0; 4]).get(), 1);
}

#[test]
fn d03_salt_is_independent_of_the_time() {
    let defaults = Vector::default_project();
    let tokens: BTreeSet<_> = (1..=1000).map(|salt| both(&defaults.mint_at(NOW, salt))).collect();
    assert_eq!(tokens.iter().flatten().collect::<BTreeSet<_>>().len(), 2000);
    for issued_at in [0, 1, NOW.0, u32::MAX] {
        let mint = defaults.mint_at(hallpass_token::UnixSeconds(issued_at), 77);
        assert_eq!(salts(&both(&mint)), [Some(77); 2], "{issued_at}");
    }
}

#[test]
fn d04_crate_has_no_random_number_generator() {
    let defaults = Vector::default_project();
    assert_eq!(both(&defaults.mint_at(NOW, 77)), both(&defaults.mint_at(NOW, 77)));
    let manifest = include_str!("../../../crates/hallpass-token/Cargo.toml");
    let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
    let names: Vec<_> = dependencies.lines().map_while(|line| Some(line.split_once(['.', ' '])?.0)).collect();
    assert!(names.contains(&"hmac"), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("rand")), "{names:?}");
}

#[test]
fn d05_all_32_bits_of_a_salt_are_significant() {
    let defaults = Vector::default_project();
    for bit in 0..32 {
        let salt = 1 << bit;
        assert_eq!(salts(&both(&defaults.mint_at(NOW, salt))), [Some(salt); 2]);
    }
    for id in ["007-rtc_uid-042", "007-rtc_uid-043"] {
        let recorded = Vector::named(id);
        assert!(recorded.number("/salt") > 99_999_999);
        let mint = recorded.mint();
        recorded.assert_matches(&mint.rtc(recorded.channel(), recorded.user(), publisher(600), ttl(600)));
    }
    for id in ["006-rtc006_uid-038", "006-rtc006_uid-039"] {
        let recorded = Vector::named(id);
        assert!(recorded.number("/salt") > 99_999_999);
        let end = recorded.number("/args/expire_ts");
        let subject = Subject::rtc(recorded.channel(), recorded.user());
        recorded.assert_matches(&recorded.sign_006(subject, &[(1, end), (2, end), (3, end), (4, end)]));
    }
}
