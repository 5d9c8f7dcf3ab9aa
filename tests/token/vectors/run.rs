//! A runner that checks files of test vectors, counts the results, and reports failures.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::{agora, videosdk};

/// The results of all vectors that were run.
#[derive(Default)]
pub(super) struct Run {
    counts: BTreeMap<String, Counts>,
    failures: Vec<String>,
}

/// The counts of results for one kind of vector.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// The number of vectors that were run.
    pub(super) ran: usize,
    /// The number of vectors whose token `Mint` or `Claims` reproduced. The other vectors have values that the types of
    /// the crate reject.
    pub(super) typed: usize,
    /// The number of parsed SDK tokens.
    pub(super) tokens: usize,
}

/// The result of a vector that passed all checks.
#[derive(Debug)]
pub(super) struct Passed {
    /// The kind of the vector.
    pub(super) kind: String,
    /// True if `Mint` or `Claims` reproduced the token.
    pub(super) typed: bool,
    /// The number of SDK tokens in the vector.
    pub(super) tokens: usize,
}

#[derive(Deserialize)]
struct File {
    vectors: Vec<Value>,
}

impl Run {
    /// Runs the vectors of every `*.json` file in a folder, in alphabetical order of the file names.
    pub(super) fn folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        ensure!(!paths.is_empty(), "{} contains no vectors", folder.display());
        for path in paths {
            let string = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            self.file(&path.display().to_string(), &string);
        }
        Ok(())
    }

    /// Runs the vectors of one file.
    pub(super) fn file(&mut self, name: &str, string: &str) {
        let file: File = match serde_json::from_str(string) {
            Ok(file) => file,
            Err(error) => return self.failures.push(format!("{name} is not a file of vectors: {error}")),
        };
        if file.vectors.is_empty() {
            self.failures.push(format!("{name} contains no vectors"));
        }
        for (position, vector) in file.vectors.iter().enumerate() {
            match check(vector) {
                Ok(Passed { kind, typed, tokens }) => {
                    let counts = self.counts.entry(kind).or_default();
                    counts.ran += 1;
                    counts.typed += usize::from(typed);
                    counts.tokens += tokens;
                }
                Err(error) => {
                    let id = ["id", "name"].into_iter().find_map(|key| vector.get(key)?.as_str());
                    let id = id.map_or_else(|| format!("vector {position}"), str::to_owned);
                    self.failures.push(format!("{name}: {id}: {error:#}"));
                }
            }
        }
    }

    /// Returns the counts of one kind of vector.
    pub(super) fn counts(&self, kind: &str) -> Counts {
        self.counts.get(kind).copied().unwrap_or_default()
    }

    /// Finishes the run. Returns an error if a vector failed or no vector ran. The error lists all failures.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        ensure!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
        ensure!(!self.counts.is_empty(), "no vector ran");
        Ok(())
    }
}

/// Prints one line of counts for each kind of vector.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sum = Counts::default();
        for (kind, counts) in &self.counts {
            writeln!(f, "{kind:24} {counts}")?;
            sum.ran += counts.ran;
            sum.typed += counts.typed;
            sum.tokens += counts.tokens;
        }
        write!(f, "{:24} {sum}", "all")
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ran, typed, tokens } = self;
        write!(f, "{ran:4} vectors, {typed:3} minted by the typed API, {tokens:4} SDK tokens parsed")
    }
}

