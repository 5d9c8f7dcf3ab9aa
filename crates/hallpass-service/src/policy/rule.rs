//! The rules of the configuration document.

use hallpass_token::Life;
use hallpass_token::agora::Role;
use hallpass_token::videosdk::{Permissions, Roles};
use serde::de::{Deserialize, Deserializer, Error};

use super::calls::{AgoraCall, RoomCall};
use super::identity::Identity;
use super::pattern::Pattern;
use crate::ask::ApaasRole;
use crate::caller::{Caller, Kind};
use crate::claims::{Claim, PLAIN};
use crate::config::ttl;
use crate::json::{NamedOnce, Object, OneOrMore, named, object};
use crate::version::Version;

/// One rule: whom it is for, and what it grants of each service that it speaks of.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default, deserialize_with = "object")]
    pub(super) who: Who,
    /// Names of projects; without it, it is for tokens of every one.
    pub(super) project: Option<OneOrMore<String>>,
    /// The token formats of Agora that it grants; without it, both.
    pub(super) version: Option<OneOrMore<Version>>,
    /// The longest life of a token that it grants.
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
    pub(super) rtc: Option<Object<RtcRule>>,
    pub(super) rtm: Option<Object<UserRule>>,
    pub(super) chat: Option<Object<ChatRule>>,
    pub(super) streaming: Option<Object<StreamRule>>,
    pub(super) fcdn: Option<Object<StreamRule>>,
    pub(super) apaas: Option<Object<ApaasRule>>,
    pub(super) fpa: Option<Object<PlainRule>>,
    pub(super) convoai: Option<Object<PlainRule>>,
    pub(super) stt: Option<Object<PlainRule>>,
    pub(super) videosdk: Option<Object<VideoSdkRule>>,
    /// Calls of VideoSDK's REST API that the service makes for the caller.
    pub(super) rooms: Option<OneOrMore<RoomCall>>,
    /// The same of Agora's; for service keys alone.
    pub(super) agora_rest: Option<OneOrMore<AgoraCall>>,
}

/// Conditions on the caller; all of those that are there must hold.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    pub(super) kind: Option<OneOrMore<Kind>>,
    /// Names of service keys.
    pub(super) key: Option<OneOrMore<String>>,
    #[serde(default)]
    pub(super) claims: Option<NamedOnce<OneOrMore<Claim>>>,
}

