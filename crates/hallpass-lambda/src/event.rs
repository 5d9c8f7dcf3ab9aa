//! Conversion of events of an HTTP API (payload format 2.0) or a Function URL to requests, and of responses to Lambda's
//! format.
//!
//! Only the fields that the service needs are read. The request type of `lambda_http` is not used, because a client can
//! make the conversion to this type fail. An invalid query string or host would cause a panic, and a header that is not
//! ASCII would cause an error.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

mod path;
pub(crate) mod unsupported;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_service::{Body, Headers, MAX_BODY_BYTES, Request, exact_integer};
use http::Method;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use serde::Deserialize;
use serde_json::Value;

/// The event of an HTTP request. Some senders set a field to `null` that other senders omit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    /// The route of the API that matches the request, such as `GET /rtm/{uid}`.
    route_key: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    path_parameters: Option<BTreeMap<String, String>>,
    headers: Option<BTreeMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    /// The host name that the request was sent to.
    domain_name: Option<String>,
    request_id: Option<String>,
    api_id: Option<String>,
    stage: Option<String>,
    http: Http,
    authorizer: Option<Authorizer>,
}

/// An authorizer's information about the caller. A client cannot set this information.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
#[derive(Debug, Deserialize)]
struct Authorizer {
    jwt: Option<Jwt>,
    /// The context that a Lambda authorizer returned.
    lambda: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct Jwt {
    claims: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    /// The decoded path.
    path: Option<String>,
    source_ip: Option<String>,
}

/// The gateway's information about a request. A client cannot set this information.
#[derive(Debug)]
pub(crate) struct GatewayContext {
    /// The caller's IP address.
    pub(crate) source_ip: Option<String>,
    /// The gateway's request ID, which also appears in the gateway's access log.
    pub(crate) request_id: Option<String>,
    /// The names and values of the claims that the gateway has verified, or `None` if no authorizer ran.
    pub(crate) claims: Option<Vec<(String, String)>>,
}

impl Event {
    /// Splits the event into the request and the gateway's information about the request.
    pub(crate) fn into_parts(self) -> (Request, GatewayContext) {
        let path = self.path();
        let is_base64_encoded = self.is_base64_encoded.unwrap_or_default();
        let body = match self.body {
            None => Body::Whole(Vec::new()),
            Some(body) if !is_base64_encoded => Body::from_bytes(body.into_bytes()),
            Some(body) if body.len() > MAX_BODY_BYTES.div_ceil(3) * 4 => Body::TooLarge,
            Some(body) => STANDARD.decode(body).map_or(Body::Broken, Body::from_bytes),
        };
        let mut context = self.request_context;
        let request = Request {
            // The gateway rejects a method that is not a valid HTTP token, so the fallback TRACE is never used. No route
            // has the method TRACE.
            method: Method::from_bytes(context.http.method.as_bytes()).unwrap_or(Method::TRACE),
            path,
            query: self.raw_query_string.unwrap_or_default(),
            headers: headers(self.headers.unwrap_or_default()),
            body,
        };
        let claims = context.authorizer.take().and_then(Authorizer::into_claims);
        let gateway =
            GatewayContext { source_ip: context.http.source_ip, request_id: context.request_id, claims };
        (request, gateway)
    }
}

impl Authorizer {
    fn into_claims(self) -> Option<Vec<(String, String)>> {
        let claims = self.jwt.and_then(|jwt| jwt.claims).or(self.lambda)?;
        Some(claims.into_iter().filter_map(|(name, value)| Some((name, claim_string(value)?))).collect())
    }
}

impl RequestContext {
    /// Returns whether the sender passes the path without decoding it. This is the case for a Function URL, and for the
    /// local emulator of cargo-lambda, which sends no API ID.
    fn keeps_escapes(&self) -> bool {
        let is_function_url = self.domain_name.as_deref().is_some_and(|domain| domain.ends_with(".on.aws"));
        is_function_url || self.api_id.is_none()
    }
}

/// Converts a claim to a string. Returns `None` for `null`, arrays and objects, because their JSON could be confused with
/// a string that a user chose. Also returns `None` for a rounded number, because two users could have this number.
fn claim_string(value: Value) -> Option<String> {
    match value {
        Value::String(string) => Some(string),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => exact_integer(&number),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Converts the headers. Invalid headers are omitted, so that they do not make the request fail.
fn headers(received: BTreeMap<String, String>) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in received {
        headers.push(name.to_ascii_lowercase(), value);
    }
    headers
}

/// Converts a response to Lambda's format. A body that is not UTF-8 is encoded as Base64.
pub(crate) fn from_response(response: http::Response<Vec<u8>>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let (body, is_base64_encoded) = match String::from_utf8(body) {
        Ok(body) => (lambda_http::Body::Text(body), false),
        Err(error) => (lambda_http::Body::Binary(error.into_bytes()), true),
    };
    let mut event = ApiGatewayV2httpResponse::default();
    event.status_code = i64::from(parts.status.as_u16());
    event.headers = parts.headers;
    event.body = Some(body);
    event.is_base64_encoded = is_base64_encoded;
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(change: impl FnOnce(&mut serde_json::Value)) -> Request {
        let mut event = json!({
            "rawPath": "/v1/token",
            "rawQueryString": "",
            "headers": {},
            "requestContext": { "apiId": "a1b2c3d4e5", "stage": "$default", "http": { "method": "POST", "sourceIp": "192.0.2.1" } },
            "body": "{}",
            "isBase64Encoded": false,
        });
        change(&mut event);
        serde_json::from_value::<Event>(event).unwrap().into_parts().0
    }

    fn bytes(body: &Body) -> &[u8] {
        match body {
            Body::Whole(bytes) => bytes,
            Body::TooLarge | Body::Broken => panic!("{body:?}"),
        }
    }

    #[test]
    fn accepts_invalid_queries_and_omits_invalid_headers() {
        let request = request(|event| {
            event["rawQueryString"] = json!("expiry=<1 2>\"");
            event["headers"] = json!({ "host": "a b", "x-é": "1", "x-name": "Zoé", "x-lines": "a\nb", "Accept": "text/html" });
        });
        assert_eq!(request.query, "expiry=<1 2>\"");
        let values = ["host", "x-name", "x-lines", "accept"].map(|name| request.headers.get(name));
        assert_eq!(values, [Some("a b"), Some("Zoé"), None, Some("text/html")]);
    }

    #[test]
    fn treats_null_as_an_omitted_field() {
        let request = request(|event| {
            for name in ["rawQueryString", "pathParameters", "headers", "body", "isBase64Encoded"] {
                event[name] = json!(null);
            }
        });
        assert_eq!((request.query.as_str(), bytes(&request.body)), ("", &b""[..]));
    }

    #[test]
    fn drops_claims_that_have_no_exact_string() {
        let event = r#"{
            "requestContext": {
                "http": { "method": "POST" },
                "authorizer": {
                    "lambda": {
                        "string": "a", "boolean": true, "integer": 7, "negative": -1, "float": 7.0,
                        "largest": 18446744073709551615, "larger": 100000000000000000001, "exponent": 1e17, "half": 0.5,
                        "null": null, "list": ["a"], "object": { "a": "b" }
                    }
                }
            }
        }"#;
        let (_, gateway) = serde_json::from_str::<Event>(event).unwrap().into_parts();
        let claims = gateway.claims.unwrap();
        let claims: Vec<_> = claims.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("boolean", "true"),
            ("float", "7"),
            ("integer", "7"),
            ("largest", "18446744073709551615"),
            ("negative", "-1"),
            ("string", "a"),
        ];
        assert_eq!(claims, expected);
    }

    #[test]
    fn decodes_a_base64_body() {
        let with_body = |body: &str| {
            request(|event| {
                event["body"] = json!(body);
                event["isBase64Encoded"] = json!(true);
            })
        };
        assert_eq!(bytes(&with_body("e30=").body), b"{}");
        assert!(matches!(with_body("%%").body, Body::Broken));
    }

    #[test]
    fn limits_the_decoded_length_of_a_base64_body() {
        let with_length = |len: usize| {
            request(|event| {
                event["body"] = json!(STANDARD.encode(vec![b'x'; len]));
                event["isBase64Encoded"] = json!(true);
            })
        };
        assert_eq!(bytes(&with_length(MAX_BODY_BYTES).body).len(), MAX_BODY_BYTES);
        assert!(matches!(with_length(MAX_BODY_BYTES + 1).body, Body::TooLarge));
    }

    #[test]
    fn encodes_a_binary_response_body_as_base64() {
        let event = serde_json::to_value(from_response(http::Response::new(vec![0xFF, 0xFE]))).unwrap();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("//4="), &json!(true)));
    }
}
