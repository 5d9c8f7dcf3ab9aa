//! The imports between the files of a crate, as a graph.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::{fs, io};

use crate::source::{Path, Source};

/// The maximum number of re-exports to follow for one import.
const MAX_REEXPORTS: usize = 8;

/// The files of a crate by module path. The module path of the crate root is empty.
#[derive(Default)]
pub(crate) struct Crate {
    pub(crate) files: BTreeMap<Path, (String, Source)>,
}

/// An import of one file by another.
pub(crate) struct Edge<'a> {
    pub(crate) from: &'a Path,
    /// The file that defines the imported item.
    pub(crate) to: &'a Path,
    /// The imported path, before re-exports are followed.
    pub(crate) path: &'a Path,
    /// The file, the line and the import, for messages.
    pub(crate) place: String,
}

impl Crate {
    /// Reads the files of a crate, except its test modules. Skips `main.rs`, because no file imports it.
    pub(crate) fn read(name: &str) -> io::Result<Self> {
        let root = FilePath::new(env!("CARGO_MANIFEST_DIR")).with_file_name(name).join("src");
        let (mut found, mut folders) = (Self::default(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let file = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                if path.is_dir() {
                    folders.push(path);
                } else if file.ends_with(".rs") && file != "main.rs" {
                    found.add(format!("crates/{name}/src/{file}"), &file, &fs::read_to_string(&path)?);
                }
            }
        }
        found.remove_test_modules();
        Ok(found)
    }

    /// Adds a file. `place` names the file in messages; `file` is its path below the crate root.
    pub(crate) fn add(&mut self, place: String, file: &str, text: &str) {
        let module = file.trim_end_matches(".rs").trim_end_matches("/mod");
        let module: Vec<_> = module.split('/').filter(|name| *name != "lib").collect();
        let path = module.iter().map(ToString::to_string).collect();
        self.files.insert(path, (place, Source::parse(&module, text)));
    }

    fn remove_test_modules(&mut self) {
        let child = |(path, (_, source)): (&Path, &(String, Source))| -> Vec<Path> {
            source
                .test_modules
                .iter()
                .map(|name| [path.as_slice(), std::slice::from_ref(name)].concat())
                .collect()
        };
        let tests: Vec<Path> = self.files.iter().flat_map(child).collect();
        self.files.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
    }

    /// Returns the file whose module path is the longest prefix of this path.
    fn file_of<'a>(&'a self, path: &[String]) -> Option<(&'a Path, &'a Source)> {
        let mut prefixes = (0..=path.len()).rev().filter_map(|length| path.get(..length));
        prefixes.find_map(|prefix| self.files.get_key_value(prefix)).map(|(path, (_, source))| (path, source))
    }

    /// Returns the file that defines the item at a path. Follows re-exports.
    fn definition(&self, path: &[String]) -> Option<&Path> {
        let mut path = path.to_vec();
        for _ in 0..MAX_REEXPORTS {
            let (file, source) = self.file_of(&path)?;
            let target = path.get(file.len()).and_then(|name| source.names.get(name));
            let Some(target) = target.filter(|target| !path.starts_with(target)) else { return Some(file) };
            path = [target.as_slice(), path.get(file.len() + 1..).unwrap_or_default()].concat();
        }
        self.file_of(&path).map(|(file, _)| file)
    }

    /// Returns the imports between files, in order.
    pub(crate) fn edges(&self) -> Vec<Edge<'_>> {
        let mut edges = Vec::new();
        for (from, (place, source)) in &self.files {
            for import in &source.imports {
                let Some(to) = self.definition(&import.path).filter(|to| *to != from) else { continue };
                let place = format!("{place}:{} imports `crate::{}`", import.line, import.path.join("::"));
                edges.push(Edge { from, to, path: &import.path, place });
            }
        }
        edges
    }

    /// Describes each group of files that import each other in a cycle.
    pub(crate) fn cycles(&self) -> Vec<String> {
        let edges = self.edges();
        let reachable = |start| {
            let (mut reached, mut left) = (BTreeSet::new(), vec![start]);
            while let Some(from) = left.pop() {
                let imported = edges.iter().filter(|edge| edge.from == from).map(|edge| edge.to);
                left.extend(imported.filter(|to| reached.insert(*to)));
            }
            reached
        };
        let reached: BTreeMap<_, _> = self.files.keys().map(|file| (file, reachable(file))).collect();
        let returns = |from, to| reached.get(to).is_some_and(|reached| reached.contains(from));
        let groups = reached.iter().map(|(file, all)| -> BTreeSet<&Path> {
            all.iter().copied().filter(|other| returns(*file, *other)).collect()
        });
        let groups: BTreeSet<_> = groups.filter(|group| !group.is_empty()).collect();
        let mut cycles = Vec::new();
        for group in groups {
            let is_inside = |edge: &&Edge<'_>| group.contains(edge.from) && group.contains(edge.to);
            let mut lines = vec![format!(
                "{} files import each other in a cycle. Move what they share into a lower module:",
                group.len()
            )];
            let mut seen = BTreeSet::new();
            let first = edges.iter().filter(is_inside).filter(|edge| seen.insert((edge.from, edge.to)));
            lines.extend(first.map(|edge| format!("  {}", edge.place)));
            cycles.push(lines.join("\n"));
        }
        cycles
    }
}
