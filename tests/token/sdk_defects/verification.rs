//! Category C: insufficient checks in parsing and verification.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::{MAX_PAYLOAD_LEN, Remainder, Services, Token007, Untrusted007};
use hallpass_token::agora::{
    AppId, Base64Error, Channel, Context, Expected, ParseError, Problem, Project, Role, RtcPrivileges, User,
    VerifyError, ZlibError, explain,
};
use hallpass_token::{PrivilegeTtl, Seconds, Severity, UnixSeconds};

use super::fixtures::{NOW, Vector, decoded, deflated, encoded, inflated, publisher, rtc, services, ttl};

#[test]
fn c01_enforces_the_validity_period() {
    let defaults = Vector::default_project();
    let (channel, user) = (Channel::parse_or_any("room").unwrap(), User::from_number_or_any(7));
    let at = |seconds: i64| UnixSeconds(u32::try_from(i64::from(NOW.0) + seconds).unwrap());

    let privileges = RtcPrivileges { publish_video: Some(PrivilegeTtl::For(ttl(60))), ..publisher(900) };
    let string = defaults.mint_at(NOW, 1).rtc(channel, user, privileges, ttl(600));
    let token = Untrusted007::parse(&string).unwrap();
    let error = |now| token.verify(defaults.project(), now).unwrap_err();
    assert_eq!(error(at(601)), VerifyError::Expired { expired_at: at(600), now: at(601) });
    assert_eq!(error(at(-61)), VerifyError::NotYetValid { issued_at: NOW, now: at(-61) });
    let verified = token.verify(defaults.project(), at(600)).unwrap();
    let rtc = verified.services().next().unwrap();
    let granted = |now| (1..=5).filter(|id| verified.grants(&rtc, *id, now)).collect::<Vec<_>>();
    assert_eq!(granted(at(60)), [1, 2, 3, 4]);
    assert_eq!(granted(at(61)), [1, 2, 4]);
    // After the expiry of the token, no privilege is granted, although one privilege has a TTL of 900 seconds.
    assert_eq!(granted(at(601)), [0; 0]);

    let token_string_006 = defaults.mint_at(NOW, 1).rtc_006(channel, user, privileges);
    let token = Untrusted006::parse(&token_string_006).unwrap();
    let verify = |now| token.verify(defaults.project(), Subject::rtc(channel, user), now);
    let verified = verify(NOW).unwrap();
    let granted = |now| (1..=5).filter(|id| verified.grants(*id, now)).collect::<Vec<_>>();
    assert_eq!(granted(at(59)), [1, 2, 3, 4]);
    assert_eq!(granted(at(60)), [1, 2, 4]);
    let with_token =
        defaults.mint_at(NOW, 1).rtc_006(channel, user, Role::Publisher.privileges(PrivilegeTtl::WithToken));
    let with_token = Untrusted006::parse(&with_token).unwrap();
    let with_token = with_token.verify(defaults.project(), Subject::rtc(channel, user), NOW).unwrap();
    assert!(with_token.grants(1, at(86_399)) && !with_token.grants(1, at(86_400)));
    assert!(verify(at(86_399)).is_ok());
    let expired = VerifyError::Expired { expired_at: at(86_400), now: at(86_400) };
    assert_eq!(verify(at(86_400)), Err(expired));

    assert_eq!(codes(&string, at(601))[0], "expired");
    assert_eq!(codes(&string, at(-61))[0], "not_yet_valid");
    assert!(codes(&string, at(61)).contains(&"privilege_expired"));
    assert_eq!(codes(&token_string_006, at(86_400))[0], "expired");
    assert!(codes(&token_string_006, at(60)).contains(&"privilege_expired"));

    // Another SDK can sign a token with a TTL of more than 24 hours.
    let service = super::fixtures::rtc("room", "7", &[(1, 0)]);
    let mint = defaults.mint_at(NOW, 1);
    let long = Token007 {
        app_id: mint.app_id,
        issued_at: NOW,
        expires_in: Seconds(1_700_000_600),
        salt: 1,
        services: Services::single(&service),
    };
    let string = long.sign(mint.certificate);
    let token = Untrusted007::parse(&string).unwrap();
    assert!(token.verify(defaults.project(), at(86_400)).is_ok());
    let expired = VerifyError::Expired { expired_at: at(86_400), now: at(86_401) };
    assert_eq!(token.verify(defaults.project(), at(86_401)), Err(expired));
    assert_eq!(codes(&string, NOW), ["unix_time_as_life"]);
    let recorded = Vector::named("006-rtc006_uid-040");
    assert!(codes(recorded.string("/expected/token"), NOW).contains(&"longer_than_a_day"));
}

