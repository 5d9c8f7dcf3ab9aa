//! The cases in `attacks/`: valid and invalid credentials of every kind, and requests that policies grant or deny.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cases::Case;
use crate::deployment::Deployment;
use crate::folders::root;
use crate::issuer::{Issuer, Reply};
use crate::jwts::Jwts;
use crate::run::Run;
use crate::target::Target;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "comment")]
    _comment: String,
    /// The configuration document. `$ISSUER` is a placeholder for the URL of the identity provider.
    config: Value,
    /// The secrets that the document names, except the secrets of the projects.
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    /// The keys that providers publish at `https` URLs. Requests to these URLs are redirected to the test's identity
    /// provider. A target that does not support redirects receives none of the cases.
    #[serde(default)]
    published: BTreeMap<String, Vec<PublishedKey>>,
    /// A string that the log must contain.
    #[serde(default)]
    logged: String,
    /// Valid credentials.
    #[serde(default)]
    accepted: Vec<Credentials>,
    /// Invalid credentials, each for a different reason.
    #[serde(default)]
    rejected: Vec<Credentials>,
    /// Other cases.
    #[serde(default)]
    cases: Vec<Case>,
}

/// A published key: the name of the key in `interop/jwts.mjs`, and the members that differ. `null` omits a member.
#[derive(Deserialize)]
struct PublishedKey {
    key: String,
    #[serde(flatten)]
    members: Map<String, Value>,
}

/// A case in which a user requests a token for a channel.
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
    /// The subject of the JWT. Default: `alice`.
    #[serde(default)]
    subject: Option<String>,
    /// The code of the expected problem. Without a code, the credentials must be accepted.
    #[serde(default)]
    code: Option<String>,
    /// The code on a platform without ES512. Default: `code`.
    #[serde(default)]
    code_without_es512: Option<String>,
}

/// The tenants of the issuer, each with the names of its keys.
const TENANTS: [(&str, &[&str]); 6] = [
    // Two keys have the same type, so that a JWT must name its key.
    ("", &["rsa", "rsa-2", "ec", "ed"]),
    ("/other", &["other-rsa", "nameless"]),
    ("/algorithms", &ALGORITHM_KEYS),
    ("/listed", &["rsa", "ps256", "ed"]),
    ("/mixed", &["encryption", "unknown-alg", "mismatched-alg", "secp256k1", "rsa", "ec"]),
    ("/unusable", &["encryption", "unknown-alg", "mismatched-alg", "secp256k1"]),
];
/// A key for each algorithm, keys without `alg`, and a key with a leading zero.
const ALGORITHM_KEYS: [&str; 13] = [
    "rs384",
    "rs512",
    "ps256",
    "ps384",
    "ps512",
    "es384",
    "es512",
    "ed25519",
    "any-rsa",
    "leading-zero",
    "any-p384",
    "any-p521",
    "any-ed25519",
];

/// The derived uid of the user `alice` in the default project.
pub const ALICE: u32 = 2_606_419_837;

