//! Token requests. A small part of the requests is invalid.

use serde_json::{Map, Value, json};

use super::{Caller, Fields, Random};
use crate::policy::second_evaluator::derived_uid;

pub(super) fn request(random: &mut Random, caller: &Caller, document: &Value) -> Value {
    let mut request = Fields::new();
    request.maybe(random, 40, "ttl", |random| json!([1, 30, 300, 5000, 86_400][random.below(5)]));
    if random.percent(20) {
        request.maybe(random, 100, "videosdk", |random| videosdk(random, caller));
        request.maybe(random, 20, "project", |_| json!("meet"));
    } else {
        request.maybe(random, 20, "project", |random| json!(random.choose(&["default", "second"])));
        let project = request.0.get("project").and_then(Value::as_str).unwrap_or("default");
        let app_id = document["projects"][project]["app_id"].as_str().unwrap().to_owned();
        agora(random, caller, &app_id, &mut request);
    }
    if random.percent(3) {
        invalidate(random, &mut request.0);
    }
    request.0.into()
}

fn agora(random: &mut Random, caller: &Caller, app_id: &str, request: &mut Fields) {
    let first = random.choose(&[
        "rtc",
        "rtc",
        "rtc",
        "rtc",
        "rtm",
        "rtm",
        "chat",
        "streaming",
        "fcdn",
        "apaas",
        "stt",
    ]);
    let is_006 = matches!(first, "rtc" | "rtm") && random.percent(15);
    if is_006 {
        request.maybe(random, 100, "version", |_| json!("006"));
    } else {
        request.maybe(random, 10, "version", |_| json!("007"));
    }
    let mut services = vec![first];
    while !is_006 && services.len() < 4 && random.percent(30) {
        services.push(random.choose(&["rtc", "rtm", "chat", "streaming", "fcdn", "fpa", "convoai", "stt"]));
    }
    for service in services {
        request.maybe(random, 100, service, |random| agora_service(random, caller, app_id, service, is_006));
    }
    let has_room = request.0.get("apaas").is_some_and(|apaas| apaas.get("room").is_some());
    request.0.retain(|service, _| !(has_room && matches!(service.as_str(), "rtm" | "chat")));
}

fn agora_service(random: &mut Random, caller: &Caller, app_id: &str, service: &str, is_006: bool) -> Value {
    let mut fields = Fields::new();
    match service {
        "rtc" => {
            channel(random, caller, app_id, &mut fields);
            fields.maybe(random, 60, "role", |random| json!(random.choose(&["publisher", "subscriber"])));
            let is_publisher = fields.0.get("role").is_some_and(|role| role == "publisher");
            if is_publisher || random.percent(50) {
                fields.maybe(random, 20, "privileges", |random| {
                    let publish = if is_publisher || random.percent(30) { 50 } else { 0 };
                    privileges(random, &[("join", 50), ("publish_audio", publish), ("publish_data", publish)])
                });
            }
        }
        "streaming" | "fcdn" => {
            channel(random, caller, app_id, &mut fields);
            let names =
                if service == "fcdn" { ["publish", "play"] } else { ["publish_mixed", "publish_raw"] };
            fields.maybe(random, 100, "privileges", |random| {
                privileges(random, &[(names[0], 100), (names[1], 50)])
            });
        }
        "rtm" => {
            fields.maybe(random, 50, "user", |random| user(random, caller));
            if !is_006 {
                let permissions = json!({ "message_channels": { "read": ["a"], "write": ["b", "c"] } });
                fields.maybe(random, 10, "permissions", |_| permissions);
            }
        }
        "chat" if random.percent(25) => fields.maybe(random, 100, "app", |_| json!(true)),
        "chat" => {
            fields.maybe(random, 50, "user", |random| user(random, caller));
            fields.maybe(random, 10, "app", |_| json!(false));
        }
        "apaas" if random.percent(20) => fields.maybe(random, 100, "app", |_| json!(true)),
        "apaas" => {
            fields.maybe(random, 50, "user", |random| user(random, caller));
            if random.percent(60) {
                fields.maybe(random, 100, "room", |random| json!(name(random, caller)));
                fields.maybe(random, 100, "role", |random| json!(random.below(4)));
            }
        }
        _ => {}
    }
    fields.0.into()
}

