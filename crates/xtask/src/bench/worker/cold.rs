//! Cold starts: the first request to a new process.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::compare::rotated;
use super::issuer;
use super::subject::{AGORA, HALLPASS, HELLO, JOSE, Settings, Subject, with_config};
use super::{FIRST_PORT, MINT, MINT_AS_SELF};
use crate::bench::{paired_ratio, spread};
use crate::http::{Request, Response};
use crate::process::Running;
use crate::steps::step;
use crate::terminal::print_line;

const ROUNDS: usize = 15;

/// The delay between the start of a process and the request. The delay excludes the start of the process from the
/// measurement.
const DELAY: Duration = Duration::from_millis(700);

/// The maximum time of Hallpass's first request, as a multiple of the time of [`AGORA`]'s first request.
const BUDGET: f64 = 1.5;

const AUTHENTICATED: &str = "Hallpass, authenticated (RS256)";
const LARGE: &str = "Hallpass, 30 rules and 5 issuers";
const HEALTH: &str = "Hallpass, GET /healthz";

/// A Worker and its first request.
pub(super) struct Case {
    subject: Subject,
    request: Request,
}

/// The response times of a case in milliseconds, with one value per round.
#[derive(Clone, Default)]
struct Times {
    /// The time from the request to the complete response. The request is sent after the delay.
    first_request: Vec<f64>,
    /// The time from the start of the process to the complete response.
    start_to_response: Vec<f64>,
}

/// Returns the Workers to start, each with its first request.
///
/// # Errors
/// Returns an error if wrangler fails, or the issuer was not started.
pub(super) fn cases(folder: &Path, bundle: &Path, settings: &Settings) -> Result<Vec<Case>> {
    let users = issuer::settings(settings);
    let large = with_config(settings, &large_document());
    let hallpass = |name, settings| Subject::hallpass(name, bundle, settings);
    let authorization = issuer::authorization(folder, "RS256")?;
    let authenticated = Request { headers: vec![authorization], ..mint(MINT_AS_SELF) };
    let mint = mint(MINT);
    Ok(vec![
        Case { subject: Subject::script(HELLO, "hello.js", settings), request: mint.clone() },
        Case { subject: Subject::npm(AGORA, "agora", folder, settings)?, request: mint.clone() },
        Case { subject: Subject::npm(JOSE, "jose", folder, &users)?, request: authenticated.clone() },
        Case { subject: hallpass(HALLPASS, settings)?, request: mint.clone() },
        Case { subject: hallpass(LARGE, &large)?, request: mint },
        Case { subject: hallpass(AUTHENTICATED, &users)?, request: authenticated },
        Case { subject: hallpass(HEALTH, settings)?, request: Request::get("/healthz") },
    ])
}

/// Returns a token request with this body.
pub(super) fn mint(body: &str) -> Request {
    Request { body: Some(body.to_owned()), ..Request::get("/v1/token") }
}

/// Returns a configuration with 5 issuers and 30 rules. Only the last rule is for callers without credentials.
fn large_document() -> String {
    let issuers: Vec<_> =
        (1..=5).map(|number| issuer::provider(&format!("https://issuer-{number}.example"))).collect();
    let for_users = (1..30).map(|number| {
        format!(
            r#"{{"who":{{"kind":"user","claims":{{"group":"group-{number}"}}}},"rtc":{{"channel":"class-{number}-*","role":"subscriber"}},"rtm":{{}},"ttl":7200}}"#
        )
    });
    let last = r#"{"who":{"kind":"anonymous"},"rtc":{"identity":"any"}}"#.to_owned();
    let rules: Vec<_> = for_users.chain([last]).collect();
    format!(r#"{{"auth":{{"open":true,"jwt":[{}]}},"policy":[{}]}}"#, issuers.join(","), rules.join(","))
}

/// Starts all Workers in turn, and reports the times of their first responses.
///
/// # Errors
/// Returns an error if a Worker does not respond with 200.
pub(super) fn compare(folder: &Path, cases: &[Case]) -> Result<()> {
    let mut times = vec![Times::default(); cases.len()];
    let indexes: Vec<usize> = (0..cases.len()).collect();
    step(&format!("{ROUNDS} rounds of two starts of each Worker"), || {
        for round in 0..ROUNDS {
            for index in rotated(&indexes, round) {
                let (Some(case), Some(times)) = (cases.get(*index), times.get_mut(*index)) else { continue };
                times.first_request.push(case.first_request(folder).context(case.subject.name)?);
                times.start_to_response.push(case.start_to_response(folder).context(case.subject.name)?);
            }
        }
        Ok(())
    })?;
    print_line(format_args!(
        "\nTime of the first request, {} ms after the process listens",
        DELAY.as_millis()
    ));
    report(cases, &times, |times| &times.first_request, Some(BUDGET));
    print_line("\nTime from the start of the process to the first response");
    report(cases, &times, |times| &times.start_to_response, None);
    Ok(())
}

impl Case {
    fn first_request(&self, folder: &Path) -> Result<f64> {
        let worker = self.subject.start(folder, FIRST_PORT)?;
        sleep(DELAY);
        let start = Instant::now();
        let response = self.request.send(worker.port)?;
        let elapsed = milliseconds(start);
        check(&response)?;
        Ok(elapsed)
    }

    fn start_to_response(&self, folder: &Path) -> Result<f64> {
        let mut serve = self.subject.worker(FIRST_PORT).command(folder)?;
        let start = Instant::now();
        let mut process = Running(serve.spawn()?);
        let response = loop {
            if let Ok(response) = self.request.send(FIRST_PORT) {
                break response;
            }
            if let Some(status) = process.0.try_wait()? {
                bail!("workerd exited: {status}");
            }
            sleep(Duration::from_micros(200));
        };
        let elapsed = milliseconds(start);
        check(&response)?;
        Ok(elapsed)
    }
}

fn check(response: &Response) -> Result<()> {
    ensure!(response.status == 200, "expected status 200, got {}: {}", response.status, response.body);
    Ok(())
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn report(cases: &[Case], times: &[Times], values: impl Fn(&Times) -> &[f64], budget: Option<f64>) {
    let find = |name| cases.iter().zip(times).find(|(case, _)| case.subject.name == name);
    let (Some((_, agora)), Some((_, jose))) = (find(AGORA), find(JOSE)) else { return };
    for (case, times) in cases.iter().zip(times) {
        let name = case.subject.name;
        let ratio = |other| paired_ratio(values(times), values(other));
        let mut line =
            format!("  {name:<34} {:>22} ms  {:>5.2} times {AGORA}", spread(values(times), 1), ratio(agora));
        if let Some(budget) = budget.filter(|_| name == HALLPASS || name == LARGE) {
            line += &format!(" (budget: {budget:.1})");
        }
        if name == AUTHENTICATED {
            line += &format!(", {:.2} times {JOSE}", ratio(jose));
        }
        print_line(line);
    }
}
