//! One line in the log for each decision: who asked for what, and what came of it. Never a token, a key or a header.

use std::borrow::Cow;

use hallpass_token::agora::Role;
use serde::Serialize;

use crate::ask::{ApaasAsk, Ask, ChatAsk, RoleAsk, RtcAsk, ServiceAsk, VideoSdkScopeAsk, What};
use crate::caller::Caller;
use crate::log::{Level, LogLine};
use crate::mint::{Granted, Minted};
use crate::policy::{DecidedBy, ServiceGrant};
use crate::problem::Problem;
use crate::providers::agora::kick::Ban;

/// What every line has.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) request_id: &'a str,
    /// The path of the route, as the list of routes has it.
    pub(crate) route: &'a str,
}

/// One decision. What was not looked at, or does not apply, is there as `null`: whoever reads the log can count on each
/// field.
#[derive(Default, Serialize)]
struct Line<'a> {
    request_id: &'a str,
    route: &'a str,
    caller: &'static str,
    subject: Option<&'a str>,
    project: Option<&'a str>,
    services: Option<Vec<&'static str>>,
    /// The first one, where there are several.
    channel: Option<&'a str>,
    role: Option<&'static str>,
    ttl: Option<u32>,
    decision: &'static str,
    /// One for each service.
    rules: Option<Vec<DecidedBy>>,
    reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ban: Option<BanLine<'a>>,
}

/// Whom a rule of Agora's puts out, beside the channel, and for how long.
#[derive(Serialize)]
struct BanLine<'a> {
    uid: Option<u32>,
    ip: Option<&'a str>,
    seconds: u32,
}

/// A call to a provider.
#[derive(Clone, Copy)]
pub(crate) struct Called<'a> {
    pub(crate) service: &'static str,
    /// `None` for the whole account, and for a call with the caller's own token.
    pub(crate) project: Option<&'a str>,
    /// The room or channel.
    pub(crate) place: Option<&'a str>,
    pub(crate) ban: Option<&'a Ban>,
}

impl<'a> Occasion<'a> {
    /// A token was signed.
    pub(crate) fn granted(self, caller: &'a Caller, minted: &'a Minted<'_>) -> LogLine {
        let mut line = self.begin("granted", caller);
        let mut services = Vec::new();
        match &minted.granted {
            Granted::Agora { services: grants, .. } => {
                for grant in grants {
                    services.push(grant.logged_name());
                    line.channel = line.channel.or(grant.channel());
                    if let ServiceGrant::Rtc { role, .. } = grant {
                        line.role = line.role.or(Some(role_name(*role)));
                    }
                }
            }
            Granted::VideoSdk { grant, .. } => {
                services.push("videosdk");
                line.channel = grant.scope.and_then(|scope| scope.room).map(|room| room.as_str());
            }
        }
        line.project = Some(minted.project);
        line.services = Some(services);
        line.ttl = Some(minted.expires_in.seconds().0);
        line.rules = Some(minted.decided_by.clone());
        LogLine::new(Level::Info, "decision", &line)
    }

    /// The policy gave less than was asked for, which is nothing.
    pub(crate) fn refused(self, caller: &'a Caller, ask: &'a Ask<'_>, problem: &Problem) -> LogLine {
        let mut line = self.begin("refused", caller);
        let mut services = Vec::new();
        match &ask.what {
            What::Agora(ask) => {
                for service in &ask.services {
                    services.push(service.name());
                    line.channel = line.channel.or(service.channel());
                    line.role = line.role.or(service.role());
                }
            }
            What::VideoSdk(ask) => {
                services.push("videosdk");
                if let VideoSdkScopeAsk::V2(scope) = ask.scope {
                    line.channel = scope.room.map(|room| room.as_str());
                }
            }
        }
        line.project = ask.project;
        line.services = Some(services);
        line.say(problem);
        LogLine::new(Level::Info, "decision", &line)
    }

    /// A call to a provider was allowed or refused.
    pub(crate) fn call(
        self,
        caller: &'a Caller,
        called: Called<'a>,
        decided: &Result<Option<DecidedBy>, Problem>,
    ) -> LogLine {
        let mut line = self.begin(if decided.is_ok() { "granted" } else { "refused" }, caller);
        line.project = called.project;
        line.services = Some(vec![called.service]);
        line.channel = called.place;
        line.ban = called.ban.map(|Ban { uid, ip, seconds, .. }| BanLine {
            uid: *uid,
            ip: ip.as_deref(),
            seconds: *seconds,
        });
        match decided {
            Ok(by) => line.rules = by.map(|by| vec![by]),
            Err(problem) => line.say(problem),
        }
        LogLine::new(Level::Info, "decision", &line)
    }

