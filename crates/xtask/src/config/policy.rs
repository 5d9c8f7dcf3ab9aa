//! `cargo xtask policy`: evaluates a token request against a policy without deploying it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use hallpass_service::check::dry_run::{CallerSpec, Decision, DryRun, GrantedService, PLACEHOLDER_APP_ID};
use serde_json::Value;

use crate::read;
use crate::settings::Settings;
use crate::terminal::print_line;

const DENIED: u8 = 1;
const INVALID_INPUT: u8 = 2;
/// The fields of a granted service, in the order of the output.
const FIELDS: [&str; 10] =
    ["app", "channel", "room", "uid", "account", "user", "participant", "role", "roles", "permissions"];

/// Prints the decision to standard output. The exit code is 0 for a granted request, 1 for a denied request, and 2 for
/// invalid input.
#[expect(clippy::print_stdout, reason = "the decision is the result")]
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    match decide(arguments) {
        Ok(decision) => {
            print!("{}", format_decision(&decision));
            if let Decision::Denied { .. } = decision { DENIED.into() } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            print_line(format_args!("error: {error:#}"));
            INVALID_INPUT.into()
        }
    }
}

fn decide(arguments: &[&str]) -> Result<Decision> {
    let mut options = BTreeMap::new();
    let mut arguments = arguments.iter();
    while let Some(option) = arguments.next() {
        let value = match *option {
            "--anonymous" => "",
            "--config" | "--env" | "--request" | "--claims" | "--gateway" | "--service" => {
                arguments.next().with_context(|| format!("{option} requires a value"))?
            }
            _ => bail!("unknown option {option}; see cargo xtask help"),
        };
        if options.insert(*option, value).is_some() {
            bail!("{option} is set more than once");
        }
    }
    let file =
        |option: &str| -> Result<Option<String>> { options.get(option).map(|path| read(path)).transpose() };
    let config = options.get("--config").context("--config FILE is missing")?;
    let settings = Settings::read(config, options.get("--env").copied())?;
    let request = file("--request")?.context("--request FILE is missing")?;
    let (claims, gateway) = (file("--claims")?, file("--gateway")?);
    let service = options.get("--service");
    let caller = match (&claims, &gateway, service, options.contains_key("--anonymous")) {
        (Some(claims), None, None, false) => CallerSpec::User(claims),
        (None, Some(claims), None, false) => CallerSpec::Gateway(claims),
        (None, None, Some(name), false) => CallerSpec::Service(name),
        (None, None, None, true) => CallerSpec::Anonymous,
        _ => bail!("set exactly one of --claims FILE, --gateway FILE, --service NAME and --anonymous"),
    };
    Ok(DryRun::load(&|name| settings.get(name))?.evaluate(caller, &request)?)
}

/// Formats a decision for the terminal.
pub(crate) fn format_decision(decision: &Decision) -> String {
    match decision {
        Decision::Granted { id, ttl, services } => {
            let mut output = format!("granted: TTL {ttl} s\n");
            services.iter().for_each(|service| output += &format_service(service));
            if id == PLACEHOLDER_APP_ID {
                output +=
                    "note: derived uids differ in a deployment, because the configuration has no App ID\n";
            }
            output
        }
        Decision::Denied { part, field, reason, rules } => format_denial(part, field, reason, rules),
    }
}

fn format_denial(part: &str, field: &str, reason: &str, rules: &[String]) -> String {
    let subject = if field.is_empty() { "caller" } else { field };
    let closest = rules.first().map_or("no matching rule", String::as_str);
    let mut output = format!("denied: {part}\n  {subject}: {closest}\n    {reason}\n");
    if rules.len() > 1 {
        let _ = writeln!(output, "  rules that apply, but do not grant the request: {}", rules.join(", "));
    }
    output
}

fn format_service(service: &GrantedService) -> String {
    let mut output = format!("  {}: {}\n", service.name, service.decided_by);
    for name in FIELDS {
        if let Some(value) = service.granted.get(name) {
            let _ = writeln!(output, "    {name}: {}", format_value(value));
        }
    }
    if let Some(Value::Object(privileges)) = service.granted.get("privileges") {
        let ttls: Vec<_> = privileges.iter().map(|(name, ttl)| format!("{name} {ttl} s")).collect();
        let _ = writeln!(output, "    privileges: {}", ttls.join(", "));
    }
    output
}

/// Formats a value. Omits the quotation marks of a string and the brackets of an array.
fn format_value(value: &Value) -> String {
    match value {
        Value::String(string) => string.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(format_value).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use hallpass_service::check::dry_run::evaluate;

    use super::*;

    const CONFIG: &str =
        r#"{"auth":{"open":true},"policy":[{"rtc":{"channel":"class-*","identity":"any"}}]}"#;

    fn output(config: &str, request: &str) -> String {
        format_decision(&evaluate(config, CallerSpec::Anonymous, request).unwrap())
    }

    #[test]
    fn formats_a_grant_with_its_rule() {
        let request = r#"{"ttl":60,"rtc":{"channel":"class-7","role":"subscriber"}}"#;
        let output = output(CONFIG, request);
        assert_eq!(
            output.lines().take(6).collect::<Vec<_>>(),
            [
                "granted: TTL 60 s",
                "  rtc: policy[0]",
                "    channel: class-7",
                "    uid: random",
                "    role: subscriber",
                "    privileges: join 60 s",
            ]
        );
    }

    #[test]
    fn formats_a_denial_with_its_rule_and_reason() {
        let output = output(CONFIG, r#"{"rtc":{"channel":"lobby"}}"#);
        let expected = "denied: channel\n  rtc.channel: policy[0]\n    ";
        let reason = output.strip_prefix(expected);
        assert!(reason.is_some_and(|reason| reason.contains("channel")), "{output}");
    }

    #[test]
    fn rejects_missing_unknown_and_conflicting_options() {
        for arguments in [
            &[][..],
            &["--config"],
            &["--unknown"],
            &["--anonymous", "--anonymous"],
            &["--config", "/dev/null", "--request", "/dev/null"],
            &["--config", "/dev/null", "--request", "/dev/null", "--anonymous", "--service", "backend"],
        ] {
            assert!(decide(arguments).is_err(), "{arguments:?}");
        }
    }
}
