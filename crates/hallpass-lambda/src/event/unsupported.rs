//! Events that are not requests in payload format 2.0.

use serde_json::Value;

/// The next step for all senders.
const FIX: &str = "Hallpass supports events of an HTTP API with payload format 2.0, and of a Function URL. For an HTTP API, set `PayloadFormatVersion: \"2.0\"` in its integration.";

/// Fields that identify a sender, each with the sender. The first field that an event contains decides.
const SENDERS: [(&str, &str); 10] = [
    ("/requestContext/elb", "an Application Load Balancer"),
    ("/requestContext/connectionId", "a WebSocket API"),
    ("/requestContext/serviceNetworkArn", "VPC Lattice"),
    (
        "/requestContext/http",
        "an HTTP API or a Function URL, but a required field is missing or has an invalid type",
    ),
    ("/httpMethod", "a REST API"),
    ("/Records", "a queue, a topic, a stream, or a bucket"),
    ("/detail-type", "EventBridge"),
    ("/methodArn", "a REST API that uses the function as an authorizer"),
    ("/routeArn", "an HTTP API that uses the function as an authorizer"),
    ("/key1", "the template `hello-world` for test events"),
];

/// Returns the error for an event that is not a supported request. The error contains no part of the event, because the
/// event may contain secrets.
pub(crate) fn error(event: &str) -> String {
    let event = serde_json::from_str(event).unwrap_or(Value::Null);
    let sender =
        sender(&event).map_or_else(String::new, |sender| format!(" The sender is probably {sender}."));
    format!("The event is not supported.{sender} {FIX}")
}

fn sender(event: &Value) -> Option<&'static str> {
    let has = |pointer: &str| event.pointer(pointer).is_some_and(|value| !value.is_null());
    if has("/httpMethod") && event.get("version").is_some_and(|version| version == "1.0") {
        return Some("an HTTP API with payload format 1.0");
    }
    SENDERS.iter().find(|(pointer, _)| has(pointer)).map(|(_, sender)| *sender)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_sender() {
        for (event, expected) in [
            (json!({ "version": "1.0", "httpMethod": "GET" }), "an HTTP API with payload format 1.0"),
            (json!({ "httpMethod": "GET", "requestContext": { "elb": {} } }), "an Application Load Balancer"),
            (
                json!({ "resource": "/", "httpMethod": "GET", "requestContext": { "stage": "live" } }),
                "a REST API",
            ),
            (
                json!({ "version": "2.0", "requestContext": { "http": {} } }),
                "an HTTP API or a Function URL, but",
            ),
            (json!({ "Records": [{ "eventSource": "aws:sqs" }] }), "a queue, a topic"),
            (json!({ "key1": "value1", "key2": "value2" }), "the template `hello-world`"),
        ] {
            let error = error(&event.to_string());
            let sender = format!("The event is not supported. The sender is probably {expected}");
            assert!(error.starts_with(&sender) && error.contains("\"2.0\""), "{error}");
        }
        for event in ["\"SECRET\"", r#"{"SECRET":"SECRET"}"#, "[]", "null", ""] {
            assert_eq!(error(event), format!("The event is not supported. {FIX}"), "{event}");
        }
    }
}
