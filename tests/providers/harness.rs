//! A deployment with simulated providers, and a record of all requests to the deployment.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::logs::{contains_credentials, events, leaks};
use hallpass_tests::provider::agora::{APP_ID, CUSTOMER_ID, CUSTOMER_SECRET, OTHER_APP_ID};
use hallpass_tests::provider::cross_check::Credential;
use hallpass_tests::provider::videosdk::API_KEY;
use hallpass_tests::provider::{Agora, Provider, Videosdk};
use hallpass_tests::target::{Request, Response, Target};
use hallpass_tests::wait;
use hallpass_tests::{Deployment, DeploymentKind};
use serde_json::{Value, json};

/// The service key of the app's own server. The name of the key is `backend`.
pub(crate) const KEY: &str = "hp_test_8dKq2Zr6Lx0Ty5Wd3sVn1Jc9Bf4Mh7Pg";
pub(crate) const BACKEND: &str = "Bearer hp_test_8dKq2Zr6Lx0Ty5Wd3sVn1Jc9Bf4Mh7Pg";
/// The routes that issue credentials.
const ISSUING: [&str; 2] = ["/v1/agora/rest-auth", "/get-token"];

/// The expected decision in the log: the name of the call, and `granted` or `refused`. If the call also grants services, their
/// names follow, separated by spaces. The name is empty if the request was not read. `None` means that the log contains no decision.
pub(crate) type Decision = Option<(&'static str, &'static str)>;

/// The decision for a caller that is not authenticated.
pub(crate) const UNAUTHENTICATED: Decision = Some(("", "refused"));

pub(crate) struct Harness<T> {
    pub(crate) agora: Provider<Agora>,
    pub(crate) videosdk: Provider<Videosdk>,
    pub(crate) target: T,
    requests: Vec<SentRequest>,
}

/// A request, with the expected content of the log.
struct SentRequest {
    request: String,
    request_id: String,
    text: String,
    decision: Decision,
    /// The failure of a call to a provider.
    failure: Option<Failure>,
}

enum Failure {
    /// The response contains only the reason.
    Reason(Value),
    /// The response contains the reason and the provider's response.
    Upstream(Value, Value),
}

/// A response, and the requests that the providers received before the response.
pub(crate) struct ObservedResponse {
    pub(crate) request: String,
    pub(crate) response: Response,
    /// The JSON body, or `null` if the body is not JSON.
    pub(crate) json: Value,
    pub(crate) sent: Vec<Request>,
}

/// The results of a deployment's tests.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) credentials: Vec<Credential>,
}

/// Returns a request without credentials.
pub(crate) fn open(method: &str, target: &str) -> Request {
    Request { method: method.to_owned(), target: target.to_owned(), ..Request::default() }
}

/// Returns a GET request with the service key.
pub(crate) fn get(target: &str) -> Request {
    let headers = vec![("authorization".to_owned(), BACKEND.to_owned())];
    Request { headers, ..open("GET", target) }
}

/// Returns a POST request with the service key.
pub(crate) fn post(target: &str, body: &Value) -> Request {
    Request::post(target, body, Some(BACKEND))
}

/// Adds two projects of each provider, `auth.keys` and the providers' URLs to a configuration document.
fn complete(mut document: Value, agora: &str, videosdk: &str) -> Value {
    document["projects"] = json!({
        "default": { "provider": "agora", "app_id": APP_ID, "certificates": ["AGORA_APP_CERTIFICATE"] },
        "other": { "provider": "agora", "app_id": OTHER_APP_ID, "certificates": ["OTHER_CERTIFICATE"] },
        "meet": { "provider": "videosdk", "api_key": API_KEY, "secrets": ["VIDEOSDK_SECRET_KEY"] },
        // A project in an account that the provider does not know.
        "webinar": { "provider": "videosdk", "api_key": "other-account", "secrets": ["WEBINAR_SECRET"] },
    });
    document["auth"]["keys"] = json!([{ "name": "backend", "secret": "HALLPASS_KEY" }]);
    document["rest"]["agora"]["url"] = agora.into();
    document["rest"]["videosdk"]["url"] = videosdk.into();
    document
}

/// Returns a configuration document with the credentials of the Agora account.
pub(crate) fn with_account() -> Value {
    json!({ "rest": { "agora": { "customer_id": "AGORA_CUSTOMER_ID", "customer_secret": "AGORA_CUSTOMER_SECRET" } } })
}

/// Returns a configuration document with the credentials of the Agora account that also grants tokens in format 006.
pub(crate) fn with_every_form() -> Value {
    let mut document = with_account();
    document["compat"] = json!({ "version": "006" });
    document
}

