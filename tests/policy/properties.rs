//! Property tests of the policy. The decisions on random requests under random policies are compared with a second,
//! slow implementation that works on JSON.

use std::cell::Cell;

use hallpass_service::check::dry_run::{CallerSpec, Decision, GrantedService, evaluate};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::accept_all_callers;

/// The subjects of callers, each with its derived uid in the first project. The uids were calculated with Python's
/// hashlib.
const SUBJECTS: [(&str, u32); 4] =
    [("alice", 2_606_419_837), ("bob", 2_709_342_404), ("backend", 2_979_360_875), ("4711", 2_162_450_017)];

/// A random policy, caller and request.
#[derive(Clone, Debug)]
struct Trial {
    policy: Option<Vec<Value>>,
    max_ttl: Option<u32>,
    caller: Caller,
    request: Value,
}

#[derive(Clone, Debug)]
enum Caller {
    User(Value),
    Service,
    Anonymous,
}

#[test]
fn never_grants_more_than_the_rule() {
    let granted = Cell::new(0);
    // Failing inputs are not saved to a seed file. Add a failing input as a separate test.
    let config = Config { cases: 1000, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&trial(), |trial| {
        if let Decision::Granted { ttl, services, .. } = trial.decide() {
            granted.set(granted.get() + 1);
            services.iter().for_each(|service| trial.check(service, ttl));
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    println!("{} of 1000 trials granted", granted.get());
    assert!(granted.get() > 80, "only {} of 1000 trials were granted", granted.get());
}

impl Trial {
    fn decide(&self) -> Decision {
        let mut document = accept_all_callers();
        if let Some(policy) = &self.policy {
            document.insert("policy".into(), policy.clone().into());
        }
        if let Some(max_ttl) = self.max_ttl {
            document.insert("ttl".into(), json!({ "max": max_ttl }));
        }
        let claims = if let Caller::User(claims) = &self.caller { claims.to_string() } else { String::new() };
        let caller = match &self.caller {
            Caller::User(_) => CallerSpec::User(&claims),
            Caller::Service => CallerSpec::Service("backend"),
            Caller::Anonymous => CallerSpec::Anonymous,
        };
        let document = Value::Object(document).to_string();
        match evaluate(&document, caller, &self.request.to_string()) {
            Ok(decision) => decision,
            // A request may lack a field that the rule does not supply. Everything else in a trial is valid.
            Err(error) if error.message.contains("is missing") => denied(),
            Err(error) => panic!("{error}"),
        }
    }

    fn check(&self, GrantedService { name, granted, decided_by }: &GrantedService, ttl: u32) {
        let rules = self.policy.clone().unwrap_or_else(default_policy);
        let position = decided_by.strip_prefix("policy[").and_then(|rest| rest.strip_suffix(']'));
        let rule = match position {
            Some(position) => &rules[position.parse::<usize>().unwrap()],
            None => rules.iter().find(|rule| self.meets(&rule["who"])).expect("a default rule applies"),
        };
        assert_eq!(position.is_some(), self.policy.is_some());
        assert!(self.meets(&rule["who"]) && rule.get(name).is_some(), "{decided_by} does not name {name}");
        let grant = &rule[name];
        self.check_ttl(rule, grant, granted, ttl);
        self.check_place(grant, granted);
        self.check_identity(name, grant, granted);
        check_privileged(grant, granted);
        if grant["role"] == "subscriber" {
            assert_eq!(granted["role"], "subscriber");
        }
    }

    fn check_ttl(&self, rule: &Value, grant: &Value, granted: &Map<String, Value>, ttl: u32) {
        let caps = [&rule["ttl"], &grant["ttl"], &self.request["ttl"], &json!(self.max_ttl)];
        for cap in caps.into_iter().filter_map(Value::as_u64) {
            assert!(u64::from(ttl) <= cap, "{ttl} is above {cap}");
        }
        let ttls = granted.get("privileges").and_then(Value::as_object).into_iter().flatten();
        for (privilege, privilege_ttl) in ttls {
            assert!(privilege_ttl.as_u64().unwrap() <= u64::from(ttl), "{privilege}");
        }
    }

    /// Checks the channel or room against the patterns of the rule.
    fn check_place(&self, grant: &Value, granted: &Map<String, Value>) {
        if let Some("*") = granted.get("channel").and_then(Value::as_str) {
            assert_eq!(grant["every_channel"], true);
            return;
        }
        for place in ["channel", "room"] {
            // VideoSDK tokens of version 1 have no room.
            if let Some(patterns) =
                grant.get(place).filter(|_| granted.get("roles").is_some() || place == "channel")
            {
                let name = granted[place].as_str().unwrap();
                let patterns = patterns.as_array().unwrap().iter().map(|pattern| pattern.as_str().unwrap());
                let mut resolved = patterns.filter_map(|pattern| self.resolve(pattern));
                assert!(resolved.any(|pattern| matches(&pattern, name)), "{name} does not match {grant}");
            }
        }
    }

    fn check_identity(&self, name: &str, grant: &Value, granted: &Map<String, Value>) {
        let is_v1 = name == "videosdk" && !granted.contains_key("roles");
        let is_plain =
            !["uid", "account", "user", "participant"].iter().any(|user| granted.contains_key(*user));
        let identity = grant["identity"].as_str().unwrap_or("self");
        if granted.get("uid") == Some(&json!(0)) {
            assert_eq!(identity, "wildcard");
        }
        let claim = match identity {
            "self" => "sub",
            "claim:team" => "team",
            _ => return,
        };
        if is_v1 || (is_plain && (granted.contains_key("app") || granted.is_empty())) {
            return;
        }
        let own = self.claim(claim).expect("an identity");
        match granted.get("uid") {
            Some(uid) => {
                assert!(SUBJECTS.iter().any(|(subject, derived)| own == *subject && uid == derived), "{uid}")
            }
            None => {
                let users = ["account", "user", "participant"].iter().filter_map(|user| granted.get(*user));
                assert_eq!(users.collect::<Vec<_>>(), [&json!(own)]);
            }
        }
    }

    fn meets(&self, who: &Value) -> bool {
        let kind = match self.caller {
            Caller::User(_) => "user",
            Caller::Service => "service",
            Caller::Anonymous => "anonymous",
        };
        let has_kind = who["kind"].is_null() || who["kind"] == kind;
        let accepted = &who["claims"]["team"];
        let has_team = match &self.caller {
            Caller::User(claims) => claims["team"] == *accepted || claims["team"] == json!([accepted]),
            Caller::Service | Caller::Anonymous => false,
        };
        has_kind && (accepted.is_null() || has_team)
    }

    /// Returns the value of a claim, or `None` if the value cannot identify a user.
    fn claim(&self, name: &str) -> Option<&str> {
        let claim = match &self.caller {
            Caller::User(claims) => claims[name].as_str(),
            Caller::Service if name == "sub" => Some("backend"),
            Caller::Service | Caller::Anonymous => None,
        };
        claim.filter(|claim| !claim.is_empty() && !claim.contains(['*', '{', '}']))
    }

    /// Substitutes claims into a pattern. Braces occur only around claim names in these trials.
    fn resolve(&self, pattern: &str) -> Option<String> {
        let mut pattern = pattern.to_owned();
        for name in ["sub", "team"] {
            let place = format!("{{{name}}}");
            if pattern.contains(&place) {
                pattern = pattern.replace(&place, self.claim(name)?);
            }
        }
        Some(pattern)
    }
}

/// Checks that the rule grants every privileged part explicitly.
fn check_privileged(grant: &Value, granted: &Map<String, Value>) {
    let names = |value: &Value, name: &str| {
        *value == name || value.as_array().is_some_and(|names| names.iter().any(|known| known == name))
    };
    if granted.contains_key("app") {
        assert_eq!(grant["app"], true);
    }
    let Some(permissions) = granted.get("permissions") else { return };
    if names(permissions, "allow_mod") {
        assert!(names(&grant["permissions"], "allow_mod"), "{grant}");
    }
    match granted.get("roles") {
        None => assert_eq!(grant["v1"], true),
        Some(roles) if *roles != json!(["rtc"]) => assert!(names(&grant["roles"], "crawler"), "{grant}"),
        Some(_) => {}
    }
}

/// Returns whether a pattern matches a name. Tries every length of the string that the first `*` matches.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| {
            (0..=rest.len()).any(|from| rest.get(from..).is_some_and(|rest| matches(end, rest)))
        }),
    }
}

