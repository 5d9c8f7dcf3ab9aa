//! The Worker's linker: Rust's own linker, without unused exports.
//!
//! rustc exports every function that a crate marks for JavaScript, and the linker keeps all code that an export uses. The
//! classes of the worker crate would therefore keep streams and an executor of futures, which add 17 KB. The descriptors
//! of unused imports would keep functions that call closures, which add 3 KB.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{output, run};

/// The environment variable that makes this program act as the linker, with the arguments of rust-lld.
pub(crate) const IS_LINKER: &str = "HALLPASS_IS_LINKER";

/// Substrings of the names of unused exports. These exports come from the worker crate and its dependencies.
const UNUSED: [&str; 5] = ["containerstartupoptions", "intounderlying", "jspi", "minifyconfig", "r2range"];

/// The start of the name of an imported JavaScript function.
const IMPORT: &str = "__wbg_";

/// The start of the name of a union type. wasm-bindgen requires the descriptors of all union types.
const UNION: &str = "__wbg_dynamic_union_";

/// The start of the name of an export that describes the types of a function. wasm-bindgen executes the export, and then
/// removes it. The name of the function follows.
const DESCRIPTOR: &str = "__wbindgen_describe_";

/// Runs rust-lld with the arguments from rustc. The first run, without descriptors of imports, determines which imports the
/// module uses. The second run adds the descriptors of these imports.
///
/// # Errors
/// Returns an error if rust-lld is missing or fails.
pub(crate) fn link(arguments: &[&str]) -> Result<()> {
    let linker = rust_lld()?;
    let output = arguments.iter().skip_while(|argument| **argument != "-o").nth(1);
    let output = output.context("the linker's arguments contain no output file")?;
    run(Command::new(&linker).args(without_unused_exports(arguments, &BTreeSet::new())))?;
    let module = fs::read(output).context("rust-lld wrote no module")?;
    run(Command::new(&linker).args(without_unused_exports(arguments, &imports(&module))))
}

/// Returns the path of the linker that comes with the compiler.
fn rust_lld() -> Result<PathBuf> {
    let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]));
    let libraries = libraries.context("`rustc --print target-libdir` failed")?;
    Ok(Path::new(&libraries).with_file_name("bin").join("rust-lld"))
}

/// Removes the arguments that export unused functions. `imports` contains the names of the used imports.
fn without_unused_exports<'a>(arguments: &[&'a str], imports: &BTreeSet<&str>) -> Vec<&'a str> {
    let is_unused = |name: &str| {
        let described = name.strip_prefix(DESCRIPTOR);
        let import = described.filter(|name| name.starts_with(IMPORT) && !name.starts_with(UNION));
        import.is_some_and(|name| !imports.contains(name))
            || UNUSED.iter().any(|unused| name.contains(unused))
    };
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let export = if *argument == "--export" { rest.next() } else { None };
        if !export.is_some_and(|name| is_unused(name)) {
            kept.extend([argument].into_iter().chain(export));
        }
    }
    kept
}

/// Returns the names of the imported JavaScript functions. The byte before a name is its length, which can be an ASCII
/// character.
fn imports(module: &[u8]) -> BTreeSet<&str> {
    let is_separator = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
    let section = import_section(module).unwrap_or_default();
    let words = section.split(is_separator).filter_map(|word| str::from_utf8(word).ok());
    words.filter_map(|word| word.get(word.find(IMPORT)?..)).collect()
}

/// Returns the content of a module's import section. A section consists of a number, the length of the content in LEB128,
/// and the content.
fn import_section(module: &[u8]) -> Option<&[u8]> {
    const HEADER_LEN: usize = 8;
    const IMPORT_SECTION: u8 = 2;
    let mut rest = module.get(HEADER_LEN..)?;
    loop {
        let (number, after) = rest.split_first()?;
        let len_bytes = 1 + after.iter().position(|byte| byte & 0x80 == 0)?;
        let (len, after) = after.split_at_checked(len_bytes)?;
        let len = len.iter().rev().fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
        let (content, next) = after.split_at_checked(len)?;
        if *number == IMPORT_SECTION {
            return Some(content);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omits_unused_exports() {
        let arguments = ["-flavor", "wasm", "--export", "handle_1", "--export", "r2range_free_2", "a.o"];
        let kept = without_unused_exports(&arguments, &BTreeSet::new());
        assert_eq!(kept, ["-flavor", "wasm", "--export", "handle_1", "a.o"]);
    }

    #[test]
    fn keeps_only_the_descriptors_of_used_imports_and_of_exports() {
        let [used, unused] = ["__wbindgen_describe___wbg_get_1", "__wbindgen_describe___wbg_get_2"];
        let arguments = ["--export", used, "--export", unused, "--export", "__wbindgen_describe_handle_1"];
        let section = b"\x02env\x0a__wbg_get_1\0\x05 \x2d0__wbg_now_3\0\x04";
        let mut module =
            [b"\0asm\x01\0\0\0\x01\x82\0__\x02".as_slice(), &[section.len() as u8], section].concat();
        module.extend_from_slice(b"\0\x0e__wbg_get_2\0\0\0");
        let imports = imports(&module);
        assert_eq!(imports, BTreeSet::from(["__wbg_get_1", "__wbg_now_3"]));
        let kept = without_unused_exports(&arguments, &imports);
        assert_eq!(kept, ["--export", used, "--export", "__wbindgen_describe_handle_1"]);
    }
}
