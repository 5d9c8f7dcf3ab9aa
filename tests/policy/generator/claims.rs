//! Claims of callers, and conditions on claims.

use serde_json::{Map, Value, json};

use super::{Fields, Random};

/// The names with which patterns and identities refer to claims.
pub(super) const NAMES: [&str; 6] =
    ["team", "level", "role", "app_metadata.room", "/https:~1~1example.com~1org", "/roles/org.unit/a~1b"];

pub(super) fn user(random: &mut Random) -> Value {
    let mut claims = Fields::new();
    claims.maybe(random, 95, "sub", |random| if random.percent(3) { json!(4711) } else { subject(random) });
    claims.maybe(random, 60, "team", |random| {
        let choices = ["bob", "red", "", "a*", "{sub}", "4711", "0", "007", "4294967296", "Ä"];
        let choice = if random.percent(70) { random.below(2) } else { random.below(choices.len()) };
        json!(choices[choice])
    });
    claims.maybe(random, 50, "role", |random| one_or_list(random, &["host", "guest", "admin"]));
    claims.maybe(random, 50, "level", number);
    claims.maybe(random, 40, "app_metadata", |random| {
        let mut metadata = Fields::new();
        metadata.maybe(random, 80, "role", |random| one_or_list(random, &["host", "guest"]));
        metadata.maybe(random, 80, "room", |random| json!(random.choose(&["lobby", "red"])));
        metadata.maybe(random, 30, "level", |_| json!(7));
        metadata.0.into()
    });
    claims.maybe(random, 10, "app_metadata.role", |_| json!("guest"));
    claims.maybe(random, 30, "https://example.com/org", |random| json!(random.choose(&["red", "blue"])));
    claims.maybe(random, 10, "banned", |random| json!(random.percent(50)));
    claims.maybe(random, 30, "scope", scope);
    claims.maybe(random, 10, "scp", scope);
    claims.maybe(random, 30, "roles", |random| match random.below(4) {
        0 => json!([{ "host": true }, "guest"]),
        1 => json!({ "guest": null }),
        2 => json!([[1, "host"], random.choose(&["host", "guest"])]),
        _ => json!({ "host": { "id": 7 }, "org.unit": { "a/b": "red" } }),
    });
    claims.0.into()
}

/// Returns claims that are strings, as API Gateway passes claims.
pub(super) fn gateway(random: &mut Random) -> Value {
    let mut claims = Fields::new();
    claims.maybe(random, 95, "sub", subject);
    claims.maybe(random, 60, "team", |random| json!(random.choose(&["bob", "red", "4711", ""])));
    claims.maybe(random, 50, "role", |random| json!(random.choose(&["host", "guest", "[host guest]"])));
    claims.maybe(random, 30, "https://example.com/org", |random| json!(random.choose(&["red", "blue"])));
    claims.maybe(random, 10, "banned", |random| json!(random.choose(&["true", "false"])));
    claims.maybe(random, 30, "level", |random| json!(random.choose(&["7", "8", "07", "1000", "7.0"])));
    claims.maybe(random, 30, "scope", |random| {
        json!(random.choose(&[
            "openid",
            "openid video:join",
            "[openid video:join]",
            "[video:join]",
            "openid]"
        ]))
    });
    claims.0.into()
}

/// Returns conditions on one or more claims.
pub(super) fn conditions(random: &mut Random) -> Value {
    let mut conditions = Map::new();
    for _ in 0..1 + usize::from(random.percent(20)) {
        let (name, accepted) = condition(random);
        conditions.insert(name.to_owned(), accepted);
    }
    conditions.into()
}

fn condition(random: &mut Random) -> (&'static str, Value) {
    let has_member = |names: Value| json!({ "has_member": names });
    match random.below(15) {
        9 => (
            "scope",
            one_or_list(random, &["openid", "video:join", "openid video:join", "video:join  openid"]),
        ),
        10 => ("scp", json!(random.choose(&["openid", "video:join"]))),
        11 => (
            "roles",
            [has_member(json!("host")), has_member(json!(["guest", "admin"])), json!("host")]
                [random.below(3)]
            .clone(),
        ),
        12 => ("/roles/0", [has_member(json!("host")), json!(1)][random.below(2)].clone()),
        13 => ("/roles/org.unit/a~1b", json!("red")),
        14 => ("/app_metadata/level", json!([7, "8"])),
        0 | 1 => ("role", one_or_list(random, &["host", "guest", "admin"])),
        2 => ("role", json!(["host", "guest"])),
        3 => ("team", one_or_list(random, &["bob", "red", "blue"])),
        4 => (
            "level",
            [json!(7), json!(["7", 8]), json!([-1, "1000", true]), json!("0")][random.below(4)].clone(),
        ),
        5 => ("app_metadata.role", one_or_list(random, &["host", "guest"])),
        6 => ("app_metadata.level", json!(7)),
        7 => ("https://example.com/org", one_or_list(random, &["red", "blue"])),
        _ => ("banned", [json!(true), json!([false]), json!("true")][random.below(3)].clone()),
    }
}

/// Returns a number, which is not always exact.
fn number(random: &mut Random) -> Value {
    let numbers =
        [json!(7), json!(7), json!(8), json!(0), json!(-1), json!(7.0), json!(1e3), json!(7.5), json!(1e20)];
    let texts = [json!(u32::MAX), json!(u64::MAX), json!(i64::MIN), json!("7"), json!("07"), json!([7, "8"])];
    let index = random.below(numbers.len() + texts.len());
    numbers.iter().chain(&texts).nth(index).unwrap().clone()
}

fn scope(random: &mut Random) -> Value {
    let scopes = [
        json!("openid"),
        json!("openid video:join"),
        json!("video:join"),
        json!(["openid", "video:join"]),
        json!(["openid email", 7, "video:join"]),
        json!([]),
        json!(7),
    ];
    scopes[random.below(scopes.len())].clone()
}

fn subject(random: &mut Random) -> Value {
    let unusual = ["", "*", "a*b", "{sub}", "Alice", "0", "007", "ä", "a b", "user|1"];
    let subject = match random.below(20) {
        0 => unusual[random.below(unusual.len())],
        1 => "4711",
        2..=6 => "bob",
        _ => "alice",
    };
    if random.percent(2) { json!("a".repeat(65)) } else { json!(subject) }
}

fn one_or_list(random: &mut Random, values: &[&str]) -> Value {
    match random.below(20) {
        0..=13 => json!(random.choose(values)),
        14..=18 => json!([random.choose(values), random.choose(values)]),
        _ => json!([random.choose(values)]),
    }
}
