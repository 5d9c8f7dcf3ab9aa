//! Checks the length and the title of each page.

use anyhow::ensure;

use super::page::{Page, pages};

/// The maximum length of the README, in lines.
const README_LINES: usize = 150;
/// The maximum length of a page in docs/, in lines.
const PAGE_LINES: usize = 260;

#[test]
fn pages_are_short() -> anyhow::Result<()> {
    let guides = || pages().map(|pages| pages.into_iter().filter(Page::is_guide));
    let limit = |page: &Page| if page.path == "README.md" { README_LINES } else { PAGE_LINES };
    let long: Vec<_> = guides()?
        .filter(|page| page.text.lines().count() > limit(page))
        .map(|page| format!("{} has {} lines", page.path, page.text.lines().count()))
        .collect();
    ensure!(long.is_empty(), "split these pages: {long:#?}");
    let untitled: Vec<_> =
        guides()?.filter(|page| !page.text.starts_with("# ")).map(|page| page.path).collect();
    ensure!(untitled.is_empty(), "these pages do not start with a title: {untitled:#?}");
    Ok(())
}
