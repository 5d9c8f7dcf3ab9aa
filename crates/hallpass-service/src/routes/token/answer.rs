//! What `POST /v1/token` answers.

use std::collections::BTreeMap;

use hallpass_token::agora::{PermissionTree, Role, User};
use hallpass_token::{Lasts, Life, Seconds};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::mint::{Granted, Minted};
use crate::policy::ServiceGrant;

/// A token and what was granted with it.
pub(crate) struct TokenAnswer<'a>(&'a Minted<'a>);

impl<'a> From<&'a Minted<'a>> for TokenAnswer<'a> {
    fn from(minted: &'a Minted<'a>) -> Self {
        Self(minted)
    }
}

impl Serialize for TokenAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let minted = self.0;
        let life = minted.expires_in.seconds();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("token", &minted.token)?;
        match &minted.granted {
            Granted::Agora { app_id, version, .. } => {
                map.serialize_entry("provider", "agora")?;
                map.serialize_entry("version", version.as_str())?;
                map.serialize_entry("project", minted.project)?;
                map.serialize_entry("app_id", app_id)?;
            }
            Granted::VideoSdk { api_key, grant } => {
                map.serialize_entry("provider", "videosdk")?;
                map.serialize_entry("version", if grant.scope.is_some() { "2" } else { "1" })?;
                map.serialize_entry("project", minted.project)?;
                map.serialize_entry("api_key", api_key)?;
            }
        }
        map.serialize_entry("issued_at", &minted.issued_at.0)?;
        map.serialize_entry("expires_at", &minted.issued_at.plus(life).0)?;
        map.serialize_entry("expires_in", &life.0)?;
        map.serialize_entry("refresh_after", &refresh_after(shortest_life(minted).seconds()).0)?;
        match &minted.granted {
            Granted::Agora { services, .. } => {
                for service in services {
                    serialize_service(&mut map, service, minted.expires_in)?;
                }
            }
            Granted::VideoSdk { grant, .. } => {
                let scope = grant.scope;
                let answer = VideoSdkAnswer {
                    room: scope.and_then(|scope| scope.room).map(|room| room.as_str()),
                    participant: scope.and_then(|scope| scope.participant).map(|id| id.as_str()),
                    permissions: grant.permissions.names(),
                    roles: scope.map(|scope| scope.roles.names()),
                };
                map.serialize_entry("videosdk", &answer)?;
            }
        }
        map.end()
    }
}

#[derive(Default, serde::Serialize)]
struct ServiceAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privileges: Option<PrivilegesAnswer>,
}

#[derive(Default, serde::Serialize)]
struct UserAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<PermissionsAnswer<'a>>,
}

/// A token for the app itself.
#[derive(serde::Serialize)]
struct AppAnswer {
    app: bool,
}

#[derive(serde::Serialize)]
struct VideoSdkAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<&'a str>,
    permissions: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [&'a str]>,
}

/// Seconds by the name of the privilege.
struct PrivilegesAnswer {
    lives: [(&'static str, Option<Lasts>); 4],
    token: Life,
}

/// Names by kind and access, as the request has them.
#[derive(Clone, Copy)]
struct PermissionsAnswer<'a>(&'a PermissionTree);

impl Serialize for PermissionsAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut kinds: Vec<(&str, BTreeMap<&str, Vec<&str>>)> = Vec::new();
        for (resource, access, names) in self.0.as_permissions().to_vec() {
            let (Some(resource), Some(access)) = (resource.as_str(), access.as_str()) else { continue };
            match kinds.last_mut() {
                Some((last, accesses)) if *last == resource => {
                    accesses.insert(access, names);
                }
                _ => kinds.push((resource, BTreeMap::from([(access, names)]))),
            }
        }
        serializer.collect_map(kinds)
    }
}

fn serialize_service<M: SerializeMap>(
    map: &mut M,
    grant: &ServiceGrant<'_>,
    token: Life,
) -> Result<(), M::Error> {
    let privileges = PrivilegesAnswer::of(grant, token);
    match *grant {
        ServiceGrant::Rtc { channel, user, role, .. } => {
            let role = match role {
                Role::Publisher => "publisher",
                Role::Subscriber => "subscriber",
            };
            let (channel, role) = (Some(channel.as_str()), Some(role));
            let answer = ServiceAnswer { channel, role, privileges, ..of_user(user) };
            map.serialize_entry("rtc", &answer)
        }
        ServiceGrant::Rtm { user, permissions } => {
            let permissions = permissions.map(PermissionsAnswer);
            map.serialize_entry(
                "rtm",
                &UserAnswer { user: Some(user.as_str()), permissions, ..UserAnswer::default() },
            )
        }
        ServiceGrant::ChatUser(user) => {
            map.serialize_entry("chat", &UserAnswer { user: Some(user.as_str()), ..UserAnswer::default() })
        }
        ServiceGrant::ChatApp => map.serialize_entry("chat", &AppAnswer { app: true }),
        ServiceGrant::ApaasApp => map.serialize_entry("apaas", &AppAnswer { app: true }),
        ServiceGrant::Streaming { channel, user, .. } => {
            let answer = ServiceAnswer { channel: Some(channel.as_str()), privileges, ..of_user(user) };
            map.serialize_entry("streaming", &answer)
        }
        ServiceGrant::Fcdn { channel, user, .. } => {
            let answer = ServiceAnswer { channel: Some(channel.as_str()), privileges, ..of_user(user) };
            map.serialize_entry("fcdn", &answer)
        }
        ServiceGrant::ApaasRoom { room, user, role } => {
            let (room, user, role) = (Some(room.as_str()), Some(user.as_str()), Some(role));
            map.serialize_entry("apaas", &UserAnswer { room, user, role, ..UserAnswer::default() })
        }
        ServiceGrant::ApaasUser(user) => {
            map.serialize_entry("apaas", &UserAnswer { user: Some(user.as_str()), ..UserAnswer::default() })
        }
        ServiceGrant::Fpa => map.serialize_entry("fpa", &UserAnswer::default()),
        ServiceGrant::ConvoAi => map.serialize_entry("convoai", &UserAnswer::default()),
        ServiceGrant::Stt => map.serialize_entry("stt", &UserAnswer::default()),
    }
}

