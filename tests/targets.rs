//! Tests of the request targets in `events/targets.json`: each target, sent to the service in memory and to the Worker, and
//! the events that AWS sends for the target, sent to the Lambda function.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::target::{EventKind, Lambda, Memory, Request, Response, Target, Worker};
use hallpass_tests::{DeploymentKind, root, tokens_in};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::scratch;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "comment")]
    _comment: String,
    targets: Vec<RequestTarget>,
}

/// A request target, its events, and the expected response.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestTarget {
    id: String,
    #[serde(default, rename = "comment")]
    _comment: String,
    #[serde(default = "compat007")]
    deployment: DeploymentKind,
    #[serde(default = "get")]
    method: String,
    target: String,
    expect: Expected,
    /// The reason why the Worker's response differs, if it differs.
    worker: Option<Difference>,
    http_api: Vec<Event>,
    function_url: Vec<Event>,
}

/// An event that the target can result in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    /// The evidence for the fields.
    source: String,
    /// The fields that the template of the event does not contain. For a Function URL, the test adds the path and the query.
    #[serde(default)]
    event: Map<String, Value>,
    differs: Option<String>,
    expect: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    differs: String,
    expect: Expected,
}

#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: u16,
    /// The code of a problem document.
    code: Option<String>,
    /// A part of the error message.
    message: Option<String>,
    /// The complete body.
    text: Option<String>,
    /// The services of all tokens, each with its channel and user.
    #[serde(default)]
    tokens: Vec<String>,
}

/// A response without the values that differ between requests.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    status: u16,
    content_type: String,
    body: String,
    tokens: Vec<String>,
}

/// The deployments that receive the targets.
const DEPLOYMENTS: [DeploymentKind; 2] = [DeploymentKind::Compat007, DeploymentKind::BasePath];

/// The starts of a source: how a statement about AWS is known.
const SOURCES: [&str; 9] = [
    "captured: https://",
    "documented: https://",
    "documented, no event known: https://",
    "reported: https://",
    "reported once: https://",
    "reported four times: https://",
    "reported, in an emulator of AWS: https://",
    "contrary to the report: ",
    "unknown: ",
];

#[test]
fn in_memory() -> anyhow::Result<()> {
    let targets = load()?;
    for kind in DEPLOYMENTS {
        for (target, summary) in send_in_memory(&targets, kind)? {
            target.expect.check(&summary).with_context(|| target.id.clone())?;
        }
    }
    Ok(())
}

