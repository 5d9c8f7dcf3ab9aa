//! Explanation of a token: the reasons for which VideoSDK rejects the token, or the token does not work as intended.

use alloc::vec::Vec;

use super::credentials::Project;
use super::error::ParseError;
use super::parse::Untrusted;
use super::parsed_claims::{ParsedClaims, Version};
use super::problem::Problem;
use super::scope::Roles;
use crate::agora::Format;
use crate::quote::excerpt;
use crate::severity::Severity;
use crate::time::{Seconds, UnixSeconds};

/// The conditions under which a token is explained.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time of the check.
    pub now: UnixSeconds,
    /// The projects whose secrets are available. If the slice is empty, the signature is not checked.
    pub projects: &'a [Project<'a>],
    /// The intended use of the token.
    pub expected: Expected<'a>,
}

/// The intended use of a token. Fields that are `None` are not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The API key that the app uses.
    pub api_key: Option<&'a str>,
    /// The room that the participant joins.
    pub room: Option<&'a str>,
    /// The ID of the participant who joins.
    pub participant: Option<&'a str>,
}

/// The content of a token and its problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The token, if [`Untrusted::parse`] accepts the string without the surrounding characters.
    pub token: Option<Untrusted>,
    /// The result of the signature check.
    pub signature: Signature,
    /// The problems, most severe first.
    pub problems: Vec<Problem>,
}

/// The result of a signature check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The signature was not checked, because no secret of the API key is available, or the API key cannot be read.
    NotChecked,
    /// A secret of the project produced the signature.
    Valid {
        /// The index of the project in [`Context::projects`].
        project: usize,
        /// The index of the secret in [`Project::secrets`].
        secret: usize,
    },
    /// None of the project's secrets produced the signature.
    Invalid,
}

impl Report {
    /// Returns `true` if no problem has the severity [`Severity::Error`].
    ///
    /// This function does not verify the token. The result can be `true` even if the signature was not checked.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity() < Severity::Error)
    }
}

/// Reports all problems of a token, not only the first problem.
///
/// An invalid claim does not hide the problems of other claims. If the encoding, the header or the encoded signature is
/// invalid, the check ends. For permissions and roles, only the first problem of each kind is reported, to keep the
/// report short.
///
/// ```
/// use hallpass_token::UnixSeconds;
/// use hallpass_token::videosdk::{Context, Expected, explain};
///
/// let context = Context { now: UnixSeconds(1_700_000_000), projects: &[], expected: Expected::default() };
/// let report = explain("007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGJLTUg", &context);
/// assert_eq!(report.problems[0].code(), "agora_token_for_jwt");
/// assert_eq!(
///     report.problems[0].to_string(),
///     "This is an Agora token of format 007. VideoSDK requires a JWT, which starts with eyJ."
/// );
/// assert!(!report.is_usable());
/// ```
#[must_use]
pub fn explain(token: &str, context: &Context<'_>) -> Report {
    let mut problems = Problems::default();
    let parsed = ParsedToken::new(token, &mut problems);
    let mut signature = Signature::NotChecked;
    if let Some(parsed) = &parsed {
        signature = check_origin(parsed, context, &mut problems);
        check_times(parsed, context.now, &mut problems);
        check_permissions(parsed, &mut problems);
        check_version(parsed, &mut problems);
        check_roles(parsed.token.claims(), &context.expected, &mut problems);
        check_binding(parsed, &context.expected, &mut problems);
    }
    let token = parsed.filter(|parsed| parsed.errors.is_empty()).map(|parsed| parsed.token);
    Report { token, signature, problems: problems.0 }
}

/// A list of problems, most severe first.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn push(&mut self, problem: Problem) {
        let position = self.0.partition_point(|known| known.severity() >= problem.severity());
        self.0.insert(position, problem);
    }
}

/// The result of lenient parsing.
struct ParsedToken {
    /// The parsed token. Invalid claims appear to be missing.
    token: Untrusted,
    /// The errors of the invalid claims.
    errors: Vec<ParseError>,
}

