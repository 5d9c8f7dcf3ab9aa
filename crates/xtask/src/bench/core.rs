//! Nanoseconds and allocations per token, natively and in WebAssembly under Node, beside the HMACs alone and beside
//! Agora's npm packages.
//!
//! Agora's SDK for Rust (`DynamicKey/AgoraDynamicKey/rust` of <https://github.com/AgoraIO/Tools>) is in no registry. Who
//! has it can write a program that mints the tokens named below for the inputs of `tests/token/benches/mint`, and
//! prints for each a line of its name, a tab and the nanoseconds: `007 RTC\t1234.5`. With the path of that program in
//! `HALLPASS_OFFICIAL_RUST`, its figures stand beside ours.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::median;
use crate::prerequisites::{Needs, check};
use crate::process::{command, output, root, run_quietly};
use crate::steps::step;
use crate::terminal::say;
use crate::tools;

/// Each starts every program once, in turns.
const ROUNDS: usize = 7;

/// The most that a token may cost natively, as a multiple of its HMACs alone.
const BUDGETS: [(&str, f64); 2] = [("006 RTC", 1.3), ("007 RTC", 2.0)];

/// A program that prints figures.
struct Program {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
}

/// What the programs printed for one kind of token, by program.
type Row = BTreeMap<&'static str, Figures>;

/// One figure for each round; ratio and allocations only from ours.
#[derive(Default)]
struct Figures {
    nanoseconds: Vec<f64>,
    ratio: Vec<f64>,
    allocations: Option<String>,
}

const NATIVE: &str = "native";

/// `cargo xtask bench core`.
///
/// # Errors
/// If something is missing, or a program fails.
pub(crate) fn run() -> Result<()> {
    check(&[Needs::Rustup, Needs::Node])?;
    tools::node_modules()?;
    tools::rust_target(tools::WASI_TARGET)?;
    step("building the programs", || {
        run_quietly(native().arg("--no-run"))?;
        run_quietly(wasm().arg("--no-run"))
    })?;
    let mut programs = vec![
        Program { name: NATIVE, command: Box::new(native) },
        Program { name: "WebAssembly", command: Box::new(wasm) },
        Program { name: "npm in Node", command: Box::new(npm) },
    ];
    if let Some(path) = std::env::var_os("HALLPASS_OFFICIAL_RUST") {
        programs.push(Program { name: "official Rust", command: Box::new(move || command(&path)) });
    }
    let mut rows: Vec<(String, Row)> = Vec::new();
    step(&format!("{ROUNDS} rounds"), || {
        for _ in 0..ROUNDS {
            for program in &programs {
                let printed = output(&mut (program.command)())
                    .with_context(|| format!("the program {} failed", program.name))?;
                for line in printed.lines() {
                    note(&mut rows, program.name, line)
                        .with_context(|| format!("{} printed {line:?}", program.name))?;
                }
            }
        }
        Ok(())
    })?;
    for (name, row) in &rows {
        report(name, row, &programs);
    }
    Ok(())
}

fn native() -> Command {
    let mut cargo = command("cargo");
    cargo.args(["bench", "--locked", "--quiet", "--package", "hallpass-token-tests", "--bench", "mint"]);
    cargo
}

fn wasm() -> Command {
    let mut cargo = native();
    cargo.args(["--target", tools::WASI_TARGET]);
    cargo
}

fn npm() -> Command {
    let mut node = command("node");
    node.arg(root().join("crates/xtask/bench/core.mjs"));
    node
}

/// Takes a line: name, nanoseconds, and from ours also ratio and allocations.
fn note(rows: &mut Vec<(String, Row)>, program: &'static str, line: &str) -> Result<()> {
    let mut columns = line.split('\t');
    let name = columns.next().context("no name")?;
    let nanoseconds = columns.next().context("no nanoseconds")?.parse()?;
    let position = rows.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        rows.push((name.to_owned(), Row::new()));
        rows.len() - 1
    });
    let (_, row) = rows.get_mut(position).context("no row")?;
    let figures = row.entry(program).or_default();
    figures.nanoseconds.push(nanoseconds);
    if let Some(ratio) = columns.next() {
        figures.ratio.push(ratio.parse()?);
    }
    figures.allocations = columns.next().map(ToOwned::to_owned).or(figures.allocations.take());
    Ok(())
}

fn report(name: &str, row: &Row, programs: &[Program]) {
    say(format_args!("\n{name}"));
    let own = row.get(NATIVE).map(|figures| figures.nanoseconds.as_slice()).unwrap_or_default();
    for (program, figures) in programs.iter().filter_map(|program| row.get_key_value(program.name)) {
        let mut line = format!("  {program:<14} {:>8.0} ns", median(figures.nanoseconds.clone()));
        if figures.ratio.is_empty() {
            let times = figures.nanoseconds.iter().zip(own).map(|(other, own)| other / own).collect();
            line += &format!("   {:>6.1} times ours", median(times));
        } else {
            line += &format!("   {:>6.2} times its HMACs", median(figures.ratio.clone()));
        }
        if let Some(allocations) = &figures.allocations {
            line += &format!(", {allocations} allocations");
        }
        let budget = BUDGETS.iter().find(|(known, _)| *program == NATIVE && *known == name);
        if let Some((_, budget)) = budget {
            line += &format!("; {budget:.1} are allowed");
        }
        say(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_token_come_together() {
        let mut rows = Vec::new();
        note(&mut rows, NATIVE, "007 RTC\t100.0\t1.5\t2").unwrap();
        note(&mut rows, "official Rust", "007 RTC\t250.0").unwrap();
        let [(name, row)] = rows.as_slice() else { panic!("{} rows", rows.len()) };
        assert_eq!(name, "007 RTC");
        assert_eq!(row[NATIVE].allocations.as_deref(), Some("2"));
        assert_eq!(row["official Rust"].nanoseconds, [250.0]);
    }

    #[test]
    fn a_line_without_a_number_is_refused() {
        assert!(note(&mut Vec::new(), NATIVE, "007 RTC").is_err());
        assert!(note(&mut Vec::new(), NATIVE, "007 RTC\tfast").is_err());
    }
}
