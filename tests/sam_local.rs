//! Tests of the HTTP cases in `cases/` and of every route in `/openapi.json`, through `sam local start-api` in a
//! container.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, ensure};
use hallpass_tests::run::run;
use hallpass_tests::target::{Memory, Request, Response, SamLocal, Target};
use hallpass_tests::{DeploymentKind, interop, logs};
use serde_json::{Value, json};

use crate::scratch;

/// A deployment that records its requests.
struct RecordingTarget<'a> {
    target: SamLocal,
    record: &'a RefCell<Record>,
}

#[derive(Default)]
struct Record {
    /// The method and the path of each request that was sent.
    sent: BTreeSet<(String, String)>,
    /// The number of requests that could not be sent, by unsupported feature.
    unsupported: BTreeMap<&'static str, usize>,
}

/// The value of every parameter in a path.
const PARAMETER_VALUE: &str = "abcd-efgh-ijkl";

#[test]
#[ignore = "needs the built Lambda function and a container engine; cargo xtask test runs it"]
fn on_lambda_in_a_container() -> anyhow::Result<()> {
    let folder = scratch("sam-local")?;
    let record = RefCell::default();
    let mut run =
        run(|kind| Ok(RecordingTarget { target: SamLocal::start(kind, &folder)?, record: &record }))?;
    let verified = interop::check(&mut run)?;
    logs::check(&mut run);
    let (ran, unreachable) = (run.ran, run.unreachable);
    run.result()?;
    let record = record.into_inner();
    let routes = compare_other_routes(&record.sent, &folder)?;
    println!(
        "{ran} cases, {verified} tokens verified; {unreachable} cases cannot be sent: {:?}",
        record.unsupported
    );
    println!("{routes}");
    Ok(())
}

/// Sends a request to each route without a case, and compares the response with that of the service in memory.
fn compare_other_routes(sent: &BTreeSet<(String, String)>, folder: &Path) -> anyhow::Result<String> {
    let mut target = SamLocal::start(DeploymentKind::BothProviders, folder)?;
    let mut memory = Memory::start(DeploymentKind::BothProviders);
    let (_, document) = target.send_for_json(&Request::get("/openapi.json"))?;
    let routes = routes(&document)?;
    let mut compared = 0;
    for (method, path) in &routes {
        if sent.iter().any(|(sent_method, sent_path)| sent_method == method && matches_route(path, sent_path))
        {
            continue;
        }
        let segments =
            path.split('/').map(|segment| if segment.starts_with('{') { PARAMETER_VALUE } else { segment });
        let path = segments.collect::<Vec<_>>().join("/");
        let request = if method == "POST" {
            Request::post(&path, &json!({}), None)
        } else {
            Request { method: method.clone(), ..Request::get(&path) }
        };
        let [(status, body), expected] = [target.send_for_json(&request)?, memory.send_for_json(&request)?]
            .map(|(status, body)| (status, without_request_id(body)));
        ensure!(body.is_object(), "{method} {path}: the response is not JSON");
        ensure!(
            (status, &body) == (expected.0, &expected.1),
            "{method} {path}: {status} {body}, not {expected:?}"
        );
        compared += 1;
    }
    ensure!(routes.len() > compared, "no case sent a request to a route");
    Ok(format!(
        "{} routes tested by cases, {compared} others compared with the service in memory",
        routes.len() - compared
    ))
}

/// Returns the method and the path of each operation in an OpenAPI document.
fn routes(document: &Value) -> anyhow::Result<Vec<(String, String)>> {
    let paths = document.get("paths").and_then(Value::as_object).context("the document has no paths")?;
    let mut routes = Vec::new();
    for (path, operations) in paths {
        let operations = operations.as_object().context("a path has no operations")?;
        let methods = operations.keys().filter(|name| !["parameters", "summary"].contains(&name.as_str()));
        routes.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
    }
    Ok(routes)
}

/// Returns whether a path matches the path of a route. In the route's path, parameters are in braces.
fn matches_route(route: &str, path: &str) -> bool {
    let segments = |path: &str| path.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (route, path) = (segments(route), segments(path));
    let matches =
        |(route, path): (&String, &String)| route == path || route.starts_with('{') && !path.is_empty();
    route.len() == path.len() && route.iter().zip(&path).all(matches)
}

fn without_request_id(mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    body
}

impl Target for RecordingTarget<'_> {
    fn can_receive(&self, request: &Request) -> bool {
        if let Some(feature) = SamLocal::unsupported_feature(request) {
            *self.record.borrow_mut().unsupported.entry(feature).or_default() += 1;
        }
        self.target.can_receive(request)
    }

    fn send(&mut self, request: &Request) -> anyhow::Result<Response> {
        let path = request.target.split('?').next().unwrap_or_default();
        self.record.borrow_mut().sent.insert((request.method.clone(), path.to_owned()));
        self.target.send(request)
    }

    fn log(&self) -> anyhow::Result<String> {
        self.target.log()
    }

    fn has_request_ids(&self) -> bool {
        self.target.has_request_ids()
    }
}
