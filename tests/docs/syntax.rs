//! Checks the syntax of code blocks that no other test runs: JavaScript, TypeScript, JSON, and TOML.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use hallpass_tests::root;
use serde_json::Value;

use super::page::{Block, Page, pages};

#[test]
fn data_blocks_parse() -> anyhow::Result<()> {
    let invalid: Vec<_> = blocks()?
        .into_iter()
        .filter_map(|block| {
            let error = match block.language.as_str() {
                "json" => serde_json::from_str::<Value>(&block.text).err().map(|error| error.to_string()),
                "toml" => toml::from_str::<toml::Table>(&block.text).err().map(|error| error.to_string()),
                _ => None,
            };
            error.map(|error| format!("{}: {error}", block.place))
        })
        .collect();
    ensure!(invalid.is_empty(), "{}", invalid.join("\n"));
    Ok(())
}

#[test]
#[ignore = "needs the npm packages; cargo xtask test runs it"]
fn javascript_blocks_parse() -> anyhow::Result<()> {
    let mut count = 0;
    for block in blocks()? {
        let loader = match block.language.as_str() {
            "js" | "javascript" => "js",
            "jsx" => "jsx",
            "ts" | "typescript" => "ts",
            "tsx" => "tsx",
            _ => continue,
        };
        count += 1;
        let mut esbuild = Command::new(root().join("node_modules/.bin/esbuild"));
        esbuild.args([&format!("--loader={loader}"), "--format=esm", "--log-level=error"]);
        esbuild.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = esbuild.spawn().context("esbuild: run `npm ci` first")?;
        child.stdin.take().context("no standard input")?.write_all(block.text.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "{}: {}", block.place, String::from_utf8_lossy(&output.stderr));
    }
    ensure!(count > 10, "only {count} blocks were found");
    Ok(())
}

fn blocks() -> anyhow::Result<Vec<Block>> {
    Ok(pages()?.iter().filter(|page| page.is_guide()).flat_map(Page::blocks).collect())
}
