//! The developer commands: `cargo xtask`.

mod bench;
mod browser;
mod build;
mod dev;
mod fuzz;
mod generated_js;
mod http;
mod linker;
mod local_proxy;
mod prerequisites;
mod process;
mod sam_local;
mod schemathesis;
mod size;
mod steps;
mod terminal;
mod test;
mod tools;
mod wasm;
mod workerd;

use std::num::ParseIntError;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
cargo xtask dev [--port N]                install the tools, then build and serve the Worker (default port: 8787)
cargo xtask dev --lambda [--port N]       the same for the Lambda function, without Docker (default port: 9000)
cargo xtask test                          install the tools, then run every check and test
cargo xtask test --quick                  check the format, lint, and run the unit tests and every suite in memory
cargo xtask policy --config FILE --claims FILE --request FILE
                                          evaluate a policy and explain the decision. Exit code: 0 granted, 1 denied,
                                          2 invalid input. Instead of --claims: --gateway FILE, --service NAME, or
                                          --anonymous
cargo xtask policy test FILE... [--config FILE]
                                          run the rule tests in these files (TOML or JSON). Exit code: 0 all passed,
                                          1 a test failed, 2 invalid input. --config replaces the configuration
cargo xtask check-config FILE             validate a configuration, and describe what the deployment does. Exit code:
                                          0 valid, 2 invalid
                                          Configurations: a document (JSON), wrangler.toml, samconfig.toml, parameters of
                                          CloudFormation (JSON), or .dev.vars. These three commands have the option
                                          --env NAME for an environment of wrangler.toml or samconfig.toml
cargo xtask build worker                  build the Worker to target/worker; wrangler runs this command itself
cargo xtask build lambda                  build the Lambda function for this machine
cargo xtask fuzz [TARGET] [--seconds N]   fuzz the token core: one target or all of them
cargo xtask schemathesis [--examples N]   test the Worker against its OpenAPI document
cargo xtask size [--save]                 print the Worker's size by crate and module, and the differences from
                                          crates/xtask/bench/size.tsv; --save updates this file
cargo xtask bench core                    measure nanoseconds and allocations per token, natively and in WebAssembly
cargo xtask bench worker                  measure requests per second and CPU time per request on workerd, compared
                                          with JavaScript Workers (Linux only)
cargo xtask bench worker --auth           the same for users with JWTs, compared with npm jose
cargo xtask bench worker --cold           measure the time to the first response of a new process, and list the
                                          functions that V8 compiles for it
cargo xtask bench lambda                  measure cold starts of the Lambda function in AWS's emulator, with secrets in
                                          the environment and in two local versions of Secrets Manager, compared with
                                          JavaScript
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        _ if std::env::var_os(linker::IS_LINKER).is_some() => {
            linker::link(&arguments).map(|()| ExitCode::SUCCESS)
        }
        [.., "--help" | "-h"] => run(&["help"]).map(|()| ExitCode::SUCCESS),
        ["policy", ..] | ["check-config", ..] => evaluate(&arguments),
        _ => run(&arguments).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        terminal::print_line(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Runs a command of the binary `xtask-config` (see `config/main.rs`) in the caller's folder. Paths of files are relative
/// to this folder.
fn evaluate(arguments: &[&str]) -> Result<ExitCode> {
    let mut config = process::command("cargo");
    config
        .current_dir(std::env::current_dir()?)
        .args(["run", "--quiet", "--locked", "--package", "xtask", "--features", "config"])
        .args(["--bin", "xtask-config", "--manifest-path"])
        .arg(process::root().join("Cargo.toml"))
        .arg("--")
        .args(arguments);
    let code = config.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[expect(clippy::print_stdout, reason = "the usage text is the result")]
fn print_usage() {
    print!("{USAGE}");
}

/// Parses the value of an option as a number.
fn parse<T: FromStr<Err = ParseIntError>>(option: &str, value: &str) -> Result<T> {
    value.parse().with_context(|| format!("{option} expects a whole number, not {value:?}"))
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["dev"] => dev::worker(8787),
        ["dev", "--port", port] => dev::worker(parse("--port", port)?),
        ["dev", "--lambda"] => dev::lambda(9000),
        ["dev", "--lambda", "--port", port] => dev::lambda(parse("--port", port)?),
        ["test"] => test::all(),
        ["test", "--quick"] => test::quick(),
        ["build", "worker"] => build::worker_for_wrangler(),
        ["build", "lambda"] => build::lambda(),
        ["fuzz"] => fuzz::run(None, None),
        ["fuzz", "--seconds", seconds] => fuzz::run(None, Some(parse("--seconds", seconds)?)),
        ["fuzz", target] => fuzz::run(Some(target), None),
        ["fuzz", target, "--seconds", seconds] => fuzz::run(Some(target), Some(parse("--seconds", seconds)?)),
        ["schemathesis"] => schemathesis::run(None),
        ["schemathesis", "--examples", examples] => schemathesis::run(Some(parse("--examples", examples)?)),
        ["size"] => size::run(false),
        ["size", "--save"] => size::run(true),
        ["bench", "core"] => bench::core::run(),
        ["bench", "worker"] => bench::worker::open(),
        ["bench", "worker", "--auth"] => bench::worker::authenticated(),
        ["bench", "worker", "--cold"] => bench::worker::cold(),
        ["bench", "lambda"] => bench::lambda::run(),
        [] | ["help"] => {
            print_usage();
            Ok(())
        }
        _ => bail!(
            "unknown command or option: {}. `cargo xtask help` lists all commands and options",
            arguments.join(" ")
        ),
    }
}
