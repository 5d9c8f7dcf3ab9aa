//! Makes Cargo link the module again if `crates/xtask/src/linker.rs` changes. This file determines which exports the
//! linker omits.

fn main() {
    println!("cargo::rerun-if-changed=../xtask/src/linker.rs");
}