#[test]
fn c02_verifies_006_for_its_subject() {
    let recorded = Vector::named("006-rtc006_uid-013");
    let token = Untrusted006::parse(recorded.string("/expected/token")).unwrap();
    let (channel, user) = (recorded.channel(), recorded.user());
    let verify = |channel, user| token.verify(recorded.project(), Subject::rtc(channel, user), NOW);
    let verified = verify(channel, user).unwrap();
    assert_eq!(verified.subject(), Subject::rtc(channel, user));
    assert_eq!(verify(Channel::parse_or_any("b").unwrap(), user), Err(VerifyError::OtherChannel));
    assert_eq!(verify(Channel::Any, user), Err(VerifyError::OtherChannel));
    assert_eq!(verify(channel, User::from_number_or_any(1235)), Err(VerifyError::OtherUser));
    assert_eq!(verify(channel, User::Any), Err(VerifyError::OtherUser));

    let subject = Subject::rtc(channel, user);
    // The positions are those of the salt, the expiry, and the entries of the privilege map. The entry count is
    // skipped.
    for position in (44..52).chain(54..78) {
        let changed = with_flipped_bit_006(recorded.string("/expected/token"), position);
        let changed = Untrusted006::parse(&changed).unwrap();
        let verified = changed.verify(recorded.project(), subject, NOW);
        assert_eq!(verified, Err(VerifyError::BadSignature), "byte {position}");
    }
    let other = Vector::named("006-rtc006_uid-036");
    let project = Project { certificates: other.project().certificates, ..recorded.project() };
    assert_eq!(token.verify(project, subject, NOW), Err(VerifyError::BadSignature));
}

/// Every bit of a signature is significant.
///
/// A test cannot show that a comparison takes constant time. Therefore, all comparisons of signatures use
/// `mac::constant_time_eq`, which calls the crate `subtle`.
#[test]
fn c03_every_signature_bit_is_significant() {
    let defaults = Vector::default_project();
    let issued_at = defaults.mint().issued_at;
    let token = defaults.sign_007(&mut [rtc("room", "7", &[(1, 60)])]);
    let payload = inflated(&token);
    for position in 2..34 {
        for bit in 0..8 {
            let mut changed = payload.clone();
            changed[position] ^= 1 << bit;
            let changed = Untrusted007::parse(&deflated(&changed)).unwrap();
            assert_eq!(changed.verify(defaults.project(), issued_at), Err(VerifyError::BadSignature));
        }
    }
    assert!(Untrusted007::parse(&deflated(&payload)).unwrap().verify(defaults.project(), issued_at).is_ok());

    let (channel, user) = (Channel::parse_or_any("room").unwrap(), User::from_number_or_any(7));
    let token = defaults.mint().rtc_006(channel, user, publisher(60));
    for position in 2..34 {
        let changed = Untrusted006::parse(&with_flipped_bit_006(&token, position)).unwrap();
        let verified = changed.verify(defaults.project(), Subject::rtc(channel, user), issued_at);
        assert_eq!(verified, Err(VerifyError::BadSignature));
    }
}

