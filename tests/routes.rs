//! Tests that send requests to every route in `/openapi.json`. Without `auth` in the configuration, no caller gets a
//! token. With `auth`, callers without credentials get no token.

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::provider::{Agora, Provider, Videosdk, agora};
use hallpass_tests::target::{EventKind, Lambda, Memory, Request, Response, Target, Worker};
use hallpass_tests::{Deployment, tokens_in};
use serde_json::{Map, Value, json};

use crate::scratch;

/// The public routes.
const PUBLIC: [&str; 5] = ["/", "/healthz", "/readyz", "/openapi.json", "/ping"];
/// The route that requires a caller but never issues a token.
const INSPECT: &str = "/v1/inspect";
/// The routes that require a privileged grant or a subject. By default, anonymous callers have neither.
const PRIVILEGED: [&str; 10] = [
    "/chat/app",
    "/v1/uid",
    "/v1/videosdk/rooms",
    "/v1/videosdk/rooms/{id}/validate",
    "/v1/agora/rest-auth",
    "/v1/agora/projects",
    "/v1/agora/rtm/user-events",
    "/v1/agora/kick",
    "/create-meeting",
    "/validate-meeting/{id}",
];
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The values of path and query parameters.
const PARAMETERS: [(&str, &str); 16] = [
    ("account", "alice"),
    ("channel", "demo"),
    ("channelName", "demo"),
    ("chatid", "alice"),
    ("expiredTs", "0"),
    ("expiry", "600"),
    ("form", "agora-token"),
    ("id", ROOM),
    ("peerId", "alice"),
    ("role", "publisher"),
    ("roomId", ROOM),
    ("rtmuid", "alice"),
    ("subject", "alice"),
    ("tokentype", "uid"),
    ("uid", "1234"),
    ("version", "007"),
];
const ROOM: &str = "abcd-efgh-ijkl";
const KEY: &str = "hp_test_3sVn8Kq1Zr6Lx0Ty5Wd2Jc9Bf4Mh7Pg";

/// A request and its response.
struct Exchange {
    /// The path in `/openapi.json`.
    path: String,
    request: Request,
    response: Response,
    /// True if `/openapi.json` describes this method for the path.
    is_described: bool,
}

#[test]
fn in_memory() -> anyhow::Result<()> {
    walk(|deployment| Ok(Memory::start(deployment)))
}

#[test]
#[ignore = "needs the built Lambda function; cargo xtask test runs it"]
fn on_lambda() -> anyhow::Result<()> {
    let folder = scratch("routes-lambda")?;
    walk(|deployment| Lambda::start(EventKind::HttpApi, deployment, &folder))
}

#[test]
#[ignore = "needs the built Worker; cargo xtask test runs it"]
fn on_worker() -> anyhow::Result<()> {
    let folder = scratch("routes-worker")?;
    walk(|deployment| Worker::start(deployment, &folder))
}

