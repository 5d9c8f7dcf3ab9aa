//! The cases in `cases/`: requests and their expected responses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::DeploymentKind;
use crate::deployment::Project;
use crate::folders::root;
use crate::target::Request;

/// A request and its expected response.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub(crate) id: String,
    #[serde(default, rename = "comment")]
    _comment: String,
    pub(crate) request: CaseRequest,
    pub(crate) expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseRequest {
    pub(crate) method: String,
    /// The percent-encoded path and query.
    pub(crate) target: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    /// The length of a body that consists of `x`.
    #[serde(default)]
    body_size: Option<usize>,
    #[serde(default)]
    json: Option<Value>,
    /// The specification of a JWT for `interop/jwts.mjs`. `$jwt` in headers and in the body is a placeholder for this
    /// JWT.
    #[serde(default)]
    pub(crate) jwt: Option<Value>,
    #[serde(default)]
    gateway_claims: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body as JSON, with the matchers of `json_match`.
    #[serde(default)]
    pub(crate) json: Option<Value>,
    /// The body as a problem document.
    #[serde(default)]
    pub(crate) problem: Option<ExpectedProblem>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) text_contains: Option<String>,
    /// Every expected token in the body. In the file, the field contains one token or an array.
    #[serde(default, deserialize_with = "one_or_several")]
    pub(crate) token: Vec<ExpectedToken>,
    /// Fields of the decision's log line.
    #[serde(default)]
    pub(crate) audit: Option<Map<String, Value>>,
}

/// The parts of a problem document that differ from case to case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedProblem {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) field: Option<String>,
    #[serde(default)]
    pub(crate) refused_by: Option<String>,
    /// The expected string, or a matcher. If the field is missing, any string is accepted.
    #[serde(default)]
    pub(crate) detail: Option<String>,
}

/// A token in the response, as the official packages decode it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "TokenDocument")]
pub struct ExpectedToken {
    /// The JSON pointer to the token in the response.
    pub(crate) at: String,
    /// `006`, `007` or `jwt`.
    pub(crate) format: String,
    pub(crate) content: Content,
    pub(crate) expires_in: u32,
    pub(crate) project: Project,
}

/// The content of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The services of an Agora token, in the token's order.
    Services(Vec<Service>),
    /// The claims of a VideoSDK token except `iat` and `exp`.
    Claims(Map<String, Value>),
}

/// A service of an Agora token. Fields that the service does not have are `None`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// The user of a channel, exactly as in the token. An empty string means any user. If the service chose the uid,
    /// `$/uid` is a placeholder for the value at the JSON pointer `/uid` in the response. `channel` and `user` can contain
    /// such a placeholder, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<String>,
    /// The user of a service that has no channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<i16>,
    /// The permissions. Each permission contains the number of its kind, the number of its access, and names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<(u16, u16, Vec<String>)>>,
    /// The TTLs of the privileges in seconds from the issue of the token, by the privilege's number.
    pub(crate) privileges: BTreeMap<String, i64>,
}

/// An [`ExpectedToken`] in a case: with `services`, with `claims`, or with the fields of a single RTC service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenDocument {
    at: String,
    format: String,
    channel: Option<String>,
    uid: Option<String>,
    privileges: Option<BTreeMap<String, i64>>,
    services: Option<Vec<Service>>,
    claims: Option<Map<String, Value>>,
    expires_in: u32,
    #[serde(default)]
    project: Project,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "comment")]
    _comment: String,
    deployment: DeploymentKind,
    cases: Vec<Case>,
}

/// Reads all cases, grouped by deployment. The cases of a deployment are in the order in which the tests send them.
///
/// # Errors
/// Returns an error if a file is not an array of cases, has no cases, or repeats an ID.
pub fn load() -> anyhow::Result<BTreeMap<DeploymentKind, Vec<Case>>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/cases"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut ids = BTreeSet::new();
    let mut cases: BTreeMap<DeploymentKind, Vec<Case>> = BTreeMap::new();
    for path in paths {
        let content = std::fs::read_to_string(&path)?;
        let file: File = serde_json::from_str(&content).with_context(|| path.display().to_string())?;
        ensure!(!file.cases.is_empty(), "{} has no cases", path.display());
        for case in &file.cases {
            ensure!(ids.insert(case.id.clone()), "duplicate case ID {}", case.id);
        }
        cases.entry(file.deployment).or_default().extend(file.cases);
    }
    Ok(cases)
}

impl CaseRequest {
    /// Returns the request with this JWT in place of `$jwt`.
    pub(crate) fn with_jwt(&self, jwt: &str) -> Request {
        let fill = |template: &str| template.replace("$jwt", jwt);
        let body = match (&self.body, self.body_size, &self.json) {
            (Some(body), _, _) => body.clone(),
            (None, Some(size), _) => "x".repeat(size),
            (None, None, Some(value)) => fill(&value.to_string()),
            (None, None, None) => String::new(),
        };
        Request {
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), fill(value))).collect(),
            body: body.into_bytes(),
            gateway_claims: self.gateway_claims.clone().map(|claims| claims.into_iter().collect()),
        }
    }
}

impl TryFrom<TokenDocument> for ExpectedToken {
    type Error = &'static str;

    fn try_from(document: TokenDocument) -> Result<Self, Self::Error> {
        let TokenDocument { at, format, channel, uid, privileges, services, claims, expires_in, project } =
            document;
        let content = match (channel, uid, privileges, services, claims) {
            (Some(channel), Some(uid), Some(privileges), None, None) => {
                Content::Services(vec![Service::rtc(channel, uid, privileges)])
            }
            (None, None, None, Some(services), None) => Content::Services(services),
            (None, None, None, None, Some(claims)) => Content::Claims(claims),
            _ => return Err("expected channel, uid and privileges, or services, or claims"),
        };
        if matches!(content, Content::Claims(_)) != (format == "jwt") {
            return Err("expected claims if and only if the format is jwt");
        }
        Ok(Self { at, format, content, expires_in, project })
    }
}

impl ExpectedToken {
    /// Returns the uid of the first service that has a uid.
    pub(crate) fn uid(&self) -> Option<&str> {
        self.services().iter().find_map(|service| service.uid.as_deref())
    }

    pub(crate) fn services(&self) -> &[Service] {
        match &self.content {
            Content::Services(services) => services,
            Content::Claims(_) => &[],
        }
    }

    pub(crate) fn services_mut(&mut self) -> &mut [Service] {
        match &mut self.content {
            Content::Services(services) => services,
            Content::Claims(_) => &mut [],
        }
    }
}

impl Service {
    fn rtc(channel: String, uid: String, privileges: BTreeMap<String, i64>) -> Self {
        Self {
            name: "rtc".into(),
            channel: Some(channel),
            uid: Some(uid),
            room: None,
            user: None,
            role: None,
            permissions: None,
            privileges,
        }
    }
}

fn one_or_several<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ExpectedToken>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let tokens = if let Value::Array(tokens) = value { tokens } else { vec![value] };
    tokens.into_iter().map(|token| serde_json::from_value(token).map_err(serde::de::Error::custom)).collect()
}
