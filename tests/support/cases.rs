//! The list of cases, as the files in `cases/` write it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::Setup;
use crate::setup::Project;

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
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    /// A body of this many `x`.
    #[serde(default)]
    body_size: Option<usize>,
    #[serde(default)]
    json: Option<Value>,
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
    pub(crate) problem: Option<ExpectProblem>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) text_contains: Option<String>,
    #[serde(default)]
    pub(crate) token: Option<ExpectToken>,
}

/// The parts of a problem document that differ from case to case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectProblem {
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
#[serde(deny_unknown_fields)]
pub struct ExpectToken {
    /// Where in the answer it is, as a JSON pointer.
    pub(crate) at: String,
    pub(crate) format: String,
    pub(crate) channel: String,
    /// The user as the token writes it, empty for anybody; `$/uid` stands for the number there in the answer, which
    /// the service has chosen.
    pub(crate) uid: String,
    /// Seconds from the issue of the token, by the number of the privilege.
    pub(crate) privileges: BTreeMap<String, u32>,
    pub(crate) expires_in: u32,
    #[serde(default)]
    pub(crate) project: Project,
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
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))? {
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
    pub(crate) fn body(&self) -> Vec<u8> {
        match (&self.body, self.body_size, &self.json) {
            (Some(text), _, _) => text.clone().into_bytes(),
            (None, Some(size), _) => vec![b'x'; size],
            (None, None, Some(value)) => value.to_string().into_bytes(),
            (None, None, None) => Vec::new(),
        }
    }
}
