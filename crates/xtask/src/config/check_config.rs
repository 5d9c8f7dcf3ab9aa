//! `cargo xtask check-config`: what a deployment with a configuration does, and what is wrong with it.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use hallpass_service::check::summary::{Summary, summarize};
use toml::{Table, Value};

use crate::read;
use crate::terminal::say;

const WRONG_INPUT: u8 = 2;
const DOCUMENT: &str = "HALLPASS_CONFIG";

/// Says it on standard output: 0 where the configuration is valid, else 2.
#[expect(clippy::print_stdout, reason = "the summary is the result")]
pub(crate) fn by_hand(path: &str) -> ExitCode {
    match read(path).and_then(|text| if path.ends_with(".toml") { wrangler(&text) } else { document(&text) })
    {
        Ok(words) => {
            print!("{words}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(format_args!("error: {error:#}"));
            WRONG_INPUT.into()
        }
    }
}

/// Of a configuration document alone.
pub(crate) fn document(text: &str) -> Result<String> {
    Ok(summarize(&|name| (name == DOCUMENT).then(|| text.to_owned()))?.to_string())
}

/// Of a `wrangler.toml`: its `[vars]`, and which secrets it binds.
fn wrangler(text: &str) -> Result<String> {
    let file: Table = toml::from_str(text).map_err(|error| not_toml(text, &error))?;
    let none = Table::new();
    let vars = match file.get("vars") {
        None => &none,
        Some(Value::Table(vars)) => vars,
        Some(_) => bail!("`vars` is no table"),
    };
    // As wrangler does it: a text is a text, and everything else is JSON.
    let setting = |name: &str| {
        let value = vars.get(name)?;
        value.as_str().map_or_else(|| serde_json::to_string(value).ok(), |text| Some(text.to_owned()))
    };
    let summary = summarize(&setting)?;
    Ok(format!("{summary}{}", bindings(&file, vars, &summary)))
}

/// Without the line itself, which may hold a secret.
fn not_toml(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    anyhow!("it is not TOML: {} in line {}", error.message(), before.matches('\n').count() + 1)
}

/// Where the secrets come from.
fn bindings(file: &Table, vars: &Table, summary: &Summary) -> String {
    let stores = file.get("secrets_store_secrets").and_then(Value::as_array);
    let bound = stores.into_iter().flatten().filter_map(|store| store.get("binding").and_then(Value::as_str));
    let bound: Vec<_> = bound.collect();
    let mut words = "wrangler.toml\n".to_owned();
    if !summary.has_projects {
        words += "  neither AGORA_APP_ID nor VIDEOSDK_API_KEY is set in [vars]: nothing is minted\n";
    }
    for name in summary.secrets.iter().map(String::as_str) {
        let _ = match (vars.contains_key(name), bound.contains(&name)) {
            (true, _) => {
                writeln!(words, "  {name} stands in [vars], where everybody can read it: take it out")
            }
            (false, true) => writeln!(words, "  {name} is bound to a Secrets Store"),
            (false, false) => writeln!(words, "  {name} needs: npx wrangler secret put {name}"),
        };
    }
    for name in bound.iter().filter(|name| !summary.secrets.iter().any(|secret| secret == *name)) {
        let _ =
            writeln!(words, "  {name} is bound to a Secrets Store, and the configuration does not name it");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";

    /// What is said of the secrets.
    fn of_secrets(text: &str) -> Vec<String> {
        let words = wrangler(text).unwrap();
        let (_, section) = words.split_once("wrangler.toml\n").unwrap();
        section.lines().map(|line| line.trim_start().to_owned()).collect()
    }

    #[test]
    fn secrets_come_from_stores_or_from_wrangler() {
        let text = format!(
            r#"
            [vars]
            AGORA_APP_ID = "{APP_ID}"
            KEY_IN_SIGHT = "0123456789abcdef0123456789abcdef"
            [[vars.HALLPASS_CONFIG.auth.keys]]
            name = "backend"
            secret = "KEY_BACKEND"
            [[vars.HALLPASS_CONFIG.auth.keys]]
            name = "jobs"
            secret = "KEY_IN_SIGHT"
            [[secrets_store_secrets]]
            binding = "AGORA_APP_CERTIFICATE"
            [[secrets_store_secrets]]
            binding = "OTHER"
            "#
        );
        assert_eq!(
            of_secrets(&text),
            [
                "AGORA_APP_CERTIFICATE is bound to a Secrets Store",
                "KEY_BACKEND needs: npx wrangler secret put KEY_BACKEND",
                "KEY_IN_SIGHT stands in [vars], where everybody can read it: take it out",
                "OTHER is bound to a Secrets Store, and the configuration does not name it",
            ]
        );
        assert!(!wrangler(&text).unwrap().contains("0123456789abcdef"));
    }

    #[test]
    fn a_table_and_its_json_are_the_same() {
        let table = "vars = { HALLPASS_CONFIG = { auth = { open = true }, ttl = { max = 60 } } }";
        let json = r#"{"auth":{"open":true},"ttl":{"max":60}}"#;
        let text = format!("vars = {{ HALLPASS_CONFIG = '{json}' }}");
        assert_eq!(wrangler(table).unwrap(), wrangler(&text).unwrap());
        assert!(wrangler(table).unwrap().starts_with(&document(json).unwrap()));
    }

    #[test]
    fn projects_stay_in_their_order() {
        let project = |name: &str| {
            format!(
                "[vars.HALLPASS_CONFIG.projects.{name}]\nprovider = 'videosdk'\napi_key = '{name}'\nsecrets = ['A']\n"
            )
        };
        let words = wrangler(&(project("z") + &project("a"))).unwrap();
        assert!(words.starts_with("projects\n  z: VideoSDK, API key z\n  a: "), "{words}");
    }

    #[test]
    fn the_file_of_this_project_has_to_be_filled_in() {
        let file = std::path::Path::new("../../wrangler.toml");
        let secrets = of_secrets(&std::fs::read_to_string(file).unwrap());
        assert_eq!(
            secrets[0],
            "neither AGORA_APP_ID nor VIDEOSDK_API_KEY is set in [vars]: nothing is minted"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, message) in [
            (
                "[vars]\nKEY = 0123456789abcdef",
                "it is not TOML: unexpected leading zero, expected nothing in line 2",
            ),
            ("vars = 1", "`vars` is no table"),
            (
                r#"vars = { AGORA_APP_ID = "x" }"#,
                "AGORA_APP_ID must be 32 hexadecimal characters, but has 1 bytes",
            ),
            (
                "vars = { HALLPASS_CONFIG = { ttl = { max = 1.5 } } }",
                "HALLPASS_CONFIG at `ttl.max`: expected a whole number of seconds from 1 to 86400",
            ),
        ] {
            assert_eq!(wrangler(text).unwrap_err().to_string(), message);
        }
    }
}
