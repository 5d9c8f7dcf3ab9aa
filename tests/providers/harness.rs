//! A deployment beside the providers that it calls, and all that was asked of it.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hallpass_tests::logs::{events, holds, leaks};
use hallpass_tests::provider::agora::{APP_ID, CUSTOMER_ID, CUSTOMER_SECRET, OTHER_APP_ID};
use hallpass_tests::provider::cross_check::Credential;
use hallpass_tests::provider::videosdk::API_KEY;
use hallpass_tests::provider::{Agora, Provider, Videosdk};
use hallpass_tests::target::{Request, Response, Target};
use hallpass_tests::wait;
use hallpass_tests::{Deployment, Setup};
use serde_json::{Value, json};

/// The key of the app's own server, whose name is `backend`.
pub(crate) const KEY: &str = "hp_test_8dKq2Zr6Lx0Ty5Wd3sVn1Jc9Bf4Mh7Pg";
pub(crate) const BACKEND: &str = "Bearer hp_test_8dKq2Zr6Lx0Ty5Wd3sVn1Jc9Bf4Mh7Pg";
/// What hands out credentials.
const GIVING: [&str; 2] = ["/v1/agora/rest-auth", "/get-token"];

/// What the log says that was decided: a call, which is empty where it was not looked at, and `granted` or `refused`;
/// `None` where nothing was.
pub(crate) type Decision = Option<(&'static str, &'static str)>;

/// Nobody knows who is calling.
pub(crate) const UNAUTHENTICATED: Decision = Some(("", "refused"));

pub(crate) struct Harness<T> {
    pub(crate) agora: Provider<Agora>,
    pub(crate) videosdk: Provider<Videosdk>,
    pub(crate) target: T,
    asked: Vec<Asked>,
}

/// One request, as the log must tell of it.
struct Asked {
    request: String,
    request_id: String,
    text: String,
    decision: Decision,
    /// What a provider did not do.
    failure: Option<Failure>,
}

enum Failure {
    /// The answer says no more than the reason.
    Reason(Value),
    /// The answer says the reason, and what came from the provider.
    Upstream(Value, Value),
}

/// What came back, and what was sent to the providers meanwhile.
pub(crate) struct ObservedResponse {
    pub(crate) request: String,
    pub(crate) response: Response,
    /// Null for what is no JSON.
    pub(crate) json: Value,
    pub(crate) sent: Vec<Request>,
}

/// What is left of a deployment.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) credentials: Vec<Credential>,
}

/// One that anybody may send.
pub(crate) fn open(method: &str, target: &str) -> Request {
    Request { method: method.to_owned(), target: target.to_owned(), ..Request::default() }
}

/// One of the app's own server.
pub(crate) fn get(target: &str) -> Request {
    let headers = vec![("authorization".to_owned(), BACKEND.to_owned())];
    Request { headers, ..open("GET", target) }
}

/// One of the app's own server.
pub(crate) fn post(target: &str, body: &Value) -> Request {
    Request::post(target, body, Some(BACKEND))
}

/// A configuration document with two projects of each provider, and these members beside `auth.keys` and the
/// providers' addresses.
fn complete(mut document: Value, agora: &str, videosdk: &str) -> Value {
    document["projects"] = json!({
        "default": { "provider": "agora", "app_id": APP_ID, "certificates": ["AGORA_APP_CERTIFICATE"] },
        "other": { "provider": "agora", "app_id": OTHER_APP_ID, "certificates": ["OTHER_CERTIFICATE"] },
        "meet": { "provider": "videosdk", "api_key": API_KEY, "secrets": ["VIDEOSDK_SECRET_KEY"] },
        // Of an account that the provider does not know.
        "webinar": { "provider": "videosdk", "api_key": "somebody-else", "secrets": ["WEBINAR_SECRET"] },
    });
    document["auth"]["keys"] = json!([{ "name": "backend", "secret": "HALLPASS_KEY" }]);
    document["rest"]["agora"]["url"] = agora.into();
    document["rest"]["videosdk"]["url"] = videosdk.into();
    document
}

/// A configuration document where the account at Agora is known.
pub(crate) fn with_customer() -> Value {
    json!({ "rest": { "agora": { "customer_id": "AGORA_CUSTOMER_ID", "customer_secret": "AGORA_CUSTOMER_SECRET" } } })
}

impl<T: Target> Harness<T> {
    pub(crate) fn start(
        name: &str,
        document: Value,
        start: impl Fn(Deployment) -> anyhow::Result<T>,
    ) -> anyhow::Result<Self> {
        let (agora, videosdk) = (Provider::start(Agora::default())?, Provider::start(Videosdk::default())?);
        let mut deployment = Deployment::from(Setup::Configured);
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
        let harness = Self { agora, videosdk, target, asked: Vec::new() };
        harness.set_clocks();
        Ok(harness)
    }

    fn set_clocks(&self) {
        self.agora.follow_clock(&self.target);
        self.videosdk.follow_clock(&self.target);
    }

    /// Sends a request, of which the log must say this.
    pub(crate) fn send(&mut self, request: &Request, decision: Decision) -> anyhow::Result<ObservedResponse> {
        self.send_during(request, decision, |_| Ok(()))
    }

