//! The three forms of credentials that Agora's REST APIs take.
//! <https://docs.agora.io/en/signaling/reference/restful-authentication>

use hallpass_token::agora::v007::Services;
use hallpass_token::agora::{Mint, RtmUser, Salt, Service};
use hallpass_token::{PrivilegeTtl, Ttl, UnixSeconds};
use http::Method;
use zeroize::Zeroizing;

use crate::providers::agora::config::{AgoraProject, Customer};
use crate::providers::rest;
use crate::web::json::{Invalid, Json};
use crate::web::outbound::OutboundRequest;

/// How long a call may take, unless its function says otherwise.
const SECONDS: u32 = 8;
/// The size limit of a response: 1,000 events have about 130 KB, and so have 500 projects.
const MAX_BYTES: usize = 512 * 1024;

/// How a request proves whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Customer ID and customer secret, which open the whole account.
    Basic,
    /// A token of format 007 for a user of Signaling.
    AgoraToken,
    /// A token of format 006 for a user of Signaling, and the user.
    XAgoraToken,
}

/// Headers that open something.
pub(crate) struct Credentials(Vec<(&'static str, Zeroizing<String>)>);

/// What a token of Agora is made with.
#[derive(Clone, Copy)]
pub(crate) struct Signing<'a> {
    pub(crate) project: &'a AgoraProject,
    pub(crate) user: RtmUser<'a>,
    pub(crate) life: Ttl,
    pub(crate) now: UnixSeconds,
    pub(crate) salt: [u8; 4],
}

impl Form {
    pub(crate) const EXPECTED: &'static str = "\"basic\", \"agora-token\" or \"x-agora-token\"";

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::AgoraToken => "agora-token",
            Self::XAgoraToken => "x-agora-token",
        }
    }

    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        value.named(Self::EXPECTED, Self::parse)
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Basic, Self::AgoraToken, Self::XAgoraToken].into_iter().find(|form| form.name() == name)
    }
}

impl Credentials {
    pub(crate) fn basic(customer: &Customer) -> Self {
        Self(vec![("authorization", customer.authorization.clone())])
    }

    /// `None` for a project without a certificate, which does not exist.
    pub(crate) fn agora_token(signing: Signing<'_>) -> Option<Self> {
        let mut services = [Service::rtm(signing.user, PrivilegeTtl::For(signing.life))];
        let services = Services::new(&mut services).ok()?;
        let token = Zeroizing::new(signing.mint()?.services(services, signing.life));
        // Agora wants the token without quotes, unlike a parameter of RFC 9110.
        Some(Self(vec![("authorization", Zeroizing::new(format!("agora token={}", token.as_str())))]))
    }

    /// As [`agora_token`](Self::agora_token).
    pub(crate) fn x_agora_token(signing: Signing<'_>) -> Option<Self> {
        let token = signing.mint()?.rtm_006(signing.user, PrivilegeTtl::For(signing.life));
        let user = signing.user.as_str().to_owned();
        Some(Self(vec![("x-agora-token", token.into()), ("x-agora-uid", user.into())]))
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Returns a request with these credentials.
    pub(super) fn request(self, method: Method, url: String, body: Vec<u8>) -> OutboundRequest {
        rest::request(method, url, self.0, body, (MAX_BYTES, SECONDS))
    }
}

impl<'a> Signing<'a> {
    fn mint(&self) -> Option<Mint<'a>> {
        Some(Mint {
            app_id: &self.project.app_id,
            certificate: self.project.certificates.first()?,
            issued_at: self.now,
            salt: Salt::from_bytes(self.salt),
        })
    }
}
