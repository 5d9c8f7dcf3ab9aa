//! Rules in words.

use hallpass_token::Life;
use hallpass_token::agora::Role;

use super::identity::Identity;
use super::rule::{Patterns, RtcRule, Rule, StreamRule, VideoSdkRule};
use super::{DecidedBy, Policy};
use crate::caller::Kind;
use crate::claims::Claim;
use crate::config::without_hex;
use crate::json::{NamedOnce, Object, OneOrMore};
use crate::outline::listed;

/// What a rule grants of one service, or which calls to a provider.
struct Grant<'a> {
    service: &'static str,
    /// What follows the name of the service.
    words: String,
    identity: Option<&'a Identity>,
    /// What opens more than one user needs.
    reaches: Vec<&'static str>,
    ttl: Option<Life>,
}

const EVERY_CHANNEL: &str = "channel `*`";
const UID_0: &str = "uid 0";
const APP: &str = "the app itself";

impl Policy {
    /// For each rule one line, and one for each of its services, indented. `kinds` are those of callers whom the
    /// configuration lets in, `max` is the longest life.
    pub(crate) fn in_words(&self, kinds: &[Kind], max: Life) -> Vec<String> {
        let mut lines = Vec::new();
        for (by, rule) in self.shown_rules(kinds) {
            let formats = rule.version.as_ref().map_or_else(String::new, |OneOrMore(versions)| {
                format!(" in format {}", listed(versions.iter().map(|version| version.as_str()), "or"))
            });
            let projects = rule.project.as_ref().map_or_else(String::new, |OneOrMore(names)| {
                format!(
                    " of project {}",
                    listed(names.iter().map(|name| format!("`{}`", without_hex(name))), "or")
                )
            });
            let tokens = if formats.is_empty() && projects.is_empty() { "" } else { " tokens" };
            lines.push(format!("{by}: {} get{tokens}{projects}{formats}", rule.callers(kinds)));
            lines.extend(rule.by_service().into_iter().map(|grant| {
                let of_rule = rule.ttl.unwrap_or(Life::MAX).min(grant.ttl.unwrap_or(Life::MAX)).min(max);
                let Grant { service, words, .. } = grant;
                format!("  {service}{words}, for {} s at most", of_rule.seconds().0)
            }));
            lines.extend(rule.calls().map(|Grant { service, words, .. }| format!("  {service}{words}")));
        }
        lines
    }

    /// What is allowed, and may not be meant.
    pub(crate) fn warnings(&self, kinds: &[Kind]) -> Vec<String> {
        let mut warnings = Vec::new();
        for (by, rule) in self.shown_rules(kinds) {
            let callers = rule.callers(kinds);
            let grants = rule.all_grants();
            let reaches = grants.iter().filter(|grant| !grant.reaches.is_empty());
            let reaches: Vec<_> =
                reaches.map(|grant| format!("{} ({})", grant.service, grant.reaches.join(", "))).collect();
            if !reaches.is_empty() {
                let reaches = reaches.join(", ");
                warnings.push(format!("{by} gives {callers} what opens more than one user needs: {reaches}"));
            }
            for Grant { service, identity, .. } in &grants {
                let can_be = |kind: &Kind| identity.is_none_or(|identity| identity.is_for(*kind));
                if !rule.kinds(kinds).iter().any(can_be) {
                    warnings.push(format!(
                        "{by} gives nothing of {service}: {callers} have nobody to be by its `identity`"
                    ));
                }
                let earlier = self.shown_rules(kinds).take_while(|(earlier, _)| *earlier != by);
                if let Some((earlier, _)) = earlier
                    .filter(|(_, earlier)| earlier.all_grants().iter().any(|grant| grant.service == *service))
                    .find(|(_, earlier)| earlier.covers(rule, kinds))
                {
                    warnings.push(format!("{by} never decides on {service}: {earlier} is for the same callers, and stands before it"));
                }
            }
        }
        warnings
    }

    /// Whether any rule is for callers of this kind.
    pub(crate) fn is_for_kind(&self, kind: Kind, kinds: &[Kind]) -> bool {
        self.rules.iter().any(|rule| rule.kinds(kinds).contains(&kind))
    }

    /// Whether there is no `policy` in the document.
    pub(crate) const fn is_usual(&self) -> bool {
        self.is_usual
    }

    /// Of the rules that hold without a policy, those for callers who are let in.
    fn shown_rules(&self, kinds: &[Kind]) -> impl Iterator<Item = (DecidedBy, &Rule)> {
        self.rules().filter(|(_, rule)| !self.is_usual || !rule.kinds(kinds).is_empty())
    }
}

