//! Kicking rules, which remove users from channels and ban them for a period.
//! <https://docs.agora.io/en/video-calling/channel-management-api/endpoint/ban-user-privileges/create-rule>

use std::net::IpAddr;

use hallpass_token::UnixSeconds;
use hallpass_token::agora::{AppId, ChannelName};
use http::Method;

use super::credentials::Credentials;
use crate::providers::agora::NAMES;
use crate::providers::agora::services::read_uid;
use crate::providers::rest;
use crate::providers::upstream::UpstreamError;
use crate::web::json::{Fields, Invalid, Json};
use crate::web::outbound::{OutboundRequest, OutboundResponse, SendError};

/// The time limit for creating a rule, in seconds. Agora requires at least 20 s, because it responds only after every
/// edge server has the rule.
const CREATE_SECONDS: u32 = 20;
const LIST_SECONDS: u32 = 5;
/// The maximum time by which Agora's clock may be behind the service's clock, in seconds.
const CLOCK_SKEW_SECONDS: u32 = 60;

/// A ban of the users who match every condition that is set: `channel`, `uid` and `ip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ban {
    pub(crate) channel: Option<String>,
    pub(crate) uid: Option<u32>,
    pub(crate) ip: Option<String>,
    /// The duration of the ban, in seconds. A ban of 0 s removes users, who may rejoin immediately.
    pub(crate) seconds: u32,
    /// The privileges that banned users lose, from [`PRIVILEGES`].
    privileges: Vec<&'static str>,
}

const PRIVILEGES: [&str; 3] = ["join_channel", "publish_audio", "publish_video"];

/// The fields of a request to `/v1/agora/kick` that define a ban.
pub(crate) const FIELDS: [&str; 5] = ["channel", "uid", "ip", "seconds", "privileges"];

impl Ban {
    /// Reads a request to `/v1/agora/kick`.
    pub(crate) fn read<'j>(fields: Fields<'j>) -> Result<Self, Invalid<'j>> {
        let object = fields.object();
        let channel = fields.read_optional("channel", |value| value.parsed(ChannelName::parse))?;
        let uid = fields.read_optional("uid", read_uid)?;
        if uid == Some(0) {
            let detail = "must be a number from 1 to 4294967295. Omit it to match all users";
            return Err(Invalid::field(object, "uid", detail));
        }
        let ip = |value: &'j Json<'j>| {
            value.string()?.parse::<IpAddr>().map_err(|error| Invalid::new(value, error.to_string()))
        };
        let ip = fields.read_optional("ip", ip)?;
        let seconds = fields.read("seconds", read_seconds)?.unwrap_or(3600);
        if channel.is_none() && uid.is_none() && ip.is_none() {
            return Err(Invalid::rule(
                object,
                "No target specified. Provide at least one of `channel`, `uid` or `ip`.",
            ));
        }
        let privileges = fields.read("privileges", read_privileges)?;
        let privileges = privileges.unwrap_or_else(|| vec!["join_channel"]);
        let (channel, ip) = (channel.map(|channel| channel.as_str().to_owned()), ip.map(|ip| ip.to_string()));
        Ok(Self { channel, uid, ip, seconds, privileges })
    }

    /// Returns the log field `ban`: the duration and the conditions except the channel, which has a separate log field.
    pub(crate) fn audit(&self) -> Json<'_> {
        Json::object([
            ("uid", self.uid.into()),
            ("ip", self.ip.as_deref().into()),
            ("seconds", self.seconds.into()),
        ])
    }

    /// Returns the fields of the response. Omits conditions that are not set.
    pub(crate) fn to_fields(&self) -> Vec<(&'static str, Json<'_>)> {
        let mut fields =
            vec![("seconds", self.seconds.into()), ("privileges", self.privileges.clone().into())];
        fields.extend(self.conditions("channel"));
        fields
    }

    /// Returns the conditions that are set. `channel_field` is the name of the channel's field, which differs between
    /// Agora and this service.
    fn conditions(&self, channel_field: &'static str) -> impl Iterator<Item = (&'static str, Json<'_>)> {
        let conditions = [
            (channel_field, self.channel.as_deref().into()),
            ("uid", self.uid.into()),
            ("ip", self.ip.as_deref().into()),
        ];
        conditions.into_iter().filter(|(_, value)| !matches!(value, Json::Null))
    }
}

fn read_privileges<'j>(value: &'j Json<'j>) -> Result<Vec<&'static str>, Invalid<'j>> {
    let mut privileges = Vec::new();
    for item in value.items()? {
        let known = |name: &str| PRIVILEGES.into_iter().find(|known| *known == name);
        privileges.push(item.one_of("`join_channel`, `publish_audio` or `publish_video`", known)?);
    }
    let is_duplicate =
        |(position, privilege)| privileges.iter().take(position).any(|other| other == privilege);
    if privileges.is_empty() || privileges.iter().enumerate().any(is_duplicate) {
        return Err(Invalid::rule(value, "must list at least one privilege, without duplicates"));
    }
    Ok(privileges)
}

fn read_seconds<'j>(value: &'j Json<'j>) -> Result<u32, Invalid<'j>> {
    const EXPECTED: &str = "0, or a whole number of seconds from 10 to 86400";
    let seconds = value.whole_number(0..=86_400, EXPECTED)?;
    if (1..10).contains(&seconds) {
        Err(Invalid::new(value, format!("expected {EXPECTED}")))
    } else {
        Ok(seconds)
    }
}

