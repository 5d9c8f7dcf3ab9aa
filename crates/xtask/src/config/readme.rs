//! The README's examples of `cargo xtask policy` and `cargo xtask check-config`: what it shows is what they say.

use std::fs;

use hallpass_service::check::dry_run::{CallerSpec, evaluate};
use serde_json::{Value, json};

use crate::{check_config, policy};

fn readme() -> String {
    fs::read_to_string("../../README.md").unwrap()
}

/// The text between these two, the first of which is looked for in what is left of the README.
fn between<'a>(rest: &mut &'a str, start: &str, end: &str) -> &'a str {
    let (_, after) = rest.split_once(start).unwrap_or_else(|| panic!("the README has no {start}"));
    let (text, after) = after.split_once(end).unwrap();
    *rest = after;
    text
}

/// The document of the example, with an App ID.
fn config(rest: &mut &str) -> String {
    between(rest, "#### Example", "\n\n");
    let mut document: Value = serde_json::from_str(between(rest, "```json\n", "```")).unwrap();
    document["projects"] = json!({
        "default": {
            "provider": "agora",
            "app_id": "970CA35de60c44645bbae8a215061b33",
            "certificates": ["AGORA_APP_CERTIFICATE"]
        }
    });
    document.to_string()
}

#[test]
fn a_policy_decides_what_is_shown() {
    let readme = readme();
    let mut rest = readme.as_str();
    let config = config(&mut rest);
    between(&mut rest, "### Try a rule\n", "\n");
    let teacher = between(&mut rest, "`claims.json` is `", "`");
    let request = between(&mut rest, "is `", "`:");
    let decision = evaluate(&config, CallerSpec::User(teacher), request).unwrap();
    assert_eq!(policy::format_decision(&decision), between(&mut rest, "\n```\n", "```"));
    let request = between(&mut rest, "A student who asks for `", "`:");
    let student = r#"{"sub":"anna","role":"student","class":"7b"}"#;
    let decision = evaluate(&config, CallerSpec::User(student), request).unwrap();
    assert_eq!(policy::format_decision(&decision), between(&mut rest, "\n```\n", "```"));
}

#[test]
fn a_configuration_does_what_is_shown() {
    let readme = readme();
    let mut rest = readme.as_str();
    let config = config(&mut rest);
    between(&mut rest, "### Check a configuration\n", "\n");
    assert_eq!(check_config::document(&config).unwrap(), between(&mut rest, "\n```\n", "```"));
}
