//! A parser for the imports of a source file.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::slice::Iter;

/// A path below the crate root, such as `["auth", "key_set"]`.
pub(crate) type Path = Vec<String>;

/// The imports and declarations of a source file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The paths in this crate that non-test code uses: first the paths in `use` declarations, then all other paths.
    pub(crate) imports: Vec<Import>,
    /// The names that this file declares with `mod` or `use`, each with its path.
    pub(crate) names: BTreeMap<String, Path>,
    /// The names of child modules with `#[cfg(test)]`.
    pub(crate) test_modules: Vec<String>,
}

/// A path in the code, and the line that contains the path.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) line: usize,
    pub(crate) path: Path,
}

/// A token of the source code: a word, `::`, or any other single character.
#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

type Tokens<'t, 'a> = Peekable<Iter<'t, Token<'a>>>;

/// A leaf of a `use` tree: the path, the imported name, and the line.
type Leaf<'a> = (Vec<&'a str>, &'a str, usize);

impl Source {
    /// Parses the file of `module`. Ignores items with `#[cfg(test)]`.
    pub(crate) fn parse(module: &[&str], text: &str) -> Self {
        let tokens = tokens(text);
        let (mut source, mut uses, mut paths) = (Self::default(), Vec::new(), Vec::new());
        let mut inside: Path = module.iter().map(ToString::to_string).collect();
        let (mut braces, mut opened, mut previous, mut at) = (0_usize, Vec::new(), "", 0);
        while let Some(token) = tokens.get(at) {
            let is_next = |words: &[&str]| {
                let mut next = tokens.iter().skip(at + 1).map(|next| next.text);
                words.iter().all(|word| next.next() == Some(*word))
            };
            let mut next = at + 1;
            match token.text {
                "#" if is_next(&["[", "cfg", "(", "test", ")", "]"]) => {
                    next = end_of_item(&tokens, at + 7);
                    let item: Vec<_> =
                        tokens.iter().take(next).skip(at + 7).map(|token| token.text).collect();
                    if let [.., "mod", name, ";"] = item.as_slice() {
                        source.test_modules.push((*name).to_owned());
                    }
                }
                "pub" if is_next(&["(", "in"]) => {
                    let close = tokens.iter().skip(at).position(|token| token.text == ")");
                    next = close.map_or(tokens.len(), |length| at + length + 1);
                }
                "use" if !is_next(&["<"]) => {
                    let mut rest = tokens.get(next..).unwrap_or_default().iter().peekable();
                    let is_public = matches!(previous, "pub" | ")");
                    let mut leaves = Vec::new();
                    use_tree(&mut rest, &[], &mut leaves);
                    uses.extend(leaves.into_iter().map(|leaf| (inside.clone(), is_public, leaf)));
                    next = tokens.len() - rest.len();
                }
                "mod" => {
                    let name = tokens.get(next).map_or("", |name| name.text);
                    next += 1;
                    let path = [inside.as_slice(), &[name.to_owned()]].concat();
                    if tokens.get(next).is_some_and(|token| token.text == "{") {
                        opened.push(braces);
                        inside = path;
                    } else {
                        source.names.insert(name.to_owned(), path);
                    }
                }
                "{" => braces += 1,
                "}" => {
                    braces = braces.saturating_sub(1);
                    if opened.pop_if(|depth| *depth == braces).is_some() {
                        inside.pop();
                    }
                }
                // A path that starts with a type is not recorded, because the import of the type is recorded.
                word if word.starts_with(|c: char| c.is_lowercase())
                    && is_next(&["::"])
                    && previous != "::" =>
                {
                    let mut path = vec![word];
                    while let [Token { text: "::", .. }, Token { text, .. }, ..] =
                        tokens.get(next..).unwrap_or_default()
                        && is_word(text)
                    {
                        path.push(text);
                        next += 2;
                    }
                    paths.push((inside.clone(), path, token.line));
                }
                _ => {}
            }
            previous = tokens.get(next - 1).map_or("", |token| token.text);
            at = next;
        }
        let mut exported = Vec::new();
        for (inside, is_public, (path, name, line)) in uses {
            let Some(path) = source.absolute(&inside, &path) else { continue };
            // A re-export of an item from a child module does not count as an import.
            if is_public && path.starts_with(&inside) {
                exported.push((name.to_owned(), path));
            } else {
                source.names.insert(name.to_owned(), path.clone());
                source.imports.push(Import { line, path });
            }
        }
        for (inside, path, line) in paths {
            let path = source.absolute(&inside, &path);
            source.imports.extend(path.map(|path| Import { line, path }));
        }
        source.names.extend(exported);
        source
    }

    /// Resolves `written`, a path in the module `inside`, to a path below the crate root. Returns `None` for paths in
    /// other crates.
    fn absolute(&self, inside: &[String], written: &[&str]) -> Option<Path> {
        let (mut path, rest) = match written {
            ["crate", rest @ ..] => (Path::new(), rest),
            ["self", rest @ ..] => (inside.to_vec(), rest),
            ["super", ..] => (inside.to_vec(), written),
            [name, rest @ ..] => (self.names.get(*name)?.clone(), rest),
            [] => return None,
        };
        for part in rest {
            if *part == "super" {
                path.pop();
            } else {
                path.push((*part).to_owned());
            }
        }
        Some(path)
    }
}

