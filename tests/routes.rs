//! A walk over every route of `/openapi.json`: nothing is minted where nobody said who may call, and nothing for those
//! who bring no credentials.

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::provider::{Agora, Provider, Videosdk, agora};
use hallpass_tests::target::{EventKind, Lambda, Memory, Request, Response, Target, Worker};
use hallpass_tests::{Deployment, tokens_in};
use serde_json::{Map, Value, json};

use crate::scratch;

/// The routes that give nothing away.
const FOR_ANYONE: [&str; 5] = ["/", "/healthz", "/readyz", "/openapi.json", "/ping"];
/// The one route that gives no token to anybody, whatever is configured.
const INSPECT: &str = "/v1/inspect";
/// What only a rule gives; without one it is refused also where everything else is open.
const PRIVILEGED: [&str; 9] = [
    "/chat/app",
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
/// What stands for the parameters of paths and queries.
const PARAMETERS: [(&str, &str); 15] = [
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
    ("tokentype", "uid"),
    ("uid", "1234"),
    ("version", "007"),
];
const ROOM: &str = "abcd-efgh-ijkl";
const KEY: &str = "hp_test_3sVn8Kq1Zr6Lx0Ty5Wd2Jc9Bf4Mh7Pg";

/// One request of the walk, and what came for it.
struct Visit {
    /// As the document has it.
    path: String,
    request: Request,
    response: Response,
    /// The document knows the method of this path.
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

#[expect(clippy::print_stdout, reason = "a green run says how much it walked")]
fn walk<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<()> {
    let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
    videosdk.with(|videosdk| videosdk.add_room(Some(ROOM), Memory::START));
    let customer =
        json!({ "customer_id": "CUSTOMER_ID", "customer_secret": "CUSTOMER_SECRET", "url": agora.url() });
    let start = |name: &str, auth: Value| {
        let rest = json!({ "agora": customer, "videosdk": { "url": videosdk.url() } });
        let mut deployment = Deployment::configured(name, json!({ "auth": auth, "rest": rest }).to_string());
        let secrets = [
            ("HALLPASS_KEY", KEY),
            ("CUSTOMER_ID", agora::CUSTOMER_ID),
            ("CUSTOMER_SECRET", agora::CUSTOMER_SECRET),
        ];
        deployment.variables.extend(secrets.map(|(name, value)| (name.to_owned(), value.to_owned())));
        start(deployment)
    };
    // Where everybody may have tokens the requests are good ones; or the walk would prove nothing.
    let mut open = start("open", json!({ "open": { "wildcard": true } }))?;
    agora.follow_clock(&open);
    videosdk.follow_clock(&open);
    let mut tokens = 0;
    for visit in visits(&mut open)?.iter().filter(|visit| visit.is_described) {
        let is_privileged = PRIVILEGED.contains(&visit.path.as_str());
        visit.ensure(visit.response.status() == if is_privileged { 403 } else { 200 })?;
        let mints = visit.needs_caller() && !is_privileged && visit.path != INSPECT;
        visit.ensure(mints != visit.tokens().is_empty())?;
        tokens += visit.tokens().len();
    }

    let mut closed = start("closed", json!({}))?;
    let visits_closed = visits(&mut closed)?;
    for visit in &visits_closed {
        let expected = if visit.needs_caller() || visit.path == "/readyz" { 503 } else { 200 };
        visit.ensure_refused(expected, "auth_not_configured", "No tokens are issued until `auth`")?;
    }
    ensure!(!closed.log()?.contains("granted"), "a token was granted where no auth is configured");

    let keys = json!({ "keys": [{ "name": "backend", "secret": "HALLPASS_KEY" }] });
    let mut with_keys = start("keys", keys)?;
    for visit in visits(&mut with_keys)? {
        let expected = if visit.needs_caller() { 401 } else { 200 };
        visit.ensure_refused(expected, "no_credentials", "The request has no credentials")?;
        if visit.is_described && visit.needs_caller() {
            let challenge = visit.response.headers().get("www-authenticate");
            visit.ensure(challenge.is_some_and(|challenge| challenge == "Bearer"))?;
        }
    }
    ensure!(!with_keys.log()?.contains("granted"), "a token was granted without credentials");
    ensure!(
        agora.requests().is_empty() && videosdk.requests().is_empty(),
        "a provider was called for somebody without credentials"
    );

    let mut found = 0;
    for mut visit in visits(&mut with_keys)?.into_iter().filter(|visit| visit.is_described) {
        visit.request.headers.push(("authorization".to_owned(), format!("Bearer {KEY}")));
        visit.response = with_keys.send(&visit.request)?;
        visit.ensure(visit.response.status() == 200)?;
        found += visit.tokens().len();
    }
    let calls = [agora.requests().len(), videosdk.requests().len()];
    ensure!(calls == [3, 5], "the calls of a key came to Agora and VideoSDK {calls:?} times");
    ensure!(found > tokens, "a key got {found} tokens, and callers without credentials {tokens}");
    println!(
        "{} requests to a closed service; where it is open, {tokens} tokens, with a key {found}",
        visits_closed.len()
    );
    Ok(())
}

/// Asks for the document, and then for everything that it describes, and by the methods that it does not.
fn visits(target: &mut impl Target) -> anyhow::Result<Vec<Visit>> {
    let get = Request { method: "GET".to_owned(), target: "/openapi.json".to_owned(), ..Request::default() };
    let document: Value = serde_json::from_slice(target.send(&get)?.body())?;
    let mut visits = Vec::new();
    for (path, operations) in members(&document, "/paths")? {
        let operations = operations.as_object().context("a path has operations")?;
        for (method, operation) in operations {
            for request in requests(&document, path, &method.to_uppercase(), operation)? {
                visits.push(Visit::make(target, path, request, true)?);
            }
        }
        let (_, first) = operations.iter().next().context("a path has an operation")?;
        // HEAD goes with GET, and shows nothing.
        for method in METHODS.into_iter().filter(|method| !operations.contains_key(&method.to_lowercase())) {
            let request = requests(&document, path, method, first)?.into_iter().next();
            visits.push(Visit::make(target, path, request.context("an operation has a request")?, false)?);
        }
    }
    ensure!(visits.len() > 100, "the document describes next to nothing");
    Ok(visits)
}

/// The requests for an operation: one for each example of its body.
fn requests(document: &Value, path: &str, method: &str, operation: &Value) -> anyhow::Result<Vec<Request>> {
    let (mut filled, mut query) = (path.to_owned(), String::new());
    for parameter in operation.pointer("/parameters").and_then(Value::as_array).into_iter().flatten() {
        let parameter = match parameter.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                document.pointer(reference.trim_start_matches('#')).context("a dead reference")?
            }
            None => parameter,
        };
        let text = |member: &str| parameter.get(member).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let value = match name {
            "project" if path.contains("/videosdk/") => Some("videosdk"),
            "project" => Some("default"),
            _ => PARAMETERS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value),
        };
        let value = value.with_context(|| format!("{path}: what is a good value of {name}?"))?;
        match text("in") {
            "path" => filled = filled.replace(&format!("{{{name}}}"), value),
            "query" => query.push_str(&format!("{}{name}={value}", if query.is_empty() { '?' } else { '&' })),
            other => bail!("{path}: {name} is in {other}"),
        }
    }
    ensure!(!filled.contains('{'), "{path} has a part that is not described");
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