impl Rule {
    /// The kinds of callers that can meet its conditions, out of those who are let in.
    fn kinds(&self, let_in: &[Kind]) -> Vec<Kind> {
        let who = &self.who;
        let fits = |kind: &Kind| {
            let is_named = who.kind.as_ref().is_none_or(|OneOrMore(kinds)| kinds.contains(kind));
            let has_key = who.key.is_none() || *kind == Kind::Service;
            let has_claims = who.claims.is_none() || matches!(kind, Kind::User | Kind::Gateway);
            is_named && has_key && has_claims
        };
        let kinds = [Kind::User, Kind::Service, Kind::Gateway, Kind::Anonymous];
        kinds.into_iter().filter(|kind| let_in.contains(kind) && fits(kind)).collect()
    }

    fn callers(&self, let_in: &[Kind]) -> String {
        let key = |OneOrMore(names): &OneOrMore<String>| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("callers with the service key {}", listed(names, "or"))
        };
        let kinds = self.kinds(let_in);
        let names = kinds.iter().map(|kind| match kind {
            Kind::User => "users".to_owned(),
            Kind::Service => {
                self.who.key.as_ref().map_or_else(|| "callers with a service key".to_owned(), key)
            }
            Kind::Gateway => "callers of API Gateway".to_owned(),
            Kind::Anonymous => "callers without credentials".to_owned(),
        });
        let mut callers =
            if kinds.is_empty() { "nobody who is let in".to_owned() } else { listed(names, "and") };
        if let Some(NamedOnce(claims)) = &self.who.claims {
            let claim = |(name, OneOrMore(wanted)): &(String, OneOrMore<Claim>)| {
                format!("`{name}` is {}", listed(wanted.iter().map(Claim::to_string), "or"))
            };
            callers += &format!(" whose {}", listed(claims.iter().map(claim), "and"));
        }
        callers
    }

    /// Whether it is for everybody for whom the other one is. It may be so and not be seen here.
    fn covers(&self, other: &Self, let_in: &[Kind]) -> bool {
        let are_among = |names: &Option<OneOrMore<String>>, of: &Option<OneOrMore<String>>| match (names, of)
        {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(OneOrMore(names)), Some(OneOrMore(of))) => names.iter().all(|name| of.contains(name)),
        };
        let kinds = self.kinds(let_in);
        let has_kinds = other.kinds(let_in).iter().all(|kind| kinds.contains(kind));
        let has_claims =
            self.who.claims.iter().flat_map(|NamedOnce(claims)| claims).all(|(name, OneOrMore(wanted))| {
                let mut of_other = other.who.claims.iter().flat_map(|NamedOnce(claims)| claims);
                of_other.any(|(known, OneOrMore(values))| {
                    known == name && values.iter().all(|value| wanted.contains(value))
                })
            });
        has_kinds
            && has_claims
            && are_among(&other.project, &self.project)
            && are_among(&other.who.key, &self.who.key)
    }

    fn all_grants(&self) -> Vec<Grant<'_>> {
        let mut grants = self.by_service();
        grants.extend(self.calls());
        grants
    }

    /// The calls to providers that it grants. They are over at once, so that no life limits them.
    fn calls(&self) -> impl Iterator<Item = Grant<'_>> {
        let call = |service, words, reaches| Grant { service, words, identity: None, reaches, ttl: None };
        let rooms = self.rooms.as_ref().map(|OneOrMore(calls)| {
            let names = listed(calls.iter().map(|call| call.name()), "or");
            call("rooms", format!(", to {names} them at VideoSDK"), Vec::new())
        });
        let agora = self.agora_rest.as_ref().map(|OneOrMore(calls)| {
            let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
            let words = format!(", with a service key: {}", listed(&names, "and"));
            call("agora_rest", words, names)
        });
        rooms.into_iter().chain(agora)
    }

    /// What it grants of tokens, in the order of the README.
    fn by_service(&self) -> Vec<Grant<'_>> {
        let mut grants = Vec::new();
        if let Some(Object(rtc)) = &self.rtc {
            grants.push(rtc.grant());
        }
        if let Some(Object(rtm)) = &self.rtm {
            let words = rtm.identity.in_words(false);
            grants.push(Grant {
                service: "rtm",
                words,
                identity: Some(&rtm.identity),
                reaches: Vec::new(),
                ttl: rtm.ttl,
            });
        }
        if let Some(Object(chat)) = &self.chat {
            let app = if chat.app { ", and for the app itself" } else { "" };
            let words = chat.identity.in_words(false) + app;
            grants.push(Grant {
                service: "chat",
                words,
                identity: Some(&chat.identity).filter(|_| !chat.app),
                reaches: chat.app.then_some(APP).into_iter().collect(),
                ttl: chat.ttl,
            });
        }
        let streams = [("streaming", &self.streaming), ("fcdn", &self.fcdn)];
        grants.extend(
            streams
                .into_iter()
                .filter_map(|(service, rule)| rule.as_ref().map(|Object(rule)| rule.grant(service))),
        );
        if let Some(Object(apaas)) = &self.apaas {
            let roles = apaas.role.as_ref().map_or_else(String::new, |OneOrMore(roles)| {
                format!(" in role {}", listed(roles.iter().map(|role| role.0), "or"))
            });
            let app = if apaas.app { ", and for the app itself" } else { "" };
            let rooms = places(apaas.room.as_ref(), "room");
            grants.push(Grant {
                service: "apaas",
                words: format!("{roles}{rooms}{}{app}", apaas.identity.in_words(false)),
                identity: Some(&apaas.identity).filter(|_| !apaas.app),
                reaches: apaas.app.then_some(APP).into_iter().collect(),
                ttl: apaas.ttl,
            });
        }
        let plain = [("fpa", &self.fpa), ("convoai", &self.convoai), ("stt", &self.stt)];
        grants.extend(plain.into_iter().filter_map(|(service, rule)| {
            let ttl = rule.as_ref()?.0.ttl;
            Some(Grant { service, words: String::new(), identity: None, reaches: Vec::new(), ttl })
        }));
        if let Some(Object(videosdk)) = &self.videosdk {
            grants.push(videosdk.grant());
        }
        grants
    }
}