/// Returns the default policy as JSON.
fn default_policy() -> Vec<Value> {
    let rule = |who: Value, services: &[&str], grant: Value| {
        let services = services.iter().map(|service| ((*service).to_owned(), grant.clone()));
        let mut rule: Map<_, _> = services.collect();
        rule.insert("who".into(), who);
        Value::Object(rule)
    };
    let everything = json!({
        "identity": "wildcard", "every_channel": true, "app": true, "v1": true,
        "permissions": ["allow_join", "allow_mod", "ask_join"], "roles": ["rtc", "crawler"],
    });
    let all = ["rtc", "rtm", "chat", "streaming", "apaas", "stt", "videosdk"];
    vec![
        rule(json!({ "kind": "service" }), &all, everything),
        rule(json!({ "kind": "anonymous" }), &all, json!({ "identity": "any", "v1": true })),
        rule(json!({ "kind": "user" }), &all[..3], json!({})),
    ]
}

fn denied() -> Decision {
    Decision::Denied { part: "", field: String::new(), reason: String::new(), rules: Vec::new() }
}

fn trial() -> impl Strategy<Value = Trial> {
    let policy = prop_oneof![1 => Just(None), 6 => vec(rule(), 1..4).prop_map(Some)];
    (policy, of(select(&[60_u32, 600, 86_400][..])), caller(), request())
        .prop_map(|(policy, max_ttl, caller, request)| Trial { policy, max_ttl, caller, request })
}

