//! `cargo xtask size`: the bytes of the Worker, and which crates and modules they come from.

pub(crate) mod functions;
mod owner;
pub(crate) mod shipped;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::functions::{Function, Module};
use self::shipped::Shipped;
use self::table::Row;
use crate::build::{self, Profile};
use crate::prerequisites::{Needs, check};
use crate::process::root;
use crate::terminal::say;

const LARGEST: usize = 20;

/// Prints the sizes and their differences from the baseline; with `save`, they become the baseline.
///
/// # Errors
/// If something is missing, or a tool fails.
pub(crate) fn run(save: bool) -> Result<()> {
    check(&[Needs::Rustup, Needs::Node])?;
    build::worker(Profile::Release)?;
    let shipped = shipped::measure(&build::worker_bundle()?)?;
    let module = Module::read(&build::module_with_names()?)?;
    let rows = [totals(&shipped, &module), by_owner(&module.functions)].concat();
    table::print(&rows, &table::read(&baseline())?);
    print_largest(module.functions);
    if save {
        table::write(&baseline(), &rows)?;
        say(format_args!("\nsaved to {}", shown(&baseline())));
    }
    Ok(())
}

fn baseline() -> PathBuf {
    root().join("crates/xtask/bench/size.tsv")
}

fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}

fn totals(shipped: &Shipped, module: &Module) -> Vec<Row> {
    let code = module.functions.iter().map(|function| function.bytes).sum();
    let named = [
        ("worker, raw", shipped.total().raw),
        ("worker, gzipped", shipped.total().gzipped),
        ("module, raw", shipped.module.raw),
        ("module, gzipped", shipped.module.gzipped),
        ("glue, raw", shipped.glue.raw),
        ("glue, gzipped", shipped.glue.gzipped),
        ("data of the module", module.data_bytes),
        ("code of the module", code),
    ];
    named.map(|(name, bytes)| Row { name: name.to_owned(), bytes }).to_vec()
}

/// Returns the code bytes of each crate, the largest first, and of the modules of this workspace's crates after their
/// crate.
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
        let own = modules.iter().filter(|((owner, _), _)| *owner == krate);
        let own = by_size(own.map(|((_, module), bytes)| (*module, *bytes)));
        rows.extend(own.into_iter().map(|(module, bytes)| Row { name: format!("{krate}::{module}"), bytes }));
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
    say(format_args!("\n    bytes  the {LARGEST} largest functions"));
    for function in functions.iter().take(LARGEST) {
        say(format_args!("{:>9}  {}", function.bytes, function.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_follow_their_crate() {
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