fn members<'a>(document: &'a Value, pointer: &str) -> anyhow::Result<&'a Map<String, Value>> {
    document.pointer(pointer).and_then(Value::as_object).with_context(|| format!("no object at {pointer}"))
}

impl Visit {
    fn make(
        target: &mut impl Target,
        path: &str,
        request: Request,
        is_described: bool,
    ) -> anyhow::Result<Self> {
        let response = target.send(&request)?;
        Ok(Self { path: path.to_owned(), request, response, is_described })
    }

    fn needs_caller(&self) -> bool {
        !FOR_ANYONE.contains(&self.path.as_str())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.response.body()).into_owned()
    }

    fn tokens(&self) -> Vec<String> {
        tokens_in(&self.text()).into_iter().map(str::to_owned).collect()
    }

    /// No token, and where the document knows the request, this status in the shape of the route's server.
    fn ensure_refused(&self, status: u16, code: &str, sentence: &str) -> anyhow::Result<()> {
        self.ensure(self.tokens().is_empty())?;
        if !self.is_described {
            return Ok(());
        }
        self.ensure(self.response.status() == status)?;
        if !self.needs_caller() {
            return Ok(());
        }
        let is_ours = self.path.starts_with("/v1/");
        let content_type = self.response.headers().get("content-type");
        self.ensure(is_ours == content_type.is_some_and(|kind| kind == "application/problem+json"))?;
        let text = self.text();
        self.ensure(text.contains(sentence) && (!is_ours || text.contains(&format!("\"code\":\"{code}\""))))
    }

    fn ensure(&self, holds: bool) -> anyhow::Result<()> {
        let Request { method, target, .. } = &self.request;
        ensure!(holds, "{method} {target}: {} {}", self.response.status(), self.text());
        Ok(())
    }
}
