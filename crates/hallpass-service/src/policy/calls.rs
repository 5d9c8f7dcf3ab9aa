//! Calls to the providers, as rules name them.

/// A call of VideoSDK's REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoomCall {
    Create,
    Validate,
}

/// A call of Agora's REST APIs, or the credentials for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgoraCall {
    Auth,
    Projects,
    UserEvents,
    Kick,
}

impl RoomCall {
    pub(crate) const ALL: [Self; 2] = [Self::Create, Self::Validate];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Validate => "validate",
        }
    }

    /// Its name in the log.
    pub(crate) const fn logged_name(self) -> &'static str {
        match self {
            Self::Create => "rooms.create",
            Self::Validate => "rooms.validate",
        }
    }
}

impl AgoraCall {
    pub(crate) const ALL: [Self; 4] = [Self::Auth, Self::Projects, Self::UserEvents, Self::Kick];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Projects => "projects",
            Self::UserEvents => "user_events",
            Self::Kick => "kick",
        }
    }

    /// Its name in the log.
    pub(crate) const fn logged_name(self) -> &'static str {
        match self {
            Self::Auth => "agora_rest.auth",
            Self::Projects => "agora_rest.projects",
            Self::UserEvents => "agora_rest.user_events",
            Self::Kick => "agora_rest.kick",
        }
    }
}
