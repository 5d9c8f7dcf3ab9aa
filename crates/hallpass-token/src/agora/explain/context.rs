//! Conditions under which a token is explained.

use alloc::string::{String, ToString};

use crate::UnixSeconds;
use crate::agora::credentials::Project;

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When it is looked at.
    pub now: UnixSeconds,
    /// The projects whose certificates are at hand; none to leave signatures unchecked.
    pub projects: &'a [Project<'a>],
    /// What the client does with the token.
    pub expected: Expected<'a>,
}

/// What a client does with a token, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The App ID that the client gives to its SDK.
    pub app_id: Option<&'a str>,
    /// The channel that it joins.
    pub channel: Option<&'a str>,
    /// The user as whom it joins that channel; without a channel, as whom it logs in.
    pub user: Option<ExpectedUser<'a>>,
}

/// As whom a client joins a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedUser<'a> {
    /// By `joinChannel`, with this number; 0 to let Agora choose one.
    Uid(u32),
    /// By `joinChannelWithUserAccount`, or a login to Signaling, with this text.
    Account(&'a str),
}

impl ExpectedUser<'_> {
    /// The user as a token for it must say; nothing for a number that Agora chooses.
    pub(super) fn to_text(self) -> String {
        match self {
            Self::Uid(0) => String::new(),
            Self::Uid(uid) => uid.to_string(),
            Self::Account(account) => account.into(),
        }
    }
}