#[test]
fn c04_parses_only_complete_tokens() {
    let error = |id| Untrusted007::parse(Vector::named(id).string("/token")).unwrap_err();
    assert_eq!(error("neg-17-not-base64"), ParseError::Base64(Base64Error::Character { offset: 0 }));
    assert_eq!(error("neg-25-zlib-truncated"), ParseError::Zlib(ZlibError::Truncated));
    assert_eq!(error("neg-26-zlib-bad-adler"), ParseError::Zlib(ZlibError::Checksum));
    assert_eq!(error("neg-29-uncompressed"), ParseError::Zlib(ZlibError::Header));

    let defaults = Vector::default_project();
    let mut payload = inflated(&defaults.sign_007(&mut [rtc("room", "7", &[(1, 60)])]));
    let raw = encoded(&miniz_oxide::deflate::compress_to_vec(&payload, 6));
    assert_eq!(Untrusted007::parse(&raw), Err(ParseError::Zlib(ZlibError::Header)));
    payload[SERVICE_COUNT_OFFSET] += 1;
    assert_eq!(Untrusted007::parse(&deflated(&payload)), Err(ParseError::Truncated));
}

#[test]
fn c05_returns_typed_errors_and_checks_the_project() {
    for (string, error) in [
        (Vector::named("neg-16-prefix-only").string("/token"), ParseError::Zlib(ZlibError::Truncated)),
        (
            Vector::named("neg-17-not-base64").string("/token"),
            ParseError::Base64(Base64Error::Character { offset: 0 }),
        ),
        (Vector::named("neg-10-signature-33-bytes").string("/token"), ParseError::SignatureLength(33)),
        (Vector::named("neg-40-non-utf8-channel").string("/token"), ParseError::InvalidUtf8),
    ] {
        assert_eq!(Untrusted007::parse(string), Err(error), "{string}");
    }
    let wrong_version = Untrusted007::parse(Vector::named("006-fixed-33").string("/token"));
    assert!(matches!(wrong_version, Err(ParseError::Format { .. })), "{wrong_version:?}");
    let wrong_version = Untrusted006::parse(Vector::named("neg-01-valid").string("/token"));
    assert!(matches!(wrong_version, Err(ParseError::Format { .. })), "{wrong_version:?}");

    let defaults = Vector::default_project();
    let other = AppId::parse("00000000000000000000000000000000").unwrap();
    let project = Project { app_id: &other, ..defaults.project() };
    let (channel, user) = (Channel::parse_or_any("room").unwrap(), User::from_number_or_any(7));
    let mint = defaults.mint();
    let token = Untrusted007::parse(&mint.rtc(channel, user, publisher(60), ttl(60))).unwrap();
    assert_eq!(token.verify(project, mint.issued_at), Err(VerifyError::OtherProject));
    let token = Untrusted006::parse(&mint.rtc_006(channel, user, publisher(60))).unwrap();
    let verified = token.verify(project, Subject::rtc(channel, user), mint.issued_at);
    assert_eq!(verified, Err(VerifyError::OtherProject));
}

#[test]
fn c06_reports_an_unknown_service() {
    for (id, known, rest) in [
        ("neg-35-unknown-service-then-rtc", 0, Remainder::UnknownService { number: 999, services: 2 }),
        ("neg-36-rtc-then-unknown", 1, Remainder::UnknownService { number: 999, services: 1 }),
    ] {
        let recorded = Vector::named(id);
        let string = recorded.string("/token");
        let token = Untrusted007::parse(string).unwrap();
        assert_eq!((token.services().count(), token.remainder()), (known, rest));
        assert_eq!(token.verify(recorded.project(), token.issued_at()).unwrap().remainder(), rest);
        assert!(codes(string, token.issued_at()).contains(&"unknown_service"));
    }
}

