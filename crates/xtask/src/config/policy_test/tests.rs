//! Tests of the command: the examples of the documentation, a broken rule, and invalid input.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::docs::{Page, blocks};

const EXAMPLES: &str = "../../docs/examples";
const SCHOOL: &str = "../../docs/examples/school/cases.toml";
/// A configuration for tests of the file format.
const OPEN: &str = "config = { auth = { open = true } }\n";
const CASE: &str =
    "[[case]]\nname = 'a'\ncaller.anonymous = true\nrequest.rtc = { channel = 'a', uid = 1 }\n";

/// A file that is deleted when the value is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hallpass-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn run_all(arguments: &[&str]) -> Result<Report> {
    Options::parse(arguments).and_then(|options| report(&options))
}

/// Returns the configuration of the school, in which students may publish.
fn broken_school() -> Scratch {
    let config = fs::read_to_string(format!("{EXAMPLES}/school/config.json")).unwrap();
    let broken = config.replace(", \"role\": \"subscriber\"", "");
    assert_ne!(config, broken);
    Scratch::new("broken.json", &broken)
}

/// Returns the output with the paths that a caller in the root of the repository sees.
fn from_root(report: &Report) -> String {
    report.text.replace("../../docs/", "docs/")
}

#[test]
fn the_rule_tests_of_every_example_pass() {
    let mut documents = Vec::new();
    for name in ["policy-tool.md", "cookbook.md"] {
        documents.extend(blocks(&Page::read(name).text, "json"));
    }
    let documents: Vec<Value> = documents.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let mut count = 0;
    for folder in fs::read_dir(EXAMPLES).unwrap() {
        let folder = folder.unwrap().path();
        let config = fs::read_to_string(folder.join("config.json")).unwrap();
        let config: Value = serde_json::from_str(&config).unwrap();
        assert!(documents.contains(&config), "no page shows the configuration of {}", folder.display());
        let cases = ["cases.toml", "cases.json"].map(|name| folder.join(name));
        let cases = cases.iter().find(|path| path.exists()).unwrap();
        let report = run_all(&[cases.to_str().unwrap()]).unwrap();
        assert!(!report.has_failures && report.text.contains("\n  ok      "), "{}", report.text);
        count += 1;
    }
    assert!(count >= 6, "{count} examples");
}

#[test]
fn a_broken_rule_is_reported() {
    let config = broken_school();
    let arguments = [SCHOOL, "--config", config.path()];
    let report = run_all(&arguments).unwrap();
    for part in [
        "\n  FAILED  a student cannot publish\n",
        "\nFAILED: a student cannot publish\n  in docs/examples/school/cases.toml, case[4]\n  expected `denied`",
        "but the request is `granted`\n  decision:\n    granted: TTL 3600 s\n      rtc: policy[1]\n",
        "        role: publisher\n",
        "\n10 rule tests: 9 passed, 1 failed\n",
    ] {
        assert!(from_root(&report).contains(part), "{part}\n{}", report.text);
    }
    let codes = [&arguments[..1], &arguments, &[SCHOOL, "--config", "missing.json"]].map(run);
    let expected = [0, FAILED, INVALID_INPUT].map(ExitCode::from);
    assert_eq!(format!("{codes:?}"), format!("{expected:?}"));
}

#[test]
fn the_documentation_shows_the_output() {
    let page = Page::read("rule-tests.md");
    let outputs = blocks(page.section("Write a rule test"), "text");
    let [passed, failed] = &outputs[..] else { panic!("{} outputs", outputs.len()) };
    assert_eq!(from_root(&run_all(&[SCHOOL]).unwrap()), *passed);
    let config = broken_school();
    let report = from_root(&run_all(&[SCHOOL, "--config", config.path()]).unwrap());
    assert_eq!(report.replace(config.path(), "docs/examples/school/config.json"), *failed);
}

