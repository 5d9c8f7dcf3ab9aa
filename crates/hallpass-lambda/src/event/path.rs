//! The path of a request, from the fields of its event.
//!
//! A Function URL sends the path as the client sent it. An HTTP API percent-decodes the path and removes everything after a
//! decoded `?`, so several requests have the same `rawPath`. If other fields of the event show such a change, the path
//! from this module makes the service reject the request. `tests/events/targets.json` lists what AWS sends.

use super::Event;

impl Event {
    /// Returns the percent-encoded path without the stage.
    pub(super) fn path(&self) -> String {
        let raw_path = self.raw_path.as_deref().unwrap_or_default();
        let path = without_stage(raw_path, self.request_context.stage.as_deref());
        if self.request_context.keeps_escapes() {
            return path.to_owned();
        }
        let mut path = encode(path);
        for name in self.names_with_slash().map(encode) {
            path = path.replace(&name, &name.replace('/', "%2F"));
        }
        if let Some(removed) = self.removed_part().filter(|_| !raw_path.contains('?')) {
            path.extend(["?", removed]);
        }
        path
    }

    /// Returns the path parameters that match one segment of the API's route but contain a decoded slash.
    fn names_with_slash(&self) -> impl Iterator<Item = &str> {
        let route_key = self.route_key.as_deref().unwrap_or_default();
        let is_segment = move |name: &str| route_key.contains(&format!("{{{name}}}"));
        let parameters = self.path_parameters.iter().flatten();
        parameters.filter_map(move |(name, value)| {
            (value.contains('/') && is_segment(name)).then_some(value.as_str())
        })
    }

    /// Returns the part of the path after a decoded `?`, if a field of the event contains this part.
    fn removed_part(&self) -> Option<&str> {
        let parameters = self.path_parameters.iter().flatten().map(|(_, value)| value);
        let paths = self.request_context.http.path.iter().chain(parameters);
        paths.filter_map(|path| path.split_once('?')).map(|(_, removed)| removed).next()
    }
}

/// Encodes a decoded path for the service. U+FFFD may replace bytes that are not UTF-8, so that different paths are equal in
/// the event. Therefore, U+FFFD is encoded as an invalid byte.
fn encode(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('\u{FFFD}', "%FF")
}

/// Removes the stage from a path. Every path starts with the stage, unless the stage is `$default`.
fn without_stage<'p>(path: &'p str, stage: Option<&str>) -> &'p str {
    let stage = stage.filter(|stage| !stage.is_empty() && *stage != "$default");
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn path(change: impl FnOnce(&mut Value)) -> String {
        let mut event = json!({
            "rawPath": "/rtm/alice",
            "routeKey": "$default",
            "requestContext": {
                "apiId": "a1b2c3d4e5",
                "domainName": "tokens.example.com",
                "http": { "method": "GET", "path": "/rtm/alice" },
                "stage": "$default"
            }
        });
        change(&mut event);
        serde_json::from_value::<Event>(event).unwrap().path()
    }

    #[test]
    fn removes_a_named_stage() {
        for (path, stage, expected) in [
            ("/prod/ping", "prod", "/ping"),
            ("/prod", "prod", "/"),
            ("/production", "prod", "/production"),
            ("/ping", "$default", "/ping"),
        ] {
            assert_eq!(without_stage(path, Some(stage)), expected, "{path}");
        }
    }

    #[test]
    fn encodes_the_path_of_an_http_api_only() {
        let path = |domain: &str| {
            path(|event| {
                event["rawPath"] = json!("/rtm/a%41");
                event["requestContext"]["domainName"] = json!(domain);
            })
        };
        for domain in [
            "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "tokens.example.com",
            "x.lambda-url.example.com",
            "localhost",
        ] {
            assert_eq!(path(domain), "/rtm/a%2541", "{domain}");
        }
        assert_eq!(path("abcdefgh.lambda-url.us-east-1.on.aws"), "/rtm/a%41");
    }

    #[test]
    fn marks_a_path_that_was_cut_at_a_question_mark() {
        let in_path = path(|event| event["requestContext"]["http"]["path"] = json!("/rtm/alice?x/y"));
        assert_eq!(in_path, "/rtm/alice?x/y");
        let in_parameter = path(|event| {
            event["routeKey"] = json!("GET /{proxy+}");
            event["pathParameters"] = json!({ "proxy": "rtm/alice?" });
        });
        assert_eq!(in_parameter, "/rtm/alice?");
        let complete = path(|event| {
            event["rawPath"] = json!("/rtm/alice?x");
            event["requestContext"]["http"]["path"] = json!("/rtm/alice?x");
        });
        assert_eq!(complete, "/rtm/alice%3Fx");
    }

    #[test]
    fn encodes_decoded_slashes_and_replaced_bytes() {
        let with_route = |route_key: &str, parameters: Value| {
            path(|event| {
                event["rawPath"] = json!("/rtc/a%/b/publisher/uid/1");
                event["routeKey"] = json!(route_key);
                event["pathParameters"] = parameters;
            })
        };
        let channel = json!({ "channel": "a%/b", "uid": "1" });
        let encoded = with_route("GET /rtc/{channel}/{role}/{tokentype}/{uid}", channel);
        assert_eq!(encoded, "/rtc/a%25%2Fb/publisher/uid/1");
        let greedy = json!({ "proxy": "a%/b/publisher/uid/1" });
        assert_eq!(with_route("GET /rtc/{proxy+}", greedy), "/rtc/a%25/b/publisher/uid/1");
        assert_eq!(path(|event| event["rawPath"] = json!("/rtm/a\u{FFFD}")), "/rtm/a%FF");
    }
}