fn of_user(user: User<'_>) -> ServiceAnswer<'_> {
    let (uid, account) = match user {
        User::Uid(uid) => (Some(uid.get()), None),
        User::Account(account) => (None, Some(account.as_str())),
        User::Any => (Some(0), None),
    };
    ServiceAnswer { uid, account, ..ServiceAnswer::default() }
}

impl PrivilegesAnswer {
    /// `None` for a service whose privileges all live as long as the token.
    fn of(grant: &ServiceGrant<'_>, token: Life) -> Option<Self> {
        let none = ("", None);
        let lives = match *grant {
            ServiceGrant::Rtc { privileges, .. } => [
                ("join", privileges.join),
                ("publish_audio", privileges.publish_audio),
                ("publish_video", privileges.publish_video),
                ("publish_data", privileges.publish_data),
            ],
            ServiceGrant::Streaming { privileges, .. } => [
                ("publish_mixed", privileges.publish_mixed),
                ("publish_raw", privileges.publish_raw),
                none,
                none,
            ],
            ServiceGrant::Fcdn { privileges, .. } => {
                [("publish", privileges.publish), ("play", privileges.play), none, none]
            }
            ServiceGrant::Rtm { .. }
            | ServiceGrant::ChatUser(_)
            | ServiceGrant::ChatApp
            | ServiceGrant::ApaasRoom { .. }
            | ServiceGrant::ApaasUser(_)
            | ServiceGrant::ApaasApp
            | ServiceGrant::Fpa
            | ServiceGrant::ConvoAi
            | ServiceGrant::Stt => return None,
        };
        Some(Self { lives, token })
    }

    /// Those that are given.
    fn given(&self) -> impl Iterator<Item = (&'static str, Life)> {
        self.lives.iter().filter_map(|(name, lasts)| Some((*name, (*lasts)?.within(self.token))))
    }
}

impl Serialize for PrivilegesAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.given().map(|(name, life)| (name, life.seconds().0)))
    }
}

/// The life of what ends first: the token, or a privilege before it.
fn shortest_life(minted: &Minted<'_>) -> Life {
    let token = minted.expires_in;
    let Granted::Agora { services, .. } = &minted.granted else { return token };
    let privileges = services.iter().filter_map(|grant| PrivilegesAnswer::of(grant, token));
    privileges.filter_map(|privileges| privileges.given().map(|(_, life)| life).min()).fold(token, Life::min)
}

/// When to ask again: after four fifths of the life, but 15 s before the SDKs warn, which is 30 s before the end;
/// for a life too short for that, at its half, and never at once.
fn refresh_after(life: Seconds) -> Seconds {
    const BEFORE_END: u32 = 30 + 15;
    let life = life.0;
    Seconds((life / 5 * 4).min(life.saturating_sub(BEFORE_END)).max(life / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_token::UnixSeconds;
    use hallpass_token::agora::{Channel, RtcPrivileges, StreamingPrivileges};

    use crate::version::Version;

    #[test]
    fn what_ends_first_counts() {
        let life = |seconds| Life::new(seconds).unwrap();
        let lasts = |seconds| Some(Lasts::For(life(seconds)));
        let channel = Channel::parse_or_any("demo").unwrap();
        let shortest = |publish, publish_raw| {
            let rtc = Role::Publisher.privileges(Lasts::WithToken);
            let privileges = RtcPrivileges { publish_audio: publish, ..rtc };
            let rtc = ServiceGrant::Rtc { channel, user: User::Any, role: Role::Publisher, privileges };
            let privileges = StreamingPrivileges { publish_mixed: None, publish_raw };
            let streaming = ServiceGrant::Streaming { channel, user: User::Any, privileges };
            let services = vec![ServiceGrant::Stt, rtc, streaming];
            shortest_life(&Minted {
                token: String::new(),
                project: "default",
                issued_at: UnixSeconds(1_700_000_000),
                expires_in: life(3600),
                granted: Granted::Agora { app_id: "", version: Version::V007, services },
                decided_by: Vec::new(),
            })
        };
        assert_eq!(shortest(None, None), life(3600));
        assert_eq!(shortest(lasts(86_400), lasts(3600)), life(3600));
        assert_eq!(shortest(lasts(60), lasts(600)), life(60));
        assert_eq!(shortest(lasts(600), lasts(60)), life(60));
    }

    #[test]
    fn refresh_comes_before_the_warning_of_the_sdks_if_the_life_is_longer_than_a_minute() {
        assert_eq!(refresh_after(Seconds(86_400)), Seconds(69_120));
        assert_eq!(refresh_after(Seconds(3600)), Seconds(2880));
        assert_eq!(refresh_after(Seconds(120)), Seconds(75));
        assert_eq!(refresh_after(Seconds(61)), Seconds(30));
        assert_eq!(refresh_after(Seconds(1)), Seconds(1));
        for life in 61..=86_400 {
            assert!(refresh_after(Seconds(life)).0 < life - 30, "{life}");
        }
    }
}
