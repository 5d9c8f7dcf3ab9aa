//! The event of an HTTP API (payload 2.0) or a Function URL, and the response to it.
//!
//! Only what the service needs is read. `lambda_http` has types for the whole event, but its way to a request panics
//! on a query string or host that it cannot parse, and fails on a header that is not ASCII; a client can send both.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_service::{Body, Headers, MAX_BODY_BYTES, Request};
use http::Method;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use serde::Deserialize;
use serde_json::Value;

/// One request as Lambda hands it over. Some senders write `null` where others leave a field out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    /// The name that the request was sent to.
    domain_name: Option<String>,
    request_id: Option<String>,
    api_id: Option<String>,
    stage: Option<String>,
    http: Http,
    authorizer: Option<Authorizer>,
}

/// What an authorizer of the API says of the caller. A client cannot write here.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
#[derive(Debug, Deserialize)]
struct Authorizer {
    jwt: Option<Jwt>,
    /// The context that a Lambda authorizer gave.
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
    source_ip: Option<String>,
}

/// Information of the gateway about a request. A client cannot write it.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// The caller's address.
    pub(crate) source_ip: Option<String>,
    /// The gateway's id of the request, which its access log has too.
    pub(crate) request_id: Option<String>,
    /// The claims that the gateway has checked, by name; `None` if no authorizer ran.
    pub(crate) claims: Option<Vec<(String, String)>>,
}

impl Event {
    /// Returns the request, and what the gateway adds to it.
    pub(crate) fn into_parts(self) -> (Request, Gateway) {
        let is_base64_encoded = self.is_base64_encoded.unwrap_or_default();
        let body = match self.body {
            None => Body::Whole(Vec::new()),
            Some(text) if !is_base64_encoded => Body::from_bytes(text.into_bytes()),
            Some(text) if text.len() > MAX_BODY_BYTES.div_ceil(3) * 4 => Body::TooLarge,
            Some(text) => STANDARD.decode(text).map_or(Body::Broken, Body::from_bytes),
        };
        let mut context = self.request_context;
        let request = Request {
            // The gateway lets no method through that is no token; a route for TRACE does not exist.
            method: Method::from_bytes(context.http.method.as_bytes()).unwrap_or(Method::TRACE),
            path: context.encoded_path(self.raw_path.unwrap_or_default()),
            query: self.raw_query_string.unwrap_or_default(),
            headers: headers(self.headers.unwrap_or_default()),
            body,
        };
        let claims = context.authorizer.take().and_then(Authorizer::into_claims);
        (request, Gateway { source_ip: context.http.source_ip, request_id: context.request_id, claims })
    }
}

impl Authorizer {
    fn into_claims(self) -> Option<Vec<(String, String)>> {
        let claims = self.jwt.and_then(|jwt| jwt.claims).or(self.lambda)?;
        Some(claims.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
    }
}

impl RequestContext {
    /// The path as the client sent it, without the stage. A Function URL hands it over like that; an HTTP API decodes
    /// it, which is undone here as far as the service needs it: it must not decode a second time.
    fn encoded_path(&self, path: String) -> String {
        let path = without_stage(path, self.stage.as_deref());
        let domain = self.domain_name.as_deref().unwrap_or_default();
        // The local emulator of cargo-lambda behaves like a Function URL, and knows no API.
        let is_encoded = domain.contains(".lambda-url.") || self.api_id.is_none();
        if is_encoded { path } else { path.replace('%', "%25") }
    }
}

/// A stage with a name stands in front of every path.
fn without_stage(path: String, stage: Option<&str>) -> String {
    let named = stage.filter(|stage| !stage.is_empty() && *stage != "$default");
    let rest = named.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => path,
    }
}

/// A claim as a text; nothing for what says nothing, and for what would look like a text that somebody chose.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Converts the headers. Omits those that HTTP cannot transport, and not the whole request.
fn headers(sent: BTreeMap<String, String>) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in sent {
        headers.push(name.to_ascii_lowercase(), value);
    }
    headers
}

/// The response as Lambda takes it back; a body that is no text goes as Base64.
pub(crate) fn from_response(response: http::Response<Vec<u8>>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let (body, is_base64_encoded) = match String::from_utf8(body) {
        Ok(text) => (lambda_http::Body::Text(text), false),
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
    fn a_named_stage_is_no_part_of_the_path() {
        let path = |path: &str, stage: &str| without_stage(path.to_owned(), Some(stage));
        assert_eq!(path("/prod/ping", "prod"), "/ping");
        assert_eq!(path("/prod", "prod"), "/");
        assert_eq!(path("/production", "prod"), "/production");
        assert_eq!(path("/ping", "$default"), "/ping");
    }

    #[test]
    fn a_query_or_header_that_no_uri_or_header_map_holds_is_no_end() {
        let request = request(|event| {
            event["rawQueryString"] = json!("expiry=<1 2>\"");
            event["headers"] = json!({ "host": "a b", "x-é": "1", "x-name": "Zoé", "x-lines": "a\nb", "Accept": "text/html" });
        });
        assert_eq!(request.query, "expiry=<1 2>\"");
        let values = ["host", "x-name", "x-lines", "accept"].map(|name| request.headers.get(name));
        assert_eq!(values, [Some("a b"), Some("Zoé"), None, Some("text/html")]);
    }

    #[test]
    fn only_an_http_api_has_decoded_the_path() {
        let path = |domain: &str| {
            let request = request(|event| {
                event["rawPath"] = json!("/rtc/a%41/publisher/uid/1");
                event["requestContext"]["domainName"] = json!(domain);
            });
            request.path
        };
        assert_eq!(path("a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"), "/rtc/a%2541/publisher/uid/1");
        assert_eq!(path("tokens.example.com"), "/rtc/a%2541/publisher/uid/1");
        assert_eq!(path("localhost"), "/rtc/a%2541/publisher/uid/1");
        assert_eq!(path("abcdefgh.lambda-url.us-east-1.on.aws"), "/rtc/a%41/publisher/uid/1");
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let request = request(|event| {
            for name in ["rawQueryString", "headers", "body", "isBase64Encoded"] {
                event[name] = json!(null);
            }
        });
        assert_eq!((request.query.as_str(), bytes(&request.body)), ("", &b""[..]));
    }

    #[test]
    fn a_base64_body_is_decoded() {
        let encoded = |body: &str| {
            request(|event| {
                event["body"] = json!(body);
                event["isBase64Encoded"] = json!(true);
            })
        };
        assert_eq!(bytes(&encoded("e30=").body), b"{}");
        assert!(matches!(encoded("%%").body, Body::Broken));
    }

    #[test]
    fn the_limit_is_the_same_for_a_base64_body() {
        let sent = |len: usize| {
            request(|event| {
                event["body"] = json!(STANDARD.encode(vec![b'x'; len]));
                event["isBase64Encoded"] = json!(true);
            })
        };
        assert_eq!(bytes(&sent(MAX_BODY_BYTES).body).len(), MAX_BODY_BYTES);
        assert!(matches!(sent(MAX_BODY_BYTES + 1).body, Body::TooLarge));
    }

    #[test]
    fn a_body_that_is_no_text_goes_out_as_base64() {
        let event = serde_json::to_value(from_response(http::Response::new(vec![0xFF, 0xFE]))).unwrap();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("//4="), &json!(true)));
    }
}
