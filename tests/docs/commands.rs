//! Commands: each one in the documentation exists, with each option that it is shown with.
//!
//! The runbooks' commands are also run, by the suite in rotation.rs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use anyhow::{Context as _, ensure};
use hallpass_tests::{root, scratch};

use super::page::pages;

/// The commands of tools that a test on a fresh machine cannot query, with the options that the documentation uses.
const KNOWN: [(&str, &[&str]); 26] = [
    ("aws cloudformation describe-stacks", &["--stack-name", "--output", "--query"]),
    (
        "aws cognito-idp initiate-auth",
        &["--auth-flow", "--client-id", "--auth-parameters", "--query", "--output"],
    ),
    ("aws lambda get-function-configuration", &["--function-name", "--query", "--output"]),
    ("aws lambda wait function-updated-v2", &["--function-name"]),
    ("aws lambda update-function-configuration", &["--function-name", "--description"]),
    (
        "aws logs filter-log-events",
        &["--log-group-name", "--filter-pattern", "--start-time", "--query", "--output"],
    ),
    ("aws logs tail", &["--filter-pattern", "--follow", "--since"]),
    ("aws sts get-caller-identity", &[]),
    ("cargo clippy", &["--workspace", "--all-targets"]),
    ("cargo fmt", &["--all"]),
    ("cargo lambda build", &["--release", "--package"]),
    ("cargo test", &["--package", "--test", "--lib"]),
    ("npm ci", &[]),
    ("npm install", &[]),
    ("python3 infra/aws-secret.py back", &[]),
    ("python3 infra/aws-secret.py copy", &[]),
    ("python3 infra/aws-secret.py names", &[]),
    ("python3 infra/aws-secret.py put", &[]),
    ("python3 infra/aws-secret.py remove", &[]),
    ("python3 infra/aws-secret.py replace", &[]),
    ("python3 infra/aws-secret.py swap", &[]),
    ("sam build", &[]),
    ("sam deploy", &["--guided"]),
    ("sam local start-api", &["--template", "--parameter-overrides"]),
    ("sam logs", &["--stack-name", "--tail", "--filter"]),
    ("sam validate", &["--lint"]),
];
/// Tools whose commands are checked. Shell built-ins and the like are not.
const TOOLS: [&str; 7] = ["aws ", "cargo ", "npm ", "npx ", "python3 infra/", "sam ", "wrangler "];

#[test]
fn commands_exist() -> anyhow::Result<()> {
    let usage = usage()?;
    let mut wrangler = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let mut count = 0;
    for (place, command) in commands()? {
        count += 1;
        let is_known = if let Some(arguments) = command.strip_prefix("cargo xtask ") {
            is_in_usage(&usage, arguments)
        } else if let Some(arguments) = command.strip_prefix("npx wrangler ") {
            has_help(&mut wrangler, arguments).with_context(|| place.clone())?
        } else {
            KNOWN.iter().any(|(known, options)| {
                command.strip_prefix(known).is_some_and(|rest| {
                    (rest.is_empty() || rest.starts_with(' '))
                        && self::options(rest).iter().all(|option| options.contains(&option.as_str()))
                })
            })
        };
        if !is_known {
            unknown.insert(format!("{place}: {command}"));
        }
    }
    ensure!(unknown.is_empty(), "no such command or option:\n{unknown:#?}");
    ensure!(count > 30, "only {count} commands were found");
    Ok(())
}

/// Returns the commands of all `sh` blocks, each with its place.
fn commands() -> anyhow::Result<Vec<(String, String)>> {
    let mut commands = Vec::new();
    for page in pages()? {
        for block in page.blocks().into_iter().filter(|block| block.language == "sh") {
            let text = block.text.replace("\\\n", " ");
            for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
                let line = line.split(" # ").next().unwrap_or_default();
                let parts =
                    line.split("| ").flat_map(|part| part.split("&& ")).flat_map(|part| part.split("$("));
                let tools = parts
                    .map(|part| part.trim_start_matches(['!', ' ', '(', '{', '"']))
                    .filter(|part| TOOLS.iter().any(|tool| part.starts_with(tool)));
                commands.extend(tools.map(|command| (block.place.clone(), command.trim().to_owned())));
            }
        }
    }
    Ok(commands)
}

/// Returns the usage of each `cargo xtask` command from the source.
fn usage() -> anyhow::Result<Vec<String>> {
    let source = fs::read_to_string(root().join("crates/xtask/src/main.rs"))?;
    let usage = source.split("const USAGE").nth(1).and_then(|rest| rest.split("\";").next());
    Ok(usage.context("no usage")?.split("cargo xtask ").map(str::to_owned).collect())
}

fn is_in_usage(usage: &[String], arguments: &str) -> bool {
    let words = leading_words(arguments);
    let of_command = usage.iter().filter(|usage| leading_words(usage).first() == words.first());
    let of_command: String = of_command.map(String::as_str).collect();
    let is_listed = |word: &String| {
        of_command.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|listed| listed == word)
    };
    words.iter().all(is_listed) && options(arguments).iter().all(is_listed)
}

/// Returns the words before the first argument that is an option, a file, or a value.
fn leading_words(arguments: &str) -> Vec<String> {
    let is_word = |word: &&str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !word.starts_with('-')
    };
    arguments.split_whitespace().take_while(is_word).map(str::to_owned).collect()
}

fn options(arguments: &str) -> Vec<String> {
    let options = arguments.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
    options.map(|option| option.split('=').next().unwrap_or_default().to_owned()).collect()
}

/// Returns whether wrangler's help for a command lists each of its options.
fn has_help(helps: &mut BTreeMap<Vec<String>, String>, arguments: &str) -> anyhow::Result<bool> {
    let words = leading_words(arguments);
    if !helps.contains_key(&words) {
        let mut wrangler = Command::new(root().join("node_modules/.bin/wrangler"));
        wrangler.args(&words).arg("--help").current_dir(scratch("wrangler-help")?);
        wrangler.envs([("WRANGLER_SEND_METRICS", "false"), ("NO_COLOR", "1")]);
        let output = wrangler.output().context("wrangler: run `npm ci` first")?;
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        helps.insert(words.clone(), help);
    }
    let help = helps.get(&words).map(String::as_str).unwrap_or_default();
    // A word may also be an argument, such as the name of a Worker.
    let command: Vec<_> = help.lines().next().unwrap_or_default().split_whitespace().skip(1).collect();
    let command: Vec<_> = command.into_iter().take_while(|word| !word.starts_with(['<', '['])).collect();
    let is_command = !command.is_empty() && command.iter().zip(&words).all(|(one, other)| one == other);
    Ok(is_command && options(arguments).iter().all(|option| help.contains(option.as_str())))
}
