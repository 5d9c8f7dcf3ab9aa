//! The checks of a request that do not depend on rules.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

const PUNCTUATION: &str = " !#$%&()+-:;<=.>?@[]^_{}|~,";

/// The fields of each service.
const FIELDS: [(&str, &[&str]); 10] = [
    ("rtc", &["channel", "uid", "account", "role", "privileges"]),
    ("rtm", &["user", "permissions"]),
    ("chat", &["user", "app"]),
    ("streaming", &["channel", "uid", "account", "privileges"]),
    ("fcdn", &["channel", "uid", "account", "privileges"]),
    ("apaas", &["room", "user", "role", "app"]),
    ("fpa", &[]),
    ("convoai", &[]),
    ("stt", &[]),
    ("videosdk", &["room", "participant", "permissions", "roles", "version"]),
];

/// Returns a request without the fields that are null.
pub(super) fn without_nulls(request: &Value) -> Value {
    let Some(fields) = request.as_object() else { return request.clone() };
    let fields = fields.iter().filter(|(_, value)| !value.is_null());
    fields.map(|(name, value)| (name.clone(), without_nulls(value))).collect::<Map<_, _>>().into()
}

/// Returns the project of a token, by its name.
pub(super) fn project<'a>(document: &'a Value, request: &'a Value) -> Option<(&'a str, &'a Value)> {
    let provider = if request.get("videosdk").is_some() { "videosdk" } else { "agora" };
    let projects = document["projects"].as_object()?;
    let mut of_provider = projects.iter().filter(|(_, settings)| settings["provider"] == provider);
    let (name, settings) = match request["project"].as_str() {
        Some(name) => of_provider.find(|(known, _)| *known == name)?,
        None if provider == "agora" && projects.contains_key("default") => {
            projects.get_key_value("default")?
        }
        None => of_provider.next()?,
    };
    Some((name, settings))
}

/// Returns the fields that make a request invalid under any rules.
pub(super) fn invalid_fields(document: &Value, request: &Value) -> BTreeSet<String> {
    let mut invalid = BTreeSet::new();
    let mut check = |is_valid: bool, field: &str| {
        if !is_valid {
            invalid.insert(field.to_owned());
        }
    };
    check(project(document, request).is_some(), "project");
    check(request.get("ttl").is_none_or(is_seconds), "ttl");
    check(!FIELDS.iter().all(|(name, _)| request.get(name).is_none()), "");
    let is_agora = FIELDS[..9].iter().any(|(name, _)| request.get(name).is_some());
    check(request.get("videosdk").is_none() || !is_agora, "videosdk");
    check(request.get("videosdk").is_none() || request.get("version").is_none(), "version");
    let has_room = request["apaas"].get("room").is_some();
    for name in ["rtm", "chat"] {
        check(!has_room || request.get(name).is_none(), name);
    }
    for (name, fields) in FIELDS {
        let Some(service) = request.get(name).and_then(Value::as_object) else { continue };
        for (field, value) in service {
            check(
                fields.contains(&field.as_str()) && is_field_valid(name, field, value),
                &format!("{name}.{field}"),
            );
        }
        for field in contradictions(name, service) {
            check(false, &format!("{name}.{field}"));
        }
    }
    invalid
}

/// Returns whether the requested format supports the request. The service checks the format after the rules.
pub(super) fn is_supported(request: &Value) -> bool {
    let mut services = FIELDS.iter().map(|(name, _)| *name).filter(|name| request.get(name).is_some());
    let (first, second) = (services.next(), services.next());
    let is_single = matches!(first, Some("rtc" | "rtm")) && second.is_none();
    request["version"] != "006" || (is_single && request["rtm"].get("permissions").is_none())
}

/// Returns whether a string can be the channel or the room of a service.
pub(super) fn is_name(service: &str, name: &str) -> bool {
    match service {
        "videosdk" => is_videosdk_id(name),
        _ => (1..=64).contains(&name.len()) && is_agora(name),
    }
}

/// Returns whether a string can be the user of a service.
pub(super) fn is_user(service: &str, user: &str) -> bool {
    let is_chat = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    match service {
        "chat" => (1..=64).contains(&user.len()) && user.bytes().all(is_chat),
        "videosdk" => is_videosdk_id(user),
        _ => (1..=64).contains(&user.len()) && is_agora(user),
    }
}

/// Returns whether a string consists of Agora's 89 characters.
fn is_agora(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_alphanumeric() || PUNCTUATION.contains(character))
}

/// Returns whether a string can be a room or a participant of VideoSDK.
fn is_videosdk_id(id: &str) -> bool {
    let is_excluded = |character: char| {
        character.is_whitespace() || character.is_control() || ['"', '\\'].contains(&character)
    };
    (1..=256).contains(&id.len()) && !id.contains(is_excluded)
}

fn is_seconds(value: &Value) -> bool {
    value.as_u64().is_some_and(|seconds| (1..=86_400).contains(&seconds))
}

fn is_field_valid(service: &str, field: &str, value: &Value) -> bool {
    let text = value.as_str();
    match field {
        "channel" => text.is_some_and(|name| name == "*" || is_name(service, name)),
        "room" => text.is_some_and(|name| is_name(service, name)),
        "user" | "participant" => text.is_some_and(|user| is_user(service, user)),
        "account" => text.is_some_and(|account| (1..=255).contains(&account.len()) && is_agora(account)),
        "uid" => value.as_u64().is_some_and(|uid| uid <= u64::from(u32::MAX)),
        "app" => value.is_boolean(),
        "role" if service == "apaas" => value.as_u64().is_some_and(|role| role <= 32_767),
        "role" => text.is_some_and(|role| matches!(role, "publisher" | "subscriber")),
        "permissions" if service == "videosdk" => {
            let names = value.as_array().map_or(&[][..], Vec::as_slice);
            let has = |name: &str| names.iter().any(|known| known == name);
            let known = names
                .iter()
                .all(|name| ["allow_join", "allow_mod", "ask_join"].iter().any(|known| name == known));
            !names.is_empty() && known && !(has("ask_join") && names.len() > 1)
        }
        _ => true,
    }
}

/// Returns the fields that contradict other fields, and the missing fields.
fn contradictions(service: &str, fields: &Map<String, Value>) -> Vec<&'static str> {
    let has = |field: &str| fields.contains_key(field);
    let is_app = fields.get("app").is_some_and(|app| *app == true);
    let mut found = Vec::new();
    if has("uid") && has("account") {
        found.extend(["uid", "account"]);
    }
    match service {
        "streaming" | "fcdn"
            if fields.get("privileges").is_none_or(|named| *named == Value::Object(Map::new())) =>
        {
            found.push("privileges");
        }
        "chat" if is_app && has("user") => found.extend(["app", "user"]),
        "apaas" if is_app && (has("user") || has("room") || has("role")) => {
            found.extend(["app", "user", "room", "role"]);
        }
        "apaas" if has("room") != has("role") => found.push("role"),
        "videosdk" if fields.get("version").is_some_and(|version| *version == 1) => {
            found.extend(["room", "participant", "roles"].into_iter().filter(|field| has(field)));
        }
        _ => {}
    }
    found
}
