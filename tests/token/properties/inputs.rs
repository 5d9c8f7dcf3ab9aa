//! Generated inputs for the property tests.

use hallpass_token::agora::{
    Account, AppCertificate, AppId, Channel, ChatUser, Mint, Project, RtcPrivileges, RtmUser, Salt, User,
};
use hallpass_token::{PrivilegeTtl, Seconds, Ttl, UnixSeconds};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Tests a property with generated inputs. If the property fails, reports the smallest failing input that was found.
#[track_caller]
pub(crate) fn check<S: Strategy>(cases: u32, inputs: S, property: impl Fn(S::Value)) {
    // WebAssembly debug builds run several times slower in Node.js than native debug builds.
    let cases = if cfg!(target_family = "wasm") { cases.div_ceil(8) } else { cases };
    // Failing inputs are not saved to a seed file. Instead, add each failing input as a separate test.
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&inputs, |value| {
        property(value);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The signing parameters: project, issue time and salt.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) app_id: AppId,
    /// The signing certificate.
    pub(crate) certificate: AppCertificate,
    pub(crate) issued_at: UnixSeconds,
    pub(crate) salt: Salt,
}

impl Signer {
    pub(crate) fn mint<'a>(&'a self) -> Mint<'a> {
        Mint {
            app_id: &self.app_id,
            certificate: &self.certificate,
            issued_at: self.issued_at,
            salt: self.salt,
        }
    }

    pub(crate) fn project(&self) -> Project<'_> {
        Project { app_id: &self.app_id, certificates: std::slice::from_ref(&self.certificate) }
    }
}

pub(crate) fn signer() -> impl Strategy<Value = Signer> {
    (app_id(), certificate(), any::<u32>(), any::<[u8; 4]>()).prop_map(
        |(app_id, certificate, issued_at, salt)| Signer {
            app_id,
            certificate,
            issued_at: UnixSeconds(issued_at),
            salt: Salt::from_bytes(salt),
        },
    )
}

pub(crate) fn app_id() -> impl Strategy<Value = AppId> {
    "[0-9a-fA-F]{32}".prop_map(|string| AppId::parse(&string).unwrap())
}

fn certificate() -> impl Strategy<Value = AppCertificate> {
    "[1-9a-fA-F][0-9a-fA-F]{31}".prop_map(|string| AppCertificate::parse(&string).unwrap())
}

/// Generates a certificate that differs from the certificate of every [`Signer`].
pub(crate) fn other_certificate() -> impl Strategy<Value = AppCertificate> {
    "0[0-9a-fA-F]{31}".prop_map(|string| AppCertificate::parse(&string).unwrap())
}

/// Generates a name of 1 to 64 of the 89 characters that Agora allows.
pub(crate) fn name() -> impl Strategy<Value = String> {
    r"[a-zA-Z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]{1,64}"
}

/// Generates a string that [`channel`] can parse.
pub(crate) fn channel_name() -> impl Strategy<Value = String> {
    prop_oneof![9 => name(), 1 => Just("*".to_owned())]
}

pub(crate) fn channel(string: &str) -> Channel<'_> {
    Channel::parse_or_any(string).unwrap()
}

/// The user of a channel, as a number or a string instead of a validated [`User`].
#[derive(Clone, Debug)]
pub(crate) enum UserField {
    Uid(u32),
    Account(String),
}

impl UserField {
    pub(crate) fn user(&self) -> User<'_> {
        match self {
            Self::Uid(uid) => User::from_number_or_any(*uid),
            Self::Account(string) => User::Account(Account::parse(string).unwrap()),
        }
    }

    pub(crate) fn field(&self) -> String {
        match self {
            Self::Uid(0) => String::new(),
            Self::Uid(uid) => uid.to_string(),
            Self::Account(string) => string.clone(),
        }
    }
}

pub(crate) fn user() -> impl Strategy<Value = UserField> {
    let account = r"[a-zA-Z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]{1,255}";
    prop_oneof![
        1 => Just(UserField::Uid(0)),
        5 => any::<u32>().prop_map(UserField::Uid),
        5 => account.prop_map(UserField::Account),
    ]
}

pub(crate) fn rtm_user(string: &str) -> RtmUser<'_> {
    RtmUser::parse(string).unwrap()
}

/// Generates a string that [`chat_user`] can parse.
pub(crate) fn chat_name() -> impl Strategy<Value = String> {
    r"[a-z0-9_.\-]{1,64}"
}

pub(crate) fn chat_user(string: &str) -> ChatUser<'_> {
    ChatUser::parse(string).unwrap()
}

pub(crate) fn ttl() -> impl Strategy<Value = Ttl> {
    prop_oneof![8 => 1..=86_400_u32, 1 => Just(1), 1 => Just(86_400)]
        .prop_map(|seconds| Ttl::new(seconds).unwrap())
}

pub(crate) fn privilege_ttl() -> impl Strategy<Value = PrivilegeTtl> {
    prop_oneof![Just(PrivilegeTtl::WithToken), ttl().prop_map(PrivilegeTtl::For)]
}

pub(crate) fn rtc_privileges() -> impl Strategy<Value = RtcPrivileges> {
    let maybe = || proptest::option::weighted(0.7, privilege_ttl());
    (maybe(), maybe(), maybe(), maybe()).prop_map(|(join, publish_audio, publish_video, publish_data)| {
        RtcPrivileges { join, publish_audio, publish_video, publish_data }
    })
}

/// Returns the TTL that format 007 encodes for a privilege.
pub(crate) fn seconds_of(privilege_ttl: PrivilegeTtl) -> Seconds {
    match privilege_ttl {
        PrivilegeTtl::WithToken => Seconds(0),
        PrivilegeTtl::For(ttl) => ttl.seconds(),
    }
}

/// Generates a string of up to 39 arbitrary Unicode characters.
pub(crate) fn string() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..40).prop_map(|chars| chars.into_iter().collect())
}
