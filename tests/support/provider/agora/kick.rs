//! Kicking rules.

use hallpass_token::{Seconds, UnixSeconds};
use serde::Deserialize;
use serde_json::{Value, json};

use super::certificate_of;
use crate::provider::StubResponse;
use crate::provider::date::date;

/// The rules of all projects.
#[derive(Default)]
pub(super) struct Rules {
    created: Vec<Rule>,
}

struct Rule {
    app_id: String,
    json: Value,
    expires_at: UnixSeconds,
}

/// The body of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRequest {
    appid: String,
    cname: Option<String>,
    uid: Option<u32>,
    ip: Option<String>,
    /// The duration in minutes.
    time: Option<u32>,
    time_in_seconds: Option<u32>,
    privileges: Vec<String>,
}

const FIRST_ID: usize = 1953;
const DEFAULT_DURATION: Seconds = Seconds(60 * 60);

impl Rules {
    pub(super) fn all(&self) -> Vec<Value> {
        self.created.iter().map(|rule| rule.json.clone()).collect()
    }

    pub(super) fn list(&self, query: &str, now: UnixSeconds) -> Result<StubResponse, u16> {
        let app_id = query.strip_prefix("appid=").ok_or(400_u16)?;
        certificate_of(app_id).ok_or(401_u16)?;
        let active = self.created.iter().filter(|rule| rule.app_id == app_id && rule.expires_at > now);
        let rules: Vec<_> = active.map(|rule| &rule.json).collect();
        Ok(StubResponse::json(200, &json!({ "status": "success", "rules": rules })))
    }

    pub(super) fn create(&mut self, body: &[u8], now: UnixSeconds) -> Result<StubResponse, u16> {
        let request: RuleRequest = serde_json::from_slice(body).map_err(|_| 400_u16)?;
        certificate_of(&request.appid).ok_or(401_u16)?;
        let expires_at = now.saturating_add(request.duration().ok_or(400_u16)?);
        if !request.is_valid() {
            return Err(400);
        }
        let id = FIRST_ID + self.created.len();
        let json = json!({
            "id": id,
            "appid": request.appid,
            "uid": request.uid,
            "opid": 1406,
            "cname": request.cname,
            "ip": request.ip,
            "ts": date(expires_at),
            "createAt": date(now),
            "updateAt": date(now),
            "privileges": request.privileges,
        });
        self.created.push(Rule { app_id: request.appid, json, expires_at });
        Ok(StubResponse::json(200, &json!({ "status": "success", "id": id })))
    }
}

impl RuleRequest {
    /// Returns the duration of the rule. If the rule only kicks the user, the duration is 0. Returns `None` if the
    /// duration is invalid.
    fn duration(&self) -> Option<Seconds> {
        match (self.time, self.time_in_seconds) {
            (None, None) => Some(DEFAULT_DURATION),
            (Some(0), None) | (None, Some(0)) => Some(Seconds(0)),
            (Some(minutes @ 1..=1440), None) => Some(Seconds(minutes * 60)),
            (None, Some(seconds @ 10..=86_430)) => Some(Seconds(seconds)),
            _ => None,
        }
    }