/// Names of channels or rooms.
pub(super) type Patterns = OneOrMore<Pattern>;

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RtcRule {
    /// Without it, every channel that has a name.
    pub(super) channel: Option<Patterns>,
    /// Also `*`, which opens all channels at once.
    #[serde(default)]
    pub(super) every_channel: bool,
    /// The most that may be asked for, and what is given where nothing is; without it any, and a subscriber.
    #[serde(default, deserialize_with = "role")]
    pub(super) role: Option<Role>,
    #[serde(default)]
    pub(super) identity: Identity,
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamRule {
    pub(super) channel: Option<Patterns>,
    #[serde(default)]
    pub(super) every_channel: bool,
    #[serde(default)]
    pub(super) identity: Identity,
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRule {
    #[serde(default)]
    pub(super) identity: Identity,
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatRule {
    #[serde(default)]
    pub(super) identity: Identity,
    /// Also tokens for the app itself.
    #[serde(default)]
    pub(super) app: bool,
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApaasRule {
    /// Without it, every room.
    pub(super) room: Option<Patterns>,
    /// Without it, every role.
    pub(super) role: Option<OneOrMore<ApaasRole>>,
    #[serde(default)]
    pub(super) identity: Identity,
    /// Also tokens for the app itself.
    #[serde(default)]
    pub(super) app: bool,
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

/// Of a service that has nothing to limit.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlainRule {
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VideoSdkRule {
    /// Without it, every room, also all at once.
    pub(super) room: Option<Patterns>,
    #[serde(default)]
    pub(super) identity: Identity,
    #[serde(default)]
    pub(super) permissions: PermissionsRule,
    #[serde(default)]
    pub(super) roles: RolesRule,
    /// Also tokens of version 1, which have no roles and are bound to nothing.
    #[serde(default)]
    pub(super) v1: bool,
    #[serde(default, deserialize_with = "ttl")]
    pub(super) ttl: Option<Life>,
}

/// Which permissions may be asked for, and which are given where none are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PermissionsRule {
    pub(super) allowed: [bool; 3],
    pub(super) usual: Permissions,
}

/// Which roles may be asked for, and which are given where none are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RolesRule {
    pub(super) rtc: bool,
    pub(super) crawler: bool,
    pub(super) usual: Roles,
}

impl Rule {
    /// What callers get without a policy.
    pub(super) fn usual(wildcard: bool) -> Vec<Self> {
        vec![Self::for_services(), Self::for_anonymous(wildcard), Self::for_users()]
    }

    /// As themselves, on any named channel.
    fn for_users() -> Self {
        Self {
            who: Who::of(&[Kind::User, Kind::Gateway]),
            rtc: Some(Object(RtcRule::default())),
            rtm: Some(Object(UserRule::default())),
            chat: Some(Object(ChatRule::default())),
            ..Self::default()
        }
    }

    /// Everything.
    fn for_services() -> Self {
        let identity = || Identity::Wildcard;
        let stream = || StreamRule { every_channel: true, identity: identity(), ..StreamRule::default() };
        Self {
            who: Who::of(&[Kind::Service]),
            rtc: Some(Object(RtcRule { every_channel: true, identity: identity(), ..RtcRule::default() })),
            rtm: Some(Object(UserRule { identity: identity(), ttl: None })),
            chat: Some(Object(ChatRule { identity: identity(), app: true, ttl: None })),
            streaming: Some(Object(stream())),
            fcdn: Some(Object(stream())),
            apaas: Some(Object(ApaasRule { identity: identity(), app: true, ..ApaasRule::default() })),
            fpa: Some(Object(PlainRule::default())),
            convoai: Some(Object(PlainRule::default())),
            stt: Some(Object(PlainRule::default())),
            rooms: Some(OneOrMore(RoomCall::ALL.to_vec())),
            agora_rest: Some(OneOrMore(AgoraCall::ALL.to_vec())),
            videosdk: Some(Object(VideoSdkRule {
                identity: identity(),
                permissions: PermissionsRule { allowed: [true; 3], usual: Permissions::Join },
                roles: RolesRule { rtc: true, crawler: true, usual: Roles::Rtc },
                v1: true,
                ..VideoSdkRule::default()
            })),
            ..Self::default()
        }
    }

    /// What is for one user, as whom they like. The apps of VideoSDK's examples need tokens of version 1.
    fn for_anonymous(wildcard: bool) -> Self {
        let identity = || if wildcard { Identity::Wildcard } else { Identity::Any };
        let stream = || StreamRule { identity: identity(), ..StreamRule::default() };
        Self {
            who: Who::of(&[Kind::Anonymous]),
            rtc: Some(Object(RtcRule { identity: identity(), ..RtcRule::default() })),
            rtm: Some(Object(UserRule { identity: identity(), ttl: None })),
            chat: Some(Object(ChatRule { identity: identity(), ..ChatRule::default() })),
            streaming: Some(Object(stream())),
            fcdn: Some(Object(stream())),
            apaas: Some(Object(ApaasRule { identity: identity(), ..ApaasRule::default() })),
            fpa: Some(Object(PlainRule::default())),
            convoai: Some(Object(PlainRule::default())),
            stt: Some(Object(PlainRule::default())),
            videosdk: Some(Object(VideoSdkRule {
                identity: identity(),
                v1: true,
                ..VideoSdkRule::default()
            })),
            ..Self::default()
        }
    }

    /// Whether it is for this caller and tokens of this project.
    pub(super) fn is_for(&self, caller: &Caller, project: &str) -> bool {
        let is_project = |OneOrMore(names): &OneOrMore<String>| names.iter().any(|name| name == project);
        self.project.as_ref().is_none_or(is_project) && self.who.holds(caller)
    }

    /// Whether it grants tokens of this format.
    pub(super) fn grants(&self, version: Version) -> bool {
        self.version.as_ref().is_none_or(|OneOrMore(versions)| versions.contains(&version))
    }

    /// What makes it another rule than its author meant: the path in it, and what is right. `kinds` are those
    /// of callers whom the configuration lets in, `keys` the names of the service keys, `projects` those of the projects.
    pub(crate) fn fault(
        &self,
        kinds: &[Kind],
        keys: &[&str],
        projects: &[&str],
    ) -> Option<(&'static str, &'static str)> {
        let is_any_unknown = |names: &Option<OneOrMore<String>>, known: &[&str]| {
            names
                .as_ref()
                .is_some_and(|OneOrMore(names)| names.iter().any(|name| !known.contains(&name.as_str())))
        };
        let who = &self.who;
        let has_kind = |kind| who.kind.as_ref().is_none_or(|OneOrMore(named)| named.contains(&kind));
        let may_be = |kind| kinds.contains(&kind) && has_kind(kind);
        let has_claims = who.claims.is_some();
        let never_has_claims = !may_be(Kind::User) && !may_be(Kind::Gateway);
        let videosdk = self.videosdk.as_ref().map(|Object(videosdk)| videosdk);
        if !self.grants_something() {
            Some(("", "expected a grant for at least one service"))
        } else if who
            .kind
            .as_ref()
            .is_some_and(|OneOrMore(named)| !named.iter().all(|kind| kinds.contains(kind)))
        {
            Some((".who.kind", "expected kinds of callers whom `auth` lets in"))
        } else if is_any_unknown(&who.key, keys) {
            Some((".who.key", "expected a name out of `auth.keys`"))
        } else if is_any_unknown(&self.project, projects) {
            Some((".project", "expected the name of a project"))
        } else if who.key.is_some() && !has_kind(Kind::Service) {
            Some((".who.key", "is for callers of the kind \"service\""))
        } else if who.claims.as_ref().is_some_and(|NamedOnce(claims)| claims.is_empty()) {
            Some((".who.claims", "expected at least one claim"))
        } else if who.claims.as_ref().is_some_and(|NamedOnce(claims)| {
            !claims.iter().all(|(_, OneOrMore(all))| all.iter().all(Claim::is_plain))
        }) {
            Some((".who.claims", PLAIN))
        } else if has_claims && (never_has_claims || who.key.is_some()) {
            Some((
                ".who.claims",
                "is for callers of the kinds \"user\" and \"gateway\", where `auth` lets them in",
            ))
        } else if videosdk.is_some_and(|videosdk| videosdk.v1 && videosdk.room.is_some()) {
            Some((".videosdk.v1", "gives tokens for every room, and cannot stand beside `room`"))
        } else if self.agora_rest.is_some() && (has_claims || !may_be(Kind::Service)) {
            Some((".agora_rest", "is for callers of the kind \"service\", where `auth` lets them in"))
        } else {
            None
        }
    }

    /// Whether it speaks of any service.
    fn grants_something(&self) -> bool {
        self.rtc.is_some()
            || self.rtm.is_some()
            || self.chat.is_some()
            || self.streaming.is_some()
            || self.fcdn.is_some()
            || self.apaas.is_some()
            || self.fpa.is_some()
            || self.convoai.is_some()
            || self.stt.is_some()
            || self.videosdk.is_some()
            || self.rooms.is_some()
            || self.agora_rest.is_some()
    }
}

impl Who {
    fn of(kinds: &[Kind]) -> Self {
        Self { kind: Some(OneOrMore(kinds.to_vec())), ..Self::default() }
    }

    /// Whether every condition holds.
    pub(super) fn holds(&self, caller: &Caller) -> bool {
        let is_kind = self.kind.as_ref().is_none_or(|OneOrMore(kinds)| kinds.contains(&caller.kind()));
        let is_key = self.key.as_ref().is_none_or(|OneOrMore(names)| {
            let name = caller.subject().filter(|_| caller.kind() == Kind::Service);
            name.is_some_and(|name| names.iter().any(|known| known == name))
        });
        let has_claims = self.claims.as_ref().is_none_or(|NamedOnce(claims)| {
            claims.iter().all(|(name, OneOrMore(wanted))| caller.claims().has(name, wanted))
        });
        is_kind && is_key && has_claims
    }
}

impl PermissionsRule {
    /// Whether all of these may be asked for.
    pub(super) fn allows(self, permissions: Permissions) -> bool {
        let [join, moderate, ask] = self.allowed;
        match permissions {
            Permissions::Join => join,
            Permissions::JoinAndModerate => join && moderate,
            Permissions::Moderate => moderate,
            Permissions::AskToJoin => ask,
        }
    }
}

impl RolesRule {
    /// Whether all of these may be asked for. A token without roles can do what either role can.
    pub(super) const fn allows(self, roles: Roles) -> bool {
        match roles {
            Roles::Rtc => self.rtc,
            Roles::Crawler => self.crawler,
            Roles::None | Roles::RtcAndCrawler => self.rtc && self.crawler,
        }
    }
}

/// To enter, directly or by asking.
impl Default for PermissionsRule {
    fn default() -> Self {
        Self { allowed: [true, false, true], usual: Permissions::Join }
    }
}

/// To join, and no REST API.
impl Default for RolesRule {
    fn default() -> Self {
        Self { rtc: true, crawler: false, usual: Roles::Rtc }
    }
}

impl<'de> Deserialize<'de> for PermissionsRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let OneOrMore(names) = OneOrMore::<String>::deserialize(deserializer)?;
        let has = |name: &str| names.iter().any(|known| known == name);
        let allowed = [has("allow_join"), has("allow_mod"), has("ask_join")];
        let is_known = |name: &String| matches!(name.as_str(), "allow_join" | "allow_mod" | "ask_join");
        let usual = match allowed {
            _ if !names.iter().all(is_known) => None,
            [true, true, _] => Some(Permissions::JoinAndModerate),
            [true, false, _] => Some(Permissions::Join),
            [false, true, _] => Some(Permissions::Moderate),
            [false, false, true] => Some(Permissions::AskToJoin),
            [false, false, false] => None,
        };
        let usual = usual
            .ok_or_else(|| D::Error::custom("expected \"allow_join\", \"ask_join\" or \"allow_mod\""))?;
        Ok(Self { allowed, usual })
    }
}

impl<'de> Deserialize<'de> for RolesRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let OneOrMore(names) = OneOrMore::<String>::deserialize(deserializer)?;
        if names.iter().any(|name| !matches!(name.as_str(), "rtc" | "crawler")) {
            return Err(D::Error::custom("expected \"rtc\" or \"crawler\""));
        }
        let has = |name: &str| names.iter().any(|known| known == name);
        let (rtc, crawler) = (has("rtc"), has("crawler"));
        let usual = if rtc { Roles::Rtc } else { Roles::Crawler };
        Ok(Self { rtc, crawler, usual })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "\"user\", \"service\", \"gateway\" or \"anonymous\"";
        named(deserializer, expected, Self::parse)
    }
}

impl<'de> Deserialize<'de> for RoomCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "\"create\" or \"validate\"", |name| {
            Self::ALL.into_iter().find(|call| call.name() == name)
        })
    }
}

impl<'de> Deserialize<'de> for AgoraCall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "\"auth\", \"projects\", \"user_events\" or \"kick\"", |name| {
            Self::ALL.into_iter().find(|call| call.name() == name)
        })
    }
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Role>, D::Error> {
    named(deserializer, "\"publisher\" or \"subscriber\"", |name| match name {
        "publisher" => Some(Some(Role::Publisher)),
        "subscriber" => Some(Some(Role::Subscriber)),
        _ => None,
    })
}