fn caller() -> impl Strategy<Value = Caller> {
    let subject = select(vec![json!("alice"), json!("4711"), json!("*"), json!(""), Value::Null]);
    let team = select(vec![json!("bob"), json!("a*"), json!("{sub}"), json!(["bob"]), Value::Null]);
    let user = (subject, team).prop_map(|(sub, team)| Caller::User(json!({ "sub": sub, "team": team })));
    prop_oneof![6 => user, 1 => Just(Caller::Service), 2 => Just(Caller::Anonymous)]
}

fn rule() -> impl Strategy<Value = Value> {
    let who = select(vec![
        Value::Null,
        Value::Null,
        json!({ "kind": "user" }),
        json!({ "kind": "anonymous" }),
        json!({ "claims": { "team": "bob" } }),
    ]);
    let services = vec((grant(), any::<bool>()), 7);
    (who, ttl(), services).prop_map(|(who, ttl, services)| {
        let mut rule = object(&[("who", who), ("ttl", ttl)]);
        let grant_fields = [
            ("rtc", &["channel", "every_channel", "role"][..]),
            ("rtm", &[]),
            ("chat", &["app"]),
            ("streaming", &["channel", "every_channel"]),
            ("apaas", &["room", "app"]),
            ("stt", &[]),
            ("videosdk", &["room", "permissions", "roles", "v1"]),
        ];
        for ((name, fields), (grant, is_set)) in grant_fields.into_iter().zip(services) {
            let has = |field: &str| {
                field == "ttl" || (name != "stt" && field == "identity") || fields.contains(&field)
            };
            let grant: Map<_, _> = grant.into_iter().filter(|(field, _)| has(field)).collect();
            if is_set || name == "rtc" {
                rule.insert(name.into(), grant.into());
            }
        }
        rule.into()
    })
}

/// Generates every field that a grant can have.
fn grant() -> impl Strategy<Value = Map<String, Value>> {
    let pattern = || select(&["lobby", "room-{sub}", "{team}", "*b*", "b*b", "l*y", "*-{sub}*"][..]);
    let patterns = || of(vec(pattern(), 1..3)).prop_map(|patterns| json!(patterns));
    let flag = || select(vec![Value::Null, json!(false), json!(true)]);
    let identity =
        select(vec![Value::Null, json!("self"), json!("claim:team"), json!("any"), json!("wildcard")]);
    let role = select(vec![Value::Null, json!("publisher"), json!("subscriber")]);
    let permissions = select(vec![Value::Null, json!(["allow_join", "allow_mod"]), json!("ask_join")]);
    let roles = select(vec![Value::Null, json!("crawler"), json!(["rtc", "crawler"])]);
    let limits = (patterns(), patterns(), flag(), identity, role, ttl());
    (limits, flag(), flag(), permissions, roles).prop_map(|(limits, app, v1, permissions, roles)| {
        let (channel, room, every_channel, identity, role, ttl) = limits;
        object(&[
            ("channel", channel),
            ("room", room.clone()),
            ("every_channel", every_channel),
            ("identity", identity),
            ("role", role),
            ("ttl", ttl),
            ("app", app),
            // `v1` grants all rooms, and is invalid with `room`.
            ("v1", if room.is_null() { v1 } else { Value::Null }),
            ("permissions", permissions),
            ("roles", roles),
        ])
    })
}

