//! Checks that each relative link leads to a file of the repository, and that each fragment leads to a heading of the
//! linked page.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::ensure;
use hallpass_tests::root;

use super::page::{Page, pages};

#[test]
fn links_lead_somewhere() -> anyhow::Result<()> {
    let pages = pages()?;
    let mut broken = Vec::new();
    for page in &pages {
        for target in targets(page) {
            if !is_valid(&pages, page, &target) {
                broken.push(format!("{}: {target}", page.path));
            }
        }
    }
    ensure!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    Ok(())
}

#[test]
fn the_index_lists_every_page() -> anyhow::Result<()> {
    let pages = pages()?;
    let index =
        pages.iter().filter(|page| page.path.starts_with("docs/") && page.path.ends_with("/README.md"));
    let listed: BTreeSet<_> = index
        .flat_map(|index| targets(index).into_iter().map(|target| resolve(&index.path, &target).0))
        .collect();
    let missing: Vec<_> = pages
        .iter()
        .filter(|page| page.path.starts_with("docs/") && page.path != "docs/README.md")
        .filter(|page| !listed.contains(&page.path))
        .map(|page| page.path.as_str())
        .collect();
    ensure!(missing.is_empty(), "docs/README.md, or the README.md of a folder, does not list {missing:#?}");
    Ok(())
}

fn is_valid(pages: &[Page], page: &Page, target: &str) -> bool {
    let (path, fragment) = resolve(&page.path, target);
    let linked = pages.iter().find(|page| page.path == path);
    match (linked, fragment) {
        (Some(linked), Some(fragment)) => anchors(linked).contains(&fragment),
        (_, None) => root().join(&path).exists(),
        (None, Some(_)) => false,
    }
}

/// Returns the path and the fragment of a link. The path is relative to the root of the repository.
fn resolve(from: &str, target: &str) -> (String, Option<String>) {
    let (path, fragment) =
        target.split_once('#').map_or((target, None), |(path, fragment)| (path, Some(fragment)));
    let fragment = fragment.map(str::to_owned);
    if path.is_empty() {
        return (from.to_owned(), fragment);
    }
    let mut resolved = PathBuf::new();
    for component in Path::new(from).parent().unwrap_or(Path::new("")).join(path).components() {
        match component {
            Component::ParentDir => drop(resolved.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => resolved.push(component),
        }
    }
    (resolved.to_string_lossy().into_owned(), fragment)
}

/// Returns the targets of the relative links of a page.
fn targets(page: &Page) -> Vec<String> {
    let lines = page.lines();
    let inline = lines
        .iter()
        .flat_map(|line| without_code(line).split("](").skip(1).map(str::to_owned).collect::<Vec<_>>());
    let targets = inline.filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()));
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// Removes code spans, because a pattern such as `[a](b)` in code is not a link.
fn without_code(line: &str) -> String {
    line.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "`" }).collect()
}

/// Returns the fragments of the headings of a page, in the form that GitHub derives from a heading.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let Some(heading) = line.get(level..).filter(|_| level > 0).and_then(|rest| rest.strip_prefix(' '))
        else {
            continue;
        };
        let slug: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let repeated = (1..).map(|number| format!("{slug}-{number}"));
        let unique = std::iter::once(slug.clone()).chain(repeated).find(|slug| !anchors.contains(slug));
        anchors.extend(unique);
    }
    anchors
}
