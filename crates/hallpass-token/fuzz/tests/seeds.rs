//! Runs each fuzz target with its seed files, without libFuzzer.

use std::path::Path;
use std::{fs, io};

fn replay(name: &str, target: fn(&[u8])) -> io::Result<()> {
    let mut seeds = 0;
    for seed in fs::read_dir(Path::new("seeds").join(name))? {
        target(&fs::read(seed?.path())?);
        seeds += 1;
    }
    assert!(seeds > 0);
    Ok(())
}

#[test]
fn parse_006() -> io::Result<()> {
    replay("parse_006", hallpass_token_fuzz::parse_006)
}

#[test]
fn parse_007() -> io::Result<()> {
    replay("parse_007", hallpass_token_fuzz::parse_007)
}

#[test]
fn parse_jwt() -> io::Result<()> {
    replay("parse_jwt", hallpass_token_fuzz::parse_jwt)
}

#[test]
fn explain() -> io::Result<()> {
    replay("explain", hallpass_token_fuzz::explain)
}
