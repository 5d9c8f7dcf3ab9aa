//! Rules about who is kicked.

use hallpass_token::{Seconds, UnixSeconds};
use serde::Deserialize;
use serde_json::{Value, json};

use super::certificate_of;
use crate::provider::StubResponse;
use crate::provider::date::date;

/// The rules of all projects.
#[derive(Default)]
pub(super) struct Rules {
    made: Vec<Rule>,
}

struct Rule {
    app_id: String,
    shown: Value,
    ends_at: UnixSeconds,
}

/// The body of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    appid: String,
    cname: Option<String>,
    uid: Option<u32>,
    ip: Option<String>,
    /// Minutes.
    time: Option<u32>,
    time_in_seconds: Option<u32>,
    privileges: Vec<String>,
}

const FIRST_ID: usize = 1953;
const DEFAULT: Seconds = Seconds(60 * 60);

impl Rules {
    pub(super) fn all(&self) -> Vec<Value> {
        self.made.iter().map(|rule| rule.shown.clone()).collect()
    }

    pub(super) fn list(&self, query: &str, now: UnixSeconds) -> Result<StubResponse, u16> {
        let app_id = query.strip_prefix("appid=").ok_or(400_u16)?;
        certificate_of(app_id).ok_or(401_u16)?;
        let lasting = self.made.iter().filter(|rule| rule.app_id == app_id && rule.ends_at > now);
        let rules: Vec<_> = lasting.map(|rule| &rule.shown).collect();
        Ok(StubResponse::json(200, &json!({ "status": "success", "rules": rules })))
    }

    pub(super) fn make(&mut self, body: &[u8], now: UnixSeconds) -> Result<StubResponse, u16> {
        let asked: Asked = serde_json::from_slice(body).map_err(|_| 400_u16)?;
        certificate_of(&asked.appid).ok_or(401_u16)?;
        let ends_at = now.saturating_add(asked.lasts().ok_or(400_u16)?);
        if !asked.is_allowed() {
            return Err(400);
        }
        let id = FIRST_ID + self.made.len();
        let shown = json!({
            "id": id,
            "appid": asked.appid,
            "uid": asked.uid,
            "opid": 1406,
            "cname": asked.cname,
            "ip": asked.ip,
            "ts": date(ends_at),
            "createAt": date(now),
            "updateAt": date(now),
            "privileges": asked.privileges,
        });
        self.made.push(Rule { app_id: asked.appid, shown, ends_at });
        Ok(StubResponse::json(200, &json!({ "status": "success", "id": id })))
    }
}

impl Asked {
    /// For how long, 0 for a kick without a ban; `None` for a time that cannot be.
    fn lasts(&self) -> Option<Seconds> {
        match (self.time, self.time_in_seconds) {
            (None, None) => Some(DEFAULT),
            (Some(0), None) | (None, Some(0)) => Some(Seconds(0)),
            (Some(minutes @ 1..=1440), None) => Some(Seconds(minutes * 60)),
            (None, Some(seconds @ 10..=86_430)) => Some(Seconds(seconds)),
            _ => None,
        }
    }

    /// Whether it names somebody, no filter is blank, and every privilege is one.
    fn is_allowed(&self) -> bool {
        let texts = [(&self.cname, ""), (&self.ip, "0"), (&self.ip, "")];
        let is_blank = texts.into_iter().any(|(text, blank)| text.as_deref() == Some(blank));
        let known = ["join_channel", "publish_audio", "publish_video"];
        let is_known = |name: &String| known.contains(&name.as_str());
        !is_blank
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

    /// A body for the first project, with one privilege.
    fn body(mut members: Value) -> Vec<u8> {
        let body = members.as_object_mut().unwrap();
        body.entry("appid").or_insert(json!(APP_ID));
        body.entry("privileges").or_insert(json!(["join_channel"]));
        members.to_string().into_bytes()
    }

    fn listed(rules: &Rules, app_id: &str, now: u32) -> Vec<Value> {
        let answer = rules.list(&format!("appid={app_id}"), UnixSeconds(now)).unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["status"], "success");
        body["rules"].as_array().unwrap().clone()
    }

    #[test]
    fn a_rule_is_listed_while_it_lasts() {
        let mut rules = Rules::default();
        let made = rules.make(&body(json!({ "cname": "demo", "uid": 7, "time": 2 })), NOW).unwrap();
        assert_eq!(made, StubResponse::json(200, &json!({ "status": "success", "id": 1953 })));
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
    fn a_rule_lasts_as_long_as_it_says() {
        for (members, lasts) in [
            (json!({}), 3600),
            (json!({ "time": 1 }), 60),
            (json!({ "time": 1440 }), 86_400),
            (json!({ "time_in_seconds": 10 }), 10),
            (json!({ "time_in_seconds": 86_430 }), 86_430),
            (json!({ "time": 0 }), 0),
            (json!({ "time_in_seconds": 0 }), 0),
        ] {
            let mut rules = Rules::default();
            let mut members = members;
            members["ip"] = json!("192.0.2.7");
            rules.make(&body(members.clone()), NOW).unwrap();
            let is_there = |at| !listed(&rules, APP_ID, at).is_empty();
            assert_eq!(
                (lasts > 0 && is_there(NOW.0 + lasts - 1), is_there(NOW.0 + lasts)),
                (lasts > 0, false),
                "{members}"
            );
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (members, status) in [
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
            assert_eq!(rules.make(&body(members.clone()), NOW), Err(status), "{members}");
            assert!(rules.all().is_empty());
        }
        assert_eq!(Rules::default().make(b"no JSON", NOW), Err(400));
        assert_eq!(Rules::default().list("", NOW), Err(400));
        assert_eq!(Rules::default().list("appid=0123", NOW), Err(401));
    }
}