fn channel(random: &mut Random, caller: &Caller, app_id: &str, fields: &mut Fields) {
    fields.maybe(random, 75, "channel", |random| {
        if random.percent(10) { json!("*") } else { json!(name(random, caller)) }
    });
    match random.below(10) {
        0 => fields.maybe(random, 100, "uid", |_| json!(0)),
        1 => fields.maybe(random, 100, "uid", |random| json!([7, 4711, 7, u32::MAX][random.below(4)])),
        2..=4 => {
            fields.maybe(random, 100, "uid", |random| json!(derived_uid(app_id, &user_text(random, caller))))
        }
        5 | 6 => fields.maybe(random, 100, "account", |random| user(random, caller)),
        _ => {}
    }
    fields.maybe(random, 2, "account", |_| Value::Null);
}

fn privileges(random: &mut Random, names: &[(&str, usize)]) -> Value {
    let mut privileges = Fields::new();
    for (name, percentage) in names {
        privileges.maybe(random, *percentage, name, |random| json!([20, 300, 86_400][random.below(3)]));
    }
    privileges.0.into()
}

fn videosdk(random: &mut Random, caller: &Caller) -> Value {
    let mut fields = Fields::new();
    fields.maybe(random, 50, "permissions", |random| {
        let permissions = ["allow_join", "allow_join", "allow_mod", "ask_join"];
        let choice = random.below(5);
        permissions.get(choice).map_or(json!(["allow_join", "allow_mod"]), |only| json!([only]))
    });
    if random.percent(20) {
        fields.maybe(random, 100, "version", |_| json!(1));
        return fields.0.into();
    }
    fields.maybe(random, 10, "version", |_| json!(2));
    fields.maybe(random, 50, "room", |random| json!(name(random, caller)));
    fields.maybe(random, 50, "participant", |random| user(random, caller));
    fields.maybe(random, 40, "roles", |random| {
        [json!([]), json!(["rtc"]), json!(["rtc"]), json!(["crawler"]), json!(["rtc", "crawler"])]
            [random.below(5)]
        .clone()
    });
    fields.0.into()
}

/// Returns the name of a channel or room.
fn name(random: &mut Random, caller: &Caller) -> String {
    let subject = subject(caller);
    match random.below(12) {
        0..=2 => format!("room-{subject}"),
        3 => format!("room-{subject}-1"),
        4 | 5 => "lobby".to_owned(),
        6 | 7 => "live-7".to_owned(),
        8 => "bob".to_owned(),
        9 => "red".to_owned(),
        10 => "{x}-red".to_owned(),
        _ => "lay".to_owned(),
    }
}

fn user(random: &mut Random, caller: &Caller) -> Value {
    json!(user_text(random, caller))
}

fn user_text(random: &mut Random, caller: &Caller) -> String {
    match random.below(10) {
        0..=5 => subject(caller).to_owned(),
        6 => random.choose(&["4711", "0", "007", "4294967296"]).to_owned(),
        7 => "red".to_owned(),
        _ => "bob".to_owned(),
    }
}

/// Returns the caller's subject, or a different name if the subject is not a valid name.
fn subject(caller: &Caller) -> &str {
    let subject = match caller {
        Caller::User(claims) | Caller::Gateway(claims) => claims["sub"].as_str(),
        Caller::Service(name) => Some(name.as_str()),
        Caller::Anonymous => None,
    };
    let is_valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    subject
        .filter(|subject| (1..=64).contains(&subject.len()) && subject.bytes().all(is_valid))
        .unwrap_or("alice")
}

/// Makes a request invalid in one part.
fn invalidate(random: &mut Random, request: &mut Map<String, Value>) {
    let service =
        request.keys().find(|field| !matches!(field.as_str(), "ttl" | "project" | "version")).cloned();
    let service = service.unwrap_or_default();
    match random.below(9) {
        0 => request.insert("ttl".to_owned(), json!([0, 86_401, 1_795_245_067][random.below(3)])),
        1 => request.insert("project".to_owned(), json!(random.choose(&["other", "meet", "default"]))),
        2 => request.insert("stt".to_owned(), json!({})),
        3 => request.insert("version".to_owned(), json!("006")),
        4 => request.remove(&service),
        5 => request.insert("streaming".to_owned(), json!({ "channel": "lobby" })),
        6 => request.insert("rtc".to_owned(), json!({ "channel": "lobby", "uid": 1, "account": "a" })),
        7 => {
            let channel = [json!(""), json!("ä"), json!("a".repeat(65)), json!(7)][random.below(4)].clone();
            request.insert("rtc".to_owned(), json!({ "channel": channel }))
        }
        _ => {
            let uid = [json!(-1), json!(4_294_967_296_u64), json!("7"), json!(1.5)][random.below(4)].clone();
            request.insert("rtc".to_owned(), json!({ "channel": "lobby", "uid": uid }))
        }
    };
}
