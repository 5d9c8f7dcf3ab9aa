//! From caller, request and policy to a grant or a refusal: a pure function.

use hallpass_token::agora::{
    AppId, Channel, ChannelName, ChatUser, FcdnPrivileges, Role, RtcPrivilege, RtcPrivileges, RtmUser,
    StreamingPrivileges, Uid, User,
};
use hallpass_token::videosdk::{ParticipantId, Permissions, Roles, RoomId};
use hallpass_token::{Lasts, Life};

use super::grant::{ServiceGrant, VideoSdkGrant, VideoSdkScope};
use super::identity::Identity;
use super::refusal::{Part, Refusal};
use super::rule::{ApaasRole, ApaasRule, Patterns, Rule, VideoSdkRule};
use super::texts::Texts;
use super::{DecidedBy, Policy};
use crate::ask::{ApaasAsk, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, StreamAsk, VideoSdkAsk, VideoSdkScopeAsk};
use crate::caller::Caller;
use crate::json::{Object, OneOrMore};
use crate::problem::Problem;
use crate::version::Version;

/// What a decision rests on beside the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) caller: &'a Caller,
    /// The name of the project that signs.
    pub(crate) project: &'a str,
    /// For a request that names no user of a channel, of a caller who may choose.
    pub(crate) random_uid: Uid,
    /// Where texts stay that are filled in.
    pub(crate) texts: &'a Texts,
}

/// What was granted, for how long, and by which rules: one for each service.
#[derive(Debug)]
pub(crate) struct Decided<T> {
    pub(crate) life: Life,
    pub(crate) grant: T,
    pub(crate) decided_by: Vec<DecidedBy>,
}

/// The fields of a service that is bound to a channel.
struct ChannelFields {
    channel: &'static str,
    uid: &'static str,
    account: &'static str,
}

const RTC: ChannelFields = ChannelFields { channel: "rtc.channel", uid: "rtc.uid", account: "rtc.account" };
const STREAMING: ChannelFields =
    ChannelFields { channel: "streaming.channel", uid: "streaming.uid", account: "streaming.account" };
const FCDN: ChannelFields =
    ChannelFields { channel: "fcdn.channel", uid: "fcdn.uid", account: "fcdn.account" };

/// What a rule says of a channel and who is in it.
struct ChannelRule<'a> {
    channel: Option<&'a Patterns>,
    every_channel: bool,
    identity: &'a Identity,
}

impl<'a> Judge<'a> {
    /// Decides on all services of a token of Agora.
    ///
    /// # Errors
    /// [`Problem::Refused`], and [`Problem::InvalidField`] where neither request nor rule says what must be said.
    pub(crate) fn agora(
        &self,
        app_id: &AppId,
        asks: &[ServiceAsk<'a>],
        version: Version,
        life: Life,
    ) -> Result<Decided<Vec<ServiceGrant<'a>>>, Problem> {
        let (mut life, mut decided_by) = (life, Vec::with_capacity(asks.len()));
        for ask in asks {
            let (by, rule, cap) = self.cap(ask)?;
            if !rule.grants(version) {
                let reason =
                    format!("the rule for this caller does not give tokens of format {}", version.as_str());
                return Err(refused_by(by, Refusal::new(Part::Service, "version", reason).into()));
            }
            life = life.min(cap);
            decided_by.push(by);
        }
        let decide = |(ask, by): (_, &DecidedBy)| {
            self.service(app_id, ask, life).map_err(|problem| refused_by(*by, problem))
        };
        let grant = asks.iter().zip(&decided_by).map(decide).collect::<Result<_, _>>()?;
        Ok(Decided { life, grant, decided_by })
    }