/// Collects the leaves of a `use` tree, and stops at the character that ends the tree.
fn use_tree<'a>(rest: &mut Tokens<'_, 'a>, prefix: &[&'a str], leaves: &mut Vec<Leaf<'a>>) {
    let (mut path, mut name, mut last_line) = (prefix.to_vec(), "", 0);
    while let Some(Token { text, line }) = rest.next_if(|token| !matches!(token.text, "," | "}" | ";")) {
        match *text {
            "{" => {
                while rest.next_if(|token| token.text == "}").is_none() {
                    use_tree(rest, &path, leaves);
                    // Stop at the end of the file. An unterminated tree is not valid Rust.
                    if rest.next_if(|token| token.text == ",").is_none() && rest.peek().is_none() {
                        return;
                    }
                }
                return;
            }
            "as" => name = rest.next().map_or("", |alias| alias.text),
            "::" => {}
            word => path.push(word),
        }
        last_line = *line;
    }
    if let [_, .., "self" | "*"] = path.as_slice() {
        path.pop();
    }
    if name.is_empty() {
        name = path.last().copied().unwrap_or_default();
    }
    leaves.push((path, name, last_line));
}

/// Returns the position after the item at `start`. The item ends with `;` or a block.
fn end_of_item(tokens: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" if depth == 0 => return at,
            "}" if depth == 1 => {
                let is_semicolon = tokens.get(at + 1).is_some_and(|token| token.text == ";");
                return at + 1 + usize::from(is_semicolon);
            }
            "}" | ")" | "]" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Splits code into tokens. Ignores comments, strings, character literals and lifetimes.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, is_code) = match rest.as_bytes() {
            [b'/', b'/', ..] => (rest.find('\n').unwrap_or(rest.len()), false),
            [b'/', b'*', ..] => (rest.find("*/").map_or(rest.len(), |at| at + 2), false),
            [b':', b':', ..] => (2, true),
            [b'r', b'#', c, ..] if c.is_ascii_alphabetic() => (2, false),
            [b'\'', ..] => (character_or_lifetime(rest), false),
            _ if string(rest).is_some() => (string(rest).unwrap_or(1), false),
            _ if is_word_character(first) => {
                (rest.find(|c| !is_word_character(c)).unwrap_or(rest.len()), true)
            }
            _ => (first.len_utf8(), !first.is_whitespace()),
        };
        let (token, after) = rest.split_at(length);
        if is_code {
            tokens.push(Token { text: token, line });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

/// Returns the length of the string literal at the start of the text, including the prefix of the literal. Returns
/// `None` if the text does not start with a string literal.
fn string(text: &str) -> Option<usize> {
    let body = text.trim_start_matches(['b', 'c', 'r']);
    let is_raw = text.get(..text.len() - body.len())?.ends_with('r');
    let quoted = if is_raw { body.trim_start_matches('#') } else { body };
    let inner = quoted.strip_prefix('"')?;
    let start = text.len() - inner.len();
    let end = if is_raw {
        let close = format!("\"{}", "#".repeat(body.len() - quoted.len()));
        inner.find(&close).map(|at| at + close.len())
    } else {
        end_of_escaped(inner, '"')
    };
    Some(start + end.unwrap_or(inner.len()))
}

/// Returns the length of the character literal or lifetime at the start of the text.
fn character_or_lifetime(text: &str) -> usize {
    let inner = text.get(1..).unwrap_or_default();
    let mut next = inner.chars();
    match (next.next(), next.next()) {
        (Some('\\'), _) | (_, Some('\'')) => 1 + end_of_escaped(inner, '\'').unwrap_or(inner.len()),
        _ => 1 + inner.find(|c| !is_word_character(c)).unwrap_or(inner.len()),
    }
}

/// Returns the position after the first unescaped `close`.
fn end_of_escaped(text: &str, close: char) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == close {
            return Some(at + 1);
        }
    }
    None
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_word(text: &str) -> bool {
    text.starts_with(is_word_character)
}

/// Returns the imports of a module `a` with this text, each with its line.
fn imports(text: &str) -> Vec<String> {
    let imports = Source::parse(&["a"], text).imports;
    imports.iter().map(|import| format!("{}: {}", import.line, import.path.join("::"))).collect()
}

#[test]
fn parses_every_form_of_import() {
    let braces = "use crate::{b::{self, c::{C, D as E}}, missing};\npub(in crate::b) use http::Method;";
    let places = ["b", "b::c::C", "b::c::D", "missing"].map(|path| format!("1: {path}"));
    assert_eq!(imports(braces), places);
    assert_eq!(imports("fn f(x: super::b::c::C) {}"), ["1: b::c::C"]);
    assert_eq!(imports("mod x { use super::super::b::*; }"), ["1: b"]);
    assert_eq!(imports("fn f() { crate::b::c::f::<u8>() }"), ["1: b::c::f"]);
}

#[test]
fn ignores_tests_comments_and_strings() {
    let ignored =
        "// crate::b::B\n/* crate::b::B */ const A: [&str; 2] = [\"crate::b::\\\"B\", r#\"\"crate::b::B\"#];";
    assert_eq!(imports(ignored), Vec::<String>::new());
    let test =
        "#[cfg(test)]\nmod tests { use crate::b::B; fn f() { '{'; } }\nfn f<'a>() { '\\''; crate::b::f() }";
    assert_eq!(imports(test), ["3: b::f"]);
    assert_eq!(imports("#[cfg(test)]\nuse crate::b::{B, c};\nuse crate::b::c;").len(), 1);
}