impl ParsedToken {
    fn new(string: &str, problems: &mut Problems) -> Option<Self> {
        let token = strip_wrapping(string);
        if token.len() < string.len() && !token.is_empty() {
            problems.push(Problem::SurroundingCharacters);
        }
        if let format @ (Format::V006 | Format::V007 | Format::Legacy(_)) = Format::detect(token) {
            problems.push(Problem::AgoraToken(format));
            return None;
        }
        match Untrusted::read(token) {
            Ok((token, errors)) => {
                errors.iter().cloned().map(Problem::Unreadable).for_each(|problem| problems.push(problem));
                Some(Self { token, errors })
            }
            Err(error) => {
                problems.push(Problem::Unreadable(error));
                None
            }
        }
    }

    /// Returns whether a claim is valid or missing. If so, `token` has the value that the token string contains.
    fn is_readable(&self, claim: &str) -> bool {
        self.errors.iter().all(|error| error.claim() != Some(claim))
    }
}

/// Removes surrounding whitespace, quotes and the prefix `Bearer`.
fn strip_wrapping(string: &str) -> &str {
    let is_wrapping = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let string = string.trim_matches(is_wrapping);
    match string.split_once(char::is_whitespace) {
        Some((word, rest)) if word.eq_ignore_ascii_case("bearer") => rest.trim_matches(is_wrapping),
        _ => string,
    }
}

/// Checks the API key and the signature.
///
/// If the API key of a token is invalid, the token can belong to any project. Therefore, a signature that matches no
/// secret is not reported as a problem.
fn check_origin(parsed: &ParsedToken, context: &Context<'_>, problems: &mut Problems) -> Signature {
    let claims = parsed.token.claims();
    let api_key = parsed.is_readable("apikey").then_some(claims.api_key.as_str());
    match (api_key, context.expected.api_key) {
        (Some(found), Some(expected)) if found != expected => {
            problems.push(Problem::OtherProject(excerpt(expected)));
        }
        _ => {}
    }
    let (mut projects, mut secrets) = (0, 0);
    for (position, project) in context.projects.iter().enumerate() {
        if api_key.is_some_and(|found| found != project.api_key.as_str()) {
            continue;
        }
        if let Some(secret) = parsed.token.signing_secret(project.secrets) {
            return Signature::Valid { project: position, secret };
        }
        projects += 1;
        secrets += project.secrets.len();
    }
    if projects == 0 && !context.projects.is_empty() {
        problems.push(Problem::UnknownProject);
    }
    if secrets == 0 || api_key.is_none() {
        return Signature::NotChecked;
    }
    problems.push(Problem::OtherSecret(secrets));
    Signature::Invalid
}

fn check_times(parsed: &ParsedToken, now: UnixSeconds, problems: &mut Problems) {
    let claims = parsed.token.claims();
    if let Some(from) = claims.future_start(now) {
        problems.push(Problem::NotYetValid { from, now });
    }
    let Some(expires_at) = claims.expires_at else {
        if parsed.is_readable("exp") {
            problems.push(Problem::NoExpiry);
        }
        return;
    };
    let issued_at = claims.issued_at.unwrap_or(now.0.into());
    let ttl = expires_at.saturating_sub(issued_at);
    if claims.issued_at.is_some() && ttl == 0 {
        problems.push(Problem::ExpiresAtOnce { issued_at, expires_at });
    } else if expires_at > u32::MAX.into() {
        problems.push(Problem::ExpiryInMilliseconds(expires_at));
    } else if expires_at <= now.0.into() {
        problems.push(Problem::Expired { expired_at: expires_at, now });
    } else if ttl > Seconds::DAY.0.into() {
        problems.push(Problem::LongTtl(ttl));
    }
}

fn check_permissions(parsed: &ParsedToken, problems: &mut Problems) {
    let claims = parsed.token.claims();
    let (join, moderate) = (claims.has_permission("allow_join"), claims.has_permission("allow_mod"));
    let ask = claims.has_permission("ask_join");
    if !(join || moderate || ask) && parsed.is_readable("permissions") {
        problems.push(Problem::NoPermissions);
    }
    if ask && (join || moderate) {
        problems.push(Problem::AskJoinMixed);
    }
    let known = |name: &str| matches!(name, "allow_join" | "allow_mod" | "ask_join");
    if let Some(name) = claims.permissions.iter().find(|name| !known(name)) {
        problems.push(Problem::UnknownPermission(excerpt(name)));
    }
    if moderate {
        problems.push(Problem::Moderator);
    }
}