#[expect(clippy::print_stdout, reason = "reports the number of requests")]
fn walk<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
    videosdk.with(|videosdk| videosdk.add_room(Some(ROOM), Memory::START));
    let customer =
        json!({ "customer_id": "CUSTOMER_ID", "customer_secret": "CUSTOMER_SECRET", "url": agora.url() });
    let start = |name: &str, auth: Value| {
        let rest = json!({ "agora": customer, "videosdk": { "url": videosdk.url() } });
        let mut deployment = Deployment::configured(
            name,
            json!({ "auth": auth, "rest": rest, "compat": { "version": "006" } }).to_string(),
        );
        let secrets = [
            ("HALLPASS_KEY", KEY),
            ("CUSTOMER_ID", agora::CUSTOMER_ID),
            ("CUSTOMER_SECRET", agora::CUSTOMER_SECRET),
        ];
        deployment.variables.extend(secrets.map(|(name, value)| (name.to_owned(), value.to_owned())));
        start(deployment)
    };
    // An open deployment must accept every request. This shows that the requests are valid.
    let mut open = start("open", json!({ "open": { "wildcard": true } }))?;
    agora.follow_clock(&open);
    videosdk.follow_clock(&open);
    let mut tokens = 0;
    for exchange in exchanges(&mut open)?.iter().filter(|exchange| exchange.is_described) {
        let is_privileged = PRIVILEGED.contains(&exchange.path.as_str());
        exchange.ensure(exchange.response.status() == if is_privileged { 403 } else { 200 })?;
        let mints = exchange.needs_caller() && !is_privileged && exchange.path != INSPECT;
        exchange.ensure(mints != exchange.tokens().is_empty())?;
        tokens += exchange.tokens().len();
    }

    let mut closed = start("closed", json!({}))?;
    let closed_exchanges = exchanges(&mut closed)?;
    for exchange in &closed_exchanges {
        let expected = if exchange.needs_caller() || exchange.path == "/readyz" { 503 } else { 200 };
        exchange.ensure_rejected(expected, "auth_not_configured", "No tokens are issued until `auth`")?;
    }
    ensure!(
        !closed.log()?.contains("granted"),
        "a token was issued although authentication is not configured"
    );

    let keys = json!({ "keys": [{ "name": "backend", "secret": "HALLPASS_KEY" }] });
    let mut with_keys = start("keys", keys)?;
    for exchange in exchanges(&mut with_keys)? {
        let expected = if exchange.needs_caller() { 401 } else { 200 };
        exchange.ensure_rejected(expected, "no_credentials", "The request has no credentials")?;
        if exchange.is_described && exchange.needs_caller() {
            let challenge = exchange.response.headers().get("www-authenticate");
            exchange.ensure(challenge.is_some_and(|challenge| challenge == "Bearer"))?;
        }
    }
    ensure!(!with_keys.log()?.contains("granted"), "a token was issued without credentials");
    ensure!(
        agora.requests().is_empty() && videosdk.requests().is_empty(),
        "a provider was called for a caller without credentials"
    );

    let mut found = 0;
    for mut exchange in exchanges(&mut with_keys)?.into_iter().filter(|exchange| exchange.is_described) {
        exchange.request.headers.push(("authorization".to_owned(), format!("Bearer {KEY}")));
        exchange.response = with_keys.send(&exchange.request)?;
        exchange.ensure(exchange.response.status() == 200)?;
        found += exchange.tokens().len();
    }
    let calls = [agora.requests().len(), videosdk.requests().len()];
    ensure!(calls == [3, 5], "expected 3 calls to Agora and 5 to VideoSDK, got {calls:?}");
    ensure!(found > tokens, "callers with a key got {found} tokens, anonymous callers {tokens}");
    println!(
        "{} requests without `auth`; {tokens} tokens in an open deployment, {found} with a service key",
        closed_exchanges.len()
    );
    Ok(())
}

/// Fetches `/openapi.json`, and sends requests with every described and every other method to each path.
fn exchanges(target: &mut impl Target) -> anyhow::Result<Vec<Exchange>> {
    let get = Request { method: "GET".to_owned(), target: "/openapi.json".to_owned(), ..Request::default() };
    let document: Value = serde_json::from_slice(target.send(&get)?.body())?;
    let mut exchanges = Vec::new();
    for (path, operations) in object_at(&document, "/paths")? {
        let operations = operations.as_object().context("a path has operations")?;
        for (method, operation) in operations {
            for request in requests(&document, path, &method.to_uppercase(), operation)? {
                exchanges.push(Exchange::send(target, path, request, true)?);
            }
        }
        let (_, first) = operations.iter().next().context("a path has an operation")?;
        // `/openapi.json` does not describe HEAD, because every public route with GET also supports HEAD.
        for method in METHODS.into_iter().filter(|method| !operations.contains_key(&method.to_lowercase())) {
            let request = requests(&document, path, method, first)?.into_iter().next();
            let request = request.context("an operation has a request")?;
            exchanges.push(Exchange::send(target, path, request, false)?);
        }
    }
    ensure!(exchanges.len() > 100, "the document describes only {} requests", exchanges.len());
    Ok(exchanges)
}

