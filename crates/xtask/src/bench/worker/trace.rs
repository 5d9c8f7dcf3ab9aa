//! The functions that V8 compiles between the start of a process and its first token.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::cold::mint;
use super::subject::Settings;
use super::{FIRST_PORT, MINT};
use crate::size::functions::Module;
use crate::steps::step;
use crate::terminal::print_line;
use crate::workerd::{self, Worker};

const FLAGS: [&str; 1] = ["--trace-wasm-compilation-times"];
/// The number of functions in the list of the most expensive functions.
const LISTED: usize = 10;

/// The compilation of a function by V8's baseline compiler. The first request waits for this compilation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Compilation {
    micros: u64,
    /// The size of the function's body in the module.
    bytes: u64,
}

/// Compilations by the index of the function.
type Compilations = BTreeMap<u32, Compilation>;

/// Starts Hallpass with a module that contains function names, mints one token, and reports which functions V8 compiled.
///
/// # Errors
/// Returns an error if Hallpass does not respond with 200, or V8 prints no compilation.
pub(super) fn report(folder: &Path, bundle: &Path, module: &Path, settings: &Settings) -> Result<()> {
    let log = step("tracing the functions that V8 compiles for the first token", || {
        let folder = folder.join("trace");
        let files = with_module(bundle, module, &folder)?;
        let worker = Worker { files: &files, settings, port: FIRST_PORT, v8_flags: &FLAGS };
        let process = worker.start(&folder)?;
        let response = mint(MINT).send(FIRST_PORT)?;
        ensure!(response.status == 200, "expected status 200, got {}: {}", response.status, response.body);
        drop(process);
        Ok(fs::read_to_string(worker.log(&folder))?)
    })?;
    let compilations = parse(&log);
    ensure!(!compilations.is_empty(), "V8 printed no compilation");
    print(&compilations, &Module::read(module)?);
    Ok(())
}

/// Copies a bundle to the folder with this module instead of the bundle's own module. Returns the paths of the copies.
fn with_module(bundle: &Path, module: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let copies = folder.join("bundle");
    fs::create_dir_all(&copies)?;
    let copy = |file: PathBuf| {
        let copied = copies.join(file.file_name().context("the module's path has no file name")?);
        let is_module = file.extension().is_some_and(|extension| extension == "wasm");
        fs::copy(if is_module { module } else { &file }, &copied)?;
        Ok(copied)
    };
    workerd::files(bundle)?.into_iter().map(copy).collect()
}

/// Parses the lines that V8 wrote to the log, and skips the Worker's lines. Adds the times of a function's compilations.
fn parse(log: &str) -> Compilations {
    let mut compilations = Compilations::new();
    for (index, compilation) in log.lines().filter_map(parse_line) {
        let sum = compilations.entry(index).or_default();
        sum.micros += compilation.micros;
        sum.bytes = compilation.bytes;
    }
    compilations
}

/// Parses `Compiled function 0x7f#69 using Liftoff, took 38 μs and 16360 bytes; bodysize 72 codesize 536`. Lines of the
/// optimizing compiler are skipped, because that compiler runs in other threads.
fn parse_line(line: &str) -> Option<(u32, Compilation)> {
    let (function, rest) = line.strip_prefix("Compiled function ")?.split_once(" using Liftoff, took ")?;
    let (_, index) = function.split_once('#')?;
    let (micros, rest) = rest.split_once(" μs ")?;
    let (_, sizes) = rest.split_once("bodysize ")?;
    let (bytes, _) = sizes.split_once(' ')?;
    Some((index.parse().ok()?, Compilation { micros: micros.parse().ok()?, bytes: bytes.parse().ok()? }))
}

fn print(compilations: &Compilations, module: &Module) {
    let total = |value: fn(&Compilation) -> u64| compilations.values().map(value).sum::<u64>();
    print_line(format_args!(
        "\nCompiled from the start to the first token: {} functions of {} bytes in {} ms",
        compilations.len(),
        total(|compilation| compilation.bytes),
        milliseconds(total(|compilation| compilation.micros))
    ));
    if let Some((index, largest)) = compilations.iter().max_by_key(|(_, compilation)| compilation.bytes) {
        print_line(format_args!("The largest has {} bytes: {}", largest.bytes, module.name(*index)));
    }
    print_line("      ms    bytes  most expensive functions");
    let mut by_time: Vec<_> = compilations.iter().collect();
    by_time.sort_by_key(|(_, compilation)| std::cmp::Reverse(compilation.micros));
    for (index, Compilation { micros, bytes }) in by_time.into_iter().take(LISTED) {
        print_line(format_args!("{:>8} {bytes:>8}  {}", milliseconds(*micros), module.name(*index)));
    }
}

/// Returns microseconds as milliseconds with two decimals.
fn milliseconds(micros: u64) -> String {
    let hundredths = (micros + 5) / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_only_lines_of_the_baseline_compiler() {
        let log = "\
Compiled function 0x3167bfc34a98#79 using Liftoff, took 134 μs and 43784 bytes; bodysize 4608 codesize 12624
{\"level\":\"INFO\",\"event\":\"decision\"}
Compiled function 0x3167bfc34a98#80 using TurboFan, took 900 μs and 43784 bytes; bodysize 72 codesize 536
Compiled function 0x3167bfc34a98#81 using Liftoff, took 6 μs and 1 bytes; bodysize 72 codesize 536
Compiled function broken";
        let expected =
            [(79, Compilation { micros: 134, bytes: 4608 }), (81, Compilation { micros: 6, bytes: 72 })];
        assert_eq!(parse(log), BTreeMap::from(expected));
    }

    #[test]
    fn rounds_milliseconds() {
        assert_eq!([milliseconds(12_345), milliseconds(4), milliseconds(5)], ["12.35", "0.00", "0.01"]);
    }
}