#[test]
fn sources_are_named() -> anyhow::Result<()> {
    let targets = load()?;
    let ids: BTreeSet<_> = targets.iter().map(|target| &target.id).collect();
    ensure!(targets.len() >= 40 && ids.len() == targets.len(), "{} targets", targets.len());
    for target in &targets {
        ensure!(DEPLOYMENTS.contains(&target.deployment), "{} is never sent", target.id);
        ensure!(!target.http_api.is_empty() && !target.function_url.is_empty(), "{} has no event", target.id);
        for event in target.http_api.iter().chain(&target.function_url) {
            let is_named = SOURCES.iter().any(|start| event.source.starts_with(start));
            ensure!(is_named, "{}: {}", target.id, event.source);
            ensure!(event.differs.is_some() == event.expect.is_some(), "{}: {}", target.id, event.source);
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let (targets, folder) = (load()?, scratch("targets-worker")?);
    for kind in DEPLOYMENTS {
        let mut worker = Worker::start(kind, &folder)?;
        for (target, expected) in send_in_memory(&targets, kind)? {
            let summary = Summary::of(&worker.send(&target.request())?)?;
            let difference = target.worker.as_ref().map(|worker| (worker.differs.as_str(), &worker.expect));
            compare(&expected, &summary, difference).with_context(|| target.id.clone())?;
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_http_api() -> anyhow::Result<()> {
    on_lambda(EventKind::HttpApi)
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda_function_url() -> anyhow::Result<()> {
    on_lambda(EventKind::FunctionUrl)
}

#[expect(clippy::print_stdout, reason = "a successful run prints how much it compared")]
fn on_lambda(kind: EventKind) -> anyhow::Result<()> {
    let (targets, folder) = (load()?, scratch("targets-lambda")?);
    let (mut same, mut different) = (0, 0);
    for deployment in DEPLOYMENTS {
        let function = Lambda::start(kind, deployment, &folder)?;
        for (target, expected) in send_in_memory(&targets, deployment)? {
            for event in if kind == EventKind::HttpApi { &target.http_api } else { &target.function_url } {
                let summary =
                    Summary::of(&function.invoke(&event.fill(function.event(&target.request())?)?)?)?;
                let difference = event.differs.as_deref().zip(event.expect.as_ref());
                compare(&expected, &summary, difference).with_context(|| target.id.clone())?;
                *if difference.is_none() { &mut same } else { &mut different } += 1;
            }
        }
    }
    println!("{same} responses equal those in memory, {different} differ for a listed reason");
    Ok(())
}

/// Checks the log and the error for events of other senders. Neither may contain a part of the event.
#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn unsupported_events_on_lambda() -> anyhow::Result<()> {
    const CONTENT: &str = "credential-in-the-event";
    let lambda = Lambda::start(EventKind::HttpApi, DeploymentKind::Open, &scratch("targets-unsupported")?)?;
    let headers = json!({ "authorization": CONTENT });
    let events = [
        (
            "an HTTP API with payload format 1.0",
            json!({ "version": "1.0", "httpMethod": "GET", "path": "/ping", "headers": headers }),
        ),
        (
            "a REST API",
            json!({ "resource": "/{proxy+}", "httpMethod": "GET", "path": "/ping", "headers": headers }),
        ),
        (
            "an Application Load Balancer",
            json!({ "requestContext": { "elb": { "targetGroupArn": CONTENT } }, "httpMethod": "GET", "path": "/ping" }),
        ),
        ("a queue", json!({ "Records": [{ "eventSource": "aws:sqs", "body": CONTENT }] })),
        ("hello-world", json!({ "key1": CONTENT, "key2": "value2" })),
        ("a required field", json!({ "rawPath": 7, "requestContext": { "http": { "method": CONTENT } } })),
        ("Hallpass supports", json!(CONTENT)),
        ("Hallpass supports", json!([CONTENT])),
        ("Hallpass supports", json!(null)),
    ];
    for (sender, event) in &events {
        let error = match lambda.invoke(event) {
            Ok(response) => bail!("{sender}: the function responded with {}", response.status()),
            Err(error) => error.to_string(),
        };
        for part in ["The event is not supported", sender, "PayloadFormatVersion"] {
            ensure!(error.contains(part), "{sender}: {error}");
        }
        ensure!(!error.contains(CONTENT), "{sender}: {error}");
    }
    let (log, start) =
        (lambda.log()?, r#"{"level":"ERROR","event":"unsupported_event","message":"The event"#);
    let lines = log.matches(start).count();
    ensure!(lines == events.len() && !log.contains(CONTENT), "{lines} lines in the log:\n{log}");
    Ok(())
}

fn load() -> anyhow::Result<Vec<RequestTarget>> {
    let file: File = serde_json::from_str(&fs::read_to_string(root().join("tests/events/targets.json"))?)?;
    Ok(file.targets)
}

/// Sends the targets of a deployment to the service in memory.
fn send_in_memory(
    targets: &[RequestTarget],
    kind: DeploymentKind,
) -> anyhow::Result<Vec<(&RequestTarget, Summary)>> {
    let mut memory = Memory::start(kind);
    let targets = targets.iter().filter(|target| target.deployment == kind);
    targets.map(|target| Ok((target, Summary::of(&memory.send(&target.request())?)?))).collect()
}

/// Compares a response with the response in memory. A response with a listed difference must differ as listed.
fn compare(
    expected: &Summary,
    summary: &Summary,
    difference: Option<(&str, &Expected)>,
) -> anyhow::Result<()> {
    match difference {
        None => ensure!(summary == expected, "expected {expected:?}, got {summary:?}"),
        Some((reason, different)) => {
            ensure!(summary != expected, "does not differ, but is listed: {reason}");
            different.check(summary)?;
        }
    }
    Ok(())
}

impl RequestTarget {
    fn request(&self) -> Request {
        Request { method: self.method.clone(), target: self.target.clone(), ..Request::default() }
    }
}

impl Event {
    /// Sets the fields in an event. The names are the names of the event's fields in the top level or in `requestContext`.
    fn fill(&self, mut event: Value) -> anyhow::Result<Value> {
        for (name, value) in &self.event {
            let pointer = match name.as_str() {
                "http.path" => "/requestContext/http/path",
                "stage" => "/requestContext/stage",
                "domainName" => "/requestContext/domainName",
                "rawPath" => "/rawPath",
                "rawQueryString" => "/rawQueryString",
                "routeKey" => "/routeKey",
                "pathParameters" => "/pathParameters",
                _ => bail!("{name} is not a field that this test sets"),
            };
            *event.pointer_mut(pointer).with_context(|| format!("the template has no {pointer}"))? =
                value.clone();
        }
        Ok(event)
    }
}

impl Expected {
    fn check(&self, summary: &Summary) -> anyhow::Result<()> {
        let body: Value = serde_json::from_str(&summary.body).unwrap_or_default();
        let code = body.get("code").and_then(Value::as_str).map(str::to_owned);
        let is_text = self.text.as_ref().is_none_or(|text| *text == summary.body);
        let message = ["detail", "message", "error"].iter().find_map(|name| body.get(name)?.as_str());
        let is_message =
            self.message.as_ref().is_none_or(|part| message.is_some_and(|message| message.contains(part)));
        ensure!(
            self.status == summary.status
                && self.code == code
                && self.tokens == summary.tokens
                && is_text
                && is_message,
            "got {summary:?}"
        );
        Ok(())
    }
}

impl Summary {
    fn of(response: &Response) -> anyhow::Result<Self> {
        let text = String::from_utf8(response.body().clone())?;
        let found: Vec<_> = tokens_in(&text).into_iter().map(str::to_owned).collect();
        let mut body = match serde_json::from_str(&text) {
            Ok(Value::Object(mut fields)) => {
                fields.remove("request_id");
                Value::Object(fields).to_string()
            }
            _ => text,
        };
        let mut tokens = Vec::new();
        for token in found {
            body = body.replace(&token, "TOKEN");
            tokens.extend(services(&token)?);
        }
        let content_type = response.headers().get("content-type").context("no content type")?;
        Ok(Self {
            status: response.status().as_u16(),
            content_type: content_type.to_str()?.to_owned(),
            body,
            tokens,
        })
    }
}

/// Returns the services of a token with their channel and user.
fn services(token: &str) -> anyhow::Result<Vec<String>> {
    let inspect = Request {
        method: "POST".to_owned(),
        target: "/v1/inspect".to_owned(),
        body: json!({ "token": token }).to_string().into_bytes(),
        ..Request::default()
    };
    let (_, report) = Memory::start(DeploymentKind::Compat007).send_for_json(&inspect)?;
    let services = report.get("services").and_then(Value::as_array).context("the token has no services")?;
    let describe = |service: &Value| {
        let fields =
            ["name", "channel", "uid", "account", "user"].iter().filter_map(|name| service.get(name));
        let fields = fields.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        fields.collect::<Vec<_>>().join(" ")
    };
    Ok(services.iter().map(describe).collect())
}

fn get() -> String {
    "GET".to_owned()
}

const fn compat007() -> DeploymentKind {
    DeploymentKind::Compat007
}
