//! Checks that docs/errors.md lists the code of every error, and that docs/inspect-problems.md lists the code of every
//! problem of a token.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, ensure};
use hallpass_tests::root;
use serde_json::Value;

use super::page::{Element, pages};

#[test]
fn each_error_code_is_listed() -> anyhow::Result<()> {
    let document: Value = serde_json::from_str(&source("hallpass-service/openapi.json")?)?;
    let codes = document.pointer("/components/schemas/Problem/properties/code/enum");
    let codes = codes.and_then(Value::as_array).context("no codes in the OpenAPI document")?;
    let codes: BTreeSet<_> = codes.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    ensure_same(&codes_in_tables("docs/errors.md")?, &codes)
}

#[test]
fn each_problem_of_a_token_is_listed() -> anyhow::Result<()> {
    let mut codes = BTreeSet::new();
    for (path, function, end) in [
        ("hallpass-token/src/agora/explain/problem.rs", " fn facts(", "\n    }\n"),
        ("hallpass-token/src/agora/explain/problem.rs", " fn unreadable_code(", "\n}\n"),
        ("hallpass-token/src/videosdk/problem.rs", " fn facts(", "\n    }\n"),
        ("hallpass-token/src/videosdk/problem.rs", " fn parse_error_code(", "\n}\n"),
    ] {
        let source = source(path)?;
        let (_, body) = source.split_once(function).with_context(|| format!("{path} has no{function}"))?;
        let (body, _) = body.split_once(end).with_context(|| format!("no end of{function}"))?;
        // The names of services look like codes, but are not codes.
        let body = body.replace("Some(\"rtc\")", "").replace("Some(\"rtm\")", "");
        let strings = body.split('"').skip(1).step_by(2).filter(|string| is_code(string));
        codes.extend(strings.map(str::to_owned));
    }
    ensure!(codes.len() > 70, "only {} codes were found", codes.len());
    ensure_same(&codes_in_tables("docs/inspect-problems.md")?, &codes)
}

fn source(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root().join("crates").join(path)).with_context(|| path.to_owned())
}

fn is_code(string: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !string.is_empty() && string.bytes().all(is_allowed)
}

/// Returns the codes in the first column of each table that is headed `code`.
fn codes_in_tables(path: &str) -> anyhow::Result<BTreeSet<String>> {
    let page = pages()?.into_iter().find(|page| page.path == path).with_context(|| path.to_owned())?;
    let mut codes = BTreeSet::new();
    for element in page.elements() {
        let Element::Table(rows) = element else { continue };
        let is_of_codes =
            rows.first().and_then(|header| header.first()).is_some_and(|name| name.contains("code"));
        let cells = rows.iter().skip(1).filter_map(|row| row.first()).filter(|_| is_of_codes);
        let spans = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        codes.extend(spans.map(str::to_owned));
    }
    Ok(codes)
}

fn ensure_same(listed: &BTreeSet<String>, codes: &BTreeSet<String>) -> anyhow::Result<()> {
    let missing: Vec<_> = codes.difference(listed).collect();
    let extra: Vec<_> = listed.difference(codes).collect();
    ensure!(missing.is_empty() && extra.is_empty(), "missing: {missing:?}, unknown: {extra:?}");
    Ok(())
}
