//! Checks that each documented configuration makes the service ready. Also checks that the TOML form of a configuration
//! is equivalent, and that the policy makes the decisions in the following table.

use anyhow::{Context as _, bail, ensure};
use hallpass_service::check::dry_run::{CallerSpec, Decision, evaluate};
use hallpass_tests::target::{Memory, Request, Target as _};
use serde_json::Value;

use super::page::{Element, Page, pages};

/// The header of a table of cases.
const CASES: [&str; 4] = ["caller", "claims", "request", "result"];

#[test]
fn configurations_make_a_service_ready() -> anyhow::Result<()> {
    for document in documents()? {
        let config = document.clone();
        let mut service = Memory::with_settings(move |name| sample(name, &config));
        let request = Request { method: "GET".into(), target: "/readyz".into(), ..Request::default() };
        let response = service.send(&request)?;
        let is_ready = response.status() == 200;
        ensure!(is_ready, "{document}\n{}", String::from_utf8_lossy(response.body()));
    }
    Ok(())
}

#[test]
fn toml_is_equivalent_to_json() -> anyhow::Result<()> {
    let mut count = 0;
    for page in guides()? {
        let mut json = None;
        for block in page.blocks() {
            if block.language == "json" && is_configuration(&block.text) {
                json = Some(block.text);
            } else if block.language == "toml" && block.text.contains("vars.HALLPASS_CONFIG") {
                let expected = json.take().with_context(|| format!("{}: no JSON before it", block.place))?;
                let expected: Value = serde_json::from_str(&expected)?;
                let table: toml::Table = toml::from_str(&block.text)?;
                let document = table.get("vars").and_then(|vars| vars.get("HALLPASS_CONFIG"));
                let document = serde_json::to_value(document)?;
                ensure!(
                    document == expected,
                    "{}: the TOML is {document}, but the JSON is {expected}",
                    block.place
                );
                count += 1;
            }
        }
    }
    ensure!(count > 5, "only {count} pairs were found");
    Ok(())
}

#[test]
fn cases_are_decided_as_stated() -> anyhow::Result<()> {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in guides()? {
        let mut config = None;
        for element in page.elements() {
            match element {
                Element::Block(block) if block.language == "json" && is_configuration(&block.text) => {
                    config = Some(block.text);
                }
                Element::Table(rows) if rows.first().is_some_and(|header| *header == CASES) => {
                    let config =
                        config.as_deref().with_context(|| format!("{}: no configuration", page.path))?;
                    for row in rows.iter().skip(1) {
                        count += 1;
                        let result = decide(config, row);
                        let result = result.with_context(|| format!("{}: {}", page.path, row.join(" | ")))?;
                        let expected = row.get(3).map(String::as_str).unwrap_or_default();
                        if !(expected == result || expected.starts_with(&format!("{result},"))) {
                            wrong.push(format!("{}: {}\n  decided: {result}", page.path, row.join(" | ")));
                        }
                    }
                }
                Element::Block(_) | Element::Table(_) | Element::Line(_) => {}
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(count > 10, "only {count} cases were found");
    Ok(())
}

/// Returns every configuration in the documentation.
pub(crate) fn documents() -> anyhow::Result<Vec<String>> {
    let blocks = guides()?.into_iter().flat_map(|page| page.blocks());
    let documents: Vec<_> = blocks
        .filter(|block| block.language == "json" && is_configuration(&block.text))
        .map(|block| block.text)
        .collect();
    ensure!(documents.len() > 5, "only {} configurations were found", documents.len());
    Ok(documents)
}

fn guides() -> anyhow::Result<Vec<Page>> {
    Ok(pages()?.into_iter().filter(Page::is_guide).collect())
}

/// Evaluates a row of a table of cases. Returns `granted`, or `denied: PART` with the denied part of the request.
fn decide(config: &str, row: &[String]) -> anyhow::Result<String> {
    let [caller, claims, request, _] = row else { bail!("expected four cells") };
    let (caller, claims, request) =
        (caller.trim_matches('`'), claims.trim_matches('`'), request.trim_matches('`'));
    let who = match caller {
        "user" => CallerSpec::User(claims),
        "gateway" => CallerSpec::Gateway(claims),
        "anonymous" => CallerSpec::Anonymous,
        name => CallerSpec::Service(name),
    };
    Ok(match evaluate(config, who, request)? {
        Decision::Granted { .. } => "granted".to_owned(),
        Decision::Denied { part, .. } => format!("denied: {part}"),
    })
}

/// Returns a sample value for a setting or secret of a deployment with this configuration.
fn sample(name: &str, document: &str) -> Option<String> {
    let value = match name {
        "HALLPASS_CONFIG" => document,
        "AGORA_APP_ID" => "970CA35de60c44645bbae8a215061b33",
        "VIDEOSDK_API_KEY" => return None,
        name if name.contains("CERTIFICATE") => "5CFd2fd1755d40ecb72977518be15d3b",
        _ => "0123456789abcdef0123456789abcdef",
    };
    Some(value.to_owned())
}

/// Returns whether a JSON block is a configuration, and not an example of a response or of another document.
fn is_configuration(block: &str) -> bool {
    const FIELDS: &[&str] =
        &["$schema", "projects", "rest", "auth", "deny", "policy", "ttl", "compat", "cors"];
    let Ok(Value::Object(document)) = serde_json::from_str(block) else { return false };
    // In Agora's response, `projects` is an array. In a configuration, `projects` is an object.
    let is_response = document.get("projects").is_some_and(Value::is_array);
    !is_response && document.keys().all(|name| FIELDS.contains(&name.as_str()))
}