/// Runs a vector. A vector with the field `kind` is an Agora vector, and a vector with the field `api_key` is a
/// VideoSDK vector.
fn check(vector: &Value) -> anyhow::Result<Passed> {
    if vector.get("kind").is_some() {
        return agora::check(vector);
    }
    if vector.get("api_key").is_some() {
        return videosdk::check(vector);
    }
    bail!("neither `kind` (Agora) nor `api_key` (VideoSDK) is present")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn failures(string: &str) -> String {
        let mut run = Run::default();
        run.file("some.json", string);
        run.finish().unwrap_err().to_string()
    }

    fn recorded(id: &str) -> Value {
        let files = [include_str!("agora.json"), include_str!("videosdk.json")];
        let files = files.map(|string| serde_json::from_str::<File>(string).unwrap().vectors);
        files.into_iter().flatten().find(|vector| vector["id"] == id || vector["name"] == id).unwrap()
    }

    /// Changes one field of a vector, and returns the failures of the changed vector.
    fn changed(id: &str, pointer: &str, value: Value) -> String {
        let mut vector = recorded(id);
        *vector.pointer_mut(pointer).unwrap() = value;
        failures(&json!({ "vectors": [vector] }).to_string())
    }

    #[test]
    fn empty_run_fails() {
        assert_eq!(Run::default().finish().unwrap_err().to_string(), "no vector ran");
        assert!(failures(r#"{"vectors":[]}"#).contains("some.json contains no vectors"));
    }

    #[test]
    fn rejects_other_files() {
        assert!(failures(r#"{"cases":[]}"#).contains("some.json is not a file of vectors"));
        assert!(failures(r#"{"vectors":[{"id":"x"}]}"#).contains("some.json: x: neither `kind`"));
    }

    #[test]
    fn single_vector_passes() {
        let mut run = Run::default();
        run.file("some.json", &json!({ "vectors": [recorded("007-rtc_uid-002")] }).to_string());
        assert_eq!(run.counts("build rtc_uid"), Counts { ran: 1, typed: 1, tokens: 4 });
        run.finish().unwrap();
    }

    #[test]
    fn rejects_unknown_kinds_and_builders() {
        let failure = changed("neg-01-valid", "/kind", json!("other"));
        assert!(failure.contains("neg-01-valid: unknown variant `other`"), "{failure}");
        let failure = changed("007-rtc_uid-002", "/builder", json!("other"));
        assert!(failure.contains("007-rtc_uid-002: unknown variant `other`"), "{failure}");
    }

    #[test]
    fn names_failing_vectors() {
        for (vector, pointer, value) in [
            ("006-rtc006_uid-001", "/args/expire_ts", json!(1)),
            ("006-rtc006_uid-001", "/args/channel", json!("other")),
            ("006-rtc006_uid-001", "/expected/crc_uid", json!(1)),
            ("006-raw006-003", "/salt", json!(2)),
            ("007-rtc_uid-007", "/args/role", json!(2)),
            ("007-rtc_uid-007", "/args/token_expire", json!(901)),
            ("007-rtc_uid-007", "/expected/services/0/uid", json!("2")),
            ("007-rtc_uid-007", "/expected/token_strings/0/token", json!("007")),
            ("007-raw007-002", "/issue_ts", json!(1_111_112)),
            ("007-fixed-04", "/app_certificate", json!("5CFd2fd1755d40ecb72977518be15d3c")),
            ("007-fixed-01", "/services/4/role", json!(1)),
            ("006-seed-1", "/crc_uid", json!(1)),
            ("neg-01-valid", "/recommended_verdict", json!("reject")),
            ("neg-08-signature-bit-flip", "/recommended_verdict", json!("accept")),
            ("neg-08-signature-bit-flip", "/recommended_verdict", json!("other")),
            ("v2_room", "/secret", json!("other")),
            ("v2_room", "/payload", json!(r#"{"apikey":"k"}"#)),
            // The known deviation applies only to the vector with the original name.
            ("seed_0_1_x", "/name", json!("upper-case")),
            ("v2_room", "/name", json!("seed_0_1_x")),
        ] {
            let id = if pointer == "/name" { value.as_str().unwrap() } else { vector }.to_owned();
            let failure = changed(vector, pointer, value);
            assert!(failure.starts_with(&format!("1 failures:\nsome.json: {id}: ")), "{pointer}: {failure}");
        }
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn rejects_a_folder_without_vectors() {
        let folder = std::env::temp_dir().join(format!("{}-no-vectors", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let error = Run::default().folder(&folder).unwrap_err().to_string();
        assert!(error.ends_with("no-vectors contains no vectors"), "{error}");
        assert!(Run::default().folder(&folder.join("missing")).is_err());
        fs::remove_dir(&folder).unwrap();
    }
}