fn request() -> impl Strategy<Value = Value> {
    let channel = || {
        select(vec![Value::Null, json!("lobby"), json!("room-alice"), json!("bob"), json!("bb"), json!("*")])
    };
    let user = || {
        let uids = SUBJECTS.map(|(_, uid)| (json!(uid), Value::Null));
        let accounts = SUBJECTS.map(|(subject, _)| (Value::Null, json!(subject)));
        let mut users = [uids, accounts].concat();
        users.extend([const { Value::Null }; 4].map(|account| (json!(0), account)));
        users.extend([const { (Value::Null, Value::Null) }; 8]);
        select(users)
    };
    let name = || select(vec![Value::Null, Value::Null, json!("alice"), json!("bob"), json!("4711")]);
    let rtc = (channel(), user(), select(vec![Value::Null, json!("publisher"), json!("subscriber")]))
        .prop_map(|(channel, (uid, account), role)| {
            let fields = [("channel", channel), ("uid", uid), ("account", account), ("role", role.clone())];
            let mut rtc = object(&fields);
            if role == "publisher" {
                rtc.insert("privileges".into(), json!({ "join": 86_400, "publish_audio": 300 }));
            }
            json!({ "rtc": rtc })
        });
    let streaming = (channel(), user()).prop_map(|(channel, (uid, account))| {
        let privileges = ("privileges", json!({ "publish_raw": 86_400 }));
        json!({ "streaming": object(&[("channel", channel), ("uid", uid), ("account", account), privileges]) })
    });
    let rtm = name().prop_map(|user| json!({ "rtm": object(&[("user", user)]), "stt": {} }));
    let chat = prop_oneof![
        name().prop_map(|user| json!({ "chat": object(&[("user", user)]) })),
        Just(json!({ "chat": { "app": true } })),
    ];
    let apaas = prop_oneof![
        name().prop_map(|user| json!({ "apaas": object(&[("user", user)]) })),
        (select(&["lobby", "room-alice", "bob"][..]), name()).prop_map(|(room, user)| {
            json!({ "apaas": object(&[("room", json!(room)), ("role", json!(1)), ("user", user)]) })
        }),
        Just(json!({ "apaas": { "app": true } })),
    ];
    let one = prop_oneof![4 => rtc, 2 => streaming, 2 => rtm, 2 => chat, 1 => apaas, 3 => videosdk(name())];
    (one, ttl()).prop_map(|(mut request, ttl)| {
        if !ttl.is_null() {
            request["ttl"] = ttl;
        }
        request
    })
}

fn videosdk(name: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let permissions =
        || select(vec![Value::Null, json!(["allow_join"]), json!(["allow_mod"]), json!(["ask_join"])]);
    let roles = select(vec![Value::Null, json!([]), json!(["rtc"]), json!(["crawler"])]);
    let room = select(vec![Value::Null, json!("lobby"), json!("room-alice"), json!("bob")]);
    let v2 = (room, name, permissions(), roles).prop_map(|(room, participant, permissions, roles)| {
        let named = [("room", room), ("participant", participant)];
        object(&[&named[..], &[("permissions", permissions), ("roles", roles)]].concat())
    });
    let v1 =
        permissions().prop_map(|permissions| object(&[("version", json!(1)), ("permissions", permissions)]));
    prop_oneof![3 => v2, 1 => v1].prop_map(|videosdk| json!({ "videosdk": videosdk }))
}

fn ttl() -> impl Strategy<Value = Value> {
    of(select(&[30_u32, 300, 7200][..])).prop_map(|ttl| json!(ttl))
}

/// Returns an object of the fields that are not null.
fn object(fields: &[(&str, Value)]) -> Map<String, Value> {
    let fields = fields.iter().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