fn check_version(parsed: &ParsedToken, problems: &mut Problems) {
    let claims = parsed.token.claims();
    let claims_of_2 = [
        ("roles", !claims.roles.is_empty()),
        ("roomId", claims.room.is_some()),
        ("participantId", claims.participant.is_some()),
    ];
    let present = claims_of_2.iter().find(|(claim, present)| *present || !parsed.is_readable(claim));
    match (&claims.version, present) {
        (None, Some((claim, _))) if parsed.is_readable("version") => {
            problems.push(Problem::VersionMissing(claim))
        }
        (Some(Version::String(string)), _) => problems.push(Problem::VersionString(excerpt(string))),
        (Some(Version::Number(number)), _) if *number != 2 => problems.push(Problem::VersionUnknown(*number)),
        (None | Some(Version::Number(_)), _) => {}
    }
}

fn check_roles(claims: &ParsedClaims, expected: &Expected<'_>, problems: &mut Problems) {
    if let Some(name) = claims.roles.iter().find(|name| Roles::named(name).is_none()) {
        problems.push(Problem::UnknownRole(excerpt(name)));
    }
    let in_upper_case =
        |name: &str| Roles::named(name).is_some() && name.bytes().any(|byte| byte.is_ascii_uppercase());
    if let Some(name) = claims.roles.iter().find(|name| in_upper_case(name)) {
        problems.push(Problem::RoleUpperCase(excerpt(name)));
    }
    match claims.known_roles() {
        Roles::Crawler => {
            let joins = expected.room.is_some() || expected.participant.is_some();
            problems.push(Problem::CrawlerOnly { joins });
        }
        Roles::Rtc => problems.push(Problem::RtcOnly),
        Roles::None | Roles::RtcAndCrawler => {}
    }
}

