//! The developer commands: `cargo xtask`.

mod bench;
mod build;
mod dev;
mod fuzz;
mod glue;
mod http;
mod linker;
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
cargo xtask dev [--port N]                set up, build and serve the Worker on localhost:8787
cargo xtask dev --lambda [--port N]       the same for the Lambda function on localhost:9000,
                                          without Docker
cargo xtask test                          set up and run every check and test
cargo xtask test --quick                  format, lint, unit tests and every suite in memory
cargo xtask policy --config FILE --claims FILE --request FILE
                                          what a policy decides, and why: 0 granted, 1 refused, 2 wrong input.
                                          In place of --claims: --gateway FILE, --service NAME, --anonymous
cargo xtask check-config FILE             what a deployment with the configuration does, of a JSON document or a
                                          wrangler.toml: 0 valid, 2 wrong
cargo xtask build worker                  build the Worker to target/worker, as wrangler does by itself
cargo xtask build lambda                  build the Lambda function for this machine
cargo xtask fuzz [TARGET] [--seconds N]   look for texts that make the token core fail
cargo xtask schemathesis [--examples N]   hold the served OpenAPI document against the Worker
cargo xtask size [--save]                 bytes of the Worker by crate and module, and the differences from
                                          crates/xtask/bench/size.tsv, which --save writes
cargo xtask bench core                    nanoseconds and allocations per token, natively and in WebAssembly
cargo xtask bench worker                  requests per second and CPU time per request on workerd, beside JavaScript
                                          Workers (Linux)
cargo xtask bench worker --auth           the same for users with JWTs, beside npm jose
cargo xtask bench worker --cold           milliseconds to the first response of a fresh process, and the functions that V8
                                          compiles for it
cargo xtask bench lambda                  cold start of the Lambda function in AWS's emulator, with secrets in the
                                          environment and in two stand-ins of Secrets Manager, beside JavaScript
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        _ if std::env::var_os(linker::IS_LINKER).is_some() => {
            linker::link(&arguments).map(|()| ExitCode::SUCCESS)
        }
        ["policy", ..] | ["check-config", _] => evaluate(&arguments),
        _ => run(&arguments).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        terminal::say(format_args!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Runs a command of the binary `xtask-config`: see `config/main.rs`. Files are relative to the caller's folder.
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

#[expect(clippy::print_stdout, reason = "the usage is the result")]
fn print_usage() {
    print!("{USAGE}");
}

/// Reads the number that an option takes.
fn parse<T: FromStr<Err = ParseIntError>>(option: &str, value: &str) -> Result<T> {
    value.parse().with_context(|| format!("{option} takes a whole number, not {value:?}"))
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
        ["fuzz"] => fuzz::by_hand(None, None),
        ["fuzz", "--seconds", seconds] => fuzz::by_hand(None, Some(parse("--seconds", seconds)?)),
        ["fuzz", target] => fuzz::by_hand(Some(target), None),
        ["fuzz", target, "--seconds", seconds] => {
            fuzz::by_hand(Some(target), Some(parse("--seconds", seconds)?))
        }
        ["schemathesis"] => schemathesis::by_hand(None),
        ["schemathesis", "--examples", examples] => {
            schemathesis::by_hand(Some(parse("--examples", examples)?))
        }
        ["size"] => size::run(false),
        ["size", "--save"] => size::run(true),
        ["bench", "core"] => bench::core::run(),
        ["bench", "worker"] => bench::worker::open(),
        ["bench", "worker", "--auth"] => bench::worker::authenticated(),
        ["bench", "worker", "--cold"] => bench::worker::cold(),
        ["bench", "lambda"] => bench::lambda::run(),
        [] | ["help"] | [.., "--help" | "-h"] => {
            print_usage();
            Ok(())
        }
        _ => bail!("no such command or option: {}. `cargo xtask help` lists all", arguments.join(" ")),
    }
}
