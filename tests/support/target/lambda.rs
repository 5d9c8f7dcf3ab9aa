//! The Lambda function in AWS's Runtime Interface Emulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_lambda::TimeLimitFactor;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Request, Response, Target};
use crate::deployment::{Deployment, TimeLimits};
use crate::http_client::Client;
use crate::process::{Child, ReservedAddress, path_from, read_log};

/// The Lambda function of a deployment.
pub struct Lambda {
    client: Client,
    url: String,
    event: Value,
    kind: EventKind,
    name: String,
    log: PathBuf,
    sent: usize,
    _reserved: [ReservedAddress; 2],
    _emulator: Child,
}

/// The source of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An HTTP API of API Gateway, with the payload format 2.0.
    HttpApi,
    /// A Function URL.
    FunctionUrl,
    /// The HTTP API of `sam local start-api`.
    SamLocal,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LambdaResponse {
    status_code: u16,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl EventKind {
    const fn template(self) -> &'static str {
        match self {
            Self::HttpApi => include_str!("../../events/http-api.json"),
            Self::FunctionUrl => include_str!("../../events/function-url.json"),
            Self::SamLocal => include_str!("../../events/sam-local.json"),
        }
    }

    /// Returns the path in the event. A Function URL does not decode the path. An HTTP API decodes the path, and removes
    /// everything after a decoded `?`. The behavior of an HTTP API for a path that is not UTF-8 is unknown; this function
    /// assumes U+FFFD, as in `sam local`.
    fn raw_path(self, path: &str) -> String {
        let decoded = || percent_decode_str(path).decode_utf8_lossy().into_owned();
        match self {
            Self::HttpApi => decoded().split('?').next().unwrap_or_default().to_owned(),
            Self::SamLocal => decoded(),
            Self::FunctionUrl => path.to_owned(),
        }
    }

    /// Returns whether the event identifies the path. An HTTP API sends the same event for different paths with encoded
    /// slashes, encoded question marks, or bytes that are not UTF-8. `events/targets.json` contains such paths.
    fn keeps_path(self, path: &str) -> bool {
        let raw_path = self.raw_path(path);
        let slashes = |path: &str| path.matches('/').count();
        let is_complete = self != Self::HttpApi || !percent_decode_str(path).any(|byte| byte == b'?');
        self == Self::FunctionUrl
            || is_complete && slashes(&raw_path) == slashes(path) && !raw_path.contains('\u{FFFD}')
    }
}

impl Lambda {
    /// Starts the emulator. The emulator starts the function at the first event.
    ///
    /// # Errors
    /// Returns an error if an environment variable is not set, or the emulator does not start.
    pub fn start(kind: EventKind, deployment: impl Into<Deployment>, folder: &Path) -> anyhow::Result<Self> {
        let Deployment { name, variables, time_limits, .. } = deployment.into();
        let log = folder.join(format!("{name}.log"));
        let emulator = path_from("HALLPASS_RIE")?;
        let bootstrap = path_from("HALLPASS_BOOTSTRAP")?;
        let (address, runtime) = (ReservedAddress::new()?, ReservedAddress::new()?);
        let mut command = Command::new(emulator);
        // Without the two options for addresses, the emulator uses its default ports.
        command
            .args(["--log-level", "info", "--runtime-interface-emulator-address", &address])
            .args(["--runtime-api-address", &runtime])
            .arg(bootstrap)
            .env_clear()
            .env("AWS_LAMBDA_FUNCTION_NAME", "hallpass")
            .envs(variables);
        if time_limits == TimeLimits::Extended {
            command.env(TimeLimitFactor::SETTING, TimeLimits::EXTENDED_FACTOR.to_string());
        }
        let emulator = Child::start(command, &[&address, &runtime], &log)?;
        Ok(Self {
            client: Client::new(),
            url: format!("http://{address}/2015-03-31/functions/function/invocations"),
            event: serde_json::from_str(kind.template())?,
            kind,
            name,
            log,
            sent: 0,
            _reserved: [address, runtime],
            _emulator: emulator,
        })
    }

