//! `cargo xtask check-config`: prints a summary of a configuration with warnings, or the first error.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use hallpass_service::check::summary::{RequiredSecret, Summary, summarize};
use toml::{Table, Value};

use crate::read;
use crate::terminal::print_line;

const INVALID_INPUT: u8 = 2;
const DOCUMENT: &str = "HALLPASS_CONFIG";

/// Prints the summary to standard output. The exit code is 0 if the configuration is valid, otherwise 2.
#[expect(clippy::print_stdout, reason = "the summary is the result")]
pub(crate) fn run(path: &str) -> ExitCode {
    match read(path).and_then(|text| {
        if path.ends_with(".toml") { summarize_wrangler(&text) } else { summarize_document(&text) }
    }) {
        Ok(summary) => {
            print!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            print_line(format_args!("error: {error:#}"));
            INVALID_INPUT.into()
        }
    }
}

/// Summarizes a configuration document.
pub(crate) fn summarize_document(text: &str) -> Result<String> {
    Ok(summarize(&|name| (name == DOCUMENT).then(|| text.to_owned()))?.to_string())
}

/// Summarizes the configuration in the `[vars]` of a `wrangler.toml`, and lists where each secret is stored.
fn summarize_wrangler(text: &str) -> Result<String> {
    let file: Table = toml::from_str(text).map_err(|error| syntax_error(text, &error))?;
    let vars = match file.get("vars") {
        // A samconfig.toml is also a TOML file, and contains the configuration as a JSON string.
        None => bail!(
            "there is no `[vars]`. Expected a wrangler.toml or a JSON document; for AWS, save the JSON of `HallpassConfig` as a file"
        ),
        Some(Value::Table(vars)) => vars,
        Some(_) => bail!("`vars` must be a table"),
    };
    // As in wrangler, a string is passed unchanged, and any other value is passed as JSON.
    let setting = |name: &str| {
        let value = vars.get(name)?;
        value.as_str().map_or_else(|| serde_json::to_string(value).ok(), |string| Some(string.to_owned()))
    };
    let summary = summarize(&setting)?;
    Ok(format!("{summary}{}", bindings(&file, vars, &summary)))
}

/// Returns an error with the number of the line, but not its content, because the line may contain a secret.
fn syntax_error(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    anyhow!("invalid TOML: {} on line {}", error.message(), before.matches('\n').count() + 1)
}