/// Returns a request that creates a kicking rule.
pub(crate) fn create(url: &str, app_id: &AppId, ban: &Ban, credentials: Credentials) -> OutboundRequest {
    let mut rule = vec![("appid", app_id.as_str().into())];
    rule.extend(ban.conditions("cname"));
    let time = if ban.seconds == 0 { "time" } else { "time_in_seconds" };
    rule.push((time, ban.seconds.into()));
    rule.push(("privileges", ban.privileges.clone().into()));
    let body = Json::from(rule).to_vec();
    let request = credentials.request(Method::POST, format!("{url}/dev/v1/kicking-rule"), body);
    OutboundRequest { seconds: CREATE_SECONDS, ..request }
}

/// Returns a request for the kicking rules of a project.
pub(crate) fn list(url: &str, app_id: &AppId, credentials: Credentials) -> OutboundRequest {
    let url = format!("{url}/dev/v1/kicking-rule?appid={}", app_id.as_str());
    OutboundRequest { seconds: LIST_SECONDS, ..credentials.request(Method::GET, url, Vec::new()) }
}

/// Reads the ID of a created rule.
///
/// # Errors
/// Returns [`UpstreamError`] if the call fails. If the [outcome is unknown](UpstreamError::is_outcome_unknown), Agora may
/// have created the rule.
pub(crate) fn read_created(response: Result<OutboundResponse, SendError>) -> Result<u64, UpstreamError> {
    rest::read(NAMES, response, |body| body.get("id")?.as_u64())
}

/// Finds the latest rule that matches a ban and lasts at least until `until`, and returns the rule's ID. Ignores rules
/// for the same ban that end earlier.
pub(crate) fn find_rule(
    response: Result<OutboundResponse, SendError>,
    ban: &Ban,
    until: UnixSeconds,
) -> Result<Option<u64>, UpstreamError> {
    let until = date(UnixSeconds(until.0.saturating_sub(CLOCK_SKEW_SECONDS)));
    // The list may contain rules from other sources, such as Agora Console. Rules with an unexpected form do not match.
    let is_same = |rule: &&Json<'_>| {
        let text = |name| rule.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let uid = rule.get("uid").and_then(Json::as_u64).filter(|uid| *uid != 0);
        let names = rule.get("privileges").map(Json::as_array).unwrap_or_default();
        let is_named = |privilege: &&str| names.iter().any(|name| name.as_str() == Some(privilege));
        // If a condition is not set, Agora omits the field, or sends `null` or an empty string.
        text("cname") == ban.channel.as_deref()
            && uid == ban.uid.map(u64::from)
            && text("ip") == ban.ip.as_deref()
            && text("ts").is_some_and(|ends| ends >= until.as_str())
            && names.len() == ban.privileges.len()
            && ban.privileges.iter().all(is_named)
    };
    rest::read(NAMES, response, |body| {
        let Json::Object(_) = body else { return None };
        let rules = body.get("rules").map(Json::as_array).unwrap_or_default();
        Some(rules.iter().filter(is_same).filter_map(|rule| rule.get("id")?.as_u64()).max())
    })
}

/// Formats a time in UTC as Agora does, such as `2023-11-14T22:13:20`. The strings sort in chronological order.
fn date(UnixSeconds(time): UnixSeconds) -> String {
    // Years begin in March, and 400-year eras begin in the year 0:
    // <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
    let days = time / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u32::from(month < 3);
    let (hour, minute, second) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_latest_rule_for_the_same_ban() {
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
            // These rules end earlier or have no known end.
            rule(7, "2023-11-14T22:12:19.000Z", of_7),
            rule(8, "", of_7),
            format!(r#"{{"id":9,{of_7}}}"#),
            // This rule ends within the allowed clock skew.
            rule(10, "2023-11-14T22:12:20.000Z", r#""cname":"b","uid":7,"privileges":["join_channel"]"#),
        ];
        let body = format!(r#"{{"status":"success","rules":[{}]}}"#, rules.join(","));
        let response = || {
            Ok(OutboundResponse {
                status: 200,
                body: body.as_bytes().to_vec().into(),
                ..OutboundResponse::default()
            })
        };
        let ban = |channel: &str, uid, privileges: &[&'static str]| Ban {
            channel: Some(channel.to_owned()).filter(|channel| !channel.is_empty()),
            uid,
            ip: None,
            seconds: 60,
            privileges: privileges.to_vec(),
        };
        let (join, audio) = ("join_channel", "publish_audio");
        for (ban, id) in [
            (ban("a", Some(7), &[join]), Some(3)),
            (ban("a", Some(7), &[join, audio]), Some(5)),
            (ban("", Some(7), &[join]), Some(6)),
            (ban("b", Some(7), &[join]), Some(10)),
            (ban("c", Some(7), &[join]), None),
            (ban("a", None, &[join]), None),
        ] {
            assert_eq!(find_rule(response(), &ban, UNTIL).unwrap(), id, "{ban:?}");
        }
    }

    #[test]
    fn formats_dates() {
        for (time, expected) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_700_000_000, "2023-11-14T22:13:20"),
            (1_709_164_800, "2024-02-29T00:00:00"),
            (1_735_689_599, "2024-12-31T23:59:59"),
            (1_735_689_600, "2025-01-01T00:00:00"),
            (u32::MAX, "2106-02-07T06:28:15"),
        ] {
            assert_eq!(date(UnixSeconds(time)), expected);
        }
    }
}
