//! Category B: errors that are hidden from the caller.

use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::{Services, Untrusted007};
use hallpass_token::agora::{
    Account, AppCertificate, AppId, Channel, ChatUser, Context, Expected, FieldStr, HexError, Mint,
    NameError, ParseError, Problem, RtmUser, Salt, SizeError, Uid, User, VerifyError, ZlibError, explain,
};
use hallpass_token::{Seconds, Ttl, TtlError, UnixSeconds};

use super::fixtures::{
    APP_ID, CERTIFICATE, NOW, Vector, decoded, encoded, expiries, publisher, rtc, services, string, ttl,
};

#[test]
fn b01_invalid_credentials_and_no_services_are_errors() {
    let too_long = format!("{APP_ID}0");
    for (wrong, error) in [
        ("", HexError::Length(0)),
        (&APP_ID[1..], HexError::Length(31)),
        (&too_long, HexError::Length(33)),
        ("970CA35de60c44645bbae8a215061b3g", HexError::Character(31)),
    ] {
        assert_eq!(AppId::parse(wrong), Err(error));
        assert_eq!(AppCertificate::parse(wrong).unwrap_err(), error);
    }
    assert_eq!(Services::new(&mut []).unwrap_err(), SizeError::NoService);

    // If another server returns an empty string instead of a token, `explain` reports that the token is empty.
    let report = explain("", &Context { now: NOW, projects: &[], expected: Expected::default() });
    assert_eq!(report.problems.iter().map(Problem::code).collect::<Vec<_>>(), ["empty"]);
}

#[test]
fn b02_validates_006_credentials_like_007() {
    assert_eq!(AppId::parse("x"), Err(HexError::Length(1)));
    assert_eq!(AppCertificate::parse("y").unwrap_err(), HexError::Length(1));

    // Both formats use the same `Mint`, which requires validated credentials.
    let (app_id, certificate) = (AppId::parse(APP_ID).unwrap(), AppCertificate::parse(CERTIFICATE).unwrap());
    let mint =
        Mint { app_id: &app_id, certificate: &certificate, issued_at: NOW, salt: Salt::from_bytes([1; 4]) };
    let (channel, user) = (Channel::parse_or_any("room").unwrap(), User::from_number_or_any(7));
    let token = mint.rtc_006(channel, user, publisher(60));
    assert_eq!(Untrusted006::parse(&token).unwrap().app_id(), &app_id);
    let token = mint.rtc(channel, user, publisher(60), ttl(60));
    assert_eq!(Untrusted007::parse(&token).unwrap().app_id(), &app_id);
    // A token with an invalid App ID from another SDK is rejected too.
    let short = format!("006x{}", &mint.rtc_006(channel, user, publisher(60))[35..]);
    assert!(matches!(Untrusted006::parse(&short), Err(ParseError::AppId(HexError::Character(_)))));
}

#[test]
fn b03_credentials_are_hexadecimal() {
    for (wrong, position) in [
        ("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", 0),
        ("970CA35de60c4464 bbae8a215061b33", 16),
        (" 970CA35de60c44645bbae8a215061b3", 0),
        ("970CA35de60c44645bbae8a215061b3\n", 31),
        ("970CA35de60c44645bbae8a215061bß", 30),
    ] {
        assert_eq!(wrong.len(), 32);
        assert_eq!(AppId::parse(wrong), Err(HexError::Character(position)), "{wrong:?}");
        assert_eq!(AppCertificate::parse(wrong).unwrap_err(), HexError::Character(position), "{wrong:?}");
    }
    // The case of an App ID is preserved.
    let upper = AppId::parse(&APP_ID.to_uppercase()).unwrap();
    assert_eq!(upper.as_str(), APP_ID.to_uppercase());
}

#[test]
fn b04_errors_never_contain_the_input() {
    let wrong = &CERTIFICATE[..31];
    let error = AppCertificate::parse(wrong).unwrap_err();
    assert_eq!(error, HexError::Length(31));
    assert_eq!(error.to_string(), "must be 32 hexadecimal characters, but has 31 bytes");
    assert!(!format!("{error:?}{error}").contains(&wrong[..8]));
    let wrong = format!("{wrong}!");
    let error = AppCertificate::parse(&wrong).unwrap_err();
    assert!(!format!("{error:?}{error}").contains(&wrong[..8]));

    assert_eq!(Channel::parse_or_any(""), Err(NameError::Empty));
    assert_eq!(Channel::parse_or_any("<b>'</b>"), Err(NameError::Character('\'')));
}

