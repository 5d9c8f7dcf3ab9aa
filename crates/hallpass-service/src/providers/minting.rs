//! The inputs and results of minting, for any provider.

use hallpass_token::agora::Uid;
use hallpass_token::{Ttl, UnixSeconds};

use crate::policy::{DecidedBy, Evaluator};

/// The inputs of minting in addition to the request, the provider and the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MintContext<'a> {
    pub(crate) evaluator: Evaluator<'a>,
    /// The project named in the request.
    pub(crate) project: Option<&'a str>,
    /// The requested lifetime; a rule may cap it.
    pub(crate) ttl: Ttl,
    pub(crate) now: UnixSeconds,
    /// The random salt of an Agora token.
    pub(crate) salt: [u8; 4],
    /// The random uid for requests without a user, if the caller may choose the user.
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
    /// The project's public ID, preceded by the name of its response field.
    pub(crate) id: (&'static str, &'a str),
    pub(crate) issued_at: UnixSeconds,
    pub(crate) ttl: Ttl,
    /// The lifetime of the privilege that expires first; at most that of the token.
    pub(crate) shortest_ttl: Ttl,
    /// The deciding rules, in the order of the services.
    pub(crate) decided_by: Vec<DecidedBy>,
}

/// The part of a token request that appears in the audit log.
#[derive(Debug, Default)]
pub(crate) struct RequestSummary<'a> {
    pub(crate) services: Vec<&'static str>,
    /// The channel or room; the first one if the request has several.
    pub(crate) channel: Option<&'a str>,
    pub(crate) role: Option<&'static str>,
}
