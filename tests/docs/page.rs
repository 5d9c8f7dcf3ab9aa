//! Markdown pages as the sequences of code blocks, tables, and headings that the checks need.

use std::fs;
use std::path::Path;

use hallpass_tests::root;

/// A Markdown file.
pub(super) struct Page {
    /// The path, relative to the root of the repository.
    pub(super) path: String,
    pub(super) text: String,
}

/// A part of a page.
pub(super) enum Element {
    Block(Block),
    /// The rows of a table, each with its cells. The first row is the header.
    Table(Vec<Vec<String>>),
    /// A line outside of code blocks and tables.
    Line(String),
}

/// A fenced code block.
pub(super) struct Block {
    /// The path of the page and the line of the fence, for messages.
    pub(super) place: String,
    pub(super) language: String,
    pub(super) text: String,
}

/// Returns every Markdown file of the repository, sorted by path.
pub(super) fn pages() -> anyhow::Result<Vec<Page>> {
    let paths = files()?.into_iter().filter(|path| path.ends_with(".md"));
    paths.map(|path| Ok(Page { text: fs::read_to_string(root().join(&path))?, path })).collect()
}

/// Returns the sorted paths of all files of the repository, relative to its root. Skips folders that contain only build
/// output, because another process may be replacing their files.
pub(crate) fn files() -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    collect(&root(), "", &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if !entry.file_type()?.is_dir() {
            files.push(path);
        } else if is_source_folder(&name) {
            collect(&entry.path(), &format!("{path}/"), files)?;
        }
    }
    Ok(())
}

/// Returns whether a folder is part of the repository. Other folders whose names start with a dot are excluded, because
/// tools create them.
fn is_source_folder(name: &str) -> bool {
    let is_output = name.starts_with('.') || matches!(name, "target" | "node_modules");
    !is_output || matches!(name, ".ci" | ".cargo")
}

impl Page {
    /// Returns whether the page is the README or a page of docs/. Every transcript on such a page must be current.
    pub(super) fn is_guide(&self) -> bool {
        self.path == "README.md" || self.path.starts_with("docs/")
    }

    pub(super) fn elements(&self) -> Vec<Element> {
        let mut elements = Vec::new();
        let mut lines = self.text.lines().enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            let content = line.trim_start();
            if let Some(language) = content.strip_prefix("```") {
                let indentation = line.len() - content.len();
                let block =
                    lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_start() != "```");
                let block: Vec<_> = block.map(|line| without_indentation(line, indentation)).collect();
                elements.push(Element::Block(Block {
                    place: format!("{}:{}", self.path, number + 1),
                    language: language.to_owned(),
                    text: block.join("\n"),
                }));
            } else if content.starts_with('|') {
                let mut rows = vec![cells(content)];
                while let Some((_, row)) = lines.next_if(|(_, line)| line.trim_start().starts_with('|')) {
                    rows.push(cells(row.trim()));
                }
                rows.retain(|row| {
                    !row.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | '|' | ' ')))
                });
                elements.push(Element::Table(rows));
            } else {
                elements.push(Element::Line(line.to_owned()));
            }
        }
        elements
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let elements = self.elements().into_iter();
        elements
            .filter_map(|element| if let Element::Block(block) = element { Some(block) } else { None })
            .collect()
    }

    /// Returns the prose: the page without its code blocks.
    pub(super) fn lines(&self) -> Vec<String> {
        let elements = self.elements().into_iter();
        elements
            .flat_map(|element| match element {
                Element::Block(_) => Vec::new(),
                Element::Table(rows) => rows.into_iter().map(|row| row.join(" | ")).collect(),
                Element::Line(line) => vec![line],
            })
            .collect()
    }
}

fn without_indentation(line: &str, indentation: usize) -> &str {
    line.get(..indentation)
        .filter(|start| start.trim().is_empty())
        .map_or(line.trim_start(), |_| line.get(indentation..).unwrap_or_default())
}

fn cells(row: &str) -> Vec<String> {
    row.trim().trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
}
