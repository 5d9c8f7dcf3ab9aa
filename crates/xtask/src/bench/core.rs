//! The command `cargo xtask bench core`, which measures nanoseconds and allocations per token, natively and in
//! WebAssembly under Node.js. The times are compared with the HMACs alone and with Agora's npm packages.
//!
//! Agora's SDK for Rust (`DynamicKey/AgoraDynamicKey/rust` of <https://github.com/AgoraIO/Tools>) is not in any registry.
//! To include the SDK, write a program that mints the tokens named below for the inputs of `tests/token/benches/mint`.
//! For each token, the program must print the name, a tab and the nanoseconds: `007 RTC\t1234.5`. Set
//! `HALLPASS_OFFICIAL_RUST` to the program's path.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::median;
use crate::prerequisites::{Prerequisite, check};
use crate::process::{command, output, root, run_quietly};
use crate::steps::step;
use crate::terminal::print_line;
use crate::tools;

/// The number of rounds. Each round runs every program once.
const ROUNDS: usize = 7;

/// The maximum native time for each kind of token, as a multiple of the time for the token's HMACs.
const BUDGETS: [(&str, f64); 2] = [("006 RTC", 1.3), ("007 RTC", 2.0)];

/// A program that prints measurements.
struct Program {
    name: &'static str,
    command: Box<dyn Fn() -> Command>,
}

/// The measurements for one kind of token, by program.
type Row = BTreeMap<&'static str, Measurements>;

/// The measurements of one program, with one value per round. Only Hallpass's programs print ratios and allocations.
#[derive(Default)]
struct Measurements {
    nanoseconds: Vec<f64>,
    ratio: Vec<f64>,
    allocations: Option<String>,
}

const NATIVE: &str = "native";

/// Runs `cargo xtask bench core`.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a program fails.
pub(crate) fn run() -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node])?;
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
                let output = output(&mut (program.command)())
                    .with_context(|| format!("the program {} failed", program.name))?;
                for line in output.lines() {
                    record(&mut rows, program.name, line).with_context(|| {
                        format!("the program {} printed an invalid line: {line:?}", program.name)
                    })?;
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

/// Records a line of a program's output. The line contains the name and the nanoseconds. For Hallpass's programs, the
/// line also contains the ratio and the allocations.
fn record(rows: &mut Vec<(String, Row)>, program: &'static str, line: &str) -> Result<()> {
    let mut columns = line.split('\t');
    let name = columns.next().context("the name is missing")?;
    let nanoseconds = columns.next().context("the nanoseconds are missing")?.parse()?;
    let position = rows.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        rows.push((name.to_owned(), Row::new()));
        rows.len() - 1
    });
    let (_, row) = rows.get_mut(position).context("no row")?;
    let measurements = row.entry(program).or_default();
    measurements.nanoseconds.push(nanoseconds);
    if let Some(ratio) = columns.next() {
        measurements.ratio.push(ratio.parse()?);
    }
    measurements.allocations = columns.next().map(ToOwned::to_owned).or(measurements.allocations.take());
    Ok(())
}

fn report(name: &str, row: &Row, programs: &[Program]) {
    print_line(format_args!("\n{name}"));
    let hallpass =
        row.get(NATIVE).map(|measurements| measurements.nanoseconds.as_slice()).unwrap_or_default();
    for (program, measurements) in programs.iter().filter_map(|program| row.get_key_value(program.name)) {
        let mut line = format!("  {program:<14} {:>8.0} ns", median(measurements.nanoseconds.clone()));
        if measurements.ratio.is_empty() {
            let ratios = measurements
                .nanoseconds
                .iter()
                .zip(hallpass)
                .map(|(other, hallpass)| other / hallpass)
                .collect();
            line += &format!("   {:>6.1} times Hallpass", median(ratios));
        } else {
            line += &format!("   {:>6.2} times its HMACs", median(measurements.ratio.clone()));
        }
        if let Some(allocations) = &measurements.allocations {
            line += &format!(", {allocations} allocations");
        }
        let budget = BUDGETS.iter().find(|(known, _)| *program == NATIVE && *known == name);
        if let Some((_, budget)) = budget {
            line += &format!(" (budget: {budget:.1} times its HMACs)");
        }
        print_line(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_measurements_by_token() {
        let mut rows = Vec::new();
        record(&mut rows, NATIVE, "007 RTC\t100.0\t1.5\t2").unwrap();
        record(&mut rows, "official Rust", "007 RTC\t250.0").unwrap();
        let [(name, row)] = rows.as_slice() else { panic!("{} rows", rows.len()) };
        assert_eq!(name, "007 RTC");
        assert_eq!(row[NATIVE].allocations.as_deref(), Some("2"));
        assert_eq!(row["official Rust"].nanoseconds, [250.0]);
    }

    #[test]
    fn rejects_a_line_without_a_number() {
        assert!(record(&mut Vec::new(), NATIVE, "007 RTC").is_err());
        assert!(record(&mut Vec::new(), NATIVE, "007 RTC\tfast").is_err());
    }
}
