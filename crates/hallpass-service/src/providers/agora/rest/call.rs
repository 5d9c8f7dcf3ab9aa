//! The calls that a rule can grant.

use crate::web::json::{Invalid, Json};

/// A call of Agora's REST APIs, or the credentials for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestCall {
    Auth,
    Projects,
    UserEvents,
    Kick,
}

impl RestCall {
    pub(crate) const ALL: [Self; 4] = [Self::Auth, Self::Projects, Self::UserEvents, Self::Kick];

    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        value.named("\"auth\", \"projects\", \"user_events\" or \"kick\"", |name| {
            Self::ALL.into_iter().find(|call| call.name() == name)
        })
    }

    /// Returns the name in a rule.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Projects => "projects",
            Self::UserEvents => "user_events",
            Self::Kick => "kick",
        }
    }

    /// Returns the name in the log.
    pub(crate) const fn audit_name(self) -> &'static str {
        match self {
            Self::Auth => "agora_rest.auth",
            Self::Projects => "agora_rest.projects",
            Self::UserEvents => "agora_rest.user_events",
            Self::Kick => "agora_rest.kick",
        }
    }
}