#[test]
fn b05_every_error_states_the_reason() {
    let long = "x".repeat(256);
    for (error, reason) in [
        (Channel::parse_or_any("").unwrap_err().to_string(), "must not be empty"),
        (Channel::parse_or_any(&long).unwrap_err().to_string(), "at most 64 bytes, but has 256"),
        (Channel::parse_or_any("a/b").unwrap_err().to_string(), "contains '/'"),
        (Account::parse(&long).unwrap_err().to_string(), "at most 255 bytes, but has 256"),
        (RtmUser::parse(&long).unwrap_err().to_string(), "at most 64 bytes, but has 256"),
        (ChatUser::parse("Alice").unwrap_err().to_string(), "contains 'A'"),
        (Uid::parse("-1").unwrap_err().to_string(), "must be a number"),
        (Uid::parse("4294967296").unwrap_err().to_string(), "must be at most 4294967295"),
        (Ttl::new(0).unwrap_err().to_string(), "must be 1 to 86400 seconds, but is 0"),
        (Ttl::new(86_401).unwrap_err().to_string(), "but is 86401"),
        (AppId::parse("x").unwrap_err().to_string(), "has 1 bytes"),
        (Untrusted007::parse("007!").unwrap_err().to_string(), "standard Base64"),
    ] {
        assert!(error.contains(reason), "{error:?} without {reason:?}");
    }
}

#[test]
fn b06_ttl_is_one_second_to_a_day() {
    assert_eq!(Ttl::new(0), Err(TtlError::Zero));
    assert_eq!(Ttl::new(86_401), Err(TtlError::TooLong(Seconds(86_401))));
    assert_eq!(Ttl::new(1_700_003_600), Err(TtlError::UnixTime(UnixSeconds(1_700_003_600))));
    // `u32::MAX` has the same 32 bits as the signed integer −1.
    assert_eq!(Ttl::new(u32::MAX), Err(TtlError::UnixTime(UnixSeconds(u32::MAX))));

    let recorded = Vector::named("007-rtc_uid-015");
    let seconds = recorded.number("/args/token_expire");
    let token = recorded.mint().rtc(recorded.channel(), recorded.user(), publisher(seconds), ttl(seconds));
    recorded.assert_matches(&token);
    assert_eq!(Untrusted007::parse(&token).unwrap().expires_in(), Seconds(3600));
}

/// The largest values must not cause a panic. A panic would fail the test.
#[test]
fn b07_encodes_the_largest_values() {
    let defaults = Vector::default_project();
    let last = UnixSeconds(u32::MAX);
    let mint = defaults.mint_at(last, u32::MAX);
    let channel = "~".repeat(64);
    let account = "~".repeat(255);
    let (channel, user) =
        (Channel::parse_or_any(&channel).unwrap(), User::Account(Account::parse(&account).unwrap()));

    let token = mint.rtc(channel, user, publisher(86_400), Ttl::MAX);
    let token = Untrusted007::parse(&token).unwrap();
    assert_eq!((token.issued_at(), token.salt(), token.expires_at()), (last, u32::MAX, last));
    assert!(token.verify(defaults.project(), last).is_ok());

    let token = mint.rtc_006(channel, user, publisher(86_400));
    let token = Untrusted006::parse(&token).unwrap();
    assert_eq!((token.salt(), token.expires_at()), (u32::MAX, last));
    assert_eq!(token.privileges().get(1), Some(last));
    // The expiry is exclusive, so the token has expired at the last representable time.
    let expired = VerifyError::Expired { expired_at: last, now: last };
    assert_eq!(token.verify(defaults.project(), Subject::rtc(channel, user), last), Err(expired));
}

#[test]
fn b08_parses_a_006_token_of_an_official_sdk() {
    let recorded = Vector::named("006-fixed-33");
    let theirs = recorded.string("/token");
    let token = Untrusted006::parse(theirs).unwrap();
    assert_eq!(token.app_id().as_str(), recorded.string("/app_id"));
    assert_eq!((token.salt(), token.expires_at().0), (recorded.number("/salt"), recorded.number("/ts")));
    assert_eq!(expiries(theirs), recorded.privileges("/privileges"));
    assert_eq!(token.channel_crc(), recorded.number("/crc_channel"));
    assert_eq!(token.user_crc(), recorded.number("/crc_uid"));

    let subject = Subject {
        channel: string(recorded.string("/channel")),
        user: string(recorded.string("/uid_string")),
    };
    assert!(token.verify(recorded.project(), subject, UnixSeconds(0)).is_ok());
    let other_subject = Subject { channel: string("another"), user: FieldStr::EMPTY };
    assert_eq!(
        token.verify(recorded.project(), other_subject, UnixSeconds(0)),
        Err(VerifyError::OtherChannel)
    );
}

#[test]
fn b09_rejects_corrupt_data_completely() {
    let parse_error = |id| Untrusted007::parse(Vector::named(id).string("/token")).unwrap_err();
    assert_eq!(parse_error("neg-25-zlib-truncated"), ParseError::Zlib(ZlibError::Truncated));
    assert_eq!(parse_error("neg-26-zlib-bad-adler"), ParseError::Zlib(ZlibError::Checksum));

    let defaults = Vector::default_project();
    let ours = defaults.sign_007(&mut [rtc("room", "7", &[(1, 60)])]);
    let theirs = Vector::named("neg-01-valid").string("/token").to_owned();
    for token in [ours, theirs] {
        assert_eq!(services(&token)[0].0, "rtc");
        let stream = decoded(&token);
        for position in 0..stream.len() {
            let mut changed = stream.clone();
            changed[position] ^= 0xFF;
            assert!(Untrusted007::parse(&encoded(&changed)).is_err(), "byte {position}");
            assert!(Untrusted007::parse(&encoded(&stream[..position])).is_err(), "{position} bytes");
        }
    }
}
