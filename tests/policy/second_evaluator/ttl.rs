//! TTLs of tokens and of their privileges.

use serde_json::{Map, Value};

const PUBLISHER: [&str; 4] = ["join", "publish_audio", "publish_video", "publish_data"];

/// Returns the requested TTL or the default, capped by the maximum of the configuration.
pub(super) fn requested(document: &Value, request: &Value) -> u64 {
    let ttls = &document["ttl"];
    let maximum = ttls["max"].as_u64().unwrap_or(86_400);
    let default = ttls["default"].as_u64().unwrap_or(3600);
    request["ttl"].as_u64().unwrap_or(default).min(maximum)
}

/// Returns the maximum TTL of a rule for a service.
pub(super) fn maximum(rule: &Value, service: &str) -> u64 {
    let maximums = [&rule["ttl"], &rule[service]["ttl"]];
    maximums.into_iter().filter_map(Value::as_u64).min().unwrap_or(86_400)
}

/// Adds the privileges of a granted service.
pub(super) fn add_privileges(service: &str, requested: &Value, ttl: u64, granted: &mut Map<String, Value>) {
    let privileges = requested["privileges"].as_object().into_iter().flatten();
    let requested: Map<_, _> = privileges
        .map(|(name, requested)| (name.clone(), requested.as_u64().unwrap_or_default().min(ttl).into()))
        .collect();
    let mut privileges = Map::new();
    match service {
        "rtc" => {
            let of_role = if granted["role"] == "publisher" { &PUBLISHER[..] } else { &PUBLISHER[..1] };
            privileges.extend(of_role.iter().map(|name| ((*name).to_owned(), ttl.into())));
        }
        "streaming" | "fcdn" => {}
        _ => return,
    }
    privileges.extend(requested);
    granted.insert("privileges".to_owned(), privileges.into());
}
