//! `POST /v1/agora/kick`: puts somebody out of a channel, and keeps them out for a while. Agora takes no token back, so
//! this and to give out no other one is how a token ends early.

use std::net::IpAddr;

use hallpass_token::agora::ChannelName;
use http::StatusCode;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Value, json};

use super::refusal;
use crate::answer::{self, JSON};
use crate::json::{self, Object, WholeNumber};
use crate::policy::AgoraCall;
use crate::problem::Problem;
use crate::providers::agora::Credentials;
use crate::providers::agora::kick::{self, Ban, Privilege};
use crate::routes::Call;
use crate::routes::step::Step;
use crate::routes::token::UidNumber;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KickBody {
    project: Option<String>,
    channel: Option<String>,
    uid: Option<UidNumber>,
    ip: Option<IpAddr>,
    #[serde(default = "an_hour")]
    seconds: Seconds,
    #[serde(default = "to_join")]
    privileges: Vec<Privilege>,
}

struct Seconds(u32);

pub(in crate::routes) fn answer(call: Call<'_>) -> Step<'_> {
    begin(call).unwrap_or_else(|problem| Step::Done(refusal(call, problem)))
}

fn begin(call: Call<'_>) -> Result<Step<'_>, Problem> {
    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<KickBody>>(call.body()?)?;
    let project = minter.ready.projects.agora(body.project.as_deref())?;
    let ban = body.ban()?;
    minter.allow_agora_call(AgoraCall::Kick, Some(&project.name), Some(&ban))?;
    let (ready, app_id) = (minter.ready, &project.project.app_id);
    let customer = ready.rest.customer.as_ref().ok_or(Problem::NoCustomer)?;
    let done = move |rule_id: u64, ban: &Ban| {
        let mut answer = json!({
            "rule_id": rule_id,
            "project": project.name,
            "app_id": app_id.as_str(),
            "seconds": ban.seconds,
            "privileges": ban.privileges,
        });
        // What a rule does not name is left out.
        let named = [
            ("channel", ban.channel.as_deref().map(Value::from)),
            ("uid", ban.uid.map(Value::from)),
            ("ip", ban.ip.as_deref().map(Value::from)),
        ];
        for (name, value) in named.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            if let Some(members) = answer.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        }
        Step::Done(answer::json(StatusCode::OK, JSON, &answer))
    };
    let request = kick::make(&ready.rest, app_id, &ban, Credentials::basic(customer));
    Ok(Step::send(request, move |answer| {
        let fault = match kick::made(answer) {
            Ok(id) => return done(id, &ban),
            Err(fault) => fault,
        };
        // A rule of 0 seconds is over at once, and in no list.
        if !fault.is_in_doubt() || ban.seconds == 0 {
            return Step::Done(refusal(call, call.provider_failed(fault)));
        }
        // The rule may have been made all the same, and to make it again would be another one.
        let request = kick::list(&ready.rest, app_id, Credentials::basic(customer));
        let until = call.inputs.now.plus(hallpass_token::Seconds(ban.seconds));
        Step::send(request, move |answer| match kick::find(answer, &ban, until) {
            Ok(Some(id)) => done(id, &ban),
            Ok(None) | Err(_) => Step::Done(refusal(call, call.provider_failed(fault))),
        })
    }))
}

impl KickBody {
    fn ban(self) -> Result<Ban, Problem> {
        if let Some(channel) = &self.channel {
            ChannelName::parse(channel).map_err(|error| Problem::field("channel", error))?;
        }
        let uid = self.uid.map(|UidNumber(uid)| uid);
        if uid == Some(0) {
            return Err(Problem::field(
                "uid",
                "must be a number from 1 to 4294967295; leave it out for everybody",
            ));
        }
        let ip = self.ip.map(|ip| ip.to_string());
        if self.channel.is_none() && uid.is_none() && ip.is_none() {
            return Err(Problem::body("says nobody; name a `channel`, a `uid` or an `ip`"));
        }
        let is_doubled =
            |(place, privilege)| self.privileges.iter().skip(place + 1).any(|other| other == privilege);
        if self.privileges.is_empty() || self.privileges.iter().enumerate().any(is_doubled) {
            return Err(Problem::field("privileges", "must name at least one, and each once"));
        }
        let Self { channel, seconds: Seconds(seconds), privileges, .. } = self;
        Ok(Ban { channel, uid, ip, seconds, privileges })
    }
}

const fn an_hour() -> Seconds {
    Seconds(3600)
}

fn to_join() -> Vec<Privilege> {
    vec![Privilege::JoinChannel]
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "0, or a whole number of seconds from 10 to 86400";
        let seconds = WholeNumber { range: 0..=86_400, expected: EXPECTED }.read(deserializer)?;
        if (1..10).contains(&seconds) {
            return Err(D::Error::custom(format_args!("expected {EXPECTED}")));
        }
        Ok(Self(seconds))
    }
}
