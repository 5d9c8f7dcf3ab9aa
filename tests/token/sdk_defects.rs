//! Tests for the defects of official SDKs. The file `SDK-DEFECTS.md` of `hallpass-token` lists these defects.
//!
//! Each test shows that the crate does not have the defect. The name of a test starts with the category and the number
//! of the defect.

#[path = "sdk_defects/bytes.rs"]
mod bytes;
#[path = "sdk_defects/errors.rs"]
mod errors;
// With this attribute, Clippy accepts `unwrap` in functions that are not tests.
#[cfg(test)]
#[path = "sdk_defects/fixtures.rs"]
mod fixtures;
#[path = "sdk_defects/randomness.rs"]
mod randomness;
#[path = "sdk_defects/verification.rs"]
mod verification;

const TABLE: &str = include_str!("../../crates/hallpass-token/SDK-DEFECTS.md");

/// The letter of each category, the number of defects in the category, and the source of the tests.
const KINDS: [(char, usize, &str); 4] = [
    ('A', 28, include_str!("sdk_defects/bytes.rs")),
    ('B', 9, include_str!("sdk_defects/errors.rs")),
    ('C', 11, include_str!("sdk_defects/verification.rs")),
    ('D', 5, include_str!("sdk_defects/randomness.rs")),
];

#[test]
fn each_defect_has_one_row_and_one_test() {
    let rows: Vec<_> = TABLE.lines().filter_map(row).collect();
    let mut expected = Vec::new();
    for (kind, count, source) in KINDS {
        let tests: Vec<_> = tests(source).collect();
        assert_eq!(tests.len(), count, "tests of {kind}: {tests:?}");
        for (number, test) in (1..).zip(tests) {
            let start = format!("{}{number:02}_", kind.to_ascii_lowercase());
            assert!(test.starts_with(&start), "{test} is in the place of a test {start}…");
            expected.push((format!("{kind}{number}"), test));
        }
    }
    let rows: Vec<_> = rows.into_iter().map(|(id, test)| (id.to_owned(), test)).collect();
    for row in &expected {
        assert!(rows.contains(row), "SDK-DEFECTS.md has no row {row:?}");
    }
    assert_eq!(rows, expected);
}

/// Returns the first and the last cell of a table row: an ID and a test name. Returns `None` if the line is not a row.
fn row(line: &str) -> Option<(&str, &str)> {
    let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let (id, test) = (*cells.first()?, *cells.last()?);
    Some((id, test.strip_prefix('`')?.strip_suffix('`')?))
}

/// Returns the names of the tests in the source of a module.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    source.split("#[test]\nfn ").skip(1).filter_map(|test| Some(test.split_once('(')?.0))
}
