//! The three forms of credentials that Agora's REST APIs accept.
//! <https://docs.agora.io/en/signaling/reference/restful-authentication>

use hallpass_token::agora::v007::Services;
use hallpass_token::agora::{Mint, RtmUser, Salt, Service};
use hallpass_token::{PrivilegeTtl, Ttl, UnixSeconds};
use http::Method;
use zeroize::Zeroizing;

use crate::providers::agora::config::{AccountCredentials, AgoraProject};
use crate::providers::agora::version::Version;
use crate::providers::rest;
use crate::web::json::{Invalid, Json};
use crate::web::outbound::OutboundRequest;

/// The default time limit of a call, in seconds.
const SECONDS: u32 = 8;
/// The size limit of a response, in bytes. 1,000 events or 500 projects take about 130 KB.
const MAX_BYTES: usize = 512 * 1024;

/// The form of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The customer ID and the customer secret, which grant access to the whole account.
    Basic,
    /// A token in format 007 for a Signaling user.
    AgoraToken,
    /// A token in format 006 for a Signaling user, and the user's name.
    XAgoraToken,
}

/// The headers that authenticate a request to Agora.
pub(crate) struct Credentials(Vec<(&'static str, Zeroizing<String>)>);

/// The inputs for signing the token in the credentials.
#[derive(Clone, Copy)]
pub(crate) struct TokenSigner<'a> {
    pub(crate) project: &'a AgoraProject,
    pub(crate) user: RtmUser<'a>,
    pub(crate) ttl: Ttl,
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

    /// Returns the format of the token in the credentials; `None` if the credentials are not a token.
    pub(crate) const fn token_format(self) -> Option<Version> {
        match self {
            Self::Basic => None,
            Self::AgoraToken => Some(Version::V007),
            Self::XAgoraToken => Some(Version::V006),
        }
    }

    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        value.one_of(Self::EXPECTED, Self::parse)
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Basic, Self::AgoraToken, Self::XAgoraToken].into_iter().find(|form| form.name() == name)
    }
}

impl Credentials {
    /// Returns credentials of the form [`Form::Basic`].
    pub(crate) fn basic(account: &AccountCredentials) -> Self {
        Self(vec![("authorization", account.authorization.clone())])
    }

    /// Returns credentials of the form [`Form::AgoraToken`]; `None` if the project has no certificate.
    pub(crate) fn agora_token(signer: TokenSigner<'_>) -> Option<Self> {
        let mut services = [Service::rtm(signer.user, PrivilegeTtl::For(signer.ttl))];
        let services = Services::new(&mut services).ok()?;
        let token = Zeroizing::new(signer.mint()?.services(services, signer.ttl));
        Some(Self::from_token(&token))
    }

    /// Returns credentials of the form [`Form::AgoraToken`] with this token.
    pub(crate) fn from_token(token: &str) -> Self {
        // Agora expects the token without quotation marks, although RFC 9110 requires them for these characters.
        Self(vec![("authorization", Zeroizing::new(format!("agora token={token}")))])
    }

    /// Returns credentials of the form [`Form::XAgoraToken`]; `None` if the project has no certificate.
    pub(crate) fn x_agora_token(signer: TokenSigner<'_>) -> Option<Self> {
        let token = signer.mint()?.rtm_006(signer.user, PrivilegeTtl::For(signer.ttl));
        let user = signer.user.as_str().to_owned();
        Some(Self(vec![("x-agora-token", token.into()), ("x-agora-uid", user.into())]))
    }

    /// Returns the names and values of the headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Returns a request with these credentials.
    pub(super) fn request(self, method: Method, url: String, body: Vec<u8>) -> OutboundRequest {
        rest::request(method, url, self.0, body, (MAX_BYTES, SECONDS))
    }
}

impl<'a> TokenSigner<'a> {
    fn mint(&self) -> Option<Mint<'a>> {
        Some(Mint {
            app_id: &self.project.app_id,
            certificate: self.project.certificates.first()?,
            issued_at: self.now,
            salt: Salt::from_bytes(self.salt),
        })
    }
}
