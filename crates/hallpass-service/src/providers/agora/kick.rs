//! Kicking rules: who is put out of a channel, and may not come back for a while.
//! <https://docs.agora.io/en/video-calling/channel-management-api/endpoint/ban-user-privileges/create-rule>

use hallpass_token::UnixSeconds;
use hallpass_token::agora::AppId;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::date::date;
use super::{AGORA, Credentials, read, request, success};
use crate::outbound::{Incoming, Outgoing, SendError};
use crate::providers::{Fault, Rest};

/// Agora asks for 20 s at least; its rules reach every edge before the answer.
const MAKE_SECONDS: u32 = 20;
const LIST_SECONDS: u32 = 5;
/// By how much Agora's clock may be behind ours.
const CLOCKS_DIFFER_SECONDS: u32 = 60;

/// Whom a rule puts out: all of those that are there must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ban {
    pub(crate) channel: Option<String>,
    pub(crate) uid: Option<u32>,
    pub(crate) ip: Option<String>,
    /// 0 puts out, and lets come back at once.
    pub(crate) seconds: u32,
    pub(crate) privileges: Vec<Privilege>,
}

/// What somebody may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Privilege {
    JoinChannel,
    PublishAudio,
    PublishVideo,
}

impl Privilege {
    const fn name(self) -> &'static str {
        match self {
            Self::JoinChannel => "join_channel",
            Self::PublishAudio => "publish_audio",
            Self::PublishVideo => "publish_video",
        }
    }
}

/// Makes a rule.
pub(crate) fn make(rest: &Rest, app_id: &AppId, ban: &Ban, credentials: Credentials) -> Outgoing {
    #[derive(Serialize)]
    struct Rule<'a> {
        appid: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cname: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        uid: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ip: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        time_in_seconds: Option<u32>,
        privileges: &'a [Privilege],
    }
    let rule = Rule {
        appid: app_id.as_str(),
        cname: ban.channel.as_deref(),
        uid: ban.uid,
        ip: ban.ip.as_deref(),
        time: (ban.seconds == 0).then_some(0),
        time_in_seconds: (ban.seconds > 0).then_some(ban.seconds),
        privileges: &ban.privileges,
    };
    // What is written here has no key that is no string, the one thing that JSON cannot hold.
    let body = serde_json::to_vec(&rule).unwrap_or_default();
    let request = request(Method::POST, format!("{}/dev/v1/kicking-rule", rest.agora_url), credentials, body);
    Outgoing { seconds: MAKE_SECONDS, ..request }
}

/// Asks for the rules of a project.
pub(crate) fn list(rest: &Rest, app_id: &AppId, credentials: Credentials) -> Outgoing {
    let url = format!("{}/dev/v1/kicking-rule?appid={}", rest.agora_url, app_id.as_str());
    Outgoing { seconds: LIST_SECONDS, ..request(Method::GET, url, credentials, Vec::new()) }
}

/// The id of the rule that was made.
///
/// # Errors
/// [`Fault`]; one that is in doubt says nothing of the rule.
pub(crate) fn made(answer: Result<Incoming, SendError>) -> Result<u64, Fault> {
    let answer = success(answer)?;
    let id = read(&answer)?.get("id").and_then(Value::as_u64);
    id.ok_or_else(|| Fault::not_understood(AGORA, &answer))
}

/// The id of the latest rule for the same as this one that lasts until then, if there is any. An earlier rule for the
/// same that ends earlier is not this one.
///
/// # Errors
/// [`Fault`]
pub(crate) fn find(
    answer: Result<Incoming, SendError>,
    ban: &Ban,
    until: UnixSeconds,
) -> Result<Option<u64>, Fault> {
    let answer = read(&success(answer)?)?;
    let rules = answer.get("rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let until = date(UnixSeconds(until.0.saturating_sub(CLOCKS_DIFFER_SECONDS)));
    // Others make rules too, by hand and for what is not known here: one that cannot be read is not this one.
    let is_same = |rule: &&Value| {
        let text = |name: &str| rule.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let uid = rule.get("uid").and_then(Value::as_u64).filter(|uid| *uid != 0);
        let names = rule.get("privileges").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_named = |privilege: &Privilege| names.iter().any(|name| name == privilege.name());
        // What a rule does not name is left out, null or empty.
        text("cname") == ban.channel.as_deref()
            && uid == ban.uid.map(u64::from)
            && text("ip") == ban.ip.as_deref()
            && text("ts").is_some_and(|ends| ends >= until.as_str())
            && names.len() == ban.privileges.len()
            && ban.privileges.iter().all(is_named)
    };
    Ok(rules.iter().filter(is_same).filter_map(|rule| rule.get("id")?.as_u64()).max())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_rule_for_the_same_is_found() {
        const UNTIL: UnixSeconds = UnixSeconds(1_700_000_000);
        let rule =
            |id: u64, ends: &str, rest: &str| format!(r#"{{"id":{id},"appid":"x","ts":"{ends}",{rest}}}"#);
        let (in_time, of_7) =
            ("2023-11-14T22:13:20.000Z", r#""cname":"a","uid":7,"privileges":["join_channel"]"#);
        let rules = [
            rule(1, in_time, r#""cname":"a","uid":7,"ip":null,"privileges":["join_channel"]"#),
            rule(3, in_time, r#""cname":"a","uid":7,"ip":"","privileges":["join_channel"]"#),
            rule(4, in_time, r#""cname":"a","uid":8,"privileges":["join_channel"]"#),
            rule(5, in_time, r#""cname":"a","uid":7,"privileges":["publish_audio","join_channel"]"#),
            rule(6, in_time, r#""cname":"","uid":7,"privileges":["join_channel"]"#),
            // Those end earlier, or nobody knows when.
            rule(7, "2023-11-14T22:12:19.000Z", of_7),
            rule(8, "", of_7),
            format!(r#"{{"id":9,{of_7}}}"#),
            // A clock that is behind.
            rule(10, "2023-11-14T22:12:20.000Z", r#""cname":"b","uid":7,"privileges":["join_channel"]"#),
        ];
        let body = format!(r#"{{"status":"success","rules":[{}]}}"#, rules.join(","));
        let answer =
            || Ok(Incoming { status: 200, body: body.as_bytes().to_vec().into(), ..Incoming::default() });
        let ban = |channel: &str, uid, privileges: &[Privilege]| Ban {
            channel: Some(channel.to_owned()).filter(|channel| !channel.is_empty()),
            uid,
            ip: None,
            seconds: 60,
            privileges: privileges.to_vec(),
        };
        let (join, audio) = (Privilege::JoinChannel, Privilege::PublishAudio);
        for (ban, id) in [
            (ban("a", Some(7), &[join]), Some(3)),
            (ban("a", Some(7), &[join, audio]), Some(5)),
            (ban("", Some(7), &[join]), Some(6)),
            (ban("b", Some(7), &[join]), Some(10)),
            (ban("c", Some(7), &[join]), None),
            (ban("a", None, &[join]), None),
        ] {
            assert_eq!(find(answer(), &ban, UNTIL).unwrap(), id, "{ban:?}");
        }
    }
}
