//! The permissions and the roles in a token, and the room and the participant to which the token is bound.

use thiserror::Error;

use super::id::{ParticipantId, RoomId};

/// The permissions of a participant in a room: the claim `permissions`.
///
/// VideoSDK rejects `ask_join` together with `allow_join` or `allow_mod` (error 4008 `INVALID_PERMISSIONS`). Therefore,
/// no variant combines `ask_join` with another permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// The right to join directly: `allow_join`.
    Join,
    /// The rights to join directly and to moderate: `allow_join` and `allow_mod`.
    JoinAndModerate,
    /// The right to moderate: `allow_mod`. Moderators can mute and remove other participants, and can start and stop
    /// recordings.
    Moderate,
    /// The right to request admission from a participant who can join directly: `ask_join`.
    AskToJoin,
}

/// The purposes of a token: the claim `roles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// No roles: the claim is omitted.
    None,
    /// The role for joining rooms only: `rtc`.
    Rtc,
    /// The role for calling the REST API only: `crawler`. Do not send a token with this role to clients.
    Crawler,
    /// Both roles: `rtc` and `crawler`.
    RtcAndCrawler,
}

/// The version and the roles of a token, and the room and the participant to which the token is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// A token without `version`. Such a token cannot be bound to a room or a participant. Therefore, the token is
    /// valid for any participant, in every room of the account.
    V1,
    /// A token with `version` 2.
    V2 {
        /// The roles.
        roles: Roles,
        /// The only room in which the token is valid. If this field is `None`, the token is valid in every room of the
        /// account.
        room: Option<RoomId<'a>>,
        /// The only participant for whom the token is valid. If this field is `None`, the token is valid for any
        /// participant.
        participant: Option<ParticipantId<'a>>,
    },
}

/// The error for a list of names that cannot be parsed as [`Permissions`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PermissionsError {
    /// The list is empty.
    #[error("must contain allow_join, allow_mod or ask_join, but is empty")]
    Empty,
    /// The name at this zero-based position is not `allow_join`, `allow_mod` or `ask_join`.
    #[error("can contain only allow_join, allow_mod and ask_join, but entry {} is another name", .0 + 1)]
    Unknown(usize),
    /// The list contains `ask_join` together with `allow_join` or `allow_mod`.
    #[error("must not combine ask_join with allow_join or allow_mod")]
    Mixed,
}

/// The error for a list of names that cannot be parsed as [`Roles`]. The name at this zero-based position is neither
/// `rtc` nor `crawler`.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("can contain only rtc and crawler, but entry {} is another name", .0 + 1)]
pub struct RolesError(pub usize);

impl Permissions {
    /// Parses the names of permissions. The names can be in any order, and duplicates are allowed.
    ///
    /// # Errors
    /// Returns [`PermissionsError`] if the list is empty, contains an unknown name, or contains a combination that
    /// VideoSDK rejects.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, PermissionsError> {
        let (mut join, mut moderate, mut ask) = (false, false, false);
        for (position, name) in names.into_iter().enumerate() {
            match name {
                "allow_join" => join = true,
                "allow_mod" => moderate = true,
                "ask_join" => ask = true,
                _ => return Err(PermissionsError::Unknown(position)),
            }
        }
        match (join, moderate, ask) {
            (false, false, false) => Err(PermissionsError::Empty),
            (true, false, false) => Ok(Self::Join),
            (true, true, false) => Ok(Self::JoinAndModerate),
            (false, true, false) => Ok(Self::Moderate),
            (false, false, true) => Ok(Self::AskToJoin),
            (_, _, true) => Err(PermissionsError::Mixed),
        }
    }

    /// Returns the names in the order in which a token contains them.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Join => &["allow_join"],
            Self::JoinAndModerate => &["allow_join", "allow_mod"],
            Self::Moderate => &["allow_mod"],
            Self::AskToJoin => &["ask_join"],
        }
    }

    /// Returns whether the participant can mute and remove other participants.
    #[must_use]
    pub const fn can_moderate(self) -> bool {
        matches!(self, Self::JoinAndModerate | Self::Moderate)
    }

    pub(super) const fn json(self) -> &'static str {
        match self {
            Self::Join => r#"["allow_join"]"#,
            Self::JoinAndModerate => r#"["allow_join","allow_mod"]"#,
            Self::Moderate => r#"["allow_mod"]"#,
            Self::AskToJoin => r#"["ask_join"]"#,
        }
    }
}

impl Roles {
    /// Parses the names of roles. The names can be in any order and in upper or lower case, and duplicates are allowed.
    ///
    /// Upper case is accepted because VideoSDK's documentation used `CRAWLER` in the past.
    ///
    /// # Errors
    /// Returns [`RolesError`] if a name is unknown.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, RolesError> {
        let mut roles = Self::None;
        for (position, name) in names.into_iter().enumerate() {
            roles = roles.and(Self::named(name).ok_or(RolesError(position))?);
        }
        Ok(roles)
    }

    /// Returns the names in the order in which a token contains them.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Rtc => &["rtc"],
            Self::Crawler => &["crawler"],
            Self::RtcAndCrawler => &["rtc", "crawler"],
        }
    }

    /// Returns the role with this name. The comparison ignores case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let roles = [("rtc", Self::Rtc), ("crawler", Self::Crawler)];
        roles.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, role)| role)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, roles) | (roles, Self::None) => roles,
            (Self::Rtc, Self::Rtc) => Self::Rtc,
            (Self::Crawler, Self::Crawler) => Self::Crawler,
            (Self::Rtc | Self::Crawler | Self::RtcAndCrawler, _) => Self::RtcAndCrawler,
        }
    }

    pub(super) const fn json(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Rtc => Some(r#"["rtc"]"#),
            Self::Crawler => Some(r#"["crawler"]"#),
            Self::RtcAndCrawler => Some(r#"["rtc","crawler"]"#),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_permission_names() {
        use Permissions::{AskToJoin, Join, JoinAndModerate, Moderate};
        for permissions in [Join, JoinAndModerate, Moderate, AskToJoin] {
            assert_eq!(Permissions::parse(permissions.names().iter().copied()), Ok(permissions));
        }
    }

    #[test]
    fn accepts_permissions_in_any_order() {
        assert_eq!(Permissions::parse(["allow_mod", "allow_join"]), Ok(Permissions::JoinAndModerate));
    }

    #[test]
    fn rejects_ask_join_with_other_permissions() {
        assert_eq!(Permissions::parse(["ask_join", "allow_join"]), Err(PermissionsError::Mixed));
        assert_eq!(Permissions::parse(["allow_mod", "ask_join"]), Err(PermissionsError::Mixed));
    }

    #[test]
    fn rejects_an_empty_list_of_permissions() {
        assert_eq!(Permissions::parse([]), Err(PermissionsError::Empty));
    }

    #[test]
    fn rejects_an_unknown_permission() {
        assert_eq!(Permissions::parse(["allow_join", "Allow_Mod"]), Err(PermissionsError::Unknown(1)));
    }

    #[test]
    fn round_trips_role_names() {
        for roles in [Roles::None, Roles::Rtc, Roles::Crawler, Roles::RtcAndCrawler] {
            assert_eq!(Roles::parse(roles.names().iter().copied()), Ok(roles));
        }
    }

    #[test]
    fn accepts_roles_in_any_case_and_order() {
        assert_eq!(Roles::parse(["CRAWLER", "Rtc", "crawler"]), Ok(Roles::RtcAndCrawler));
    }

    #[test]
    fn rejects_an_unknown_role() {
        assert_eq!(Roles::parse(["rtc", "host"]), Err(RolesError(1)));
    }
}
