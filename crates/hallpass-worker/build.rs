//! Makes Cargo link the module again if `linker.rs` changes. That file determines which exports the linker omits.

fn main() {
    println!("cargo::rerun-if-changed=../xtask/src/linker.rs");
}
