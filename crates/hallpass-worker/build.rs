//! Links the module again if its linker leaves out other exports.

fn main() {
    println!("cargo::rerun-if-changed=../xtask/src/linker.rs");
}
