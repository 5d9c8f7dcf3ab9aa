//! Checks that the documentation is accurate: README.md, the pages in docs/, and the other Markdown files.
//!
//! docs/contributing.md lists the conventions that tests rely on: the form of a command, its output, a configuration, and a
//! table of cases.

mod codes;
mod commands;
mod configurations;
mod events;
mod links;
mod page;
mod shape;
mod syntax;
mod transcripts;

pub(crate) use configurations::documents;
pub(crate) use page::files;
