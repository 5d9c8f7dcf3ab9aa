//! From caller, request and policy to a grant or a refusal: a pure function.

mod calls;
mod videosdk;

use hallpass_token::agora::{
    Account, AppId, Channel, ChannelName, ChatUser, Role, RtcPrivilege, RtcPrivileges, RtmUser, Uid, User,
};
use hallpass_token::{Lasts, Life};

use super::grant::ServiceGrant;
use super::identity::Identity;
use super::refusal::{Part, Refusal};
use super::rule::{ApaasRule, ChatRule, Patterns, RtcRule, Rule, StreamRule};
use super::texts::Texts;
use super::{DecidedBy, Policy};
use crate::ask::{ApaasAsk, ApaasRole, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, StreamAsk};
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

/// What a rule says of one service.
struct Found<'a, T> {
    by: DecidedBy,
    rule: &'a Rule,
    /// The longest that it allows.
    life: Life,
    grant: &'a T,
}

impl<'a, T> Found<'a, T> {
    /// Refuses a token format that the rule does not grant.
    fn for_version(self, version: Version) -> Result<Self, Problem> {
        if self.rule.grants(version) {
            return Ok(self);
        }
        let reason = format!("the rule for this caller does not give tokens of format {}", version.as_str());
        Err(refused_by(self.by, Refusal::new(Part::Service, "version", reason).into()))
    }

    fn decide<G>(
        self,
        decide: impl FnOnce(&'a T) -> Result<G, Problem>,
    ) -> Result<(DecidedBy, Life, G), Problem> {
        let grant = decide(self.grant).map_err(|problem| refused_by(self.by, problem))?;
        Ok((self.by, self.life, grant))
    }
}

impl<'a> From<&'a RtcRule> for ChannelRule<'a> {
    fn from(RtcRule { channel, every_channel, identity, .. }: &'a RtcRule) -> Self {
        Self { channel: channel.as_ref(), every_channel: *every_channel, identity }
    }
}

