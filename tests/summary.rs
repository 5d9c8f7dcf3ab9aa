//! Checks that the summary of each configuration `config/summaries/NAME.json` equals the text in `NAME.txt`.

use std::fs;

use anyhow::{Context as _, ensure};
use hallpass_service::check::summary::summarize;
use hallpass_tests::root;

#[test]
fn redacts_a_certificate_in_place_of_a_name() -> anyhow::Result<()> {
    let certificate = "5CFd2fd1755d40ecb72977518be15d3b";
    let project = r#"{ "provider": "videosdk", "api_key": "key", "secrets": ["ONE"] }"#;
    let document = format!(
        r#"{{ "projects": {{ "{certificate}": {project} }}, "auth": {{ "open": true }},
             "policy": [{{ "project": "{certificate}", "videosdk": {{ "identity": "any" }} }}] }}"#
    );
    let summary = summarize(&|name| (name == "HALLPASS_CONFIG").then(|| document.clone()))?.to_string();
    ensure!(summary.contains("project `…`") && !summary.contains(certificate), "{summary}");
    Ok(())
}

#[test]
fn summaries_equal_the_files() -> anyhow::Result<()> {
    let folder = root().join("tests/config/summaries");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        count += 1;
        let document = fs::read_to_string(&path)?;
        let summary = summarize(&|name| (name == "HALLPASS_CONFIG").then(|| document.clone()))?.to_string();
        let expected =
            fs::read_to_string(path.with_extension("txt")).with_context(|| path.display().to_string())?;
        if summary != expected {
            failures.push(format!("{}\n{summary}", path.display()));
        }
    }
    ensure!(count > 5, "only {count} files were found");
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
