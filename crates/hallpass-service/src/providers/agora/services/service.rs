//! What all services have in common.

use std::fmt::Debug;

use hallpass_token::Life;
use hallpass_token::agora::{AppId, Mint, Service, Uid};

use crate::policy::{Decider, TokenError};
use crate::providers::agora::grant::Grant;
use crate::web::json::{Invalid, Json};

/// The definition of a service.
#[derive(Clone, Copy)]
pub(crate) struct ServiceType {
    /// The name in requests, rules, responses and logs.
    pub(crate) name: &'static str,
    /// Reads the section of a request.
    pub(crate) read: for<'j> fn(&'j Json<'j>) -> Result<Box<dyn TokenService<'j> + 'j>, Invalid<'j>>,
    /// The limits that a rule may set.
    pub(crate) grant_fields: &'static [&'static str],
    /// Whether users get the service without a policy.
    pub(crate) is_for_users: bool,
}

/// What a decision depends on in addition to request and rule.
pub(crate) struct Context<'a> {
    pub(crate) decider: Decider<'a>,
    pub(crate) app_id: &'a AppId,
    /// The uid for requests that name no user, of callers who may choose.
    pub(crate) random_uid: Uid,
}

/// One service of a token request. The policy completes what the request omits.
pub(crate) trait TokenService<'a>: Debug {
    /// The name in requests, rules and responses.
    fn name(&self) -> &'static str;

    /// The name in the log, which distinguishes tokens for the app itself.
    fn audit_name(&self) -> &'static str {
        self.name()
    }

    /// The channel or room.
    fn channel(&self) -> Option<&'a str> {
        None
    }

    /// The role in a channel, if request or rule names one.
    fn role(&self) -> Option<&'static str> {
        None
    }

    /// The uid in a channel, if the service is for one.
    fn uid(&self) -> Option<u32> {
        None
    }

    /// Checks what is requested against what a rule grants, and fills in what is omitted.
    ///
    /// # Errors
    /// [`TokenError::Denied`], or [`TokenError::Field`] if neither request nor rule says what must be said.
    fn complete(&mut self, grant: &'a Grant, context: &Context<'a>) -> Result<(), TokenError>;

    /// Caps the lifetimes of the privileges by that of the token.
    fn cap(&mut self, _ttl: Life) {}

    /// The lifetime of the privilege that expires first, if privileges have lifetimes of their own.
    fn shortest_ttl(&self, _ttl: Life) -> Option<Life> {
        None
    }

    /// Adds the completed service to a token of format 007.
    fn add_to_007<'s>(&'s self, ttl: Life, services: &mut Vec<Service<'s>>);

    /// Signs a token of format 006 for the completed service; `None` if that format does not carry the service.
    fn sign_006(&self, _mint: &Mint<'_>, _ttl: Life) -> Option<String> {
        None
    }

    /// Returns what a response says of the completed service. `ttl` is the lifetime of the token.
    fn to_json(&self, ttl: Life) -> Json<'_>;
}
