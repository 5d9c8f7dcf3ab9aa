//! Checks that the documentation is accurate: README.md, the pages in docs/, and the other Markdown files.
//!
//! docs/contributing.md lists the conventions that these tests rely on: the forms of commands, outputs, configurations,
//! and tables of cases.

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
