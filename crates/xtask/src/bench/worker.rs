//! The command `cargo xtask bench worker`, which measures requests per second, CPU time and cold starts of Hallpass on
//! workerd. Hallpass is compared with equivalent JavaScript Workers and with Workers that mint no token.

mod cold;
mod compare;
mod cpu;
mod floor;
mod issuer;
mod load;
mod subject;
mod trace;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::compare::compare;
use self::load::{Baseline, Load, ORIGIN};
use self::subject::{
    AGORA, FLOOR, HALLPASS, HALLPASS_WITH_CORS, HELLO, JOSE, Settings, Started, Subject, with_config,
};
use crate::dev::sample_settings;
use crate::http::Request;
use crate::prerequisites::{Prerequisite, check};
use crate::process::{command, root, run_quietly};
use crate::steps::step;
use crate::{build, tools};

const FIRST_PORT: u16 = 9310;

const MINT: &str = r#"{"rtc":{"channel":"demo","uid":1234,"role":"publisher"}}"#;

/// The body of a token request for the caller's own identity.
const MINT_AS_SELF: &str = r#"{"rtc":{"channel":"demo","role":"publisher"}}"#;

const OPEN: [Load; 3] = [
    Load {
        name: "POST /v1/token",
        path: "/v1/token",
        body: Some(MINT),
        jwts: None,
        measured: HALLPASS,
        baselines: &[
            Baseline { name: HELLO, rate: None, cpu: None },
            Baseline { name: FLOOR, rate: None, cpu: Some(0.75) },
            Baseline { name: AGORA, rate: Some(1.8), cpu: None },
        ],
    },
    Load {
        name: "GET /rtc/… of format 007",
        path: "/rtc/demo/publisher/uid/1234/?version=007",
        body: None,
        jwts: None,
        measured: HALLPASS,
        baselines: &[
            Baseline { name: HELLO, rate: None, cpu: None },
            Baseline { name: FLOOR, rate: None, cpu: Some(0.8) },
            Baseline { name: AGORA, rate: None, cpu: None },
        ],
    },
    Load {
        name: "POST /v1/token with cors.origins and an Origin, compared with the same request without CORS",
        path: "/v1/token",
        body: Some(MINT),
        jwts: None,
        measured: HALLPASS_WITH_CORS,
        baselines: &[Baseline { name: HALLPASS, rate: None, cpu: Some(0.95) }],
    },
];

const AUTHENTICATED: [Load; 3] = [
    Load::authenticated(
        "POST /v1/token with RS256",
        "RS256",
        &[
            Baseline { name: HELLO, rate: None, cpu: None },
            Baseline { name: FLOOR, rate: None, cpu: None },
            Baseline { name: JOSE, rate: Some(1.5), cpu: None },
        ],
    ),
    Load::authenticated("POST /v1/token with ES256", "ES256", WITHOUT_BUDGET),
    Load::authenticated("POST /v1/token with EdDSA", "EdDSA", WITHOUT_BUDGET),
];

const WITHOUT_BUDGET: &[Baseline] = &[
    Baseline { name: HELLO, rate: None, cpu: None },
    Baseline { name: FLOOR, rate: None, cpu: None },
    Baseline { name: JOSE, rate: None, cpu: None },
];

impl Load {
    const fn authenticated(
        name: &'static str,
        algorithm: &'static str,
        baselines: &'static [Baseline],
    ) -> Self {
        let body = Some(MINT_AS_SELF);
        Self { name, path: "/v1/token", body, jwts: Some(algorithm), measured: HALLPASS, baselines }
    }
}

/// Runs `cargo xtask bench worker`, which sends requests without credentials.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a Worker does not respond.
pub(crate) fn open() -> Result<()> {
    let (folder, bundle) = prepare()?;
    let settings = sample_settings()?;
    let cors = format!(r#"{{"auth":{{"open":true}},"cors":{{"origins":["{ORIGIN}"]}}}}"#);
    let subjects = [
        Subject::hallpass(HALLPASS, &bundle, &settings)?,
        Subject::hallpass(HALLPASS_WITH_CORS, &bundle, &with_config(&settings, &cors))?,
        Subject::npm(AGORA, "agora", &folder, &settings)?,
    ];
    let workers = start(&folder, &subjects, &OPEN)?;
    compare(&folder, &workers, &OPEN)
}

/// Runs `cargo xtask bench worker --auth`, which sends requests with users' JWTs.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a Worker does not respond as expected.
pub(crate) fn authenticated() -> Result<()> {
    let (folder, bundle) = prepare()?;
    let _issuer = issuer::start(&folder)?;
    let settings = issuer::settings(&sample_settings()?);
    let subjects =
        [Subject::hallpass(HALLPASS, &bundle, &settings)?, Subject::npm(JOSE, "jose", &folder, &settings)?];
    let workers = start(&folder, &subjects, &AUTHENTICATED)?;
    check_tokens(&folder, &workers)?;
    compare(&folder, &workers, &AUTHENTICATED)
}

/// Runs `cargo xtask bench worker --cold`, which measures the time to the first response of a new process. Lists the
/// functions that V8 compiles for this response.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a Worker does not respond.
pub(crate) fn cold() -> Result<()> {
    let (folder, bundle) = prepare()?;
    let module = build::module_with_names()?;
    let _issuer = issuer::start(&folder)?;
    let settings = sample_settings()?;
    cold::compare(&folder, &cold::cases(&folder, &bundle, &settings)?)?;
    trace::report(&folder, &bundle, &module, &settings)
}

/// Installs the tools and builds Hallpass. Returns the folder for the benchmark's files, and the folder of Hallpass's
/// bundle.
fn prepare() -> Result<(PathBuf, PathBuf)> {
    check(&[Prerequisite::Rustup, Prerequisite::Node])?;
    tools::wrk()?;
    tools::node_modules()?;
    build::worker(build::Profile::Release)?;
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder)?;
    Ok((folder, build::worker_bundle()?))
}

/// Starts these Workers, and the Workers [`HELLO`] and [`FLOOR`], which every benchmark measures. The first subject must
/// be Hallpass. The floor ignores JWTs.
fn start(folder: &Path, subjects: &[Subject], loads: &[Load]) -> Result<Vec<Started>> {
    let mut ports = FIRST_PORT..;
    let mut start = |subject: &Subject| subject.start(folder, ports.next().context("no port is available")?);
    let mut workers = subjects.iter().map(&mut start).collect::<Result<Vec<_>>>()?;
    let requests: Vec<Request> = loads.iter().map(|load| load.request(folder)).collect::<Result<_>>()?;
    let hallpass = workers.first().context("Hallpass was not started")?;
    let floor = floor::subject(hallpass, &requests)?;
    workers.push(start(&Subject::script(HELLO, "hello.js", &Settings::new()))?);
    workers.push(start(&floor)?);
    Ok(workers)
}

/// Checks that Hallpass and the JavaScript Worker return a token to users, and reject other callers.
fn check_tokens(folder: &Path, workers: &[Started]) -> Result<()> {
    step("checking that only users get a token", || {
        let ports = [HALLPASS, JOSE].into_iter().filter_map(|name| {
            workers.iter().find(|worker| worker.name == name).map(|worker| worker.port.to_string())
        });
        run_quietly(command("node").arg("crates/xtask/bench/check.mjs").arg(folder).args(ports))
    })
}