fn check_binding(parsed: &ParsedToken, expected: &Expected<'_>, problems: &mut Problems) {
    let claims = parsed.token.claims();
    match (claims.room.as_deref(), expected.room) {
        // A token that has only the role `crawler` cannot join a room, so the token does not need a room.
        (None, _) if claims.known_roles() == Roles::Crawler => {}
        (None, _) if !parsed.is_readable("roomId") => {}
        (None, _) => problems.push(Problem::AnyRoom),
        (Some(found), Some(expected)) if found != expected => {
            problems.push(Problem::OtherRoom { found: excerpt(found), expected: excerpt(expected) });
        }
        (Some(_), _) => {}
    }
    let Some(found) = claims.participant.as_deref() else { return };
    if found.contains(char::is_whitespace) {
        problems.push(Problem::ParticipantSpace);
    }
    if let Some(expected) = expected.participant.filter(|&expected| expected != found) {
        problems.push(Problem::OtherParticipant { found: excerpt(found), expected: excerpt(expected) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::videosdk::credentials::{ApiKey, Secret};
    use crate::videosdk::test_support::{self, DOCS_24H_JTI, NOW, SDK_MANAGEMENT, SDK_PARTICIPANT};
    use crate::videosdk::test_support::{SEED_0_1_X, V1_DEFAULT_10M, V2_ROOM};
    use alloc::format;
    use alloc::string::{String, ToString as _};

    const API_KEY: &str = "7b1c2f6e-0000-4000-8000-000000000001";

    const EXPECTED: Expected<'_> =
        Expected { api_key: Some(API_KEY), room: Some("2kyv-gzay-64pg"), participant: Some("user-123") };

    fn report_for(token: &str, expected: Expected<'_>) -> Report {
        let (api_key, secrets) = (test_support::api_key(), [test_support::secret()]);
        let projects = &[Project { api_key: &api_key, secrets: &secrets }];
        explain(token, &Context { now: NOW, projects, expected })
    }

    fn report(token: &str) -> Report {
        report_for(token, EXPECTED)
    }

    fn report_with(token: &str, projects: &[Project<'_>]) -> Report {
        explain(token, &Context { now: NOW, projects, expected: EXPECTED })
    }

    fn other_secret() -> Secret {
        Secret::parse("other").unwrap()
    }

    fn codes(report: &Report) -> Vec<&'static str> {
        report.problems.iter().map(Problem::code).collect()
    }

    /// Returns a token with changed claims. Without changes, the token has no problems. A change with an empty value
    /// removes the claim.
    fn with(changes: &[(&str, &str)]) -> String {
        let api_key = format!("{API_KEY:?}");
        let mut claims = Vec::from([
            ("apikey", api_key.as_str()),
            ("permissions", r#"["allow_join"]"#),
            ("version", "2"),
            ("roomId", r#""2kyv-gzay-64pg""#),
            ("iat", "1700000000"),
            ("exp", "1700000600"),
        ]);
        for (name, value) in changes {
            claims.retain(|(other, _)| other != name);
            claims.push((name, value));
        }
        let claims: Vec<String> = claims
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        test_support::token(&format!("{{{}}}", claims.join(",")))
    }

    /// Returns the token with its signature replaced by an invalid signature.
    fn unsigned(token: &str) -> String {
        let (signed, _) = token.rsplit_once('.').unwrap();
        format!("{signed}.{}", test_support::encode([7; 32]))
    }

    /// Returns pairs of the expected problem codes and a token that has these problems.
    fn cases() -> Vec<(&'static [&'static str], String)> {
        let good = with(&[]);
        let claims = r#"{"apikey":"k"}"#;
        Vec::from([
            (&[][..], good.clone()),
            // Tokens with an invalid encoding.
            (&["not_a_jwt"], String::new()),
            (&["not_a_jwt"], "a.b".into()),
            (&["not_a_jwt"], "!.b.c".into()),
            (&["not_a_jwt"], test_support::token("[]")),
            (
                &["agora_token_for_jwt"],
                "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGJLTUg==".into(),
            ),
            (&["agora_token_for_jwt"], "006970CA35de60c44645bbae8a215061b33IAC".into()),
            (&["agora_token_for_jwt"], "005AQAoADc0QTk5RTVEQjI4MDk0NUI0NzUw".into()),
            (&["surrounding_characters", "agora_token_for_jwt"], "\"007eJxT\"".into()),
            (&["surrounding_characters"], format!("Bearer {good}")),
            (&["surrounding_characters"], format!("bearer  {good}")),
            (&["surrounding_characters"], format!(" {good}\n")),
            (&["surrounding_characters"], format!("\"{good}\"")),
            (&["surrounding_characters"], format!("\n'BEARER\t\"{good}\"'")),
            (&["surrounding_characters", "not_a_jwt"], format!("Token {good} ")),
            (&["not_a_jwt"], " \n".into()),
            (&["base64_padding"], good.clone() + "="),
            (&["base64_standard"], good.clone() + "+"),
            (&["signature_length"], good.clone() + "AAAA"),
            (&["too_large"], "x".repeat(16_385)),
            // Tokens with an invalid header.
            (&["wrong_algorithm"], test_support::token_with(r#"{"alg":"none"}"#, claims)),
            (&["wrong_type"], test_support::token_with(r#"{"alg":"HS256","typ":"JWE"}"#, claims)),
            (&["critical_header"], test_support::token_with(r#"{"alg":"HS256","crit":["b64"]}"#, claims)),
            // Tokens with claims that cannot be parsed.
            (&["missing_claim"], with(&[("apikey", ""), ("apiKey", "\"other\"")])),
            (&["duplicate_claim"], with(&[("nbf", "1,\"nbf\":2")])),
            (&["claim_type"], with(&[("apikey", "1")])),
            (&["claim_type"], with(&[("permissions", "\"allow_join\"")])),
            (&["claim_type"], with(&[("version", "true")])),
            (&["claim_type"], with(&[("roles", "\"rtc\"")])),
            (&["claim_type"], with(&[("roomId", "7")])),
            (&["claim_type"], with(&[("participantId", "7")])),
            (&["claim_type"], with(&[("iat", "\"now\"")])),
            (&["claim_type"], with(&[("exp", "1.5")])),
            (&["claim_type", "version_missing"], with(&[("version", ""), ("roomId", "7")])),
            (
                &["claim_type", "claim_type", "any_room"],
                with(&[("exp", "1.5"), ("jti", "1"), ("roomId", "")]),
            ),
            (
                &["claim_type", "other_secret", "expired"],
                unsigned(&with(&[("version", "2.0"), ("iat", ""), ("exp", "1")])),
            ),
            (&["missing_claim", "claim_type"], unsigned(&with(&[("apikey", ""), ("permissions", "{}")]))),
            // Tokens with another API key or an invalid signature.
            (&["other_api_key", "unknown_api_key"], with(&[("apikey", "\"other\"")])),
            (&["other_secret"], unsigned(&good)),
            // Tokens with invalid or unsuitable times.
            (&["no_expiry"], with(&[("exp", "")])),
            (&["expired"], with(&[("iat", "1699999000"), ("exp", "1700000000")])),
            (&["expired"], with(&[("iat", ""), ("exp", "1")])),
            (&["expires_at_once"], with(&[("exp", "1700000000")])),
            (&["expiry_in_milliseconds"], with(&[("exp", "1700000600000")])),
            (&["longer_than_a_day"], with(&[("exp", "1700086401")])),
            (&["longer_than_a_day"], with(&[("iat", ""), ("exp", "1700086401")])),
            (&["not_yet_valid"], with(&[("iat", "1700000061")])),
            (&["not_yet_valid"], with(&[("nbf", "1700000061")])),
            // Tokens with invalid or unsuitable permissions.
            (&["no_permissions"], with(&[("permissions", "")])),
            (&["no_permissions"], with(&[("permissions", "[]")])),
            (&["no_permissions", "unknown_permission"], with(&[("permissions", r#"["ALLOW_JOIN"]"#)])),
            (&["unknown_permission"], with(&[("permissions", r#"["allow_join","x","y"]"#)])),
            (&["ask_join_mixed"], with(&[("permissions", r#"["ask_join","allow_join"]"#)])),
            (&["ask_join_mixed", "moderator"], with(&[("permissions", r#"["ask_join","allow_mod"]"#)])),
            (&["moderator"], with(&[("permissions", r#"["allow_join","allow_mod"]"#)])),
            // Tokens with a missing or invalid version.
            (&["version_missing"], with(&[("version", "")])),
            (&["version_missing"], with(&[("version", ""), ("roles", r#"["rtc","crawler"]"#)])),
            (&["version_text"], with(&[("version", "\"2\"")])),
            (&["version_unknown"], with(&[("version", "1")])),
            // Tokens with invalid or unsuitable roles.
            (&["unknown_role"], with(&[("roles", r#"["host"]"#)])),
            (&["role_upper_case"], with(&[("roles", r#"["rtc","CRAWLER"]"#)])),
            (&["crawler_only"], with(&[("roles", r#"["crawler"]"#)])),
            (&["crawler_only"], with(&[("roles", r#"["crawler"]"#), ("roomId", "")])),
            (&["rtc_only"], with(&[("roles", r#"["rtc"]"#)])),
            (&[], with(&[("roles", r#"["crawler","rtc"]"#)])),
            // Tokens for another room or participant, or for any room.
            (&["any_room"], with(&[("roomId", "")])),
            (&["any_room"], with(&[("roomId", ""), ("version", "")])),
            (&["other_room"], with(&[("roomId", "\"other\"")])),
            (&["other_participant"], with(&[("participantId", "\"other\"")])),
            (&["participant_space", "other_participant"], with(&[("participantId", "\"user 123\"")])),
        ])
    }

    #[test]
    fn finds_every_problem() {
        for (expected, token) in cases() {
            assert_eq!(codes(&report(&token)), expected, "{token}");
        }
    }

    #[test]
    fn usable_tokens_verify() {
        let mut usable = 0;
        let project = Project { api_key: &test_support::api_key(), secrets: &[test_support::secret()] };
        for (_, token) in cases() {
            let report = report(&token);
            if report.is_usable() {
                usable += 1;
                assert!(report.token.unwrap().verify(project, NOW).is_ok(), "{token}");
            }
        }
        assert!(usable > 10);
    }

    #[test]
    fn output_contains_neither_signature_nor_claims() {
        for (_, token) in cases() {
            let report = report(&token);
            let printed = report.problems.iter().map(Problem::to_string).collect::<String>();
            let printed = format!("{printed}{report:?}");
            for part in token.split('.').filter(|part| part.len() > 3) {
                assert!(!printed.contains(part), "{printed}");
            }
        }
    }

    #[test]
    fn problems_print_as_short_sentences() {
        for problem in cases().iter().flat_map(|(_, token)| report(token).problems) {
            let string = problem.to_string();
            let sentences = string.strip_suffix('.').unwrap();
            for sentence in sentences.split(". ") {
                let starts_right = sentence.starts_with(|c: char| c.is_ascii_uppercase() || c == '`');
                assert!(starts_right && sentence.split(' ').count() <= 25, "{string}");
            }
        }
    }

    #[test]
    fn maps_problems_to_sdk_errors() {
        let cases = [
            ("apikey", r#""other""#, Some((4001, "INVALID_API_KEY"))),
            ("apikey", "1", Some((4002, "INVALID_TOKEN"))),
            ("exp", "1", Some((4002, "INVALID_TOKEN"))),
            ("participantId", r#""user 123""#, Some((4004, "INVALID_PARTICIPANT_ID"))),
            ("permissions", "[]", Some((4008, "INVALID_PERMISSIONS"))),
            ("permissions", r#"["ask_join","allow_mod"]"#, Some((4008, "INVALID_PERMISSIONS"))),
            ("roomId", r#""other""#, Some((4022, "UNAUTHORIZED_MEETING_ID"))),
            ("participantId", r#""other""#, Some((4023, "UNAUTHORIZED_PARTICIPANT_ID"))),
            ("roles", r#"["crawler"]"#, Some((4024, "UNAUTHORIZED_ROLE"))),
            ("roomId", "", None),
        ];
        for (name, value, expected) in cases {
            let report = report(&with(&[(name, value)]));
            let error = report.problems.first().and_then(Problem::sdk_error);
            assert_eq!(error.map(|error| (error.code, error.name)), expected, "{name} {value}");
        }
    }

    #[test]
    fn tokens_of_the_sdks_are_usable() {
        let cases: [(_, &[&str]); 6] = [
            (V1_DEFAULT_10M, &["any_room", "moderator"]),
            (SEED_0_1_X, &["role_upper_case", "crawler_only"]),
            (V2_ROOM, &["moderator", "rtc_only"]),
            (DOCS_24H_JTI, &["any_room"]),
            (SDK_MANAGEMENT, &["moderator", "crawler_only"]),
            (SDK_PARTICIPANT, &["rtc_only"]),
        ];
        for (vector, expected) in cases {
            let report = report_for(&vector.token(), Expected::default());
            assert_eq!((codes(&report).as_slice(), report.is_usable()), (expected, true));
        }
    }

    #[test]
    fn rejects_a_crawler_that_joins() {
        let token = with(&[("roles", r#"["crawler"]"#)]);
        let expected = |room, participant| Expected { api_key: None, room, participant };
        for (expected, severity, error) in [
            (expected(None, None), Severity::Note, None),
            (expected(Some("2kyv-gzay-64pg"), None), Severity::Error, Some(4024)),
            (expected(None, Some("p")), Severity::Error, Some(4024)),
        ] {
            let report = report_for(&token, expected);
            let [problem] = &*report.problems else { panic!("{report:?}") };
            assert_eq!(problem.code(), "crawler_only");
            assert_eq!((problem.severity(), problem.sdk_error().map(|error| error.code)), (severity, error));
        }
    }

    #[test]
    fn parses_but_rejects_a_wrapped_token() {
        let report = report(&format!("Bearer {}", with(&[])));
        assert!(report.token.is_some() && !report.is_usable());
        assert_eq!(report.problems[0].sdk_error().map(|error| error.code), Some(4002));
    }

    #[test]
    fn names_each_agora_format() {
        for (token, format) in [
            ("006970CA35de", "an Agora token of format 006"),
            ("007", "an Agora token of format 007"),
            ("002x", "a key of format 002"),
            ("003x", "a key of format 003, accepted by Agora's SDKs from 1.2.3 to 2.1"),
        ] {
            let sentence = format!("This is {format}. VideoSDK requires a JWT, which starts with eyJ.");
            assert_eq!(report(token).problems[0].to_string(), sentence);
        }
    }

    #[test]
    fn skips_the_signature_check_without_secrets() {
        let token = unsigned(&with(&[]));
        let api_key = test_support::api_key();
        for projects in [&[][..], &[Project { api_key: &api_key, secrets: &[] }]] {
            let report = report_with(&token, projects);
            assert_eq!((report.signature, report.problems.len()), (Signature::NotChecked, 0));
            assert!(report.is_usable());
        }
    }

    #[test]
    fn returns_the_signing_project_and_secret() {
        let (ours, other) = (test_support::api_key(), ApiKey::parse("other").unwrap());
        let (right, wrong) = ([other_secret(), test_support::secret()], [other_secret()]);
        // The second project has the correct secret, but another API key.
        let projects = [(&ours, &wrong[..]), (&other, &right), (&ours, &[]), (&ours, &right)]
            .map(|(api_key, secrets)| Project { api_key, secrets });
        let token = with(&[]);
        assert_eq!(report_with(&token, &projects).signature, Signature::Valid { project: 3, secret: 1 });

        let report = report_with(&token, &projects[..3]);
        assert_eq!(
            (report.signature, &*report.problems),
            (Signature::Invalid, &[Problem::OtherSecret(1)][..])
        );
    }

    #[test]
    fn skips_the_signature_check_for_an_unknown_api_key() {
        let (api_key, secrets) = (ApiKey::parse("other").unwrap(), [test_support::secret()]);
        let report = report_with(&with(&[]), &[Project { api_key: &api_key, secrets: &secrets }]);
        assert_eq!(
            (codes(&report), report.signature),
            (Vec::from(["unknown_api_key"]), Signature::NotChecked)
        );
        assert_eq!(report.problems[0].severity(), Severity::Note);
        assert!(report.is_usable());
    }

    /// The token can belong to any project. Therefore, every secret is tried, and no secret is reported as wrong.
    #[test]
    fn checks_the_signature_without_an_api_key() {
        let token = with(&[("apikey", "")]);
        assert_eq!(report(&token).signature, Signature::Valid { project: 0, secret: 0 });
        assert_eq!(report(&unsigned(&token)).signature, Signature::NotChecked);
    }

    /// Omits the token from the report. Without the invalid `roomId`, the token would appear to be valid for every
    /// room.
    #[test]
    fn omits_a_token_with_invalid_claims() {
        let report = report(&with(&[("roomId", "7")]));
        assert_eq!(report.token, None);
        assert_eq!(report.signature, Signature::Valid { project: 0, secret: 0 });
        assert!(!report.is_usable());
    }

    #[test]
    fn compares_the_api_key_without_a_project() {
        let expected = Expected { api_key: Some("other"), ..Expected::default() };
        let report = explain(&with(&[]), &Context { now: NOW, projects: &[], expected });
        assert_eq!(codes(&report), ["other_api_key"]);
    }

    #[test]
    fn does_not_print_a_secret_used_as_api_key() {
        let report = report(&with(&[("apikey", "\"hunter2\"")]));
        assert!(!report.problems.iter().any(|problem| problem.to_string().contains("hunter2")));
        assert!(!format!("{report:?}").contains("hunter2"));
    }

    #[test]
    fn truncates_quoted_values() {
        let long = "x".repeat(2000);
        let claim = format!("{long:?}");
        let list = format!("[{claim}]");
        let token = with(&[
            ("permissions", &list),
            ("version", &claim),
            ("roles", &list),
            ("roomId", &claim),
            ("participantId", &claim),
        ]);
        let expected = format!("other {long}");
        let expected = Some(expected.as_str());
        let expected = Expected { api_key: expected, room: expected, participant: expected };
        let report = report_for(&token, expected);
        assert_eq!(
            codes(&report),
            [
                "other_api_key",
                "no_permissions",
                "version_text",
                "other_room",
                "other_participant",
                "unknown_permission",
                "unknown_role"
            ]
        );
        assert!(report.problems.iter().all(|problem| problem.to_string().len() < 300));
    }
}
