//! Tests of the start of the Lambda function. Cargo builds the binary `bootstrap` for these tests.

use std::io;
use std::process::Command;

#[test]
fn an_invalid_time_limit_factor_prevents_the_start() -> io::Result<()> {
    // The path is found at run time, because a compiled-in path would be wrong on another machine.
    let bootstrap = std::env::current_exe()?.ancestors().nth(2).map(|folder| folder.join("bootstrap"));
    for factor in ["0", "101", "twice"] {
        let mut function = Command::new(bootstrap.as_deref().ok_or(io::ErrorKind::NotFound)?);
        let output = function.env_clear().env("HALLPASS_TIME_LIMIT_FACTOR", factor).output()?;
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{factor}");
        assert!(
            message.contains("HALLPASS_TIME_LIMIT_FACTOR: expected a whole number from 1 to 100"),
            "{message}"
        );
    }
    Ok(())
}