    /// Decides on a token of VideoSDK.
    ///
    /// # Errors
    /// As [`agora`](Self::agora).
    pub(crate) fn videosdk(
        &self,
        ask: &VideoSdkAsk<'a>,
        life: Life,
    ) -> Result<Decided<VideoSdkGrant<'a>>, Problem> {
        let (by, rule, videosdk) = self.rule("videosdk", |rule| rule.videosdk.as_ref())?;
        let life = life.min(shortest(rule.ttl, videosdk.ttl));
        let grant = self.videosdk_by(videosdk, ask).map_err(|problem| refused_by(by, problem))?;
        Ok(Decided { life, grant, decided_by: vec![by] })
    }

    fn videosdk_by(
        &self,
        videosdk: &'a VideoSdkRule,
        ask: &VideoSdkAsk<'a>,
    ) -> Result<VideoSdkGrant<'a>, Problem> {
        let permissions = permissions(videosdk, ask.permissions)?;
        let (asked, unbound) = match ask.scope {
            VideoSdkScopeAsk::V1 => (None, true),
            VideoSdkScopeAsk::V2(scope) => (Some(scope), false),
            VideoSdkScopeAsk::V1OrV2 => (None, videosdk.v1),
        };
        if unbound {
            if !videosdk.v1 {
                return Err(Refusal::new(Part::Privileged, "videosdk.version", VERSION_1).into());
            }
            return Ok(VideoSdkGrant { permissions, scope: None });
        }
        let asked = asked.unwrap_or_default();
        let roles = asked.roles.unwrap_or(videosdk.roles.usual);
        if !videosdk.roles.allows(roles) {
            let (part, reason) = match roles {
                Roles::None => (Part::Privileged, NO_ROLE),
                Roles::Crawler | Roles::RtcAndCrawler if !videosdk.roles.crawler => {
                    (Part::Privileged, CRAWLER)
                }
                Roles::Rtc | Roles::Crawler | Roles::RtcAndCrawler => {
                    (Part::Role, "the rule for this caller does not give the role `rtc`")
                }
            };
            return Err(Refusal::new(part, "videosdk.roles", reason).into());
        }
        let room = self.room(videosdk, asked.room)?;
        let participant = self.participant(&videosdk.identity, asked.participant)?;
        Ok(VideoSdkGrant { permissions, scope: Some(VideoSdkScope { roles, room, participant }) })
    }

    /// What the first rule says that is for this caller and speaks of a service.
    fn rule<T>(
        &self,
        service: &'static str,
        pick: impl Fn(&'a Rule) -> Option<&'a Object<T>>,
    ) -> Result<(DecidedBy, &'a Rule, &'a T), Refusal> {
        let mut rules = self.policy.rules().filter_map(|(by, rule)| Some((by, rule, pick(rule)?)));
        let found = rules.find(|(_, rule, _)| rule.is_for(self.caller, self.project));
        found.map(|(by, rule, Object(grant))| (by, rule, grant)).ok_or_else(|| {
            let kind = self.caller.kind().as_str();
            let reason = format!("no rule gives `{service}` to this caller, whose kind is `{kind}`");
            Refusal::new(Part::Service, service, reason)
        })
    }

    /// The rule for a service, and the longest life that it allows.
    fn cap(&self, ask: &ServiceAsk<'a>) -> Result<(DecidedBy, &'a Rule, Life), Refusal> {
        let (by, rule, ttl) = match ask {
            ServiceAsk::Rtc(_) | ServiceAsk::StreamChannel { .. } => {
                self.rule("rtc", |rule| rule.rtc.as_ref()).map(|(by, rule, grant)| (by, rule, grant.ttl))?
            }
            ServiceAsk::Rtm { .. } => {
                self.rule("rtm", |rule| rule.rtm.as_ref()).map(|(by, rule, grant)| (by, rule, grant.ttl))?
            }
            ServiceAsk::Chat(_) => {
                self.rule("chat", |rule| rule.chat.as_ref()).map(|(by, rule, grant)| (by, rule, grant.ttl))?
            }
            ServiceAsk::Streaming(_) => self
                .rule("streaming", |rule| rule.streaming.as_ref())
                .map(|(by, rule, grant)| (by, rule, grant.ttl))?,
            ServiceAsk::Fcdn(_) => {
                self.rule("fcdn", |rule| rule.fcdn.as_ref()).map(|(by, rule, grant)| (by, rule, grant.ttl))?
            }
            ServiceAsk::Apaas(_) => self
                .rule("apaas", |rule| rule.apaas.as_ref())
                .map(|(by, rule, grant)| (by, rule, grant.ttl))?,
            ServiceAsk::Fpa => {
                self.rule("fpa", |rule| rule.fpa.as_ref()).map(|(by, rule, grant)| (by, rule, grant.ttl))?
            }
            ServiceAsk::ConvoAi => self
                .rule("convoai", |rule| rule.convoai.as_ref())
                .map(|(by, rule, grant)| (by, rule, grant.ttl))?,
            ServiceAsk::Stt => {
                self.rule("stt", |rule| rule.stt.as_ref()).map(|(by, rule, grant)| (by, rule, grant.ttl))?
            }
        };
        Ok((by, rule, shortest(rule.ttl, ttl)))
    }

    fn service(&self, app_id: &AppId, ask: &ServiceAsk<'a>, life: Life) -> Result<ServiceGrant<'a>, Problem> {
        Ok(match *ask {
            ServiceAsk::Rtc(ask) => self.rtc(app_id, ask, life)?,
            ServiceAsk::StreamChannel { channel, user } => {
                let (.., rule) = self.rule("rtc", |rule| rule.rtc.as_ref())?;
                let in_channel = ChannelRule {
                    channel: rule.channel.as_ref(),
                    every_channel: rule.every_channel,
                    identity: &rule.identity,
                };
                let channel = self.channel(&RTC, &in_channel, Some(channel))?;
                let user = self.user(&RTC, &in_channel, Some(user.into()), app_id)?;
                let role = role(rule.role, RoleAsk::Asked(Role::Publisher))?;
                let full = role.privileges(Lasts::For(life));
                let privileges = RtcPrivileges { publish_audio: None, publish_video: None, ..full };
                ServiceGrant::Rtc { channel, user, role, privileges }
            }
            ServiceAsk::Rtm { user, permissions } => {
                let (.., rule) = self.rule("rtm", |rule| rule.rtm.as_ref())?;
                let user =
                    self.named_user(&rule.identity, "rtm.user", user, RtmUser::as_str, RtmUser::parse)?;
                ServiceGrant::Rtm { user, permissions }
            }
            ServiceAsk::Chat(ask) => {
                let (.., rule) = self.rule("chat", |rule| rule.chat.as_ref())?;
                match ask {
                    ChatAsk::User(user) => {
                        let (text, parse) = (ChatUser::as_str, ChatUser::parse);
                        ServiceGrant::ChatUser(self.named_user(
                            &rule.identity,
                            "chat.user",
                            user,
                            text,
                            parse,
                        )?)
                    }
                    ChatAsk::App if rule.app => ServiceGrant::ChatApp,
                    ChatAsk::App => return Err(Refusal::new(Part::Privileged, "chat.app", CHAT_APP).into()),
                }
            }
            ServiceAsk::Streaming(StreamAsk { channel, user, privileges }) => {
                let (.., rule) = self.rule("streaming", |rule| rule.streaming.as_ref())?;
                let in_channel = ChannelRule {
                    channel: rule.channel.as_ref(),
                    every_channel: rule.every_channel,
                    identity: &rule.identity,
                };
                ServiceGrant::Streaming {
                    channel: self.channel(&STREAMING, &in_channel, channel)?,
                    user: self.user(&STREAMING, &in_channel, user, app_id)?,
                    privileges: StreamingPrivileges {
                        publish_mixed: cut(privileges.publish_mixed, life),
                        publish_raw: cut(privileges.publish_raw, life),
                    },
                }
            }
            ServiceAsk::Fcdn(StreamAsk { channel, user, privileges }) => {
                let (.., rule) = self.rule("fcdn", |rule| rule.fcdn.as_ref())?;
                let in_channel = ChannelRule {
                    channel: rule.channel.as_ref(),
                    every_channel: rule.every_channel,
                    identity: &rule.identity,
                };
                ServiceGrant::Fcdn {
                    channel: self.channel(&FCDN, &in_channel, channel)?,
                    user: self.user(&FCDN, &in_channel, user, app_id)?,
                    privileges: FcdnPrivileges {
                        publish: cut(privileges.publish, life),
                        play: cut(privileges.play, life),
                    },
                }
            }
            ServiceAsk::Apaas(ask) => self.apaas(ask)?,
            ServiceAsk::Fpa => ServiceGrant::Fpa,
            ServiceAsk::ConvoAi => ServiceGrant::ConvoAi,
            ServiceAsk::Stt => ServiceGrant::Stt,
        })
    }

    fn rtc(&self, app_id: &AppId, ask: RtcAsk<'a>, life: Life) -> Result<ServiceGrant<'a>, Problem> {
        let (.., rule) = self.rule("rtc", |rule| rule.rtc.as_ref())?;
        let in_channel = ChannelRule {
            channel: rule.channel.as_ref(),
            every_channel: rule.every_channel,
            identity: &rule.identity,
        };
        let channel = self.channel(&RTC, &in_channel, ask.channel)?;
        let role = role(rule.role, ask.role)?;
        let user = self.user(&RTC, &in_channel, ask.user, app_id)?;
        let full = role.privileges(Lasts::For(life));
        let privileges = match ask.lives {
            None => full,
            Some(lives) => cut_rtc(role, full, lives, life)?,
        };
        Ok(ServiceGrant::Rtc { channel, user, role, privileges })
    }

    fn apaas(&self, ask: ApaasAsk<'a>) -> Result<ServiceGrant<'a>, Problem> {
        let (.., rule) = self.rule("apaas", |rule| rule.apaas.as_ref())?;
        let user =
            |user| self.named_user(&rule.identity, "apaas.user", user, RtmUser::as_str, RtmUser::parse);
        Ok(match ask {
            ApaasAsk::App if rule.app => ServiceGrant::ApaasApp,
            ApaasAsk::App => return Err(Refusal::new(Part::Privileged, "apaas.app", APAAS_APP).into()),
            ApaasAsk::User(asked) => ServiceGrant::ApaasUser(user(asked)?),
            ApaasAsk::Room { room, user: asked, role } => {
                self.apaas_room(rule, room, role)?;
                ServiceGrant::ApaasRoom { room, user: user(asked)?, role }
            }
        })
    }

    fn apaas_room(&self, rule: &ApaasRule, room: ChannelName<'_>, role: i16) -> Result<(), Refusal> {
        if !self.fits(rule.room.as_ref(), room.as_str()) {
            return Err(Refusal::new(
                Part::Channel,
                "apaas.room",
                "the rule for this caller does not give this room",
            ));
        }
        let roles = rule.role.as_ref();
        if roles.is_some_and(|OneOrMore(roles)| !roles.contains(&ApaasRole(role))) {
            return Err(Refusal::new(
                Part::Role,
                "apaas.role",
                "the rule for this caller does not give this role",
            ));
        }
        Ok(())
    }

    fn fits(&self, patterns: Option<&Patterns>, text: &str) -> bool {
        patterns.is_none_or(|OneOrMore(patterns)| {
            patterns.iter().any(|pattern| pattern.matches(text, self.caller))
        })
    }

    /// The only text that patterns allow, where there is only one.
    fn only(&self, patterns: Option<&Patterns>) -> Option<&'a str> {
        match patterns?.0.as_slice() {
            [pattern] => pattern.only(self.caller).map(|text| self.texts.keep(text)),
            _ => None,
        }
    }

    fn channel(
        &self,
        fields: &ChannelFields,
        rule: &ChannelRule<'_>,
        asked: Option<Channel<'a>>,
    ) -> Result<Channel<'a>, Problem> {
        let refused = |part, reason| Err(Refusal::new(part, fields.channel, reason).into());
        match asked {
            Some(Channel::Any) if !rule.every_channel => refused(Part::Privileged, ANY_CHANNEL),
            Some(Channel::Any) => Ok(Channel::Any),
            Some(channel) if self.fits(rule.channel, channel.as_str()) => Ok(channel),
            Some(_) => refused(Part::Channel, "the rule for this caller does not give this channel"),
            None => {
                let missing = || Problem::field(fields.channel, "is missing; it names the channel to join");
                let text = self.only(rule.channel).ok_or_else(missing)?;
                let channel = ChannelName::parse(text).map_err(|error| {
                    let reason =
                        format!("the channel that the rule for this caller gives cannot be one: it {error}");
                    Refusal::new(Part::Channel, fields.channel, reason)
                })?;
                Ok(channel.into())
            }
        }
    }

    fn user(
        &self,
        fields: &ChannelFields,
        rule: &ChannelRule<'a>,
        asked: Option<User<'a>>,
        app_id: &AppId,
    ) -> Result<User<'a>, Refusal> {
        let is_wildcard = *rule.identity == Identity::Wildcard;
        if asked == Some(User::Any) && !is_wildcard {
            return Err(Refusal::new(Part::Privileged, fields.uid, UID_0));
        }
        let field = if let Some(User::Account(_)) = asked { fields.account } else { fields.uid };
        match (rule.identity.bound(self.caller, field)?, asked) {
            (None, Some(user)) => Ok(user),
            (None, None) => Ok(self.random_uid.into()),
            (Some(bound), None) => Ok(bound.uid(app_id).into()),
            (Some(bound), Some(user)) if bound.is(user, app_id) => Ok(user),
            (Some(_), Some(_)) => Err(Refusal::new(Part::Identity, field, OTHER_USER)),
        }
    }

    /// A user who has no number.
    fn named_user<T: Copy, E: std::fmt::Display>(
        &self,
        identity: &'a Identity,
        field: &'static str,
        asked: Option<T>,
        text_of: impl Fn(T) -> &'a str,
        parse: impl Fn(&'a str) -> Result<T, E>,
    ) -> Result<T, Problem> {
        match (identity.bound(self.caller, field)?, asked) {
            (None, Some(user)) => Ok(user),
            (None, None) => Err(Problem::field(field, "is missing; it says whom the token is for")),
            (Some(bound), Some(user)) if text_of(user) == bound.text => Ok(user),
            (Some(_), Some(_)) => Err(Refusal::new(Part::Identity, field, OTHER_USER).into()),
            (Some(bound), None) => parse(bound.text).map_err(|error| {
                let reason = format!("whom the rule lets this caller be cannot be a user here: it {error}");
                Refusal::new(Part::Identity, field, reason).into()
            }),
        }
    }

    fn room(&self, rule: &VideoSdkRule, asked: Option<RoomId<'a>>) -> Result<Option<RoomId<'a>>, Refusal> {
        let refused = |reason| Refusal::new(Part::Channel, "videosdk.room", reason);
        match asked {
            Some(room) if self.fits(rule.room.as_ref(), room.as_str()) => Ok(Some(room)),
            Some(_) => Err(refused("the rule for this caller does not give this room")),
            None if rule.room.is_none() => Ok(None),
            None => match self.only(rule.room.as_ref()).map(RoomId::parse) {
                Some(Ok(room)) => Ok(Some(room)),
                Some(Err(_)) | None => Err(refused("the rule for this caller gives single rooms; name one")),
            },
        }
    }

    fn participant(
        &self,
        identity: &'a Identity,
        asked: Option<ParticipantId<'a>>,
    ) -> Result<Option<ParticipantId<'a>>, Problem> {
        const FIELD: &str = "videosdk.participant";
        if identity.bound(self.caller, FIELD)?.is_none() {
            return Ok(asked);
        }
        self.named_user(identity, FIELD, asked, ParticipantId::as_str, ParticipantId::parse).map(Some)
    }
}

const ANY_CHANNEL: &str =
    "channel `*` opens every channel of the project, and is given only by a rule with `every_channel`";
const UID_0: &str =
    "uid 0 makes a token that anybody may use; name a uid, or let a rule or `auth.open` say `wildcard`";
const OTHER_USER: &str =
    "the rule for this caller gives tokens for the caller itself only; leave the user out";
const CHAT_APP: &str = "a Chat token for the app has the rights of an administrator, and is given only by a rule with `chat.app`";
const APAAS_APP: &str = "an APaaS token for the app has the rights of an administrator, and is given only by a rule with `apaas.app`";
const MODERATOR: &str =
    "`allow_mod` lets its holder remove others, and is given only by a rule that names it in `permissions`";
const CRAWLER: &str =
    "the role `crawler` calls VideoSDK's REST API, and is given only by a rule that names it in `roles`";
const NO_ROLE: &str = "a token without a role calls VideoSDK's REST API as well, and is given only by a rule with `roles` rtc and crawler; name the role `rtc`";
const VERSION_1: &str = "a token of version 1 is bound to nothing, and is given only by a rule with `v1`";

fn refused_by(rule: DecidedBy, mut problem: Problem) -> Problem {
    if let Problem::Refused(refusal) = &mut problem {
        refusal.decided_by = Some(rule);
    }
    problem
}

/// The rule's role is the most that it gives, and what it gives where nothing is asked for.
fn role(rule: Option<Role>, ask: RoleAsk) -> Result<Role, Refusal> {
    match (rule, ask) {
        (Some(Role::Subscriber), RoleAsk::Asked(Role::Publisher)) => Err(Refusal::new(
            Part::Role,
            "rtc.role",
            "the rule for this caller gives the role `subscriber` only",
        )),
        (_, RoleAsk::Asked(role)) => Ok(role),
        (rule, RoleAsk::Usual(role)) => Ok(rule.unwrap_or(role)),
    }
}

fn permissions(rule: &VideoSdkRule, asked: Option<Permissions>) -> Result<Permissions, Refusal> {
    let permissions = asked.unwrap_or(rule.permissions.usual);
    if rule.permissions.allows(permissions) {
        return Ok(permissions);
    }
    let (part, reason) = if permissions.moderates() && !rule.permissions.allows(Permissions::Moderate) {
        (Part::Privileged, MODERATOR)
    } else {
        (Part::Role, "the rule for this caller does not give these permissions")
    };
    Err(Refusal::new(part, "videosdk.permissions", reason))
}

/// The shorter of the lives that a rule as a whole and its part for a service allow.
fn shortest(rule: Option<Life>, service: Option<Life>) -> Life {
    rule.unwrap_or(Life::MAX).min(service.unwrap_or(Life::MAX))
}

/// A life as long as the token at the most.
fn cut(lasts: Option<Lasts>, life: Life) -> Option<Lasts> {
    lasts.map(|lasts| Lasts::For(lasts.within(life)))
}

/// The privileges of the role, with the lives that were asked for where these are shorter.
fn cut_rtc(
    role: Role,
    full: RtcPrivileges,
    lives: RtcPrivileges,
    life: Life,
) -> Result<RtcPrivileges, Problem> {
    if role == Role::Subscriber
        && let Some((privilege, _)) = lives.iter().find(|(privilege, _)| *privilege != RtcPrivilege::Join)
    {
        let field = format!("rtc.privileges.{}", privilege.as_str());
        return Err(Problem::field(&field, "is for `rtc.role` publisher only"));
    }
    let cut = |full: Option<Lasts>, asked: Option<Lasts>| cut(full.map(|full| asked.unwrap_or(full)), life);
    Ok(RtcPrivileges {
        join: cut(full.join, lives.join),
        publish_audio: cut(full.publish_audio, lives.publish_audio),
        publish_video: cut(full.publish_video, lives.publish_video),
        publish_data: cut(full.publish_data, lives.publish_data),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::tests::user;

    /// What alice gets who takes a token of either version; `None` is version 1.
    fn either_version(rule: &str) -> Result<Option<String>, &'static str> {
        let policy = Policy::of(vec![serde_json::from_str(&format!(r#"{{"videosdk":{rule}}}"#)).unwrap()]);
        let (caller, texts) = (user(r#"{"sub":"alice"}"#), Texts::default());
        let decision = Judge {
            policy: &policy,
            caller: &caller,
            project: "meet",
            random_uid: Uid::from_bytes([1; 4]),
            texts: &texts,
        };
        let ask = VideoSdkAsk { permissions: None, scope: VideoSdkScopeAsk::V1OrV2 };
        match decision.videosdk(&ask, Life::MAX) {
            Ok(decided) => Ok(decided.grant.scope.map(|VideoSdkScope { roles, room, participant }| {
                let (room, participant) = (room.map(RoomId::as_str), participant.map(ParticipantId::as_str));
                format!("{:?} {room:?} {participant:?}", roles.names())
            })),
            Err(Problem::Refused(refusal)) => Err(refusal.field),
            Err(problem) => panic!("{problem}"),
        }
    }

    #[test]
    fn version_1_is_for_those_who_may_have_it() {
        let version_2 = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(either_version("{}"), version_2(r#"["rtc"] None Some("alice")"#));
        assert_eq!(either_version(r#"{"v1":true}"#), Ok(None));
        let filled_in = either_version(r#"{"room":"room-{sub}","identity":"any"}"#);
        assert_eq!(filled_in, version_2(r#"["rtc"] Some("room-alice") None"#));
        assert_eq!(either_version(r#"{"room":"room-*"}"#), Err("videosdk.room"));
    }
}
