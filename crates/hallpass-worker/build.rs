//! Makes Cargo link the module again if `linker.rs` changes. `linker.rs` determines which exports the linker omits.

fn main() {
    println!("cargo::rerun-if-changed=../xtask/src/linker.rs");
}
