//! The inputs and results of minting, independent of the provider.

use hallpass_token::agora::Uid;
use hallpass_token::{Ttl, UnixSeconds};

use crate::policy::{DecidedBy, Evaluator};

/// The inputs of minting, except the request, the provider and the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MintContext<'a> {
    pub(crate) evaluator: Evaluator<'a>,
    /// The project named in the request.
    pub(crate) project: Option<&'a str>,
    /// The requested lifetime. A rule may cap this lifetime.
    pub(crate) ttl: Ttl,
    pub(crate) now: UnixSeconds,
    /// The random salt of an Agora token.
    pub(crate) salt: [u8; 4],
    /// The random uid for a request that specifies no user, if the caller may choose any user.
    pub(crate) random_uid: Uid,
}

/// A signed token.
#[derive(Clone, Debug)]
pub(crate) struct Minted<'a> {
    pub(crate) token: String,
    /// The provider's name.
    pub(crate) provider: &'static str,
    /// The token's format.
    pub(crate) version: &'static str,
    /// The name of the project.
    pub(crate) project: &'a str,
    /// The name of the response field with the project's public ID, and the ID.
    pub(crate) id: (&'static str, &'a str),
    pub(crate) issued_at: UnixSeconds,
    pub(crate) ttl: Ttl,
    /// The lifetime of the privilege that expires first. This lifetime never exceeds `ttl`.
    pub(crate) shortest_ttl: Ttl,
    /// The deciding rule of each service, in the order of the services.
    pub(crate) decided_by: Vec<DecidedBy>,
}

/// The part of a token request that appears in the audit log.
#[derive(Debug, Default)]
pub(crate) struct RequestSummary<'a> {
    pub(crate) services: Vec<&'static str>,
    /// The first channel or room in the request.
    pub(crate) channel: Option<&'a str>,
    pub(crate) role: Option<&'static str>,
}