    /// Returns whether the rule has a target, no target is empty, and all privileges are known.
    fn is_valid(&self) -> bool {
        let empty_values = [(&self.cname, ""), (&self.ip, "0"), (&self.ip, "")];
        let has_empty_target = empty_values.into_iter().any(|(value, empty)| value.as_deref() == Some(empty));
        let known = ["join_channel", "publish_audio", "publish_video"];
        let is_known = |name: &String| known.contains(&name.as_str());
        !has_empty_target
            && self.uid != Some(0)
            && (self.cname.is_some() || self.uid.is_some() || self.ip.is_some())
            && !self.privileges.is_empty()
            && self.privileges.iter().all(is_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::agora::{APP_ID, OTHER_APP_ID};

    const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

    /// Returns a body for the first project, with one privilege.
    fn body(mut fields: Value) -> Vec<u8> {
        let body = fields.as_object_mut().unwrap();
        body.entry("appid").or_insert(json!(APP_ID));
        body.entry("privileges").or_insert(json!(["join_channel"]));
        fields.to_string().into_bytes()
    }

    fn listed(rules: &Rules, app_id: &str, now: u32) -> Vec<Value> {
        let response = rules.list(&format!("appid={app_id}"), UnixSeconds(now)).unwrap();
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["status"], "success");
        body["rules"].as_array().unwrap().clone()
    }

    #[test]
    fn lists_rules_until_they_expire() {
        let mut rules = Rules::default();
        let created = rules.create(&body(json!({ "cname": "demo", "uid": 7, "time": 2 })), NOW).unwrap();
        assert_eq!(created, StubResponse::json(200, &json!({ "status": "success", "id": 1953 })));
        let rule = json!({
            "id": 1953, "appid": APP_ID, "uid": 7, "opid": 1406, "cname": "demo", "ip": null,
            "ts": "2023-11-14T22:15:20.000Z", "createAt": "2023-11-14T22:13:20.000Z",
            "updateAt": "2023-11-14T22:13:20.000Z", "privileges": ["join_channel"],
        });
        assert_eq!(listed(&rules, APP_ID, NOW.0 + 119), [rule]);
        assert!(listed(&rules, APP_ID, NOW.0 + 120).is_empty());
        assert!(listed(&rules, OTHER_APP_ID, NOW.0).is_empty());
        assert_eq!(rules.all().len(), 1);
    }

    #[test]
    fn rules_have_the_requested_duration() {
        for (fields, duration) in [
            (json!({}), 3600),
            (json!({ "time": 1 }), 60),
            (json!({ "time": 1440 }), 86_400),
            (json!({ "time_in_seconds": 10 }), 10),
            (json!({ "time_in_seconds": 86_430 }), 86_430),
            (json!({ "time": 0 }), 0),
            (json!({ "time_in_seconds": 0 }), 0),
        ] {
            let mut rules = Rules::default();
            let mut fields = fields;
            fields["ip"] = json!("192.0.2.7");
            rules.create(&body(fields.clone()), NOW).unwrap();
            let is_listed = |at| !listed(&rules, APP_ID, at).is_empty();
            assert_eq!(
                (duration > 0 && is_listed(NOW.0 + duration - 1), is_listed(NOW.0 + duration)),
                (duration > 0, false),
                "{fields}"
            );
        }
    }

    #[test]
    fn rejects_invalid_rules() {
        for (fields, status) in [
            (json!({}), 400),
            (json!({ "cname": "" }), 400),
            (json!({ "uid": 0 }), 400),
            (json!({ "uid": "7" }), 400),
            (json!({ "ip": "0" }), 400),
            (json!({ "ip": "" }), 400),
            (json!({ "uid": 7, "time": 1441 }), 400),
            (json!({ "uid": 7, "time_in_seconds": 9 }), 400),
            (json!({ "uid": 7, "time_in_seconds": 86_431 }), 400),
            (json!({ "uid": 7, "time": 1, "time_in_seconds": 60 }), 400),
            (json!({ "uid": 7, "privileges": [] }), 400),
            (json!({ "uid": 7, "privileges": ["join"] }), 400),
            (json!({ "uid": 7, "channel": "demo" }), 400),
            (json!({ "uid": 7, "appid": "0123" }), 401),
        ] {
            let mut rules = Rules::default();
            assert_eq!(rules.create(&body(fields.clone()), NOW), Err(status), "{fields}");
            assert!(rules.all().is_empty());
        }
        assert_eq!(Rules::default().create(b"not JSON", NOW), Err(400));
        assert_eq!(Rules::default().list("", NOW), Err(400));
        assert_eq!(Rules::default().list("appid=0123", NOW), Err(401));
    }
}