/// Lists where each secret of the configuration is stored or must be stored.
fn bindings(file: &Table, vars: &Table, summary: &Summary) -> String {
    let stores = file.get("secrets_store_secrets").and_then(Value::as_array);
    let bound = stores.into_iter().flatten().filter_map(|store| store.get("binding").and_then(Value::as_str));
    let bound: Vec<_> = bound.collect();
    let mut output = "wrangler.toml\n".to_owned();
    if !summary.has_projects {
        output += "  neither AGORA_APP_ID nor VIDEOSDK_API_KEY is set in [vars]: no tokens are issued\n";
    }
    let mut used = Vec::new();
    for RequiredSecret { name, aliases } in &summary.secrets {
        let mut names = [name.as_str()].into_iter().chain(aliases.iter().copied());
        let in_vars = names.clone().find(|name| vars.contains_key(*name));
        let in_store = names.find(|name| bound.contains(name));
        let _ = match (in_vars, in_store) {
            (Some(name), _) => {
                writeln!(
                    output,
                    "  {name}: set in [vars], which is not encrypted: remove it and store it as a secret"
                )
            }
            (None, Some(name)) => writeln!(output, "  {name}: bound to a Secrets Store"),
            (None, None) => writeln!(output, "  {name}: store it with npx wrangler secret put {name}"),
        };
        used.extend(in_store);
    }
    for name in bound.iter().filter(|name| !used.contains(name)) {
        let _ = writeln!(output, "  {name}: bound to a Secrets Store, but not used by the configuration");
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";

    /// Returns the lines of the section `wrangler.toml`.
    fn binding_lines(text: &str) -> Vec<String> {
        let output = summarize_wrangler(text).unwrap();
        let (_, section) = output.split_once("wrangler.toml\n").unwrap();
        section.lines().map(|line| line.trim_start().to_owned()).collect()
    }

    #[test]
    fn lists_where_each_secret_is_stored() {
        let text = format!(
            r#"
            [vars]
            AGORA_APP_ID = "{APP_ID}"
            KEY_IN_VARS = "0123456789abcdef0123456789abcdef"
            [[vars.HALLPASS_CONFIG.auth.keys]]
            name = "backend"
            secret = "KEY_BACKEND"
            [[vars.HALLPASS_CONFIG.auth.keys]]
            name = "jobs"
            secret = "KEY_IN_VARS"
            [[secrets_store_secrets]]
            binding = "AGORA_APP_CERTIFICATE"
            [[secrets_store_secrets]]
            binding = "OTHER"
            "#
        );
        assert_eq!(
            binding_lines(&text),
            [
                "AGORA_APP_CERTIFICATE: bound to a Secrets Store",
                "KEY_BACKEND: store it with npx wrangler secret put KEY_BACKEND",
                "KEY_IN_VARS: set in [vars], which is not encrypted: remove it and store it as a secret",
                "OTHER: bound to a Secrets Store, but not used by the configuration",
            ]
        );
        assert!(!summarize_wrangler(&text).unwrap().contains("0123456789abcdef"));
    }

    #[test]
    fn finds_settings_and_secrets_under_their_aliases() {
        let text = format!(
            r#"
            [vars]
            AGORA_APP_ID = ""
            APP_ID = "{APP_ID}"
            APP_CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
            VIDEOSDK_API_KEY = "key"
            [[secrets_store_secrets]]
            binding = "VIDEOSDK_SECRET"
            "#
        );
        assert_eq!(
            binding_lines(&text),
            [
                "APP_CERTIFICATE: set in [vars], which is not encrypted: remove it and store it as a secret",
                "VIDEOSDK_SECRET: bound to a Secrets Store",
            ]
        );
        assert!(summarize_wrangler(&text).unwrap().contains(&format!("default: Agora, App ID {APP_ID}")));
    }

    #[test]
    fn treats_a_table_like_its_json() {
        let table = "vars = { HALLPASS_CONFIG = { auth = { open = true }, ttl = { max = 60 } } }";
        let json = r#"{"auth":{"open":true},"ttl":{"max":60}}"#;
        let text = format!("vars = {{ HALLPASS_CONFIG = '{json}' }}");
        assert_eq!(summarize_wrangler(table).unwrap(), summarize_wrangler(&text).unwrap());
        assert!(summarize_wrangler(table).unwrap().starts_with(&summarize_document(json).unwrap()));
    }

    #[test]
    fn keeps_the_order_of_projects() {
        let project = |name: &str| {
            format!(
                "[vars.HALLPASS_CONFIG.projects.{name}]\nprovider = 'videosdk'\napi_key = '{name}'\nsecrets = ['A']\n"
            )
        };
        let output = summarize_wrangler(&(project("z") + &project("a"))).unwrap();
        assert!(output.starts_with("projects\n  z: VideoSDK, API key z\n  a: "), "{output}");
    }

    #[test]
    fn reports_the_missing_settings_of_this_repository() {
        let file = std::path::Path::new("../../wrangler.toml");
        let lines = binding_lines(&std::fs::read_to_string(file).unwrap());
        assert_eq!(
            lines[0],
            "neither AGORA_APP_ID nor VIDEOSDK_API_KEY is set in [vars]: no tokens are issued"
        );
    }

    #[test]
    fn reports_errors() {
        for (text, message) in [
            (
                "[vars]\nKEY = 0123456789abcdef",
                "invalid TOML: unexpected leading zero, expected nothing on line 2",
            ),
            ("vars = 1", "`vars` must be a table"),
            (
                "[default.deploy.parameters]",
                "there is no `[vars]`. Expected a wrangler.toml or a JSON document; for AWS, save the JSON of `HallpassConfig` as a file",
            ),
            (
                r#"vars = { AGORA_APP_ID = "x" }"#,
                "AGORA_APP_ID must be 32 hexadecimal characters, but has 1 bytes",
            ),
            (
                "vars = { HALLPASS_CONFIG = { ttl = { max = 1.5 } } }",
                "HALLPASS_CONFIG at `ttl.max`: expected a whole number of seconds from 1 to 86400",
            ),
        ] {
            assert_eq!(summarize_wrangler(text).unwrap_err().to_string(), message);
        }
    }
}