#[test]
fn c07_accepts_only_standard_base64_of_one_stream() {
    let valid = Vector::named("neg-01-valid").string("/token").to_owned();
    let trailing = encoded(&[decoded(&valid).as_slice(), b"xy"].concat());
    let unpadded = Vector::named("neg-18-no-padding").string("/token").to_owned();
    let broken = Vector::named("neg-24-inner-newline").string("/token").to_owned();
    let defaults = Vector::default_project();
    // The test needs a token that the standard alphabet and the URL-safe alphabet encode differently.
    let mut url_safe = (1..100).map(|salt| {
        let mint = defaults.mint_at(NOW, salt);
        let token = mint.rtc(Channel::Any, User::Any, publisher(60), ttl(60));
        format!("007{}", URL_SAFE.encode(decoded(&token)))
    });
    let url_safe = url_safe.find(|token| token.contains(['-', '_'])).unwrap();

    for (string, error, code) in [
        (&unpadded, ParseError::Base64(Base64Error::Padding), "base64_padding"),
        (&url_safe, ParseError::Base64(Base64Error::UrlSafe), "base64_url_safe"),
        (&broken, ParseError::Base64(Base64Error::Whitespace), "base64_whitespace"),
        (&trailing, ParseError::Zlib(ZlibError::TrailingBytes(2)), "damaged"),
    ] {
        assert_eq!(Untrusted007::parse(string), Err(error));
        assert_eq!(codes(string, NOW)[0], code);
    }
    // `explain` parses this token leniently, but reports that the token is not usable.
    let report = explain(&broken, &context(&[], NOW));
    assert!(report.token.is_some() && !report.is_usable());
}

#[test]
fn c08_limits_the_inflated_size() {
    let defaults = Vector::default_project();
    let channel = "x".repeat(65_535);
    let mut many = vec![rtc(&channel, "7", &[(1, 60)]); 16];
    let payload = inflated(&defaults.sign_007(&mut many));
    let bomb = deflated(&payload);
    assert!(payload.len() > 1_000_000 && bomb.len() < 2_000, "{} of {} bytes", bomb.len(), payload.len());

    assert_eq!(Untrusted007::parse(&bomb), Err(ParseError::TooLarge { max: MAX_PAYLOAD_LEN }));
    assert_eq!(codes(&bomb, NOW), ["too_large"]);
    let below = payload.len() - 1;
    assert_eq!(Untrusted007::parse_with_limit(&bomb, below), Err(ParseError::TooLarge { max: below }));
    let token = Untrusted007::parse_with_limit(&bomb, payload.len()).unwrap();
    assert_eq!(token.services().count(), 16);
    assert!(token.verify(defaults.project(), token.issued_at()).is_ok());

    // A count that exceeds the remaining bytes is an error.
    let mut payload = inflated(&defaults.sign_007(&mut [rtc("room", "7", &[])]));
    payload[SERVICE_COUNT_OFFSET..][..2].copy_from_slice(&[0xFF; 2]);
    assert_eq!(Untrusted007::parse(&deflated(&payload)), Err(ParseError::Truncated));
    payload[SERVICE_COUNT_OFFSET + 4..][..2].copy_from_slice(&[0xFF; 2]);
    assert_eq!(Untrusted007::parse(&deflated(&payload)), Err(ParseError::Truncated));
}

#[test]
fn c09_reports_malformed_content() {
    let recorded = Vector::named("neg-39-dup-privilege-key");
    let token = recorded.string("/token");
    let [(1, first), (1, last)] = services(token)[0].1[..] else { panic!("{:?}", services(token)) };
    assert_ne!(first, last);
    assert!(codes(token, NOW).contains(&"double_privilege"));
    let read = Untrusted007::parse(token).unwrap();
    assert_eq!(read.services().next().unwrap().privileges().get(1), Some(Seconds(last)));

    let defaults = Vector::default_project();
    let mut payload = inflated(&defaults.sign_007(&mut [rtc("room", "7", &[(1, 60)])]));
    payload.extend_from_slice(b"extra");
    let extra = deflated(&payload);
    assert_eq!(Untrusted007::parse(&extra).unwrap().remainder(), Remainder::Bytes(5));
    assert!(codes(&extra, NOW).contains(&"extra_bytes"));

    payload.truncate(SERVICE_COUNT_OFFSET);
    payload.extend_from_slice(&[0, 0]);
    let none = deflated(&payload);
    assert_eq!(services(&none), []);
    assert!(codes(&none, NOW).contains(&"no_service"));
    assert!(!explain(&none, &context(&[], NOW)).is_usable());
}