impl<T: Target> Harness<T> {
    pub(crate) fn start(
        name: &str,
        document: Value,
        start: impl Fn(Deployment) -> anyhow::Result<T>,
    ) -> anyhow::Result<Self> {
        let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
        let mut deployment = Deployment::from(DeploymentKind::Configured);
        name.clone_into(&mut deployment.name);
        deployment.variables.retain(|(name, _)| name != "HALLPASS_CONFIG");
        let document = complete(document, &agora.url(), &videosdk.url()).to_string();
        for (name, value) in [
            ("HALLPASS_CONFIG", document.as_str()),
            ("HALLPASS_KEY", KEY),
            ("AGORA_CUSTOMER_ID", CUSTOMER_ID),
            ("AGORA_CUSTOMER_SECRET", CUSTOMER_SECRET),
        ] {
            deployment.variables.push((name.to_owned(), value.to_owned()));
        }
        let target = start(deployment).with_context(|| name.to_owned())?;
        let harness = Self { agora, videosdk, target, requests: Vec::new() };
        harness.set_clocks();
        Ok(harness)
    }

    fn set_clocks(&self) {
        self.agora.follow_clock(&self.target);
        self.videosdk.follow_clock(&self.target);
    }

    /// Sends a request, and expects this decision in the log.
    pub(crate) fn send(&mut self, request: &Request, decision: Decision) -> anyhow::Result<ObservedResponse> {
        self.send_during(request, decision, |_| Ok(()))
    }

    /// Sends a request while a provider does not respond. The response must take this number of seconds.
    pub(crate) fn expire_time_limits(
        &mut self,
        request: &Request,
        decision: Decision,
        seconds: u64,
    ) -> anyhow::Result<ObservedResponse> {
        let Some(controls) = self.target.controls().cloned() else {
            let started = Instant::now();
            let observed = self.send(request, decision)?;
            let took = started.elapsed();
            ensure!(took > Duration::from_secs(seconds - 1), "{} took {took:?}", observed.request);
            return Ok(observed);
        };
        let observed = self.send_during(request, decision, |has_reached| {
            wait::until(|| Ok(has_reached()), || "a provider receives a request".to_owned())?;
            controls.expire_time_limits(seconds)
        })?;
        self.set_clocks();
        Ok(observed)
    }

    /// Sends a request and runs `action` concurrently. The argument of `action` returns whether a provider received a request.
    fn send_during(
        &mut self,
        request: &Request,
        decision: Decision,
        action: impl FnOnce(&dyn Fn() -> bool) -> anyhow::Result<()> + Send,
    ) -> anyhow::Result<ObservedResponse> {
        let Self { agora, videosdk, target, .. } = self;
        let before = (agora.requests().len(), videosdk.requests().len());
        let has_reached = || (agora.requests().len(), videosdk.requests().len()) != before;
        let name = format!("{} {}", request.method, request.target);
        let response = thread::scope(|scope| {
            let action = scope.spawn(|| action(&has_reached));
            let response = target.send(request).with_context(|| name.clone());
            action.join().ok().context("a thread failed")??;
            response
        })?;
        let sent = self.agora.requests().into_iter().skip(before.0).map(|seen| seen.request);
        let sent = sent.chain(self.videosdk.requests().into_iter().skip(before.1).map(|seen| seen.request));
        let observed = ObservedResponse {
            request: name,
            json: serde_json::from_slice(response.body()).unwrap_or_default(),
            sent: sent.collect(),
            response,
        };
        let kept = observed.header("cache-control");
        ensure!(kept == Some("no-store"), "{}: cache-control {kept:?}", observed.request);
        let request_id =
            observed.header("x-request-id").context("a response without X-Request-ID")?.to_owned();
        self.requests.push(SentRequest {
            request: observed.request.clone(),
            request_id,
            text: observed.text(),
            decision,
            failure: observed.failure(),
        });
        Ok(observed)
    }

