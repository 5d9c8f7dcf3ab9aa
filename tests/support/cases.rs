//! The list of cases, as the files in `cases/` write it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Setup;
use crate::folders::root;
use crate::setup::Project;
use crate::target::Request;

/// One request and what must come back.
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
    /// Path and query as they are sent.
    pub(crate) target: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    /// A body of this many `x`.
    #[serde(default)]
    body_size: Option<usize>,
    #[serde(default)]
    json: Option<Value>,
    /// What the JWT is like that `$jwt` in a header or the body stands for, as `interop/jwts.mjs` reads it.
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
    /// The whole body as JSON, with the matchers of `json_match`.
    #[serde(default)]
    pub(crate) json: Option<Value>,
    /// The whole body as a problem document.
    #[serde(default)]
    pub(crate) problem: Option<ExpectedProblem>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) text_contains: Option<String>,
    /// Every token in the body: one, or a list.
    #[serde(default, deserialize_with = "one_or_several")]
    pub(crate) token: Vec<ExpectedToken>,
    /// What the line of the decision says among other things.
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
    /// A text or matcher; any text where it is left out.
    #[serde(default)]
    pub(crate) detail: Option<String>,
}

/// What a token in the answer must say, by the word of the official packages.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "TokenDocument")]
pub struct ExpectedToken {
    /// Where in the answer it is, as a JSON pointer.
    pub(crate) at: String,
    /// `006`, `007` or `jwt`.
    pub(crate) format: String,
    pub(crate) content: Content,
    pub(crate) expires_in: u32,
    pub(crate) project: Project,
}

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The services of a token of Agora, in the order in which it has them.
    Services(Vec<Service>),
    /// The claims of a token of VideoSDK but for `iat` and `exp`.
    Claims(Map<String, Value>),
}

/// One service of a token of Agora; only what it has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// The user of a channel as the token writes it, empty for anybody. `$/uid` stands for the number there in the
    /// answer, which the service has chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<String>,
    /// The user of anything but a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<i16>,
    /// Numbers of kind and access, and names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<(u16, u16, Vec<String>)>>,
    /// Seconds from the issue of the token, by the number of the privilege.
    pub(crate) privileges: BTreeMap<String, i64>,
}

/// An [`ExpectedToken`] as a case writes it: with `services`, with `claims`, or for a channel alone without either.
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
    setup: Setup,
    cases: Vec<Case>,
}

/// Reads all cases, by the deployment that they need, in the order in which they are sent.
///
/// # Errors
/// For a file that is no list, has no case, or has an id that was there before.
pub fn load() -> anyhow::Result<BTreeMap<Setup, Vec<Case>>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/cases"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut ids = BTreeSet::new();
    let mut cases: BTreeMap<Setup, Vec<Case>> = BTreeMap::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let file: File = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(!file.cases.is_empty(), "{} has no case", path.display());
        for case in &file.cases {
            ensure!(ids.insert(case.id.clone()), "the id {} is there twice", case.id);
        }
        cases.entry(file.setup).or_default().extend(file.cases);
    }
    Ok(cases)
}

impl CaseRequest {
    /// The request as a client sends it that has this JWT.
    pub(crate) fn with_jwt(&self, jwt: &str) -> Request {
        let fill = |text: &str| text.replace("$jwt", jwt);
        let body = match (&self.body, self.body_size, &self.json) {
            (Some(text), _, _) => text.clone(),
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
            _ => return Err("a token has channel, uid and privileges, or services, or claims"),
        };
        if matches!(content, Content::Claims(_)) != (format == "jwt") {
            return Err("a token has claims if its format is jwt");
        }
        Ok(Self { at, format, content, expires_in, project })
    }
}

impl ExpectedToken {
    /// The user of the channel, if the token is for one.
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
