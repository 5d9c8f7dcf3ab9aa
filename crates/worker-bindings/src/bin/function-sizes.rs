//! Prints the functions of a WebAssembly module with their sizes, for `cargo xtask size` and `cargo xtask bench worker --cold`.
//!
//! The first line is the number of bytes in data segments. Each further line describes one function: its index, the size
//! of its body in bytes, and its name, separated by tabs. The name is empty if the module contains no name for the
//! function. The numbers that `worker-bindings` puts in front of the names are removed.
//!
//! This program belongs to the package `worker-bindings`, because the package already depends on the WebAssembly parser.

use std::collections::HashMap;
use std::io::Write as _;

use anyhow::{Result, bail};
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

/// The parts of a module that this program prints.
#[derive(Default)]
struct Module<'a> {
    imported_functions: u32,
    /// The size of each function's body, in the order of the code section.
    bodies: Vec<usize>,
    data_bytes: usize,
    names: HashMap<u32, &'a str>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path] = arguments.as_slice() else { bail!("expected one argument: MODULE") };
    let bytes = std::fs::read(path)?;
    let module = read(&bytes)?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", module.data_bytes)?;
    for (index, size) in (module.imported_functions..).zip(&module.bodies) {
        writeln!(output, "{index}\t{size}\t{}", module.names.get(&index).unwrap_or(&""))?;
    }
    Ok(())
}

/// Parses the sections of a module.
fn read(bytes: &[u8]) -> Result<Module<'_>> {
    let mut module = Module::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::ImportSection(imports) = &payload {
            for import in imports.clone().into_imports() {
                module.imported_functions += u32::from(matches!(import?.ty, TypeRef::Func(_)));
            }
        } else if let Payload::CodeSectionEntry(body) = &payload {
            module.bodies.push(body.range().len());
        } else if let Payload::DataSection(segments) = &payload {
            for segment in segments.clone() {
                module.data_bytes += segment?.data.len();
            }
        } else if let Payload::CustomSection(section) = &payload
            && let KnownCustom::Name(names) = section.as_known()
        {
            module.names = function_names(names)?;
        }
    }
    Ok(module)
}

/// Returns the names of the module's functions, by index.
fn function_names(section: NameSectionReader<'_>) -> Result<HashMap<u32, &str>> {
    let mut names = HashMap::new();
    for subsection in section {
        if let Name::Function(functions) = subsection? {
            for naming in functions {
                let naming = naming?;
                let name = naming.name.split_once('|').map_or(naming.name, |(_, name)| name);
                names.insert(naming.index, name);
            }
        }
    }
    Ok(names)
}
