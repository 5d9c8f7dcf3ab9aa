//! The settings in the parameters of template.yaml: in a samconfig.toml, or in a JSON file with parameters.

use anyhow::{Context as _, Result, bail};
use toml::{Table, Value};

use super::{Values, text_of};

/// The parameters that template.yaml passes to the function as settings.
pub(super) const PARAMETERS: [(&str, &str); 3] = [
    ("AgoraAppId", "AGORA_APP_ID"),
    ("VideosdkApiKey", "VIDEOSDK_API_KEY"),
    ("HallpassConfig", "HALLPASS_CONFIG"),
];
const OVERRIDES: &str = "parameter_overrides";
/// The commands whose parameters apply to `sam deploy`, in order of precedence.
const COMMANDS: [&str; 2] = ["deploy", "global"];

/// Returns the settings of parameters.
pub(super) fn settings(parameters: Values) -> Values {
    let name =
        |parameter: &str| PARAMETERS.iter().find(|(other, _)| *other == parameter).map(|(_, name)| *name);
    parameters
        .into_iter()
        .filter_map(|(parameter, value)| Some((name(&parameter)?.to_owned(), value)))
        .collect()
}

/// Returns whether a TOML file has the tables of a samconfig.toml, such as `[default.deploy.parameters]`.
pub(super) fn is_samconfig(file: &Table) -> bool {
    let has_parameters = |command: &Value| command.get("parameters").is_some();
    file.values().filter_map(Value::as_table).any(|environment| environment.values().any(has_parameters))
}

/// Returns the parameters of an environment, or of the environment `default`.
pub(super) fn overrides(file: &Table, environment: Option<&str>) -> Result<Values> {
    let find = |environment: &str| {
        let tables = file.get(environment)?;
        COMMANDS.iter().find_map(|command| tables.get(command)?.get("parameters")?.get(OVERRIDES))
    };
    let environment = environment.unwrap_or("default");
    let overrides = find(environment).with_context(|| {
        let others: Vec<_> = file.keys().map(String::as_str).filter(|name| find(name).is_some()).collect();
        let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
        format!(
            "`[{environment}.deploy.parameters]` has no `{OVERRIDES}`. Environments with `{OVERRIDES}`: {others}"
        )
    })?;
    let mut parameters = Values::new();
    add(&mut parameters, overrides)?;
    Ok(parameters)
}

fn add(parameters: &mut Values, overrides: &Value) -> Result<()> {
    if let Value::Table(table) = overrides {
        for (name, value) in table {
            parameters.push((name.clone(), unquoted(&text_of(value)?)));
        }
    } else if let Value::Array(values) = overrides {
        values.iter().try_for_each(|value| add(parameters, value))?;
    } else if let Value::String(string) = overrides {
        parameters.extend(read_string(string)?);
    } else {
        bail!("`{OVERRIDES}` must be a table, a string or a list of strings");
    }
    Ok(())
}

/// Returns the parameters of a JSON file for `aws cloudformation`, or `None` if the JSON has another form. The forms are
/// `["Name=value"]`, `[{"ParameterKey": …, "ParameterValue": …}]` and `{"Parameters": {…}}`.
pub(super) fn parameters(json: &serde_json::Value) -> Option<Result<Values>> {
    if let Some(entries) = json.as_array() {
        return Some(entries.iter().map(read_json_parameter).collect());
    }
    let parameters = json.get("Parameters")?.as_object()?;
    Some(Ok(parameters.iter().map(|(name, value)| (name.clone(), json_text(value))).collect()))
}

fn read_json_parameter(entry: &serde_json::Value) -> Result<(String, String)> {
    if let Some(string) = entry.as_str() {
        let (name, value) =
            string.split_once('=').context("expected a list of strings such as \"AgoraAppId=…\"")?;
        return Ok((name.to_owned(), value.to_owned()));
    }
    let name = entry.get("ParameterKey").and_then(serde_json::Value::as_str).map(str::to_owned);
    let value = entry.get("ParameterValue").map(json_text);
    name.zip(value).context("expected a list of objects with `ParameterKey` and `ParameterValue`")
}

fn json_text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads parameters from a string such as `A=1 B="2"` or `ParameterKey=A,ParameterValue=1`, as SAM does. SAM ignores the
/// parts of a string that it cannot read.
fn read_string(string: &str) -> Result<Values> {
    if string.starts_with("file://") {
        bail!("`{OVERRIDES}` refers to a file. Use this file instead");
    }
    let string = format!(" {}", string.trim());
    let mut values = scan(&string, "ParameterKey=", ",ParameterValue=");
    if values.is_empty() {
        values = scan(&string, " ", "=");
    }
    let document = values.iter().find(|(name, _)| name == "HallpassConfig");
    if document.is_some_and(|(_, document)| serde_json::from_str::<serde_json::Value>(document).is_err()) {
        bail!(
            "SAM does not read the whole document of `HallpassConfig`, because a quotation mark ends its value. Write `{OVERRIDES}` as a table"
        );
    }
    Ok(values)
}

/// Returns each name after `prefix`, with the value after `separator`.
fn scan(string: &str, prefix: &str, separator: &str) -> Values {
    let mut values = Values::new();
    let mut rest = string;
    while !rest.is_empty() {
        if let Some((name, value, after)) = scan_parameter(rest, prefix, separator) {
            values.push((unquoted(name), unquoted(value)));
            rest = after;
        } else {
            rest = rest.chars().next().and_then(|first| rest.get(first.len_utf8()..)).unwrap_or_default();
        }
    }
    values
}

/// Returns the name and the value at the start of a string, and the rest of the string.
fn scan_parameter<'a>(string: &'a str, prefix: &str, separator: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let string = string.strip_prefix(prefix)?;
    let end = string.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '"' | '\'')))?;
    let (name, rest) = string.split_at_checked(end)?;
    let rest = rest.strip_prefix(separator)?;
    let end = quoted_end(rest, '"').or_else(|| quoted_end(rest, '\'')).or_else(|| bare_end(rest))?;
    let (value, after) = rest.split_at_checked(end)?;
    (!name.is_empty()).then_some((name, value, after))
}

/// Returns the end of a value in quotes at the start of a string.
fn quoted_end(string: &str, quote: char) -> Option<usize> {
    let content = string.strip_prefix(quote)?;
    Some(end_before(content, &[quote])? + 2).filter(|end| *end <= string.len())
}

/// Returns the end of a value without quotes. A space or a quotation mark ends the value.
fn bare_end(string: &str) -> Option<usize> {
    let end = end_before(string, &[' ', '"']).unwrap_or(string.len());
    (end > 0).then_some(end)
}

/// Returns the position of the first of these characters without a backslash before it.
fn end_before(string: &str, ends: &[char]) -> Option<usize> {
    let mut is_escaped = false;
    string.char_indices().find_map(|(at, character)| {
        let is_end = ends.contains(&character) && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_end.then_some(at)
    })
}

/// Removes the quotes around a value, and the backslashes before spaces and quotes in the value.
fn unquoted(value: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(value).replace("\\ ", " ").replace("\\\"", "\"").replace("\\'", "'")
}