#[test]
fn each_difference_is_listed() {
    for (expect, differences) in [
        ("'granted'", &[][..]),
        ("{ granted = { ttl = 3600, rtc = { uid = 1, privileges = { join = 3600 } } } }", &[]),
        ("'denied'", &["`denied`, but the request is `granted`"]),
        ("{ invalid = 'rtc.uid' }", &["`invalid`, with `field` \"rtc.uid\", but the request is `granted`"]),
        (
            "{ granted = { ttl = 60, rtc = { uid = 2, rule = 'policy[0]', a = 1, privileges = { join = 1 } } } }",
            &[
                "`ttl` 60, but got 3600",
                "`rtc.uid` 2, but got 1",
                "`rtc.rule` \"policy[0]\", but got ",
                "`rtc.a` 1, but the outcome has no such field",
                "`rtc.privileges.join` 1, but got 3600",
            ],
        ),
    ] {
        let file = Scratch::new("differences.toml", &format!("{OPEN}{CASE}expect = {expect}\n"));
        let report = run_all(&[file.path()]).unwrap();
        let lines: Vec<_> = report.text.lines().filter_map(|line| line.strip_prefix("  expected ")).collect();
        assert_eq!(lines.len(), differences.len(), "{}", report.text);
        for difference in differences {
            assert!(lines.iter().any(|line| line.starts_with(difference)), "{difference}\n{}", report.text);
        }
    }
}

#[test]
fn every_kind_of_caller_is_evaluated() {
    let text = "config = { auth = { gateway = true, keys = [{ name = 'b', secret = 'B' }] } }\n[[case]]\n\
                name = 'a'\ncaller.gateway = { sub = 'anna' }\nrequest.rtm = {}\n\
                expect.granted.rtm.user = 'anna'\n[[case]]\nname = 'b'\ncaller.service = 'b'\n\
                request.rtm = { user = 'x' }\nexpect = 'granted'\n[[case]]\nname = 'c'\n\
                caller.anonymous = true\nrequest.rtm = {}\nexpect.invalid = 'auth.open'\n";
    let file = Scratch::new("callers.toml", text);
    let report = run_all(&[file.path()]).unwrap();
    assert!(report.text.ends_with("\n\n3 rule tests: 3 passed, 0 failed\n"), "{}", report.text);
}

#[test]
fn invalid_files_are_rejected() {
    let case = |lines: &str| format!("{OPEN}{CASE}{lines}");
    for (text, message) in [
        (OPEN.to_owned(), "`case` must be a list of rule tests"),
        (format!("{OPEN}case = []"), "`case` has no rule test"),
        (CASE.to_owned(), "`config` is missing: the path of a file, or a configuration document"),
        (format!("config = 1\n{CASE}"), "`config` must be the path of a file, or a configuration document"),
        (
            format!("cofnig = 1\n{CASE}"),
            "`cofnig` is not a field of a rule test. Expected `config`, `env`, `case`",
        ),
        ("config = ".to_owned(), "invalid TOML: "),
        (format!("config = {{ auth = {{}} }}\n{CASE}"), "the configuration in the same file: "),
        (case(""), "`case[0].expect` is missing"),
        (
            case("expected = 'granted'"),
            "`case[0].expected` is not a field of a rule test. Expected `name`, `caller`, `request`, `expect`",
        ),
        (case("expect = 'grant'"), "`case[0].expect` must be one of `granted`, `denied`, `invalid`"),
        (
            case("expect = { granted = {}, denied = {} }"),
            "`case[0].expect` must have exactly one of the fields `granted`, `denied`, `invalid`",
        ),
        (
            case("expect.granted.rtm = {}"),
            "`case[0].expect.granted.rtm` is not a field of a rule test. Expected `ttl`, `rule`, `rtc`",
        ),
        (
            case("expect.denied.parts = 'role'"),
            "`case[0].expect.denied.parts` is not a field of a rule test. Expected `part`, `field`, `rule`, `reason`",
        ),
        (
            case("expect = 'granted'\n[case.caller.user]"),
            "`case[0].caller` must have exactly one of the fields `user`, `gateway`, `service`, `anonymous`",
        ),
        (
            case("expect = 'granted'").replace("anonymous = true", "anonymous = false"),
            "`case[0].caller.anonymous` must be true",
        ),
        (case("expect = 'granted'").replace("name = 'a'", "name = 1"), "`case[0].name` must be a string"),
    ] {
        let file = Scratch::new("invalid.toml", &text);
        let error = format!("{:#}", run_all(&[file.path()]).err().unwrap());
        assert!(error.starts_with(&format!("{}: {message}", file.path())), "{error}\nexpected {message}");
    }
    for arguments in [&[][..], &["--config"], &["a", "--unknown"], &["a", "--env", "b", "--env", "c"]] {
        assert!(Options::parse(arguments).is_err(), "{arguments:?}");
    }
}
