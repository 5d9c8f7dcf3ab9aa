//! Makes Cargo link the module again if `linker.rs` changes, which decides the exports that the linker omits.

fn main() {
    println!("cargo::rerun-if-changed=../xtask/src/linker.rs");
}