    /// The request ended before it was looked at: nobody knows who is calling, or somebody calls too often.
    pub(crate) fn turned_away(
        self,
        caller: Option<&'a Caller>,
        address: Option<String>,
        problem: &Problem,
    ) -> LogLine {
        let mut line = match caller {
            Some(caller) => self.begin("refused", caller),
            None => self.begin_unknown("refused"),
        };
        line.caller_address = address;
        line.reason = Some(problem.code().into());
        LogLine::new(Level::Info, "decision", &line)
    }

    fn begin(self, decision: &'static str, caller: &'a Caller) -> Line<'a> {
        let (kind, subject) = (caller.kind().as_str(), caller.subject());
        Line { caller: kind, subject, ..self.begin_unknown(decision) }
    }

    fn begin_unknown(self, decision: &'static str) -> Line<'a> {
        let Self { request_id, route } = self;
        Line { request_id, route, caller: "unknown", decision, ..Line::default() }
    }
}

impl Line<'_> {
    fn say(&mut self, problem: &Problem) {
        self.reason = Some(problem.to_string().into());
        if let Problem::Refused(refusal) = problem {
            self.refused_by = Some(refusal.part.name());
            self.rules = refusal.decided_by.map(|rule| vec![rule]);
        }
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Publisher => "publisher",
        Role::Subscriber => "subscriber",
    }
}

impl<'a> ServiceAsk<'a> {
    fn name(&self) -> &'static str {
        match self {
            Self::Rtc(_) | Self::StreamChannel { .. } => "rtc",
            Self::Rtm { .. } => "rtm",
            Self::Chat(ChatAsk::User(_)) => "chat",
            Self::Chat(ChatAsk::App) => "chat.app",
            Self::Streaming(_) => "streaming",
            Self::Fcdn(_) => "fcdn",
            Self::Apaas(ApaasAsk::Room { .. } | ApaasAsk::User(_)) => "apaas",
            Self::Apaas(ApaasAsk::App) => "apaas.app",
            Self::Fpa => "fpa",
            Self::ConvoAi => "convoai",
            Self::Stt => "stt",
        }
    }

    fn channel(&self) -> Option<&'a str> {
        match self {
            Self::Rtc(ask) => ask.channel.map(|channel| channel.as_str()),
            Self::StreamChannel { channel, .. } => Some(channel.as_str()),
            Self::Streaming(ask) => ask.channel.map(|channel| channel.as_str()),
            Self::Fcdn(ask) => ask.channel.map(|channel| channel.as_str()),
            Self::Apaas(ApaasAsk::Room { room, .. }) => Some(room.as_str()),
            Self::Rtm { .. }
            | Self::Chat(ChatAsk::User(_) | ChatAsk::App)
            | Self::Apaas(ApaasAsk::User(_) | ApaasAsk::App)
            | Self::Fpa
            | Self::ConvoAi
            | Self::Stt => None,
        }
    }

    fn role(&self) -> Option<&'static str> {
        if let Self::Rtc(RtcAsk { role: RoleAsk::Asked(role), .. }) = self {
            Some(role_name(*role))
        } else {
            None
        }
    }
}

impl<'a> ServiceGrant<'a> {
    /// The name of the service, with a word where it is for the app itself, with the rights of an administrator.
    const fn logged_name(&self) -> &'static str {
        match self {
            Self::ChatApp => "chat.app",
            Self::ApaasApp => "apaas.app",
            Self::Rtc { .. }
            | Self::Rtm { .. }
            | Self::ChatUser(_)
            | Self::Streaming { .. }
            | Self::Fcdn { .. }
            | Self::ApaasRoom { .. }
            | Self::ApaasUser(_)
            | Self::Fpa
            | Self::ConvoAi
            | Self::Stt => self.name(),
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Rtc { .. } => "rtc",
            Self::Rtm { .. } => "rtm",
            Self::ChatUser(_) | Self::ChatApp => "chat",
            Self::Streaming { .. } => "streaming",
            Self::Fcdn { .. } => "fcdn",
            Self::ApaasRoom { .. } | Self::ApaasUser(_) | Self::ApaasApp => "apaas",
            Self::Fpa => "fpa",
            Self::ConvoAi => "convoai",
            Self::Stt => "stt",
        }
    }

    fn channel(&self) -> Option<&'a str> {
        match self {
            Self::Rtc { channel, .. } | Self::Streaming { channel, .. } | Self::Fcdn { channel, .. } => {
                Some(channel.as_str())
            }
            Self::ApaasRoom { room, .. } => Some(room.as_str()),
            Self::Rtm { .. }
            | Self::ChatUser(_)
            | Self::ChatApp
            | Self::ApaasUser(_)
            | Self::ApaasApp
            | Self::Fpa
            | Self::ConvoAi
            | Self::Stt => None,
        }
    }
}