/// Returns the requests for an operation: one request for each example of the body.
fn requests(document: &Value, path: &str, method: &str, operation: &Value) -> anyhow::Result<Vec<Request>> {
    let (mut filled, mut query) = (path.to_owned(), String::new());
    for parameter in operation.pointer("/parameters").and_then(Value::as_array).into_iter().flatten() {
        let parameter = match parameter.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                document.pointer(reference.trim_start_matches('#')).context("an invalid reference")?
            }
            None => parameter,
        };
        let field = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = field("name");
        let value = match name {
            "project" if path.contains("/videosdk/") => Some("videosdk"),
            "project" => Some("default"),
            _ => PARAMETERS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value),
        };
        let value = value.with_context(|| format!("{path}: PARAMETERS has no value for {name}"))?;
        match field("in") {
            "path" => filled = filled.replace(&format!("{{{name}}}"), value),
            "query" => query.push_str(&format!("{}{name}={value}", if query.is_empty() { '?' } else { '&' })),
            other => bail!("{path}: {name} is in {other}"),
        }
    }
    ensure!(!filled.contains('{'), "{path} has a parameter that is not described");
    let examples = operation.pointer("/requestBody/content/application~1json/examples");
    let bodies: Vec<_> = match examples.and_then(Value::as_object) {
        Some(examples) if ["POST", "PUT", "PATCH"].contains(&method) => {
            examples.values().filter_map(|example| example.get("value")).map(Value::to_string).collect()
        }
        _ => vec![String::new()],
    };
    let request = |body: String| Request {
        method: method.to_owned(),
        target: format!("{filled}{query}"),
        body: body.into_bytes(),
        ..Request::default()
    };
    Ok(bodies.into_iter().map(request).collect())
}

fn object_at<'a>(document: &'a Value, pointer: &str) -> anyhow::Result<&'a Map<String, Value>> {
    document.pointer(pointer).and_then(Value::as_object).with_context(|| format!("no object at {pointer}"))
}

impl Exchange {
    fn send(
        target: &mut impl Target,
        path: &str,
        request: Request,
        is_described: bool,
    ) -> anyhow::Result<Self> {
        let response = target.send(&request)?;
        Ok(Self { path: path.to_owned(), request, response, is_described })
    }

    fn needs_caller(&self) -> bool {
        !PUBLIC.contains(&self.path.as_str())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.response.body()).into_owned()
    }

    fn tokens(&self) -> Vec<String> {
        tokens_in(&self.text()).into_iter().map(str::to_owned).collect()
    }

    /// Checks that the response contains no token. If the document describes the request, also checks the status and the error,
    /// in the format of the route's server.
    fn ensure_rejected(&self, status: u16, code: &str, sentence: &str) -> anyhow::Result<()> {
        self.ensure(self.tokens().is_empty())?;
        if !self.is_described {
            return Ok(());
        }
        self.ensure(self.response.status() == status)?;
        if !self.needs_caller() {
            return Ok(());
        }
        let is_native = self.path.starts_with("/v1/") && !self.path.ends_with("/generate");
        let content_type = self.response.headers().get("content-type");
        self.ensure(is_native == content_type.is_some_and(|kind| kind == "application/problem+json"))?;
        let text = self.text();
        self.ensure(text.contains(sentence) && (!is_native || text.contains(&format!("\"code\":\"{code}\""))))
    }

    fn ensure(&self, condition: bool) -> anyhow::Result<()> {
        let Request { method, target, .. } = &self.request;
        ensure!(condition, "{method} {target}: {} {}", self.response.status(), self.text());
        Ok(())
    }
}
