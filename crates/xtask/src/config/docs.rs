//! Checks that docs/policy-tool.md shows the output of `cargo xtask policy` and `cargo xtask check-config`.

use std::fs;

use hallpass_service::check::dry_run::{CallerSpec, evaluate};

use crate::settings::Settings;
use crate::{check_config, policy};

/// The text of a page in docs/.
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        Self { text: fs::read_to_string(format!("../../docs/{name}")).unwrap() }
    }

    /// Returns the section below the heading with this text.
    pub(crate) fn section(&self, heading: &str) -> &str {
        let (_, section) = self.text.split_once(&format!("\n## {heading}\n")).unwrap();
        section.split("\n## ").next().unwrap()
    }
}

/// Returns the code blocks in this language, without indentation.
pub(crate) fn blocks(section: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).zip(section.split(&fence).skip(1)).map(|(before, after)| {
        let indentation = before.rsplit('\n').next().unwrap();
        let lines = after.lines().take_while(|line| line.trim() != "```");
        lines.map(|line| format!("{}\n", line.strip_prefix(indentation).unwrap_or(line))).collect()
    });
    blocks.collect()
}

fn decision(config: &str, claims: &str, request: &str) -> String {
    policy::format_decision(&evaluate(config, CallerSpec::User(claims), request).unwrap())
}

fn summarize(config: &str) -> anyhow::Result<String> {
    check_config::describe(&Settings::document(config), "")
}

#[test]
fn decisions_are_current() {
    let page = Page::read("policy-tool.md");
    let section = page.section("Try a rule");
    let (inputs, outputs) = (blocks(section, "json"), blocks(section, "text"));
    let ([config, claims, request], [granted, denied]) = (&inputs[..], &outputs[..]) else {
        panic!("{} inputs and {} outputs", inputs.len(), outputs.len());
    };
    assert_eq!(decision(config, claims, request), *granted);
    let (_, student) = section.split_once("a student with the claims `").unwrap();
    let [claims, _, request, ..] = student.split('`').collect::<Vec<_>>()[..] else { panic!("no student") };
    assert_eq!(decision(config, claims, request), *denied);
}

#[test]
fn summary_is_current() {
    let page = Page::read("policy-tool.md");
    let config = blocks(page.section("Try a rule"), "json").swap_remove(0);
    let outputs = blocks(page.section("Check a configuration"), "text");
    let [summary, error] = &outputs[..] else { panic!("{} outputs", outputs.len()) };
    assert_eq!(summarize(&config).unwrap(), *summary);
    let config = config.replace("\"ttl\": 7200", "\"ttl\": \"7200\"");
    assert_eq!(format!("error: {}\n", summarize(&config).unwrap_err()), *error);
}
