//! One line in the log for each decision: who asked for what, and what came of it. Never a token, a key or a header.

use serde_json::{Map, Value, json};

use crate::ask::{ApaasAsk, Ask, ChatAsk, RoleAsk, ServiceAsk, VideoSdkScopeAsk, What};
use crate::caller::Caller;
use crate::log::{Level, LogLine};
use crate::mint::{Granted, Minted};
use crate::policy::{DecidedBy, ServiceGrant};
use crate::problem::Problem;
use hallpass_token::agora::Role;

/// What every line has.
#[derive(Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) request_id: &'a str,
    /// The path of the route, as the list of routes has it.
    pub(crate) route: &'a str,
}

impl Occasion<'_> {
    /// A token was signed.
    pub(crate) fn granted(self, caller: &Caller, minted: &Minted<'_>) -> LogLine {
        let mut line = self.begin("granted", caller);
        line.insert("project".into(), minted.project.into());
        let (mut services, mut channel, mut role) = (Vec::new(), None, None);
        match &minted.granted {
            Granted::Agora { services: grants, .. } => {
                for grant in grants {
                    services.push(grant.name());
                    channel = channel.or(grant.channel());
                    if let ServiceGrant::Rtc { role: granted, .. } = grant {
                        role = role.or(Some(role_name(*granted)));
                    }
                }
            }
            Granted::VideoSdk { grant, .. } => {
                services.push("videosdk");
                channel = grant.scope.and_then(|scope| scope.room).map(|room| room.as_str());
            }
        }
        line.insert("services".into(), services.into());
        line.insert("channel".into(), channel.into());
        line.insert("role".into(), role.into());
        line.insert("ttl".into(), minted.expires_in.seconds().0.into());
        let mut rules: Vec<_> = minted.decided_by.iter().map(DecidedBy::to_string).collect();
        rules.dedup();
        line.insert("rule".into(), rules.join(", ").into());
        LogLine::new(Level::Info, "decision", line.into())
    }

    /// The policy gave less than was asked for, which is nothing.
    pub(crate) fn refused(self, caller: &Caller, ask: &Ask<'_>, problem: &Problem) -> LogLine {
        let mut line = self.begin("refused", caller);
        line.insert("project".into(), ask.project.into());
        let (mut services, mut channel, mut role) = (Vec::new(), None, None);
        match &ask.what {
            What::Agora(ask) => {
                for service in &ask.services {
                    services.push(service.name());
                    channel = channel.or(service.channel());
                    role = role.or(service.role());
                }
            }
            What::VideoSdk(ask) => {
                services.push("videosdk");
                if let VideoSdkScopeAsk::V2(scope) = ask.scope {
                    channel = scope.room.map(|room| room.as_str());
                }
            }
        }
        line.insert("services".into(), services.into());
        line.insert("channel".into(), channel.into());
        line.insert("role".into(), role.into());
        line.insert("reason".into(), problem.to_string().into());
        if let Problem::Refused(refusal) = problem {
            line.insert("refused_by".into(), refusal.part.name().into());
            line.insert("rule".into(), refusal.decided_by.map(|rule| rule.to_string()).into());
        }
        LogLine::new(Level::Info, "decision", line.into())
    }

    /// The request ended before it was looked at: nobody knows who is calling, or somebody calls too often.
    pub(crate) fn turned_away(
        self,
        caller: Option<&Caller>,
        address: Option<String>,
        problem: &Problem,
    ) -> LogLine {
        let mut line = self.begin("refused", caller.unwrap_or(&Caller::ANONYMOUS));
        line.insert("caller_address".into(), address.into());
        line.insert("reason".into(), problem.code().into());
        LogLine::new(Level::Info, "decision", line.into())
    }

    /// What was not looked at, or does not apply, is there as `null`: whoever reads the log can count on each field.
    fn begin(self, decision: &str, caller: &Caller) -> Map<String, Value> {
        let line = json!({
            "request_id": self.request_id,
            "route": self.route,
            "caller": caller.kind().as_str(),
            "subject": caller.subject(),
            "project": null,
            "services": null,
            "channel": null,
            "role": null,
            "ttl": null,
            "decision": decision,
            "rule": null,
            "reason": null,
        });
        if let Value::Object(line) = line { line } else { Map::new() }
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
            Self::Chat(_) => "chat",
            Self::Streaming(_) => "streaming",
            Self::Fcdn(_) => "fcdn",
            Self::Apaas(_) => "apaas",
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
        if let Self::Rtc(ask) = self {
            let (RoleAsk::Asked(role) | RoleAsk::Usual(role)) = ask.role;
            Some(role_name(role))
        } else {
            None
        }
    }
}

impl<'a> ServiceGrant<'a> {
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
