//! Summaries of configurations: the summary of each `config/summaries/NAME.json` is the text in `NAME.txt`.

use std::fs;

use anyhow::{Context as _, ensure};
use hallpass_service::check::summary::summarize;
use hallpass_tests::root;

/// Whoever put a certificate where a name belongs must not find it here.
#[test]
fn a_certificate_is_not_repeated() -> anyhow::Result<()> {
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
fn says_what_the_files_say() -> anyhow::Result<()> {
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
