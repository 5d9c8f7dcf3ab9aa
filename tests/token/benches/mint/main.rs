//! Nanoseconds and allocations per token, beside the HMACs alone that the token cannot do without.
//!
//! `cargo bench --package hallpass-token-tests --bench mint`, with `--target wasm32-wasip1` in WebAssembly, prints a
//! line for each kind of token: nanoseconds, how many times the HMACs that is, and allocations. `cargo xtask bench
//! core` sets it beside others.

mod allocations;
mod floor;
mod measure;
mod tokens;

use std::io::{self, Write as _};

fn main() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for figure in measure::all(&mut tokens::subjects()?) {
        writeln!(
            out,
            "{}\t{:.1}\t{:.3}\t{}",
            figure.name, figure.nanoseconds, figure.ratio, figure.allocations
        )?;
    }
    Ok(())
}
