//! Operations on Agora tokens for a publisher. The channel name has 32 characters, the uid has 10 digits, and the TTL
//! is one hour.

use std::hint::black_box;

use hallpass_token::agora::v006::{Subject as Subject006, Untrusted006};
use hallpass_token::agora::v007::Untrusted007;
use hallpass_token::agora::{
    AppCertificate, AppId, Channel, Mint, Project, Role, RtcPrivileges, RtcWithRtm, RtmUser, Salt, User,
};
use hallpass_token::{PrivilegeTtl, Ttl, UnixSeconds};

use super::{Counter, Pool};
use crate::baseline;
use crate::measure::Subject;

const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
const CHANNEL: &str = "7d72365eb983485397e3e3f9d460bdda";
const UID: u32 = 2_882_341_273;
const UID_TEXT: &str = "2882341273";
const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

/// The number of signed bytes in format 006: App ID, channel, user, and a message with four privileges.
const SIGNED_006: usize = 32 + CHANNEL.len() + UID_TEXT.len() + 34;

/// The number of signed bytes in format 007: the head, and a service with four privileges, a channel and a user.
const SIGNED_007: usize = 48 + 4 + 4 * 6 + 2 + CHANNEL.len() + 2 + UID_TEXT.len();

/// The number of signed bytes in format 007 with a second service, which has one privilege and a user.
const SIGNED_007_WITH_RTM: usize = SIGNED_007 + 4 + 6 + 2 + UID_TEXT.len();

/// The inputs that all measured tokens share. Only the salt differs.
#[derive(Clone)]
struct Inputs {
    app_id: AppId,
    certificate: AppCertificate,
    channel: Channel<'static>,
    rtm_user: RtmUser<'static>,
    ttl: Ttl,
    privileges: RtcPrivileges,
}

impl Inputs {
    fn new() -> anyhow::Result<Self> {
        let ttl = Ttl::new(3600)?;
        Ok(Self {
            app_id: AppId::parse("970CA35de60c44645bbae8a215061b33")?,
            certificate: AppCertificate::parse(CERTIFICATE)?,
            channel: Channel::parse_or_any(CHANNEL)?,
            rtm_user: RtmUser::parse(UID_TEXT)?,
            ttl,
            privileges: Role::Publisher.privileges(PrivilegeTtl::For(ttl)),
        })
    }

    fn mint(&self, salt: u32) -> Mint<'_> {
        Mint {
            app_id: &self.app_id,
            certificate: &self.certificate,
            issued_at: NOW,
            salt: Salt::from_bytes(salt.to_le_bytes()),
        }
    }

    fn rtc_006(&self, salt: u32) -> String {
        self.mint(salt).rtc_006(self.channel, User::from_number_or_any(UID), self.privileges)
    }

    fn rtc(&self, salt: u32) -> String {
        self.mint(salt).rtc(self.channel, User::from_number_or_any(UID), self.privileges, self.ttl)
    }

    fn rtc_with_rtm(&self, salt: u32) -> String {
        let grant = RtcWithRtm {
            channel: self.channel,
            user: User::from_number_or_any(UID),
            privileges: self.privileges,
            rtm_user: self.rtm_user,
            rtm_login: PrivilegeTtl::For(self.ttl),
        };
        self.mint(salt).rtc_with_rtm(&grant, self.ttl)
    }

    fn project(&self) -> Project<'_> {
        Project { app_id: &self.app_id, certificates: std::slice::from_ref(&self.certificate) }
    }

    fn verify_006(&self, token: &str) -> bool {
        let subject = Subject006::rtc(self.channel, User::from_number_or_any(UID));
        Untrusted006::parse(token).is_ok_and(|token| token.verify(self.project(), subject, NOW).is_ok())
    }

    fn verify_007(&self, token: &str) -> bool {
        Untrusted007::parse(token).is_ok_and(|token| token.verify(self.project(), NOW).is_ok())
    }
}

pub(super) fn subjects() -> anyhow::Result<[Subject; 5]> {
    let inputs = Inputs::new()?;
    Ok([
        mint("006 RTC", &inputs, Inputs::rtc_006, baseline_006),
        mint("007 RTC", &inputs, Inputs::rtc, baseline_007::<SIGNED_007>),
        mint("007 RTC and RTM", &inputs, Inputs::rtc_with_rtm, baseline_007::<SIGNED_007_WITH_RTM>),
        verify("006 RTC, parse and verify", &inputs, Inputs::rtc_006, Inputs::verify_006, baseline_006),
        verify(
            "007 RTC, parse and verify",
            &inputs,
            Inputs::rtc,
            Inputs::verify_007,
            baseline_007::<SIGNED_007>,
        ),
    ])
}

fn baseline_006() {
    baseline::single_hmac(CERTIFICATE.as_bytes(), &[7; SIGNED_006]);
}

fn baseline_007<const SIGNED: usize>() {
    baseline::three_hmacs(CERTIFICATE.as_bytes(), &[7; SIGNED]);
}

fn mint(name: &'static str, inputs: &Inputs, token: fn(&Inputs, u32) -> String, baseline: fn()) -> Subject {
    let (inputs, mut counter) = (inputs.clone(), Counter(0));
    let token = move || drop(black_box(token(black_box(&inputs), counter.next())));
    Subject { name, token: Box::new(token), baseline: Box::new(baseline) }
}

fn verify(
    name: &'static str,
    inputs: &Inputs,
    token: fn(&Inputs, u32) -> String,
    verify: fn(&Inputs, &str) -> bool,
    baseline: fn(),
) -> Subject {
    let (inputs, mut counter) = (inputs.clone(), Counter(0));
    let mut pool = Pool::new(|| token(&inputs, counter.next()));
    let token = move || assert!(verify(black_box(&inputs), black_box(pool.next())));
    Subject { name, token: Box::new(token), baseline: Box::new(baseline) }
}
