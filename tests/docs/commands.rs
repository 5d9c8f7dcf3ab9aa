//! Checks that every documented command exists and has the documented options.
//!
//! The suite in rotation.rs also runs the commands of the runbooks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use hallpass_tests::{root, scratch};

use super::page::pages;

/// The commands of tools that a test cannot query on a fresh machine, with the documented options of each command.
const KNOWN: [(&str, &[&str]); 27] = [
    ("aws cloudformation describe-stacks", &["--stack-name", "--output", "--query"]),
    (
        "aws cognito-idp initiate-auth",
        &["--auth-flow", "--client-id", "--auth-parameters", "--query", "--output"],
    ),
    ("aws lambda get-account-settings", &["--query", "--output"]),
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
const WRANGLER: &str = "npx wrangler ";
/// The tools whose commands are checked. Other commands, such as shell built-ins, are not checked.
const TOOLS: [&str; 7] = ["aws ", "cargo ", "npm ", "npx ", "python3 infra/", "sam ", "wrangler "];

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn commands_exist() -> anyhow::Result<()> {
    let usage = usage()?;
    let commands = commands()?;
    let wrangler = wrangler_helps(&commands)?;
    let is_known = |command: &str| {
        if let Some(arguments) = command.strip_prefix("cargo xtask ") {
            is_in_usage(&usage, arguments)
        } else if let Some(arguments) = command.strip_prefix(WRANGLER) {
            wrangler.get(&leading_words(arguments)).is_some_and(|help| is_in_help(help, arguments))
        } else {
            KNOWN.iter().any(|(known, options)| {
                command.strip_prefix(known).is_some_and(|rest| {
                    (rest.is_empty() || rest.starts_with(' '))
                        && self::options(rest).iter().all(|option| options.contains(&option.as_str()))
                })
            })
        }
    };
    let unknown: BTreeSet<_> = commands
        .iter()
        .filter(|(_, command)| !is_known(command))
        .map(|(place, command)| format!("{place}: {command}"))
        .collect();
    ensure!(unknown.is_empty(), "no such command or option:\n{unknown:#?}");
    ensure!(commands.len() > 80, "only {} commands were found", commands.len());
    Ok(())
}

/// Returns the place and the text of each command in the `sh` blocks.
fn commands() -> anyhow::Result<Vec<(String, String)>> {
    let mut commands = Vec::new();
    for page in pages()? {
        for block in page.blocks().into_iter().filter(|block| block.language == "sh") {
            let text = block.text.replace("\\\n", " ");
            for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
                let line = line.split(" # ").next().unwrap_or_default();
                let parts = line
                    .split("| ")
                    .flat_map(|part| part.split("&& "))
                    .flat_map(|part| part.split("$("))
                    .flat_map(|part| part.split("{ "));
                let tools = parts
                    .map(|part| part.trim_start_matches(['!', ' ', '(', '{', '"']))
                    .filter(|part| TOOLS.iter().any(|tool| part.starts_with(tool)));
                commands.extend(tools.map(|command| (block.place.clone(), command.trim().to_owned())));
            }
        }
    }
    Ok(commands)
}

/// Returns the usage of each `cargo xtask` command, from the source code of xtask.
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

/// Returns wrangler's help for each documented command, by the words of the command. The wrangler processes run in
/// parallel, because each process takes seconds to start.
fn wrangler_helps(commands: &[(String, String)]) -> anyhow::Result<BTreeMap<Vec<String>, String>> {
    let arguments = commands.iter().filter_map(|(_, command)| command.strip_prefix(WRANGLER));
    let distinct: BTreeSet<_> = arguments.map(leading_words).collect();
    let folder = scratch("wrangler-help")?;
    let start = |words: Vec<String>| -> anyhow::Result<_> {
        let mut wrangler = Command::new(root().join("node_modules/.bin/wrangler"));
        wrangler.args(&words).arg("--help").current_dir(&folder).stdout(Stdio::piped()).stderr(Stdio::null());
        wrangler.envs([("WRANGLER_SEND_METRICS", "false"), ("NO_COLOR", "1")]);
        Ok((words, wrangler.spawn().context("wrangler: run `npm ci` first")?))
    };
    let running = distinct.into_iter().map(start).collect::<anyhow::Result<Vec<_>>>()?;
    let finish = |(words, child): (_, Child)| -> anyhow::Result<_> {
        Ok((words, String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned()))
    };
    running.into_iter().map(finish).collect()
}

/// Returns whether wrangler's help describes the command in `arguments` and lists each option of the command.
fn is_in_help(help: &str, arguments: &str) -> bool {
    let words = leading_words(arguments);
    let usage: Vec<_> = help.lines().next().unwrap_or_default().split_whitespace().skip(1).collect();
    let is_parameter = |word: &&str| word.starts_with(['<', '[']);
    let command: Vec<_> = usage.iter().take_while(|word| !is_parameter(word)).copied().collect();
    // If a command has parameters, its words may end with an argument, such as the name of a Worker.
    let has_parameters = command.len() < usage.len();
    let is_command = !command.is_empty()
        && command.iter().zip(&words).all(|(one, other)| one == other)
        && (command.len() == words.len() || has_parameters && command.len() < words.len());
    let listed: BTreeSet<_> = help.split(|c: char| c.is_whitespace() || c == ',').collect();
    is_command && options(arguments).iter().all(|option| listed.contains(option.as_str()))
}
