//! `cargo xtask policy test`: runs rule tests, which compare the decisions on requests with the expected decisions.

mod cases;
mod outcome;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use self::cases::{Case, Suite};
use self::outcome::Outcome;
use crate::terminal::print_line;

const FAILED: u8 = 1;
const INVALID_INPUT: u8 = 2;

/// Prints the results to standard output. The exit code is 0 if all tests pass, 1 if a test fails, and 2 for invalid
/// input.
#[expect(clippy::print_stdout, reason = "the results are the output")]
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    match Options::parse(arguments).and_then(|options| report(&options)) {
        Ok(report) => {
            print!("{}", report.text);
            if report.has_failures { FAILED.into() } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            print_line(format_args!("error: {error:#}"));
            INVALID_INPUT.into()
        }
    }
}

/// The options of the command.
#[derive(Default)]
struct Options<'a> {
    files: Vec<&'a str>,
    /// The configuration to use instead of the configuration that a file names.
    config: Option<&'a str>,
    environment: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn parse(arguments: &[&'a str]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let option = match *argument {
                "--config" => &mut options.config,
                "--env" => &mut options.environment,
                option if option.starts_with("--") => bail!("unknown option {option}; see cargo xtask help"),
                file => {
                    options.files.push(file);
                    continue;
                }
            };
            let value = arguments.next().with_context(|| format!("{argument} requires a value"))?;
            if option.replace(value).is_some() {
                bail!("{argument} is set more than once");
            }
        }
        if options.files.is_empty() {
            bail!("no file with rule tests is named; see cargo xtask help");
        }
        Ok(options)
    }
}

/// The results of all rule tests.
struct Report {
    text: String,
    has_failures: bool,
}

/// Reads all files, so that invalid input is reported before a test runs. Then runs the tests.
fn report(options: &Options<'_>) -> Result<Report> {
    let suites = options.files.iter().map(|file| Suite::read(file, options.config, options.environment));
    let suites = suites.collect::<Result<Vec<_>>>()?;
    let (mut text, mut failures, mut count, mut failed) = (String::new(), String::new(), 0, 0);
    for suite in &suites {
        let _ = writeln!(text, "{}", suite.title);
        for case in &suite.cases {
            let outcome = case.evaluate(&suite.dry_run);
            let mismatches = case.expected.mismatches(&outcome);
            count += 1;
            if mismatches.is_empty() {
                let _ = writeln!(text, "  ok      {}", case.name);
            } else {
                failed += 1;
                let _ = writeln!(text, "  FAILED  {}", case.name);
                failures += &describe_failure(suite, case, &outcome, &mismatches);
            }
        }
    }
    let passed = count - failed;
    let _ = writeln!(text, "{failures}\n{count} rule tests: {passed} passed, {failed} failed");
    Ok(Report { text, has_failures: failed > 0 })
}

fn describe_failure(suite: &Suite, case: &Case, outcome: &Outcome, mismatches: &[String]) -> String {
    let mut output = format!("\nFAILED: {}\n  in {}, {}\n", case.name, suite.path, case.place);
    for mismatch in mismatches {
        let _ = writeln!(output, "  expected {mismatch}");
    }
    output += "  decision:\n";
    for line in outcome.text.lines() {
        let _ = writeln!(output, "    {line}");
    }
    output
}