    /// Checks the log, and checks that no response and no log line contains a secret.
    pub(crate) fn finish(self) -> anyhow::Result<Tally> {
        let (mut log, mut mismatches) = (String::new(), String::new());
        // A process may write its log after its response.
        let waited = wait::until(
            || {
                log = self.target.log()?;
                mismatches = self.mismatches(&log);
                Ok(mismatches.is_empty())
            },
            || "the log contains exactly the expected decisions".to_owned(),
        );
        waited.with_context(|| format!("the log: {mismatches}"))?;
        let of_agora = self.agora.requests().into_iter().map(|seen| seen.request);
        let requests = of_agora.chain(self.videosdk.requests().into_iter().map(|seen| seen.request));
        let mut secret = vec![KEY.to_owned()];
        for request in requests {
            let headers = ["authorization", "x-agora-token"].map(|name| request.header(name));
            let values = headers.into_iter().flatten();
            secret.extend(values.map(|value| value.trim_start_matches("agora token=").to_owned()));
        }
        let is_issuing = |request: &&SentRequest| ISSUING.iter().any(|path| request.request.contains(path));
        let others = self.requests.iter().filter(|request| !is_issuing(request));
        let shown = others.map(|request| (request.request.as_str(), request.text.as_str()));
        for (source, text) in shown.chain([("the log", log.as_str())]) {
            if let Some(leak) = leaks(text).next() {
                bail!("{source} contains {leak}");
            }
            if let Some(credentials) =
                secret.iter().find(|credentials| contains_credentials(text, credentials))
            {
                bail!("{source} contains {credentials}");
            }
        }
        ensure!(self.agora.redirected_requests().is_empty(), "a redirect of Agora was followed");
        ensure!(self.videosdk.redirected_requests().is_empty(), "a redirect of VideoSDK was followed");
        let credentials = [self.agora.credentials(), self.videosdk.credentials()].concat();
        Ok(Tally { requests: self.requests.len(), credentials })
    }

    /// Returns the differences between the log and the expected decisions.
    fn mismatches(&self, log: &str) -> String {
        let (decisions, failures) = (events(log, "decision"), events(log, "provider_failed"));
        let mut mismatches = String::new();
        let mut report = |request: &SentRequest, expected: &str, lines: &[&Value]| {
            let _ = writeln!(mismatches, "{}: expected {expected}, got {lines:?}", request.request);
        };
        for request in &self.requests {
            let of_request = |line: &&Value| line["request_id"] == request.request_id.as_str();
            let lines: Vec<_> = decisions.iter().filter(of_request).collect();
            let is_expected = match (request.decision, lines.as_slice()) {
                (None, []) => true,
                (Some((call, decision)), [line]) => {
                    let services = if call.is_empty() {
                        Value::Null
                    } else {
                        call.split(' ').map(Value::from).collect()
                    };
                    line["services"] == services && line["decision"] == decision
                }
                _ => false,
            };
            if !is_expected {
                report(request, &format!("{:?}", request.decision), &lines);
            }
            let lines: Vec<_> = failures.iter().filter(of_request).collect();
            match (&request.failure, lines.as_slice()) {
                (None, []) => {}
                (Some(Failure::Reason(reason)), [line]) if line["reason"] == *reason => {}
                (Some(Failure::Upstream(reason, upstream)), [line])
                    if line["reason"] == *reason && line["upstream"] == *upstream => {}
                (None, lines) => report(request, "no failed call to a provider", lines),
                (Some(_), lines) => report(request, "a failed call to a provider", lines),
            }
        }
        let known = |line: &Value| {
            self.requests.iter().any(|request| line["request_id"] == request.request_id.as_str())
        };
        for line in decisions.iter().chain(&failures).filter(|line| !known(line)) {
            let _ = writeln!(mismatches, "a line without a request: {line}");
        }
        mismatches
    }
}

impl ObservedResponse {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.response.body()).into_owned()
    }

    /// Returns the method and the target of each request that the providers received.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    pub(crate) fn ensure_sent(&self, sent: &[&str]) -> anyhow::Result<()> {
        ensure!(self.sent() == sent, "{}: expected {sent:?} to be sent, got {:?}", self.request, self.sent());
        Ok(())
    }

    pub(crate) fn ensure(&self, status: u16, json: &Value) -> anyhow::Result<()> {
        let is_expected = self.response.status() == status && self.json == *json;
        ensure!(is_expected, "expected {status} {json}, got {}", self.shown());
        Ok(())
    }

    pub(crate) fn ensure_status(&self, status: u16) -> anyhow::Result<()> {
        ensure!(self.response.status() == status, "expected {status}, got {}", self.shown());
        Ok(())
    }

    /// Checks the error document, and that no provider received a request.
    pub(crate) fn ensure_rejected(&self, status: u16, code: &str, field: Option<&str>) -> anyhow::Result<()> {
        let is_expected = self.response.status() == status
            && self.json["code"] == code
            && self.json["field"] == json!(field);
        ensure!(is_expected, "expected {status} {code} {field:?}, got {}", self.shown());
        self.ensure_sent(&[])
    }

    fn shown(&self) -> String {
        format!("{} {} for {}", self.response.status(), self.text(), self.request)
    }

    fn failure(&self) -> Option<Failure> {
        let status = self.response.status().as_u16();
        match (status, self.json.get("upstream")) {
            (_, Some(upstream)) => Some(Failure::Upstream(self.json["detail"].clone(), upstream.clone())),
            (429 | 502 | 504, None) => Some(Failure::Reason(self.json["error"].clone())),
            _ => None,
        }
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.credentials.extend(other.credentials);
    }
}
