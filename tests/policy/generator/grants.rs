//! Grants of services.

use serde_json::{Value, json};

use super::{Fields, Random, claims, one_or_several};

const PATTERNS: [&str; 13] = [
    "*",
    "lobby",
    "live-*",
    "room-{sub}",
    "room-{sub}",
    "room-{sub}-*",
    "{team}",
    "*b*",
    "l*y",
    "{app_metadata.room}",
    "live-{level}",
    "{/roles/org.unit/a~1b}",
    "{{x}}-{https://example.com/org}",
];

pub(super) fn grant(random: &mut Random, service: &str) -> Value {
    let mut grant = Fields::new();
    grant.maybe(random, 15, "ttl", ttl);
    if !matches!(service, "fpa" | "convoai" | "stt") {
        grant.maybe(random, 55, "identity", identity);
    }
    match service {
        "rtc" => {
            grant.maybe(random, 60, "role", |random| json!(random.choose(&["publisher", "subscriber"])));
            channel(random, &mut grant);
        }
        "streaming" | "fcdn" => channel(random, &mut grant),
        "chat" => grant.maybe(random, 30, "app", |random| json!(random.percent(70))),
        "apaas" => {
            grant.maybe(random, 30, "app", |random| json!(random.percent(70)));
            grant.maybe(random, 50, "room", patterns);
            grant.maybe(random, 50, "role", |random| {
                [json!(1), json!([1, 2]), json!([0])][random.below(3)].clone()
            });
        }
        "videosdk" => videosdk(random, &mut grant),
        _ => {}
    }
    grant.0.into()
}

pub(super) fn ttl(random: &mut Random) -> Value {
    json!([30, 300, 7200, 86_400][random.below(4)])
}

fn channel(random: &mut Random, grant: &mut Fields) {
    grant.maybe(random, 70, "channel", patterns);
    grant.maybe(random, 20, "every_channel", |random| json!(random.percent(70)));
}

fn videosdk(random: &mut Random, grant: &mut Fields) {
    grant.maybe(random, 40, "permissions", |random| {
        one_or_several(random, &["allow_join", "allow_mod", "ask_join"])
    });
    grant.maybe(random, 40, "roles", |random| one_or_several(random, &["rtc", "crawler"]));
    // `v1` grants all rooms, and is invalid together with `room`.
    if random.percent(50) {
        grant.maybe(random, 100, "room", patterns);
    } else {
        grant.maybe(random, 50, "v1", |random| json!(random.percent(70)));
    }
}

fn patterns(random: &mut Random) -> Value {
    one_or_several(random, &PATTERNS)
}

fn identity(random: &mut Random) -> Value {
    match random.below(10) {
        0 => json!("self"),
        1..=4 => json!("any"),
        5 | 6 => json!("wildcard"),
        7 => json!("claim:team"),
        _ => json!(format!("claim:{}", random.choose(&claims::NAMES))),
    }
}
