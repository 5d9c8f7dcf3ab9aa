//! The command `cargo xtask size`, which prints the Worker's size by crate and module.

pub(crate) mod bundle;
pub(crate) mod functions;
mod owner;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::bundle::BundleSize;
use self::functions::{Function, Module};
use self::table::Row;
use crate::build::{self, Profile};
use crate::prerequisites::{Prerequisite, check};
use crate::process::root;
use crate::terminal::print_line;

/// The number of functions in the list of the largest functions.
const LARGEST: usize = 20;

/// Prints the sizes and their differences from the baseline. If `save` is set, saves the sizes as the baseline.
///
/// # Errors
/// Returns an error if a prerequisite is missing, or a tool fails.
pub(crate) fn run(save: bool) -> Result<()> {
    check(&[Prerequisite::Rustup, Prerequisite::Node])?;
    build::worker(Profile::Release)?;
    let size = bundle::measure(&build::worker_bundle()?)?;
    let module = Module::read(&build::module_with_names()?)?;
    let rows = [totals(&size, &module), by_owner(&module.functions)].concat();
    table::print(&rows, &table::read(&baseline())?);
    print_largest(module.functions);
    if save {
        table::write(&baseline(), &rows)?;
        print_line(format_args!("\nsaved to {}", relative(&baseline())));
    }
    Ok(())
}

fn baseline() -> PathBuf {
    root().join("crates/xtask/bench/size.tsv")
}

fn relative(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}

fn totals(size: &BundleSize, module: &Module) -> Vec<Row> {
    let code = module.functions.iter().map(|function| function.bytes).sum();
    let named = [
        ("worker, raw", size.total().raw),
        ("worker, gzipped", size.total().gzipped),
        ("module, raw", size.module.raw),
        ("module, gzipped", size.module.gzipped),
        ("JavaScript, raw", size.javascript.raw),
        ("JavaScript, gzipped", size.javascript.gzipped),
        ("data of the module", module.data_bytes),
        ("code of the module", code),
    ];
    named.map(|(name, bytes)| Row { name: name.to_owned(), bytes }).to_vec()
}

/// Returns the code size of each crate in bytes, in descending order. The rows of a workspace crate's modules follow the
/// crate's row.
fn by_owner(functions: &[Function]) -> Vec<Row> {
    let mut crates = BTreeMap::<&str, u64>::new();
    let mut modules = BTreeMap::<(&str, &str), u64>::new();
    for function in functions {
        let owner = owner::of(&function.name);
        *crates.entry(owner.krate).or_default() += function.bytes;
        if owner.krate.starts_with("hallpass_") {
            *modules.entry((owner.krate, owner.module)).or_default() += function.bytes;
        }
    }
    let mut rows = Vec::new();
    for (krate, bytes) in by_size(crates) {
        rows.push(Row { name: krate.to_owned(), bytes });
        let modules = modules.iter().filter(|((owner, _), _)| *owner == krate);
        let modules = by_size(modules.map(|((_, module), bytes)| (*module, *bytes)));
        rows.extend(
            modules.into_iter().map(|(module, bytes)| Row { name: format!("{krate}::{module}"), bytes }),
        );
    }
    rows
}

fn by_size<'a>(bytes: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<(&'a str, u64)> {
    let mut sorted: Vec<_> = bytes.into_iter().collect();
    sorted.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), *name));
    sorted
}

fn print_largest(mut functions: Vec<Function>) {
    functions.sort_by_key(|function| std::cmp::Reverse(function.bytes));
    print_line(format_args!("\n    bytes  the {LARGEST} largest functions"));
    for function in functions.iter().take(LARGEST) {
        print_line(format_args!("{:>9}  {}", function.bytes, function.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_modules_after_their_crate() {
        let function = |bytes, name: &str| Function { index: 0, bytes, name: name.to_owned() };
        let functions = [
            function(1, "hallpass_service::auth::a"),
            function(2, "hallpass_service::routes::a"),
            function(3, "hallpass_service::routes::b"),
            function(4, "core::fmt::write"),
        ];
        let rows = by_owner(&functions);
        let rows: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.bytes)).collect();
        assert_eq!(
            rows,
            [
                ("hallpass_service", 6),
                ("hallpass_service::routes", 5),
                ("hallpass_service::auth", 1),
                ("core", 4)
            ]
        );
    }
}