impl<'a> From<&'a StreamRule> for ChannelRule<'a> {
    fn from(StreamRule { channel, every_channel, identity, .. }: &'a StreamRule) -> Self {
        Self { channel: channel.as_ref(), every_channel: *every_channel, identity }
    }
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
        let mut decided = Decided { life, grant: Vec::with_capacity(asks.len()), decided_by: Vec::new() };
        for ask in asks {
            let (by, rule_life, grant) = self.service(app_id, ask, version)?;
            decided.life = decided.life.min(rule_life);
            decided.grant.push(grant);
            decided.decided_by.push(by);
        }
        for grant in &mut decided.grant {
            grant.cut(decided.life);
        }
        Ok(decided)
    }

    /// What the first rule says that is for this caller and speaks of a service; `pick` says of a rule what it says of
    /// the service, and the longest life.
    fn rule<T>(
        &self,
        service: &'static str,
        pick: impl Fn(&'a Rule) -> Option<(&'a T, Option<Life>)>,
    ) -> Result<Found<'a, T>, Refusal> {
        for (by, rule) in self.policy.rules() {
            if let Some((grant, ttl)) = pick(rule)
                && rule.is_for(self.caller, self.project)
            {
                let life = rule.ttl.unwrap_or(Life::MAX).min(ttl.unwrap_or(Life::MAX));
                return Ok(Found { by, rule, life, grant });
            }
        }
        let kind = self.caller.kind().as_str();
        let reason = format!("no rule gives `{service}` to this caller, whose kind is `{kind}`");
        Err(Refusal::new(Part::Service, service, reason))
    }

    /// Decides on one service, whose privileges are still to be cut to the life of the token.
    fn service(
        &self,
        app_id: &AppId,
        ask: &ServiceAsk<'a>,
        version: Version,
    ) -> Result<(DecidedBy, Life, ServiceGrant<'a>), Problem> {
        match *ask {
            ServiceAsk::Rtc(ask) => self
                .rule("rtc", |rule| rule.rtc.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| self.rtc(app_id, ask, rule)),
            ServiceAsk::StreamChannel { channel, user } => self
                .rule("rtc", |rule| rule.rtc.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| self.stream_channel(app_id, channel, user, rule)),
            ServiceAsk::Rtm { user, permissions } => self
                .rule("rtm", |rule| rule.rtm.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| {
                    let (text, parse) = (RtmUser::as_str, RtmUser::parse);
                    let user = self.named_user(&rule.identity, "rtm.user", user, text, parse)?;
                    Ok(ServiceGrant::Rtm { user, permissions })
                }),
            ServiceAsk::Chat(ask) => self
                .rule("chat", |rule| rule.chat.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| self.chat(ask, rule)),
            ServiceAsk::Streaming(StreamAsk { channel, user, privileges }) => self
                .rule("streaming", |rule| rule.streaming.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| {
                    let (channel, user) = self.in_channel(&STREAMING, &rule.into(), channel, user, app_id)?;
                    Ok(ServiceGrant::Streaming { channel, user, privileges })
                }),
            ServiceAsk::Fcdn(StreamAsk { channel, user, privileges }) => self
                .rule("fcdn", |rule| rule.fcdn.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| {
                    let (channel, user) = self.in_channel(&FCDN, &rule.into(), channel, user, app_id)?;
                    Ok(ServiceGrant::Fcdn { channel, user, privileges })
                }),
            ServiceAsk::Apaas(ask) => self
                .rule("apaas", |rule| rule.apaas.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|rule| self.apaas(ask, rule)),
            ServiceAsk::Fpa => self
                .rule("fpa", |rule| rule.fpa.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|_| Ok(ServiceGrant::Fpa)),
            ServiceAsk::ConvoAi => self
                .rule("convoai", |rule| rule.convoai.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|_| Ok(ServiceGrant::ConvoAi)),
            ServiceAsk::Stt => self
                .rule("stt", |rule| rule.stt.as_ref().map(|Object(of)| (of, of.ttl)))?
                .for_version(version)?
                .decide(|_| Ok(ServiceGrant::Stt)),
        }
    }

    fn rtc(&self, app_id: &AppId, ask: RtcAsk<'a>, rule: &'a RtcRule) -> Result<ServiceGrant<'a>, Problem> {
        let channel = self.channel(&RTC, &rule.into(), ask.channel)?;
        let role = role(rule.role, ask.role)?;
        let user = self.user(&RTC, &rule.into(), ask.user, app_id)?;
        let privileges = privileges(role, ask.lives)?;
        Ok(ServiceGrant::Rtc { channel, user, role, privileges })
    }

    fn stream_channel(
        &self,
        app_id: &AppId,
        channel: Channel<'a>,
        user: Account<'a>,
        rule: &'a RtcRule,
    ) -> Result<ServiceGrant<'a>, Problem> {
        let (channel, user) =
            self.in_channel(&RTC, &rule.into(), Some(channel), Some(user.into()), app_id)?;
        let role = role(rule.role, RoleAsk::Asked(Role::Publisher))?;
        let privileges =
            RtcPrivileges { publish_audio: None, publish_video: None, ..privileges(role, None)? };
        Ok(ServiceGrant::Rtc { channel, user, role, privileges })
    }

    fn chat(&self, ask: ChatAsk<'a>, rule: &'a ChatRule) -> Result<ServiceGrant<'a>, Problem> {
        match ask {
            ChatAsk::User(user) => {
                let (text, parse) = (ChatUser::as_str, ChatUser::parse);
                self.named_user(&rule.identity, "chat.user", user, text, parse).map(ServiceGrant::ChatUser)
            }
            ChatAsk::App if rule.app => Ok(ServiceGrant::ChatApp),
            ChatAsk::App => Err(Refusal::new(Part::Privileged, "chat.app", CHAT_APP).into()),
        }
    }

    fn apaas(&self, ask: ApaasAsk<'a>, rule: &'a ApaasRule) -> Result<ServiceGrant<'a>, Problem> {
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

    fn in_channel(
        &self,
        fields: &ChannelFields,
        rule: &ChannelRule<'a>,
        channel: Option<Channel<'a>>,
        user: Option<User<'a>>,
        app_id: &AppId,
    ) -> Result<(Channel<'a>, User<'a>), Problem> {
        Ok((self.channel(fields, rule, channel)?, self.user(fields, rule, user, app_id)?))
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
}

const ANY_CHANNEL: &str =
    "channel `*` opens every channel of the project, and is given only by a rule with `every_channel`";
const UID_0: &str =
    "uid 0 makes a token that anybody may use; name a uid, or let a rule or `auth.open` say `wildcard`";
const OTHER_USER: &str =
    "the rule for this caller gives tokens for the caller itself only; leave the user out";
const CHAT_APP: &str = "a Chat token for the app has the rights of an administrator, and is given only by a rule with `chat.app`";
const APAAS_APP: &str = "an APaaS token for the app has the rights of an administrator, and is given only by a rule with `apaas.app`";

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

/// The privileges of the role, with the lives that were asked for.
fn privileges(role: Role, lives: Option<RtcPrivileges>) -> Result<RtcPrivileges, Problem> {
    let full = role.privileges(Lasts::For(Life::MAX));
    let Some(lives) = lives else { return Ok(full) };
    if role == Role::Subscriber
        && let Some((privilege, _)) = lives.iter().find(|(privilege, _)| *privilege != RtcPrivilege::Join)
    {
        let field = format!("rtc.privileges.{}", privilege.as_str());
        return Err(Problem::field(&field, "is for `rtc.role` publisher only"));
    }
    let asked = |full: Option<Lasts>, asked: Option<Lasts>| full.map(|full| asked.unwrap_or(full));
    Ok(RtcPrivileges {
        join: asked(full.join, lives.join),
        publish_audio: asked(full.publish_audio, lives.publish_audio),
        publish_video: asked(full.publish_video, lives.publish_video),
        publish_data: asked(full.publish_data, lives.publish_data),
    })
}
