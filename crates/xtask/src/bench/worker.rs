//! Workers on workerd: requests per second and CPU time of Hallpass, of JavaScript Workers that do the same, and of one
//! that does nothing; and cold starts.

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
use self::load::{Load, ORIGIN, Rival};
use self::subject::{
    AGORA, FLOOR, HALLPASS, HALLPASS_WITH_CORS, HELLO, JOSE, Settings, Started, Subject, with_config,
};
use crate::dev::sample_settings;
use crate::http::Request;
use crate::prerequisites::{Needs, check};
use crate::process::{command, root, run_quietly};
use crate::steps::step;
use crate::{build, tools};

const FIRST_PORT: u16 = 9310;

const MINT: &str = r#"{"rtc":{"channel":"demo","uid":1234,"role":"publisher"}}"#;

/// A mint by a user, as that user.
const MINT_AS_SELF: &str = r#"{"rtc":{"channel":"demo","role":"publisher"}}"#;

const OPEN: [Load; 3] = [
    Load {
        name: "POST /v1/token",
        path: "/v1/token",
        body: Some(MINT),
        jwts: None,
        measured: HALLPASS,
        rivals: &[
            Rival { name: HELLO, rate: None, cpu: None },
            Rival { name: FLOOR, rate: None, cpu: Some(0.75) },
            Rival { name: AGORA, rate: Some(1.8), cpu: None },
        ],
    },
    Load {
        name: "GET /rtc/… of format 007",
        path: "/rtc/demo/publisher/uid/1234/?version=007",
        body: None,
        jwts: None,
        measured: HALLPASS,
        rivals: &[
            Rival { name: HELLO, rate: None, cpu: None },
            Rival { name: FLOOR, rate: None, cpu: Some(0.8) },
            Rival { name: AGORA, rate: None, cpu: None },
        ],
    },
    Load {
        name: "POST /v1/token with CORS: cors.origins and an Origin, beside neither",
        path: "/v1/token",
        body: Some(MINT),
        jwts: None,
        measured: HALLPASS_WITH_CORS,
        rivals: &[Rival { name: HALLPASS, rate: None, cpu: Some(0.95) }],
    },
];

const AUTHENTICATED: [Load; 3] = [
    Load::authenticated(
        "POST /v1/token with RS256",
        "RS256",
        &[
            Rival { name: HELLO, rate: None, cpu: None },
            Rival { name: FLOOR, rate: None, cpu: None },
            Rival { name: JOSE, rate: Some(1.5), cpu: None },
        ],
    ),
    Load::authenticated("POST /v1/token with ES256", "ES256", WITHOUT_BUDGET),
    Load::authenticated("POST /v1/token with EdDSA", "EdDSA", WITHOUT_BUDGET),
];

const WITHOUT_BUDGET: &[Rival] = &[
    Rival { name: HELLO, rate: None, cpu: None },
    Rival { name: FLOOR, rate: None, cpu: None },
    Rival { name: JOSE, rate: None, cpu: None },
];

impl Load {
    const fn authenticated(name: &'static str, algorithm: &'static str, rivals: &'static [Rival]) -> Self {
        let body = Some(MINT_AS_SELF);
        Self { name, path: "/v1/token", body, jwts: Some(algorithm), measured: HALLPASS, rivals }
    }
}

/// `cargo xtask bench worker`: callers without credentials.
///
/// # Errors
/// If something is missing, or a Worker does not respond.
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

/// `cargo xtask bench worker --auth`: users with JWTs.
///
/// # Errors
/// If something is missing, or a Worker does not respond as it should.
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

/// `cargo xtask bench worker --cold`: the first response of a fresh process, and what V8 compiles for it.
///
/// # Errors
/// If something is missing, or a Worker does not respond.
pub(crate) fn cold() -> Result<()> {
    let (folder, bundle) = prepare()?;
    let module = build::module_with_names()?;
    let _issuer = issuer::start(&folder)?;
    let settings = sample_settings()?;
    cold::compare(&folder, &cold::cases(&folder, &bundle, &settings)?)?;
    trace::report(&folder, &bundle, &module, &settings)
}

/// Builds what every command needs. Returns the folder for the files of the benchmark, and that of the bundled Hallpass.
fn prepare() -> Result<(PathBuf, PathBuf)> {
    check(&[Needs::Rustup, Needs::Node])?;
    tools::wrk()?;
    tools::node_modules()?;
    build::worker(build::Profile::Release)?;
    let folder = root().join("target/bench");
    fs::create_dir_all(&folder)?;
    Ok((folder, build::worker_bundle()?))
}

/// Starts the Workers, the first of which is Hallpass, and those that every benchmark has. The floor does nothing with
/// a JWT.
fn start(folder: &Path, subjects: &[Subject], loads: &[Load]) -> Result<Vec<Started>> {
    let mut ports = FIRST_PORT..;
    let mut start = |subject: &Subject| subject.start(folder, ports.next().context("no port is left")?);
    let mut workers = subjects.iter().map(&mut start).collect::<Result<Vec<_>>>()?;
    let requests: Vec<Request> = loads.iter().map(|load| load.request(folder)).collect::<Result<_>>()?;
    let hallpass = workers.first().context("no Worker")?;
    let floor = floor::subject(hallpass, &requests)?;
    workers.push(start(&Subject::script(HELLO, "hello.js", &Settings::new()))?);
    workers.push(start(&floor)?);
    Ok(workers)
}

/// Checks that Hallpass and the JavaScript Worker give users a token, and reject other callers.
fn check_tokens(folder: &Path, workers: &[Started]) -> Result<()> {
    step("checking that only users get a token", || {
        let ports = [HALLPASS, JOSE].into_iter().filter_map(|name| {
            workers.iter().find(|worker| worker.name == name).map(|worker| worker.port.to_string())
        });
        run_quietly(command("node").arg("crates/xtask/bench/check.mjs").arg(folder).args(ports))
    })
}
