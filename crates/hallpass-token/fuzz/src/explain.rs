//! Fuzz target for `explain`. The reports of `explain` must agree with the results of parsing and verification.

use arbitrary::{Arbitrary, Unstructured};
use hallpass_token::agora::v006::{Subject, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{self, ExpectedUser, FieldStr, Project};
use hallpass_token::{UnixSeconds, videosdk};

use crate::project::{api_key, app_id, certificate, other_certificate, other_secret, secret};
use crate::wrap;

/// The token to explain, the time of the check, and the expected values.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    now: u32,
    form: Form,
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
    let expected = agora::Expected { app_id: input.app_id_or_key, channel: input.channel_or_room, user };
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
            if let Some(subject) = subject(&token, input).filter(|_| is_signed) {
                assert!(token.verify(project, subject, now).is_ok());
            }
        }
        None => unreachable!("a usable token is always parsed"),
    }
}

/// Returns the subject that consists of the expected channel and user.
fn subject<'a>(token: &Untrusted006, input: &Input<'a>) -> Option<Subject<'a>> {
    const JOIN: u16 = 1;
    const RTM_LOGIN: u16 = 1000;
    let user = match input.user {
        Some(UserInput::Account(account)) => account,
        None => "",
        Some(UserInput::Uid(_)) => return None,
    };
    let map = token.privileges();
    let is_rtm = map.get(RTM_LOGIN).is_some() && map.get(JOIN).is_none() && token.user_crc() == 0;
    let (channel, user) = if is_rtm { (user, "") } else { (input.channel_or_room.unwrap_or("*"), user) };
    Some(Subject { channel: FieldStr::new(channel).ok()?, user: FieldStr::new(user).ok()? })
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