/// Runs all cases. `start` starts a target for each file.
///
/// # Errors
/// Returns an error if a file cannot be read, a target does not start, or the JWTs cannot be signed. A failed case is a failure
/// in [`Run`], and not an error.
pub fn run<T: Target>(start: impl Fn(Deployment) -> anyhow::Result<T>) -> anyhow::Result<Run> {
    let issuer = Issuer::start()?;
    let mut started = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, mut file) in load()? {
        let document = file.config.to_string().replace("$ISSUER", &issuer.url(""));
        let mut deployment = Deployment::configured(&name, document);
        deployment.variables.extend(file.secrets.clone());
        deployment.redirect = (!file.published.is_empty()).then(|| issuer.address().to_string());
        let target = start(deployment)?;
        for credentials in file.accepted.drain(..).chain(file.rejected.drain(..)) {
            file.cases.push(credentials.into_case(target.supports_es512())?);
        }
        ensure!(!file.cases.is_empty(), "{name} has no cases");
        for case in &file.cases {
            ensure!(ids.insert(case.id.clone()), "duplicate case ID {}", case.id);
        }
        started.push((name, target, file));
    }
    let (_, first, _) = started.first().context("tests/attacks contains no files")?;
    let cases = started.iter().flat_map(|(_, _, file)| &file.cases);
    let specs: Vec<_> = cases.filter_map(|case| case.request.jwt.clone()).collect();
    let jwts = Jwts::sign(first.clock(), &issuer.url(""), &specs)?;
    ensure!(
        jwts.signed_by_jose > specs.len() / 2,
        "jose signed only {} of {} JWTs",
        jwts.signed_by_jose,
        specs.len()
    );
    for (tenant, keys) in TENANTS {
        issuer.publish(tenant, &jwts.keys(keys)?);
    }
    for (_, _, file) in &started {
        for (url, keys) in &file.published {
            let keys = keys.iter().map(|key| key.jwk(&jwts)).collect::<anyhow::Result<Vec<_>>>()?;
            issuer.reply(&format!("/{url}"), Reply::Document(json!({ "keys": keys }).to_string()));
        }
    }

    let mut run = Run::default();
    let mut jwt_index = 0;
    for (name, mut target, file) in started {
        for case in &file.cases {
            let jwt = if case.request.jwt.is_some() { jwts.jwt(jwt_index)? } else { "" };
            jwt_index += usize::from(case.request.jwt.is_some());
            let depends_on_clock =
                target.has_real_clock() && case.request.jwt.as_ref().is_some_and(depends_on_minute);
            if depends_on_clock || (!file.published.is_empty() && !target.redirects()) {
                run.unreachable += 1;
            } else {
                run.send(case, jwt, &mut target);
            }
        }
        run.end(&name, &file.logged, &target)?;
    }
    run.ensure_not_empty()
}

impl PublishedKey {
    fn jwk(&self, jwts: &Jwts) -> anyhow::Result<Value> {
        let mut jwk = jwts.keys(&[&self.key])?;
        let members = jwk.get_mut(0).and_then(Value::as_object_mut).context("a key is an object")?;
        members.extend(self.members.clone());
        members.retain(|_, value| !value.is_null());
        Ok(Value::Object(std::mem::take(members)))
    }
}

impl Credentials {
    fn into_case(self, supports_es512: bool) -> anyhow::Result<Case> {
        let Self { id, comment, jwt, authorization, subject, code, code_without_es512 } = self;
        let code = if supports_es512 { code } else { code_without_es512.or(code) };
        // The uid of `alice` is known. The uid of another subject must equal `rtc.uid` in the response.
        let uid = subject.as_ref().map_or_else(|| ALICE.to_string(), |_| "$/rtc/uid".to_owned());
        let subject = subject.as_deref().unwrap_or("alice");
        let expect = match &code {
            None => json!({
                "status": 200,
                "token": {
                    "at": "/token",
                    "format": "007",
                    "channel": "demo",
                    "uid": uid,
                    "privileges": { "1": 3600 },
                    "expires_in": 3600,
                },
                "audit": { "caller": "user", "subject": subject, "decision": "granted", "ttl": 3600 },
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

/// Returns whether the outcome depends on how soon the JWT is sent. The service tolerates a clock difference of one
/// minute.
fn depends_on_minute(jwt: &Value) -> bool {
    let seconds = |claim: &str| jwt.pointer(claim).and_then(Value::as_i64);
    seconds("/claims/exp").is_some_and(|exp| (-60..300).contains(&exp))
        || seconds("/claims/nbf").is_some_and(|nbf| nbf > 60)
}

fn bearer() -> String {
    "Bearer $jwt".to_owned()
}

/// Returns the challenge of a 401 response. The challenge contains an error only if the request had credentials (RFC 6750
/// section 3).
fn challenge(code: &str) -> &'static str {
    match code {
        "no_credentials" | "wrong_scheme" => "Bearer",
        _ => "Bearer error=\"invalid_token\"",
    }
}

/// Reads all files, sorted by name.
fn load() -> anyhow::Result<Vec<(String, File)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/attacks"))? {
        let path = entry?.path();
        let content = std::fs::read_to_string(&path)?;
        let file: File = serde_json::from_str(&content).with_context(|| path.display().to_string())?;
        let name = path.file_stem().context("the file has no name")?.to_string_lossy().into_owned();
        files.push((name, file));
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}
