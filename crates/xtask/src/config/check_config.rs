//! `cargo xtask check-config`: prints a summary of a configuration with warnings, or the first error.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use hallpass_service::check::summary::{RequiredSecret, Summary, summarize};
use toml::{Table, Value};

use crate::settings::{Settings, Source};
use crate::terminal::print_line;

const INVALID_INPUT: u8 = 2;
const NO_PROJECT: &str = "neither AGORA_APP_ID nor VIDEOSDK_API_KEY is set";

/// Prints the summary to standard output. The exit code is 0 if the configuration is valid, otherwise 2.
#[expect(clippy::print_stdout, reason = "the summary is the result")]
pub(crate) fn run(path: &str, environment: Option<&str>) -> ExitCode {
    let file = if path == "-" { "standard input" } else { path };
    match Settings::read(path, environment).and_then(|settings| describe(&settings, file)) {
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

/// Summarizes a configuration. For a deployment, also lists where each secret is stored or must be stored, in a section
/// with the name of the file.
pub(crate) fn describe(settings: &Settings, file: &str) -> Result<String> {
    let summary = summarize(&|name| settings.get(name))?;
    let secrets = match &settings.source {
        Source::Document => String::new(),
        Source::Wrangler(tables) => bindings(tables, settings, &summary, file),
        Source::Sam => secrets(
            &summary,
            file,
            "neither AgoraAppId nor VideosdkApiKey is set",
            |RequiredSecret { name, .. }| {
                format!("{name}: store it with python3 infra/aws-secret.py put {name}")
            },
        ),
        Source::DevVars => secrets(&summary, file, NO_PROJECT, |RequiredSecret { name, aliases }| {
            let is_set = |name: &str| settings.get(name).is_some_and(|value| !value.is_empty());
            let is_set = is_set(name) || aliases.iter().any(|alias| is_set(alias));
            format!("{name}: {}", if is_set { "set" } else { "not set" })
        }),
    };
    Ok(format!("{summary}{secrets}"))
}

/// Returns a section with a line for each secret.
fn secrets(
    summary: &Summary,
    file: &str,
    no_project: &str,
    line: impl Fn(&RequiredSecret) -> String,
) -> String {
    let mut output = format!("{file}\n");
    if !summary.has_projects {
        let _ = writeln!(output, "  {no_project}: no tokens are issued");
    }
    for secret in &summary.secrets {
        let _ = writeln!(output, "  {}", line(secret));
    }
    output
}

/// Lists where each secret of the configuration is stored or must be stored.
fn bindings(tables: &Table, vars: &Settings, summary: &Summary, file: &str) -> String {
    let stores = tables.get("secrets_store_secrets").and_then(Value::as_array);
    let bound = stores.into_iter().flatten().filter_map(|store| store.get("binding").and_then(Value::as_str));
    let bound: Vec<_> = bound.collect();
    let mut output = format!("{file}\n");
    if !summary.has_projects {
        let _ = writeln!(output, "  {NO_PROJECT} in [vars]: no tokens are issued");
    }
    let mut used = Vec::new();
    for RequiredSecret { name, aliases } in &summary.secrets {
        let mut names = [name.as_str()].into_iter().chain(aliases.iter().copied());
        let in_vars = names.clone().find(|name| vars.get(name).is_some());
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

    fn summarize_wrangler(text: &str) -> Result<String> {
        describe(&Settings::parse("wrangler.toml", text, None)?, "wrangler.toml")
    }

    fn summarize_document(text: &str) -> Result<String> {
        describe(&Settings::document(text), "config.json")
    }

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

    #[test]
    fn lists_the_secrets_of_other_deployments() {
        let dev_vars = format!("AGORA_APP_ID={APP_ID}\nAPP_CERTIFICATE=x\nHALLPASS_CONFIG={{}}\n");
        let output = describe(&Settings::parse(".dev.vars", &dev_vars, None).unwrap(), ".dev.vars").unwrap();
        assert!(output.ends_with(".dev.vars\n  AGORA_APP_CERTIFICATE: set\n"), "{output}");
        let sam = "[default.deploy.parameters.parameter_overrides]\nHallpassConfig = '{}'";
        let output =
            describe(&Settings::parse("samconfig.toml", sam, None).unwrap(), "infra/samconfig.toml").unwrap();
        let section = "infra/samconfig.toml\n  neither AgoraAppId nor VideosdkApiKey is set: no tokens are issued\n  \
                       AGORA_APP_CERTIFICATE: store it with python3 infra/aws-secret.py put AGORA_APP_CERTIFICATE\n";
        assert!(output.contains(section), "{output}");
    }
}
