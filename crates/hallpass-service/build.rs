//! Compresses the OpenAPI document to reduce the size of the Worker.

use std::{env, fs, io, path::Path};

use miniz_oxide::deflate::compress_to_vec_zlib;

const DOCUMENT: &str = "openapi.json";
const BEST_LEVEL: u8 = 10;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let minified = minify(&fs::read_to_string(DOCUMENT)?);
    let folder = env::var_os("OUT_DIR").unwrap_or_default();
    let folder = Path::new(&folder);
    fs::write(folder.join("openapi.json.len"), minified.len().to_string())?;
    fs::write(folder.join("openapi.json.zlib"), compress_to_vec_zlib(minified.as_bytes(), BEST_LEVEL))
}

/// Removes the whitespace outside of JSON strings.
fn minify(json: &str) -> String {
    let (mut in_string, mut is_escaped) = (false, false);
    let is_kept = |c: &char| {
        let is_kept = in_string || !c.is_ascii_whitespace();
        in_string = in_string != (*c == '"' && !is_escaped);
        is_escaped = in_string && *c == '\\' && !is_escaped;
        is_kept
    };
    json.chars().filter(is_kept).collect()
}
