//! The table of sizes, and the file that stores the baseline.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::terminal::print_line;

/// The size of a part of the Worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// The sizes of an earlier build, by the name of the part.
type Baseline = BTreeMap<String, u64>;

/// Reads a baseline. Returns an empty baseline if the file does not exist.
///
/// # Errors
/// Returns an error if the file has a line that is not a name, a tab and a number.
pub(super) fn read(path: &Path) -> Result<Baseline> {
    let file = if path.exists() { fs::read_to_string(path)? } else { String::new() };
    file.lines().map(|line| parse(line).with_context(|| format!("{}: {line:?}", path.display()))).collect()
}

/// Writes rows as a baseline.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub(super) fn write(path: &Path, rows: &[Row]) -> Result<()> {
    let lines: String = rows.iter().map(|row| format!("{}\t{}\n", row.name, row.bytes)).collect();
    Ok(fs::write(path, lines)?)
}

/// Prints rows with their differences from a baseline, then the rows that only the baseline contains.
pub(super) fn print(rows: &[Row], baseline: &Baseline) {
    print_line("\n    bytes  difference");
    for row in rows {
        print_row(&row.name, row.bytes, baseline.get(&row.name).copied());
    }
    for (name, bytes) in baseline.iter().filter(|(name, _)| rows.iter().all(|row| row.name != **name)) {
        print_row(name, 0, Some(*bytes));
    }
}

fn print_row(name: &str, bytes: u64, before: Option<u64>) {
    let indent = if name.contains("::") { "  " } else { "" };
    print_line(format_args!("{bytes:>9}  {:>10}  {indent}{name}", difference(bytes, before)));
}

fn difference(bytes: u64, before: Option<u64>) -> String {
    match before.map(|before| bytes.cast_signed() - before.cast_signed()) {
        None => "new".to_owned(),
        Some(0) => "0".to_owned(),
        Some(difference) => format!("{difference:+}"),
    }
}

fn parse(line: &str) -> Option<(String, u64)> {
    let (name, bytes) = line.split_once('\t')?;
    Some((name.to_owned(), bytes.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_name_and_a_number() {
        assert_eq!(parse("worker, raw\t12"), Some(("worker, raw".to_owned(), 12)));
        assert_eq!((parse("worker"), parse("worker\tmany")), (None, None));
    }

    #[test]
    fn formats_a_difference_with_its_sign() {
        let differences = [Some(7), Some(12), Some(10), None].map(|before| difference(10, before));
        assert_eq!(differences, ["+3", "-2", "0", "new"]);
    }
}
