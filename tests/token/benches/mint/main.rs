//! Benchmark of minting and verification: time and allocations per token.
//!
//! `cargo bench --package hallpass-token-tests --bench mint` prints one line for each measured operation. The line has
//! the time in nanoseconds, the ratio of this time to the time of the token's HMACs, and the number of allocations. For
//! WebAssembly, add `--target wasm32-wasip1`. `cargo xtask bench core` compares the results with other implementations.

mod allocations;
mod baseline;
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
