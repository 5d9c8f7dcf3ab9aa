//! Checks that the documentation is true: README.md, the pages in docs/, and the other Markdown files.
//!
//! docs/contributing.md lists the conventions that let a test read a page: how a command, its output, a configuration,
//! and a table of cases are written.

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
