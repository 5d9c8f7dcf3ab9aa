//! `cargo xtask policy`: what a policy decides, before it is deployed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use hallpass_service::check::dry_run::{CallerSpec, Decision, GrantedService, PLACEHOLDER_APP_ID, evaluate};
use serde_json::Value;

use crate::read;
use crate::terminal::say;

const DENIED: u8 = 1;
const WRONG_INPUT: u8 = 2;
/// The order in which people ask: where, who, what.
const MEMBERS: [&str; 10] =
    ["app", "channel", "room", "uid", "account", "user", "participant", "role", "roles", "permissions"];

/// Says what was decided on standard output: 0 where it was granted, 1 where it was denied, 2 where there was nothing
/// to decide.
#[expect(clippy::print_stdout, reason = "the decision is the result")]
pub(crate) fn by_hand(arguments: &[&str]) -> ExitCode {
    match decide(arguments) {
        Ok(decision) => {
            print!("{}", in_words(&decision));
            if let Decision::Denied { .. } = decision { DENIED.into() } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            say(format_args!("error: {error:#}"));
            WRONG_INPUT.into()
        }
    }
}

fn decide(arguments: &[&str]) -> Result<Decision> {
    let mut options = BTreeMap::new();
    let mut arguments = arguments.iter();
    while let Some(option) = arguments.next() {
        let value = match *option {
            "--anonymous" => "",
            "--config" | "--request" | "--claims" | "--gateway" | "--service" => {
                arguments.next().with_context(|| format!("{option} of nothing"))?
            }
            _ => bail!("{option} is no option of this task"),
        };
        if options.insert(*option, value).is_some() {
            bail!("{option} is there twice");
        }
    }
    let file =
        |option: &str| -> Result<Option<String>> { options.get(option).map(|path| read(path)).transpose() };
    let config = file("--config")?.context("--config FILE is missing")?;
    let request = file("--request")?.context("--request FILE is missing")?;
    let (claims, gateway) = (file("--claims")?, file("--gateway")?);
    let service = options.get("--service");
    let who = match (&claims, &gateway, service, options.contains_key("--anonymous")) {
        (Some(claims), None, None, false) => CallerSpec::User(claims),
        (None, Some(claims), None, false) => CallerSpec::Gateway(claims),
        (None, None, Some(name), false) => CallerSpec::Service(name),
        (None, None, None, true) => CallerSpec::Anonymous,
        _ => bail!("who is it? one of --claims FILE, --gateway FILE, --service NAME, --anonymous"),
    };
    Ok(evaluate(&config, who, &request)?)
}

pub(crate) fn in_words(decision: &Decision) -> String {
    match decision {
        Decision::Granted { id, ttl, services } => {
            let mut text = format!("granted, for {ttl} s\n");
            services.iter().for_each(|service| text += &service_in_words(service));
            if id == PLACEHOLDER_APP_ID {
                text +=
                    "without `projects` there is no App ID here, and the numbers of callers depend on it\n";
            }
            text
        }
        Decision::Denied { part, field, reason, decided_by } => {
            let by = decided_by.as_deref().unwrap_or("no rule");
            format!("refused: {part}\n  {field} by {by}\n    {reason}\n")
        }
    }
}

fn service_in_words(service: &GrantedService) -> String {
    let mut text = format!("  {} by {}\n", service.name, service.decided_by);
    for name in MEMBERS {
        if let Some(value) = service.granted.get(name) {
            let _ = writeln!(text, "    {name}: {}", value_in_words(value));
        }
    }
    if let Some(Value::Object(privileges)) = service.granted.get("privileges") {
        let lives: Vec<_> = privileges.iter().map(|(name, life)| format!("{name} {life} s")).collect();
        let _ = writeln!(text, "    privileges: {}", lives.join(", "));
    }
    text
}

/// A text without quotation marks, a list without brackets.
fn value_in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(value_in_words).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str =
        r#"{"auth":{"open":true},"policy":[{"rtc":{"channel":"class-*","identity":"any"}}]}"#;

    fn words(config: &str, request: &str) -> String {
        in_words(&evaluate(config, CallerSpec::Anonymous, request).unwrap())
    }

    #[test]
    fn a_grant_says_what_by_which_rule() {
        let request = r#"{"ttl":60,"rtc":{"channel":"class-7","role":"subscriber"}}"#;
        let words = words(CONFIG, request);
        assert_eq!(
            words.lines().take(6).collect::<Vec<_>>(),
            [
                "granted, for 60 s",
                "  rtc by policy[0]",
                "    channel: class-7",
                "    uid: random",
                "    role: subscriber",
                "    privileges: join 60 s",
            ]
        );
    }

    #[test]
    fn a_refusal_says_why_by_which_rule() {
        let words = words(CONFIG, r#"{"rtc":{"channel":"lobby"}}"#);
        assert!(words.starts_with("refused: channel\n  rtc.channel by policy[0]\n    the rule "), "{words}");
    }

    #[test]
    fn somebody_asks() {
        for arguments in [
            &[][..],
            &["--config"],
            &["--nobody"],
            &["--anonymous", "--anonymous"],
            &["--config", "/dev/null", "--request", "/dev/null"],
            &["--config", "/dev/null", "--request", "/dev/null", "--anonymous", "--service", "backend"],
        ] {
            assert!(decide(arguments).is_err(), "{arguments:?}");
        }
    }
}
