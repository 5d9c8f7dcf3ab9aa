//! The conditions under which a token is explained.

use alloc::string::{String, ToString};

use crate::UnixSeconds;
use crate::agora::credentials::Project;

/// The conditions under which a token is explained.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time of the check.
    pub now: UnixSeconds,
    /// The projects whose certificates are available. If the slice is empty, the signature is not checked.
    pub projects: &'a [Project<'a>],
    /// The client's intended use of the token.
    pub expected: Expected<'a>,
}

/// The client's intended use of a token. Fields that are `None` are not compared with the token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The App ID that the client passes to its SDK.
    pub app_id: Option<&'a str>,
    /// The channel that the client joins.
    pub channel: Option<&'a str>,
    /// The user as which the client joins the channel. If the client joins no channel, the user who logs in.
    pub user: Option<ExpectedUser<'a>>,
}

/// The user as which a client joins a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedUser<'a> {
    /// The uid passed to `joinChannel`. If the uid is 0, Agora assigns a uid.
    Uid(u32),
    /// The account passed to `joinChannelWithUserAccount` or to a Signaling login.
    Account(&'a str),
}

impl ExpectedUser<'_> {
    /// Returns the user field that a matching token contains. If Agora assigns the uid, the field is empty.
    pub(super) fn to_field(self) -> String {
        match self {
            Self::Uid(0) => String::new(),
            Self::Uid(uid) => uid.to_string(),
            Self::Account(account) => account.into(),
        }
    }
}