#[test]
fn c10_verifies_signatures_of_all_services() {
    let recorded = Vector::named("neg-36-rtc-then-unknown");
    let token = Untrusted007::parse(recorded.string("/token")).unwrap();
    assert!(token.verify(recorded.project(), token.issued_at()).is_ok());

    let valid = Vector::named("neg-01-valid");
    let token = Untrusted007::parse(valid.string("/token")).unwrap();
    assert!(token.verify(valid.project(), token.issued_at()).is_ok());
    for id in ["neg-07-payload-bit-flip", "neg-08-signature-bit-flip"] {
        let changed = Vector::named(id);
        let token = Untrusted007::parse(changed.string("/token")).unwrap();
        let verified = token.verify(changed.project(), token.issued_at());
        assert_eq!(verified, Err(VerifyError::BadSignature), "{id}");
    }
    let upper = Vector::named("neg-03-cert-uppercase");
    let token = Untrusted007::parse(upper.string("/token")).unwrap();
    assert_eq!(token.verify(upper.project(), token.issued_at()), Err(VerifyError::BadSignature));
}

#[test]
fn c11_rejects_truncated_tokens() {
    let recorded = Vector::named("006-rtc006_uid-013");
    let (head, content) = recorded.string("/expected/token").split_at(35);
    let content = STANDARD.decode(content).unwrap();
    for len in 0..content.len() {
        let truncated = format!("{head}{}", STANDARD.encode(&content[..len]));
        assert_eq!(Untrusted006::parse(&truncated), Err(ParseError::Truncated), "{len} bytes");
    }
    // The message ends within the expiry, although the length field of the message is correct.
    let mut short = content[..42].to_vec();
    short.extend_from_slice(&[7, 0, 1, 0, 0, 0, 2, 0, 0]);
    assert_eq!(Untrusted006::parse(&format!("{head}{}", STANDARD.encode(short))), Err(ParseError::Truncated));

    let payload = inflated(Vector::named("neg-01-valid").string("/token"));
    for len in 0..payload.len() {
        assert_eq!(
            Untrusted007::parse(&deflated(&payload[..len])),
            Err(ParseError::Truncated),
            "{len} bytes"
        );
    }
}

/// The offset of the TTL in the payload of a 007 token: after the signature, the App ID and the issue time.
const TTL_OFFSET: usize = 34 + 34 + 4;

/// The offset of the number of services in the payload of a 007 token: after the TTL and the salt.
const SERVICE_COUNT_OFFSET: usize = TTL_OFFSET + 4 + 4;

/// Returns the codes of the problems that are warnings or errors.
fn codes(token: &str, now: UnixSeconds) -> Vec<&'static str> {
    let report = explain(token, &context(&[], now));
    let problems = report.problems.iter().filter(|problem| problem.severity() > Severity::Note);
    problems.map(Problem::code).collect()
}

fn context<'a>(projects: &'a [Project<'a>], now: UnixSeconds) -> Context<'a> {
    Context { now, projects, expected: Expected::default() }
}

/// Flips a bit of the byte at `position` in the decoded Base64 of a 006 token.
fn with_flipped_bit_006(token: &str, position: usize) -> String {
    let (head, content) = token.split_at(35);
    let mut content = STANDARD.decode(content).unwrap_or_default();
    if let Some(byte) = content.get_mut(position) {
        *byte ^= 1;
    }
    format!("{head}{}", STANDARD.encode(content))
}
