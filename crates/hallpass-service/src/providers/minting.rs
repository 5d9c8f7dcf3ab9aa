//! Minting a token of any provider: what it needs, and what it yields.

use hallpass_token::agora::Uid;
use hallpass_token::{Ttl, UnixSeconds};

use crate::policy::{DecidedBy, Evaluator};

/// What a token depends on in addition to the request, the provider and the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MintContext<'a> {
    pub(crate) evaluator: Evaluator<'a>,
    /// The project that the request names.
    pub(crate) project: Option<&'a str>,
    /// The requested lifetime; a rule may cap it.
    pub(crate) ttl: Ttl,
    pub(crate) now: UnixSeconds,
    /// Random bytes.
    pub(crate) salt: [u8; 4],
    /// The uid for requests that name no user, of callers who may choose.
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
    /// The name of the field with the project's public id, and the id.
    pub(crate) id: (&'static str, &'a str),
    pub(crate) issued_at: UnixSeconds,
    pub(crate) ttl: Ttl,
    /// The lifetime of the privilege that expires first; never longer than that of the token.
    pub(crate) shortest_ttl: Ttl,
    /// The deciding rules in the order of the services.
    pub(crate) decided_by: Vec<DecidedBy>,
}

/// What the audit log says of a token request.
#[derive(Debug, Default)]
pub(crate) struct RequestSummary<'a> {
    pub(crate) services: Vec<&'static str>,
    /// The first one, if there are several.
    pub(crate) channel: Option<&'a str>,
    pub(crate) role: Option<&'static str>,
}
