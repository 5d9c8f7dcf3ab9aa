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
    /// The service that the client uses. If a service is expected, the problems of other services are not reported.
    pub service: Option<ExpectedService>,
    /// The App ID that the client passes to its SDK.
    pub app_id: Option<&'a str>,
    /// The channel that the client joins.
    pub channel: Option<&'a str>,
    /// The user as which the client joins the channel. If the client joins no channel, the user who logs in.
    pub user: Option<ExpectedUser<'a>>,
}

/// The service that a client uses with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedService(&'static str);

impl ExpectedService {
    const NAMES: [&str; 9] = ["rtc", "rtm", "streaming", "fpa", "chat", "fcdn", "apaas", "convoai", "stt"];

    /// Returns the service with a name from [`Service::name`](crate::agora::Service::name), except `rtm2`. The service `rtm`
    /// is Signaling with or without a permission tree.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|known| *known == name).map(Self)
    }

    /// Returns the name of the service.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns whether the client can use a service with this name.
    pub(super) fn includes(self, name: &str) -> bool {
        self.0 == name || (self.0 == "rtm" && name == "rtm2")
    }
}

/// The user as which a client joins a channel or logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedUser<'a> {
    /// The uid passed to `joinChannel`. If the uid is 0, Agora assigns a uid. The digits of another uid can be the name of a
    /// Signaling or Chat user.
    Uid(u32),
    /// The account passed to `joinChannelWithUserAccount`, or to a login to Signaling or Chat.
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