    /// Sends a request for which a provider does not answer: it waits for so many seconds, and no fewer.
    pub(crate) fn expire_time_limits(
        &mut self,
        request: &Request,
        decision: Decision,
        seconds: u64,
    ) -> anyhow::Result<ObservedResponse> {
        let Some(controls) = self.target.controls().cloned() else {
            let started = Instant::now();
            let answer = self.send(request, decision)?;
            let took = started.elapsed();
            ensure!(took > Duration::from_secs(seconds - 1), "{} took {took:?}", answer.request);
            return Ok(answer);
        };
        let answer = self.send_during(request, decision, |has_reached| {
            wait::until(|| Ok(has_reached()), || "a provider is asked".to_owned())?;
            controls.expire_time_limits(seconds)
        })?;
        self.set_clocks();
        Ok(answer)
    }

    /// Sends a request; meanwhile `action` is done, which learns whether the request has reached a provider.
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
        let answer = ObservedResponse {
            request: name,
            json: serde_json::from_slice(response.body()).unwrap_or_default(),
            sent: sent.collect(),
            response,
        };
        let kept = answer.header("cache-control");
        ensure!(kept == Some("no-store"), "{}: cache-control {kept:?}", answer.request);
        let request_id = answer.header("x-request-id").context("an answer without X-Request-ID")?.to_owned();
        self.asked.push(Asked {
            request: answer.request.clone(),
            request_id,
            text: answer.text(),
            decision,
            failure: answer.failure(),
        });
        Ok(answer)
    }

    /// Checks the log, and that nobody has seen what nobody should.
    pub(crate) fn finish(self) -> anyhow::Result<Tally> {
        let (mut log, mut mismatches) = (String::new(), String::new());
        // A process writes its log a little later than its answer.
        let waited = wait::until(
            || {
                log = self.target.log()?;
                mismatches = self.mismatches(&log);
                Ok(mismatches.is_empty())
            },
            || "the log says what was decided, and nothing else".to_owned(),
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
        let is_giving = |asked: &&Asked| GIVING.iter().any(|path| asked.request.contains(path));
        let others = self.asked.iter().filter(|asked| !is_giving(asked));
        let shown = others.map(|asked| (asked.request.as_str(), asked.text.as_str()));
        for (place, text) in shown.chain([("the log", log.as_str())]) {
            if let Some(leak) = leaks(text).next() {
                bail!("{place} holds {leak}");
            }
            if let Some(credentials) = secret.iter().find(|credentials| holds(text, credentials)) {
                bail!("{place} holds {credentials}");
            }
        }
        ensure!(self.agora.redirected_requests().is_empty(), "a redirect of Agora was followed");
        ensure!(self.videosdk.redirected_requests().is_empty(), "a redirect of VideoSDK was followed");
        let credentials = [self.agora.credentials(), self.videosdk.credentials()].concat();
        Ok(Tally { requests: self.asked.len(), credentials })
    }

    /// What the log does not say, or should not.
    fn mismatches(&self, log: &str) -> String {
        let (decisions, failures) = (events(log, "decision"), events(log, "provider_failed"));
        let mut mismatches = String::new();
        let mut complain = |asked: &Asked, expected: &str, lines: &[&Value]| {
            let _ = writeln!(mismatches, "{}: expected {expected}, got {lines:?}", asked.request);
        };
        for asked in &self.asked {
            let of_request = |line: &&Value| line["request_id"] == asked.request_id.as_str();
            let lines: Vec<_> = decisions.iter().filter(of_request).collect();
            let is_said = match (asked.decision, lines.as_slice()) {
                (None, []) => true,
                (Some((call, decision)), [line]) => {
                    let services = if call.is_empty() { Value::Null } else { json!([call]) };
                    line["services"] == services && line["decision"] == decision
                }
                _ => false,
            };
            if !is_said {
                complain(asked, &format!("{:?}", asked.decision), &lines);
            }
            let lines: Vec<_> = failures.iter().filter(of_request).collect();
            match (&asked.failure, lines.as_slice()) {
                (None, []) => {}
                (Some(Failure::Reason(reason)), [line]) if line["reason"] == *reason => {}
                (Some(Failure::Upstream(reason, upstream)), [line])
                    if line["reason"] == *reason && line["upstream"] == *upstream => {}
                (None, lines) => complain(asked, "no failure of a provider", lines),
                (Some(_), lines) => complain(asked, "the failure of a provider", lines),
            }
        }
        let known =
            |line: &Value| self.asked.iter().any(|asked| line["request_id"] == asked.request_id.as_str());
        for line in decisions.iter().chain(&failures).filter(|line| !known(line)) {
            let _ = writeln!(mismatches, "of no request: {line}");
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

    /// What was sent to the providers, as method and target.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    pub(crate) fn ensure_sent(&self, sent: &[&str]) -> anyhow::Result<()> {
        ensure!(self.sent() == sent, "{}: expected {sent:?} to be sent, got {:?}", self.request, self.sent());
        Ok(())
    }

    pub(crate) fn ensure(&self, status: u16, json: &Value) -> anyhow::Result<()> {
        let is_right = self.response.status() == status && self.json == *json;
        ensure!(is_right, "expected {status} {json}, got {}", self.shown());
        Ok(())
    }

    pub(crate) fn ensure_status(&self, status: u16) -> anyhow::Result<()> {
        ensure!(self.response.status() == status, "expected {status}, got {}", self.shown());
        Ok(())
    }

    /// Checks the error document, and that nothing was sent.
    pub(crate) fn ensure_refused(&self, status: u16, code: &str, field: Option<&str>) -> anyhow::Result<()> {
        let is_right = self.response.status() == status
            && self.json["code"] == code
            && self.json["field"] == json!(field);
        ensure!(is_right, "expected {status} {code} {field:?}, got {}", self.shown());
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