    /// Converts a request to an event.
    ///
    /// # Errors
    /// Returns an error if the template of the event lacks a field.
    pub fn event(&self, request: &Request) -> anyhow::Result<Value> {
        let mut event = self.event.clone();
        let (path, query) = request.path_and_query();
        let (raw_path, decoded) = (self.kind.raw_path(path), EventKind::HttpApi.raw_path(path));
        let mut set = |pointer: &str, value: Value| -> anyhow::Result<()> {
            *event.pointer_mut(pointer).with_context(|| format!("the event has no {pointer}"))? = value;
            Ok(())
        };
        set("/rawPath", raw_path.into())?;
        set("/rawQueryString", query.into())?;
        // Each event has a unique request ID, so that tests detect confused requests. SAM CLI uses the same ID for all
        // events.
        set("/requestContext/requestId", format!("{}-{}", self.name, self.sent).into())?;
        set("/requestContext/http/path", decoded.into())?;
        set("/requestContext/http/method", request.method.as_str().into())?;
        let headers =
            event.get_mut("headers").and_then(Value::as_object_mut).context("the event has no headers")?;
        let length = ("content-length".to_owned(), request.body.len().to_string());
        for (name, value) in request.headers.iter().chain([&length]) {
            // The comparison of names ignores letter case, because SAM CLI capitalizes the names.
            headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
            headers.insert(name.clone(), value.as_str().into());
        }
        let context = event.get_mut("requestContext").and_then(Value::as_object_mut);
        let context = context.context("the event has no requestContext")?;
        // The field `authorizer` exists only if the API has an authorizer.
        match &request.gateway_claims {
            None => context.remove("authorizer"),
            Some(claims) => {
                let claims: Map<_, _> =
                    claims.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
                context.insert("authorizer".into(), json!({ "jwt": { "claims": claims, "scopes": null } }))
            }
        };
        let event = event.as_object_mut().context("the event is not an object")?;
        if request.body.is_empty() {
            event.remove("body");
            event.insert("isBase64Encoded".into(), false.into());
        } else {
            event.extend(body(&request.body, self.sent)?);
        }
        Ok(Value::Object(std::mem::take(event)))
    }

    /// Invokes the function with an event, and returns its response.
    ///
    /// # Errors
    /// Returns an error if the function fails.
    pub fn invoke(&self, event: &Value) -> anyhow::Result<Response> {
        let event = http::Request::post(&self.url).body(event.to_string().into_bytes())?;
        let output = self.client.send(event)?.into_body();
        let Ok(function_response) = serde_json::from_slice::<LambdaResponse>(&output) else {
            bail!("the function failed: {}", String::from_utf8_lossy(&output));
        };
        let LambdaResponse { status_code, headers, body, is_base64_encoded } = function_response;
        let mut response = http::Response::builder().status(status_code);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let body = if is_base64_encoded { STANDARD.decode(body)? } else { body.into_bytes() };
        Ok(response.body(body)?)
    }
}

/// Returns the event's fields for a body. The platform encodes binary bodies as Base64; here every second body is encoded.
fn body(bytes: &[u8], sent: usize) -> anyhow::Result<Map<String, Value>> {
    let fields = if sent.is_multiple_of(2) {
        json!({ "body": STANDARD.encode(bytes), "isBase64Encoded": true })
    } else {
        json!({ "body": std::str::from_utf8(bytes)?, "isBase64Encoded": false })
    };
    fields.as_object().cloned().context("the fields are not an object")
}

impl Target for Lambda {
    fn can_receive(&self, request: &Request) -> bool {
        self.kind.keeps_path(request.path_and_query().0)
    }

    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let event = self.event(request)?;
        self.sent += 1;
        self.invoke(&event)
    }

    fn log(&self) -> anyhow::Result<String> {
        read_log(&self.log)
    }
}
