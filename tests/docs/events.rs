//! Checks that docs/operations.md lists each event that the service logs, and no other event.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use hallpass_tests::root;

use super::page::{Element, pages};

/// The crates that log, all in the same format.
const CRATES: [&str; 3] = ["hallpass-service", "hallpass-worker", "hallpass-lambda"];
/// The source code that precedes the name of an event. The marker `("auth_` contains the start of the name.
const MARKERS: [&str; 6] = ["LogLine::new(", "LogLine::of(", " line(", "(\"auth_", "event: ", r#""event":"#];

#[test]
fn every_event_is_listed() -> anyhow::Result<()> {
    let mut logged = BTreeSet::new();
    for name in CRATES {
        collect(&root().join("crates").join(name).join("src"), &mut logged)?;
    }
    let listed = listed()?;
    ensure!(logged.len() > 10, "only {logged:?} were found");
    ensure!(listed == logged, "docs/operations.md lists {listed:#?}, but the service logs {logged:#?}");
    Ok(())
}

/// Returns the event names in the first column of the table below "Log events".
fn listed() -> anyhow::Result<BTreeSet<String>> {
    let page = pages()?.into_iter().find(|page| page.path == "docs/operations.md").context("no such page")?;
    let mut elements = page.elements().into_iter();
    elements.find(|element| matches!(element, Element::Line(line) if line == "## Log events"));
    let rows = elements.find_map(|element| match element {
        Element::Table(rows) => Some(rows),
        Element::Block(_) | Element::Line(_) => None,
    });
    let names = rows.context("no table")?.into_iter().skip(1).filter_map(|row| row.into_iter().next());
    Ok(names.map(|name| name.trim_matches('`').to_owned()).collect())
}

/// Adds the event names that the source files in a folder contain.
fn collect(folder: &Path, events: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, events)?;
        } else {
            let source = fs::read_to_string(&path)?;
            let source = source.split_whitespace().collect::<Vec<_>>().join(" ");
            for marker in MARKERS {
                events.extend(source.split(marker).skip(1).filter_map(|rest| event(marker, rest)));
            }
        }
    }
    Ok(())
}

/// Returns the name of an event from the source code after a marker. The name is the first argument, or the second
/// argument after a log level.
fn event(marker: &str, rest: &str) -> Option<String> {
    let rest = if marker.ends_with('_') { &marker[1..] } else { "" }.to_owned() + rest;
    let (before, rest) = rest.split_once('"')?;
    let before = before.trim();
    let is_level = before.ends_with(',') && before.matches(',').count() == 1;
    let name = rest.split_once('"')?.0;
    let is_name = name.len() > 4 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    ((before.is_empty() || is_level) && is_name).then(|| name.to_owned())
}
