//! Checks that comments, messages, and documentation are written in the plain language that docs/contributing.md
//! describes. No doc comment starts with a word of `OPENINGS`, and no text contains a word or phrase of `WORDS`.

use std::fs;

use anyhow::ensure;
use hallpass_tests::root;

use crate::docs::files;

/// First words that leave the subject of a doc comment unnamed.
const OPENINGS: [&str; 27] = [
    "As",
    "Does",
    "Everything",
    "From",
    "Has",
    "How",
    "If",
    "Is",
    "It",
    "One",
    "Of",
    "Out",
    "That",
    "These",
    "They",
    "This",
    "Those",
    "To",
    "What",
    "Whatever",
    "Where",
    "Whether",
    "Which",
    "Who",
    "Whoever",
    "Whom",
    "Whose",
];

/// Words and phrases that are archaic, metaphorical, or unclear, in lower case.
const WORDS: [&str; 81] = [
    "a mint",
    "anew",
    "another channel than",
    "another participant than",
    "another room than",
    "another user than",
    "answered",
    "answers",
    "any real one",
    "anybody",
    "are let in",
    "as it came",
    "as it comes",
    "asked",
    "asks",
    "at once",
    "beside",
    "blank",
    "blanks",
    "but for",
    "cannot stand",
    "comes to nothing",
    "compared with neither",
    "dear",
    "dearer",
    "everybody",
    "for good",
    "foreign",
    "gives",
    "hostile",
    "in vain",
    "is let in",
    "is taken for",
    "leave out",
    "leaves out",
    "left out",
    "let in",
    "let through",
    "lets",
    "lets in",
    "lets through",
    "life",
    "lives",
    "mend",
    "mended",
    "mends",
    "no more than",
    "nobody",
    "nobody's",
    "of a mint",
    "of its own",
    "of their own",
    "out of the",
    "put out",
    "puts out",
    "reckon",
    "reckoned",
    "reckons",
    "says",
    "serve on",
    "serves on",
    "slash at the end",
    "somebody",
    "stand for",
    "stand ins",
    "stands for",
    "stands for itself",
    "taken back",
    "tells",
    "the mint",
    "thereof",
    "token of agora",
    "tokens of agora",
    "told",
    "told apart",
    "turned away",
    "turns away",
    "wherefore",
    "whoever",
    "whomever",
    "whosoever",
];

/// Parts of the paths of files that are generated, copied from other projects, or legal texts.
const SKIPPED: [&str; 6] = [
    "LICENSE",
    "infra/requirements",
    "tests/contracts/",
    "tests/token/vectors/",
    "Cargo.lock",
    "package-lock.json",
];

/// The comment or the string literals of a source line, or a line of a document.
struct Passage {
    line: usize,
    text: String,
    /// True for the first line of a doc comment.
    is_opening: bool,
}

#[test]
fn language_is_plain() -> anyhow::Result<()> {
    let mut findings = Vec::new();
    let files = checked_files()?;
    ensure!(files.len() > 300, "only {} files were found", files.len());
    for path in files {
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        for passage in passages(&path, &text) {
            if let Some(word) = finding(&passage) {
                findings.push(format!("{path}:{}: `{word}` in: {}", passage.line, passage.text.trim()));
            }
        }
    }
    ensure!(findings.is_empty(), "{} passages to rewrite:\n{}", findings.len(), findings.join("\n"));
    Ok(())
}

#[test]
fn findings_name_the_word() {
    let found = |text: &str| passages("a.rs", text).iter().find_map(finding);
    assert_eq!(found("/// What a caller gets.\n"), Some("What".to_owned()));
    assert_eq!(found("/// A token\n/// that anybody may use.\n"), Some("anybody".to_owned()));
    assert_eq!(found("let a = 1; // nobody reads it\n"), Some("nobody".to_owned()));
    assert_eq!(found("    \"nobody reads it\"\n"), Some("nobody".to_owned()));
    assert_eq!(found("/// A token.\n///\n/// It expires.\n"), None);
    assert_eq!(found("/// A name as the rule gives it.\n"), Some("gives".to_owned()));
    assert_eq!(found("/// The `life` field.\n"), None);
    assert_eq!(found("let life = \"\";\n"), None);
    assert_eq!(passages("a.md", "Anybody.\n").iter().find_map(finding), Some("anybody".to_owned()));
    assert_eq!(passages("a.py", "# Anybody.\n").iter().find_map(finding), Some("anybody".to_owned()));
}

/// Returns the files that are written for this repository, except this file, which contains the ruled-out words.
fn checked_files() -> anyhow::Result<Vec<String>> {
    let mut files = files()?;
    files.retain(|path| path != "tests/language.rs" && !SKIPPED.iter().any(|skipped| path.contains(skipped)));
    Ok(files)
}

/// Returns a ruled-out word of a passage, or `None` if the passage contains no such word.
fn finding(passage: &Passage) -> Option<String> {
    let prose = without_code(&passage.text);
    let words: Vec<_> = prose
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '_')))
        .filter(|word| !word.is_empty())
        .collect();
    if passage.is_opening
        && let Some(first) = words.first().filter(|first| OPENINGS.contains(first))
        && prose.trim_start().starts_with(first)
    {
        return Some((*first).to_owned());
    }
    let normalized = format!(" {} ", words.join(" ").to_lowercase());
    let is_no = normalized.contains(" is no ")
        && !["there is no ", " is no longer "].iter().any(|right| normalized.contains(right));
    let word = WORDS.iter().find(|word| normalized.contains(&format!(" {word} ")));
    word.copied().or(is_no.then_some("is no")).map(str::to_owned)
}

/// Removes code spans, because the rules apply only to prose.
fn without_code(text: &str) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { " " }).collect()
}

fn passages(path: &str, text: &str) -> Vec<Passage> {
    match path.rsplit('.').next() {
        Some("md") => prose(text),
        Some("rs" | "js" | "mjs") => comments(text, "//"),
        Some("py" | "toml" | "yaml" | "yml" | "sh" | "vars" | "in" | "ci/run") => comments(text, "#"),
        _ => Vec::new(),
    }
}

/// Returns the lines of a Markdown file outside of code blocks.
fn prose(text: &str) -> Vec<Passage> {
    let mut is_code = false;
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.map(|(at, line)| Passage { line: at + 1, text: line.to_owned(), is_opening: false }).collect()
}

/// Returns a passage for each line of a source file: the comment or, if the line has no comment, the string literals.
fn comments(text: &str, marker: &str) -> Vec<Passage> {
    let mut passages = Vec::new();
    let mut is_doc_comment = false;
    for (at, line) in text.lines().enumerate() {
        let content = line.trim_start();
        let is_doc = content.starts_with("///") || content.starts_with("//!");
        let comment = match content.strip_prefix(marker) {
            Some(comment) => Some(comment),
            None => line.split_once(&format!(" {marker} ")).map(|(_, comment)| comment),
        };
        let strings = line.split('"').enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, string)| string);
        let text = comment.map_or_else(
            || strings.collect::<Vec<_>>().join(" "),
            |comment| comment.trim_start_matches(['/', '!']).to_owned(),
        );
        passages.push(Passage { line: at + 1, text, is_opening: is_doc && !is_doc_comment });
        is_doc_comment = is_doc;
    }
    passages
}
