//! The functions of a WebAssembly module, with their sizes and names.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::tools;

/// The data and functions of a module.
pub(crate) struct Module {
    /// The size of the data segments.
    pub(crate) data_bytes: u64,
    pub(crate) functions: Vec<Function>,
}

/// A function of a module.
pub(crate) struct Function {
    pub(crate) index: u32,
    /// The size of the body.
    pub(crate) bytes: u64,
    /// The name without hashes, or an empty string if the module has no name for the function.
    pub(crate) name: String,
}

impl Module {
    /// Reads a module.
    ///
    /// # Errors
    /// Returns an error if the file is not a module.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let list = tools::function_sizes(path)?;
        parse(&list).with_context(|| format!("cannot parse the list of functions in {}", path.display()))
    }

    /// Returns the name of a function, or `(no name)`.
    pub(crate) fn name(&self, index: u32) -> &str {
        let function = self.functions.iter().find(|function| function.index == index);
        function.map(|function| function.name.as_str()).filter(|name| !name.is_empty()).unwrap_or("(no name)")
    }
}

fn parse(list: &str) -> Option<Module> {
    let mut lines = list.lines();
    let data_bytes = lines.next()?.trim_end().parse().ok()?;
    Some(Module { data_bytes, functions: lines.map(function).collect::<Option<_>>()? })
}

fn function(line: &str) -> Option<Function> {
    let mut columns = line.splitn(3, '\t');
    let index = columns.next()?.parse().ok()?;
    let bytes = columns.next()?.parse().ok()?;
    Some(Function { index, bytes, name: without_hashes(columns.next().unwrap_or_default()) })
}

/// Removes the parts of a name that differ between builds: a hash at the end (`::h0123456789abcdef`), the hashes of crates
/// (`core[c5930c85a12de822]`), and counters (`[1]`).
fn without_hashes(name: &str) -> String {
    let mut rest = name;
    let mut kept = String::new();
    while let Some((before, (inside, after))) =
        rest.split_once('[').and_then(|(before, after)| Some((before, after.split_once(']')?)))
    {
        kept.push_str(before);
        if inside.is_empty() || !inside.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            kept.push('[');
            rest = rest.get(before.len() + 1..).unwrap_or_default();
        } else {
            rest = after;
        }
    }
    kept.push_str(rest);
    let is_hash = |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kept.rsplit_once("::h") {
        Some((path, hash)) if is_hash(hash) => path.to_owned(),
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_data_and_functions() {
        let module = parse("191061\n69\t12\ta::b::h0123456789abcdef\n70\t3\t\n71\t4").unwrap();
        assert_eq!(module.data_bytes, 191_061);
        let [first, second, third] = module.functions.as_slice() else { panic!("not three functions") };
        assert_eq!((first.index, first.bytes, first.name.as_str()), (69, 12, "a::b"));
        assert_eq!((second.bytes, third.bytes), (3, 4));
        assert_eq!([module.name(69), module.name(70)], ["a::b", "(no name)"]);
        assert!(parse("1\n2\tx\ta").is_none() && parse("").is_none());
    }

    #[test]
    fn removes_only_hashes_and_counters() {
        for (name, expected) in [
            ("<core[c5930c85a12de822]::str::Chars>::next", "<core::str::Chars>::next"),
            ("a::b::h0123456789abcdef[12]", "a::b"),
            ("<[T] as a::B>::c", "<[T] as a::B>::c"),
            ("a::hello", "a::hello"),
            ("f[", "f["),
        ] {
            assert_eq!(without_hashes(name), expected);
        }
    }
}
