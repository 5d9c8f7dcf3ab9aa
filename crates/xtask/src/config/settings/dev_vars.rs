//! The settings in a `.dev.vars`, which wrangler reads with the npm packages dotenv and dotenv-expand.

use anyhow::{Context as _, Result, bail};

use super::{DOCUMENT, Values};

/// Returns the settings of a file.
///
/// # Errors
/// Returns an error if a line is not a setting, or if the file has no configuration document.
pub(super) fn settings(text: &str) -> Result<Values> {
    let mut values = Values::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = rest.lines().next().unwrap_or_default();
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            rest = after_line(rest);
            continue;
        }
        let number = text.len().checked_sub(rest.len()).and_then(|start| text.get(..start));
        let number = number.map_or(0, |before| before.matches('\n').count()) + 1;
        let (name, value) =
            line.split_once('=').map_or((line, None), |(name, _)| (name, rest.get(name.len() + 1..)));
        let name = name.trim().strip_prefix("export ").unwrap_or(name).trim();
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        let value = value.filter(|_| is_name);
        let value = value.with_context(|| format!("line {number} is not a setting. Expected NAME=value"))?;
        let (value, end) = read_value(value);
        values.retain(|(other, _)| other != name);
        values.push((name.to_owned(), value));
        rest = after_line(end);
    }
    let (_, document) = values
        .iter_mut()
        .find(|(name, _)| name == DOCUMENT)
        .with_context(|| format!("{DOCUMENT} is not set in this file"))?;
    *document = expanded(document)?;
    Ok(values)
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, rest)| rest)
}

/// Reads a value, and returns the text after the value. A value in quotes can contain line breaks.
fn read_value(text: &str) -> (String, &str) {
    let start = text.trim_start_matches([' ', '\t']);
    if let Some(quote) = start.chars().next().filter(|first| matches!(first, '\'' | '"' | '`'))
        && let Some(quoted) = start.get(1..)
        && let Some(end) = closing_quote(quoted, quote)
        && let (Some(value), Some(rest)) = (quoted.get(..end), quoted.get(end + 1..))
    {
        let value =
            if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value.to_owned() };
        return (value, rest);
    }
    let line = text.lines().next().unwrap_or_default();
    let value = line.split('#').next().unwrap_or_default().trim();
    (value.to_owned(), text.get(line.len()..).unwrap_or_default())
}

/// Returns the position of the first quote without a backslash before it.
fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let is_end = character == quote && !is_escaped;
        is_escaped = character == '\\';
        is_end.then_some(at)
    })
}

/// Replaces each `\$` with `$`.
///
/// # Errors
/// Returns an error if the document refers to a variable.
fn expanded(document: &str) -> Result<String> {
    let mut parts = document.split('$');
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if expanded.ends_with('\\') {
            expanded.pop();
        } else {
            let name: String =
                part.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '{')).collect();
            if !name.is_empty() {
                bail!(
                    "{DOCUMENT} contains `${name}`, which wrangler replaces with a variable. Write `\\$` for each `$`"
                );
            }
        }
        expanded += "$";
        expanded += part;
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_as_wrangler_does() {
        let text = "\u{20}A = a b # c\nB=\"x\\ny\"\nC='x\\ny'\nD=\"1\n2\" # c\nexport E=`e'\"`\nF=\nA=#\n\
                    HALLPASS_CONFIG='{\"\\$schema\":\"a\\$\",\"b\":\"$\"}'\r\nG='g";
        let values = settings(text).unwrap();
        let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            values,
            [
                ("B", "x\ny"),
                ("C", "x\\ny"),
                ("D", "1\n2"),
                ("E", "e'\""),
                ("F", ""),
                ("A", ""),
                ("HALLPASS_CONFIG", "{\"$schema\":\"a$\",\"b\":\"$\"}"),
                ("G", "'g"),
            ]
        );
    }
}