impl RtcRule {
    fn grant(&self) -> Grant<'_> {
        let role = match self.role {
            None => " as subscriber (or publisher, where the request says so)",
            Some(Role::Publisher) => " as publisher (or subscriber, where the request says so)",
            Some(Role::Subscriber) => " as subscriber",
        };
        let channels = places(self.channel.as_ref(), "channel");
        let (every, mut reaches) = every_channel(self.every_channel);
        reaches.extend((self.identity == Identity::Wildcard).then_some(UID_0));
        let words = format!("{role}{channels}{every}{}", self.identity.in_words(true));
        Grant { service: "rtc", words, identity: Some(&self.identity), reaches, ttl: self.ttl }
    }
}

impl StreamRule {
    fn grant(&self, service: &'static str) -> Grant<'_> {
        let channels = places(self.channel.as_ref(), "channel");
        let (every, mut reaches) = every_channel(self.every_channel);
        reaches.extend((self.identity == Identity::Wildcard).then_some(UID_0));
        let words = format!("{channels}{every}{}", self.identity.in_words(true));
        Grant { service, words, identity: Some(&self.identity), reaches, ttl: self.ttl }
    }
}

impl VideoSdkRule {
    fn grant(&self) -> Grant<'_> {
        let permissions = ["allow_join", "allow_mod", "ask_join"].into_iter().zip(self.permissions.allowed);
        let permissions = permissions.filter_map(|(name, is_allowed)| is_allowed.then_some(name));
        let roles = [("rtc", self.roles.rtc), ("crawler", self.roles.crawler)];
        let roles = roles.into_iter().filter_map(|(name, is_allowed)| is_allowed.then_some(name));
        let rooms = match &self.room {
            None => " in every room, or in all at once".to_owned(),
            room => places(room.as_ref(), "room"),
        };
        let [_, moderates, _] = self.permissions.allowed;
        let version_1 = if self.v1 { ", and of version 1" } else { "" };
        let words = format!(
            "{rooms}{}, with {}, in role {}{version_1}",
            self.identity.in_words(false),
            listed(permissions, "or"),
            listed(roles, "or"),
        );
        let reaches = [(moderates, "allow_mod"), (self.roles.crawler, "crawler"), (self.v1, "version 1")];
        let reaches = reaches.into_iter().filter_map(|(is_given, what)| is_given.then_some(what)).collect();
        let identity = Some(&self.identity).filter(|_| !self.v1);
        Grant { service: "videosdk", words, identity, reaches, ttl: self.ttl }
    }
}

impl Identity {
    fn in_words(&self, has_uid: bool) -> String {
        match self {
            Self::Subject => ", as themselves".to_owned(),
            Self::Claim(name) => format!(", as whom their claim `{name}` names"),
            Self::Wildcard if has_uid => ", as whom they like or as anybody".to_owned(),
            Self::Any | Self::Wildcard => ", as whom they like".to_owned(),
        }
    }

    /// Whether callers of this kind can be somebody by it.
    fn is_for(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Any | Self::Wildcard, _) | (_, Kind::User | Kind::Gateway) => true,
            (Self::Subject, Kind::Service) => true,
            (Self::Claim(name), Kind::Service) => name == "sub",
            (Self::Subject | Self::Claim(_), Kind::Anonymous) => false,
        }
    }
}

fn places(patterns: Option<&Patterns>, place: &str) -> String {
    match patterns {
        None => format!(" in every {place}"),
        Some(OneOrMore(patterns)) => format!(" in {place} {}", listed(patterns, "or")),
    }
}

fn every_channel(is_given: bool) -> (&'static str, Vec<&'static str>) {
    if is_given { (" and in channel `*`", vec![EVERY_CHANNEL]) } else { ("", Vec::new()) }
}
