//! The cases in `attacks/`: credentials of every kind, most of them bad ones, and what callers may have.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cases::Case;
use crate::folders::root;
use crate::issuer::Issuer;
use crate::jwts::Jwts;
use crate::run::Run;
use crate::setup::Deployment;
use crate::target::Target;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "comment")]
    _comment: String,
    /// The configuration document; `$ISSUER` stands for the identity provider.
    config: Value,
    /// Secrets that it names, but for those of the projects.
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    /// What the log must say.
    #[serde(default)]
    logged: String,
    /// Credentials that are good.
    #[serde(default)]
    accepted: Vec<Credentials>,
    /// Credentials that are not, each for a reason of its own.
    #[serde(default)]
    refused: Vec<Credentials>,
    /// Everything else.
    #[serde(default)]
    cases: Vec<Case>,
}

/// A case whose request is always the same: the user `alice` asks for a channel.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    id: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    jwt: Option<Value>,
    #[serde(default = "bearer")]
    authorization: String,
    /// Why it is refused.
    #[serde(default)]
    code: Option<String>,
}

/// The keys of the tenant without a path: two of one type, so that a JWT has to name its own.
const KEYS: [&str; 4] = ["rsa", "rsa-2", "ec", "ed"];
/// A tenant with keys of its own, one of each type.
const OTHER_TENANT: &str = "/other";
const OTHER_KEYS: [&str; 2] = ["other-rsa", "nameless"];

/// The number of the user `alice` in the channels of the default project.
pub const ALICE: u32 = 2_606_419_837;

/// Runs all cases; `start` starts one target for each file.
///
/// # Errors
/// Where a file cannot be read, a target does not start, or the JWTs cannot be made. A case that fails is a failure in
/// [`Run`].
pub fn run<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Run> {
    let issuer = Issuer::start()?;
    let mut started = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, mut file) in load()? {
        for credentials in file.accepted.drain(..).chain(file.refused.drain(..)) {
            file.cases.push(credentials.into_case()?);
        }
        ensure!(!file.cases.is_empty(), "{name} has no case");
        for case in &file.cases {
            ensure!(ids.insert(case.id.clone()), "the id {} is there twice", case.id);
        }
        let document = file.config.to_string().replace("$ISSUER", &issuer.url(""));
        let mut deployment = Deployment::configured(&name, document);
        deployment.variables.extend(file.secrets.clone());
        started.push((name, start(deployment)?, file));
    }
    let (_, first, _) = started.first().context("there is no file")?;
    let asked = started.iter().flat_map(|(_, _, file)| &file.cases);
    let kinds: Vec<_> = asked.filter_map(|case| case.request.jwt.clone()).collect();
    let jwts = Jwts::sign(first.clock(), &issuer.url(""), &kinds)?;
    ensure!(
        jwts.signed_by_jose > kinds.len() / 2,
        "jose made only {} of {} JWTs",
        jwts.signed_by_jose,
        kinds.len()
    );
    issuer.publish("", &jwts.keys(&KEYS)?);
    issuer.publish(OTHER_TENANT, &jwts.keys(&OTHER_KEYS)?);

    let mut run = Run::default();
    let mut made = 0;
    for (name, mut target, file) in started {
        for case in &file.cases {
            let jwt = if case.request.jwt.is_some() { jwts.jwt(made)? } else { "" };
            made += usize::from(case.request.jwt.is_some());
            if target.has_real_clock() && case.request.jwt.as_ref().is_some_and(depends_on_minute) {
                run.unreachable += 1;
            } else {
                run.send(case, jwt, &mut target);
            }
        }
        run.end(&name, &file.logged, &target)?;
    }
    run.ensure_not_empty()
}

impl Credentials {
    fn into_case(self) -> anyhow::Result<Case> {
        let Self { id, comment, jwt, authorization, code } = self;
        let expect = match &code {
            None => json!({
                "status": 200,
                "token": {
                    "at": "/token",
                    "format": "007",
                    "channel": "demo",
                    "uid": ALICE.to_string(),
                    "privileges": { "1": 3600 },
                    "expires_in": 3600,
                },
                "audit": { "caller": "user", "subject": "alice", "decision": "granted", "ttl": 3600 },
            }),
            Some(code) => json!({
                "status": 401,
                "headers": { "www-authenticate": challenge(code) },
                "problem": { "code": code },
                "audit": { "subject": null, "decision": "refused", "reason": code },
            }),
        };
        let request = json!({
            "method": "POST",
            "target": "/v1/token",
            "headers": { "authorization": authorization },
            "json": { "rtc": { "channel": "demo" } },
            "jwt": jwt,
        });
        let case = json!({ "id": id, "comment": comment, "request": request, "expect": expect });
        serde_json::from_value(case).with_context(|| id)
    }
}

/// Whether the outcome is another one if some minutes pass before the JWT is sent: the leeway for clocks is a minute.
fn depends_on_minute(jwt: &Value) -> bool {
    let seconds = |claim: &str| jwt.pointer(claim).and_then(Value::as_i64);
    seconds("/claims/exp").is_some_and(|exp| (-60..300).contains(&exp))
        || seconds("/claims/nbf").is_some_and(|nbf| nbf > 60)
}

fn bearer() -> String {
    "Bearer $jwt".to_owned()
}

/// An error is named only to those who brought credentials (RFC 6750 section 3).
fn challenge(code: &str) -> &'static str {
    match code {
        "no_credentials" | "wrong_scheme" => "Bearer",
        _ => "Bearer error=\"invalid_token\"",
    }
}

/// All files with their names, in their order.
fn load() -> anyhow::Result<Vec<(String, File)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/attacks"))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let file: File = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let name = path.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
        files.push((name, file));
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}
