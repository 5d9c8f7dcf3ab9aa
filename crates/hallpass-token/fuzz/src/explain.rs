//! Fuzz target for `explain`. The reports of `explain` must agree with the results of parsing and verification.

use std::borrow::Cow;

use arbitrary::{Arbitrary, Unstructured};
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{self, ExpectedService, ExpectedUser, FieldStr, Project};
use hallpass_token::{UnixSeconds, videosdk};

use crate::project::{api_key, app_id, certificate, other_certificate, other_secret, secret};
use crate::wrap;

/// The token to explain, the time of the check, and the expected values.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    now: u32,
    form: Form,
    /// The number of the expected Agora service, or another number if no service is expected.
    service: u8,
    /// The expected App ID for Agora, and the expected API key for VideoSDK.
    app_id_or_key: Option<&'a str>,
    /// The expected channel for Agora, and the expected room for VideoSDK.
    channel_or_room: Option<&'a str>,
    user: Option<UserInput<'a>>,
    content: &'a [u8],
}

/// The meaning of the content bytes.
#[derive(Arbitrary, Debug)]
enum Form {
    /// A complete token.
    Token,
    /// The signed message of a 006 token.
    Signed006,
    /// The signed data of a 007 token.
    Signed007,
    /// The claims of a JWT.
    SignedJwt,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum UserInput<'a> {
    Uid(u32),
    Account(&'a str),
}

const SERVICES: [&str; 9] = ["rtc", "rtm", "streaming", "fpa", "chat", "fcdn", "apaas", "convoai", "stt"];

/// Explains a token as an Agora token and as a VideoSDK token.
pub fn explain(data: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let string = match input.form {
        Form::Token => str::from_utf8(input.content).ok().map(Into::into),
        Form::Signed006 => wrap::signed_006(input.content),
        Form::Signed007 => wrap::signed_007(input.content),
        Form::SignedJwt => Some(wrap::signed_jwt(input.content)),
    };
    if let Some(string) = string {
        check_agora(&string, &input);
        check_videosdk(&string, &input);
    }
}

fn check_agora(string: &str, input: &Input<'_>) {
    let app_id = app_id();
    let certificates = [other_certificate(), certificate()];
    let project = Project { app_id: &app_id, certificates: &certificates };
    let now = UnixSeconds(input.now);
    let user = input.user.map(|user| match user {
        UserInput::Uid(uid) => ExpectedUser::Uid(uid),
        UserInput::Account(account) => ExpectedUser::Account(account),
    });
    let service = usize::from(input.service).checked_sub(1).and_then(|index| SERVICES.get(index));
    let expected = agora::Expected {
        service: service.and_then(|name| ExpectedService::parse(name)),
        app_id: input.app_id_or_key,
        channel: input.channel_or_room,
        user,
    };
    let report = agora::explain(string, &agora::Context { now, projects: &[project], expected });

    assert!(report.problems.is_sorted_by(|a, b| a.severity() >= b.severity()));
    for problem in &report.problems {
        assert!(!problem.to_string().is_empty() && !problem.code().is_empty());
    }
    if !report.is_usable() {
        assert!(report.problems.first().is_some_and(|problem| problem.rejection().is_some()));
        return;
    }
    let is_signed = report.signature == agora::Signature::Valid { project: 0, certificate: 1 };
    assert!(is_signed || report.signature == agora::Signature::NotChecked);
    match report.token {
        Some(agora::Untrusted::V007(token)) => {
            assert_eq!(Untrusted007::parse(string), Ok(token.clone()));
            assert_eq!(token.verify(project, now).is_ok(), is_signed);
        }
        Some(agora::Untrusted::V006(token)) => {
            assert_eq!(Untrusted006::parse(string), Ok(token.clone()));
            assert!(!is_signed || verifies_006(&token, project, input));
        }
        None => unreachable!("a usable token is always parsed"),
    }
}

/// Verifies a 006 token for each subject that consists of expected values and wildcards. In a Signaling token, the channel
/// is the user.
fn verifies_006(token: &Untrusted006, project: Project<'_>, input: &Input<'_>) -> bool {
    let user = input.user.map(|user| match user {
        UserInput::Uid(uid) => uid.to_string().into(),
        UserInput::Account(account) => Cow::Borrowed(account),
    });
    let user = user.as_deref().unwrap_or_default();
    let field = |string| FieldStr::new(string).ok();
    let channels = ["", input.channel_or_room.unwrap_or_default(), user].into_iter().filter_map(field);
    channels
        .flat_map(|channel| ["0", user].into_iter().filter_map(field).map(move |user| (channel, user)))
        .any(|(channel, user)| {
            token.verify(project, Subject { channel, user }, UnixSeconds(input.now)).is_ok()
        })
}

fn check_videosdk(string: &str, input: &Input<'_>) {
    let (api_key, secrets) = (api_key(), [other_secret(), secret()]);
    let project = videosdk::Project { api_key: &api_key, secrets: &secrets };
    let participant = input.user.and_then(|user| match user {
        UserInput::Uid(_) => None,
        UserInput::Account(account) => Some(account),
    });
    let expected =
        videosdk::Expected { api_key: input.app_id_or_key, room: input.channel_or_room, participant };
    let now = UnixSeconds(input.now);
    let report = videosdk::explain(string, &videosdk::Context { now, projects: &[project], expected });

    assert!(report.problems.is_sorted_by(|a, b| a.severity() >= b.severity()));
    for problem in &report.problems {
        assert!(!problem.to_string().is_empty() && !problem.code().is_empty());
        let _ = problem.sdk_error();
    }
    if report.is_usable() {
        let is_signed = report.signature == videosdk::Signature::Valid { project: 0, secret: 1 };
        assert!(is_signed || report.signature == videosdk::Signature::NotChecked);
        let token = report.token.expect("a usable token is always parsed");
        assert_eq!(videosdk::Untrusted::parse(string), Ok(token.clone()));
        assert_eq!(token.verify(project, now).is_ok(), is_signed);
    }
}
