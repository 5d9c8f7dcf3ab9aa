//! The JSON Schema of the configuration, `infra/config.schema.json`, compared with the service.
//!
//! `config/invalid.json` lists invalid documents with the service's messages. `schema` is false if the schema cannot express
//! the condition.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, anyhow, ensure};
use boon::{Compiler, SchemaIndex, Schemas};
use hallpass_service::check::summary::summarize;
use hallpass_tests::{Deployment, DeploymentKind, root};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{docs, policy};

const SCHEMA: &str = "infra/config.schema.json";
/// The start of the service's message about a field.
const AT: &str = "HALLPASS_CONFIG at `";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "comment")]
    _comment: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    document: Document,
    /// The message of the service.
    message: String,
    /// True if the schema also rejects the document.
    #[serde(default = "yes")]
    schema: bool,
}

/// A document as JSON, or as text if a JSON value cannot represent it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Text(String),
    Value(Value),
}

struct Schema {
    schemas: Schemas,
    root: SchemaIndex,
}

/// An object that the schema describes.
struct Object {
    /// A document that contains the object with an unknown field.
    document: Value,
    fields: BTreeSet<String>,
}

#[test]
fn documented_configurations_are_valid() -> anyhow::Result<()> {
    let schema = Schema::load()?;
    let documents = documents()?;
    let mut valid = 0;
    for document in &documents {
        if message(document).is_none() {
            valid += 1;
            schema.check(&serde_json::from_str(document)?).with_context(|| document.clone())?;
        }
    }
    ensure!(valid > 300 && documents.len() > valid, "{valid} of {} documents are valid", documents.len());
    Ok(())
}

#[test]
fn invalid_documents_are_rejected() -> anyhow::Result<()> {
    let schema = Schema::load()?;
    let mut failures = Vec::new();
    for Case { document, message: expected, schema: is_rejected } in invalid()? {
        let text = document.text();
        let actual = message(&text).unwrap_or_else(|| "valid".to_owned());
        if actual != expected {
            failures.push(format!("{text}\n  expected {expected}\n  actual   {actual}"));
        }
        let by_schema = serde_json::from_str(&text).map_or(true, |value| schema.check(&value).is_err());
        if by_schema != is_rejected {
            failures.push(format!("{text}\n  rejected by the schema: {by_schema}"));
        }
    }
    ensure!(failures.is_empty(), "{}:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

#[test]
fn schema_and_service_have_the_same_fields() -> anyhow::Result<()> {
    const UNKNOWN: &str = "unknown";
    let schema: Value = serde_json::from_str(&read(SCHEMA)?)?;
    let mut objects = Vec::new();
    collect(&schema, &schema, &|object| object, UNKNOWN, &mut objects)?;
    for Object { document, fields } in &objects {
        let message = message(&document.to_string()).with_context(|| document.to_string())?;
        let (_, expected) = message
            .split_once("unknown field, expected ")
            .with_context(|| format!("{document}\n{message}"))?;
        let expected: BTreeSet<_> = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        ensure!(*fields == expected, "{document}\n  schema  {fields:?}\n  service {expected:?}");
    }
    ensure!(objects.len() > 20, "only {} objects were found", objects.len());
    Ok(())
}

/// Checks documents with one changed value. The schema must accept every document that the service accepts. If the
/// service rejects a document that the schema accepts, the reason must be listed in `config/invalid.json`.
#[test]
fn schema_and_service_agree_on_changed_documents() -> anyhow::Result<()> {
    let schema = Schema::load()?;
    let reasons: BTreeSet<_> = invalid()?
        .into_iter()
        .filter(|case| !case.schema)
        .map(|case| reason(&case.message).to_owned())
        .collect();
    let (mut seen, mut failures) = (BTreeSet::new(), BTreeSet::new());
    let documents = docs::documents()?.into_iter().chain(summaries()?);
    for document in documents {
        let mut document: Map<String, Value> = serde_json::from_str(&document)?;
        // `$schema` is removed, because the service ignores this field.
        document.remove("$schema");
        let document = Value::Object(document);
        for changed in changes(&document) {
            let text = changed.to_string();
            if !seen.insert(text.clone()) {
                continue;
            }
            match (message(&text), schema.check(&changed)) {
                (None, Err(error)) => {
                    failures.insert(format!("{text}\n  only the schema: {error}"));
                }
                (Some(message), Ok(())) if !reasons.contains(reason(&message)) => {
                    failures.insert(format!("{text}\n  only the service: {message}"));
                }
                (None, Ok(())) | (Some(_), _) => {}
            }
        }
    }
    ensure!(seen.len() > 1000, "only {} documents", seen.len());
    let shown: Vec<_> = failures.iter().take(20).cloned().collect();
    ensure!(failures.is_empty(), "{} of {}:\n{}", failures.len(), seen.len(), shown.join("\n"));
    Ok(())
}

impl Schema {
    fn load() -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(&read(SCHEMA)?)?;
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let failed = |error: boon::CompileError| anyhow!("{error:#}");
        compiler.add_resource("schema.json", value).map_err(failed)?;
        let root = compiler.compile("schema.json", &mut schemas).map_err(failed)?;
        Ok(Self { schemas, root })
    }

    fn check(&self, document: &Value) -> anyhow::Result<()> {
        self.schemas.validate(document, self.root).map_err(|error| anyhow!("{error}"))
    }
}

impl Document {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Value(value) => value.to_string(),
        }
    }
}

/// Returns the service's error for a document; `None` if the document is valid.
fn message(document: &str) -> Option<String> {
    let setting = |name: &str| (name == "HALLPASS_CONFIG").then(|| document.to_owned());
    summarize(&setting).err().map(|error| error.to_string())
}

/// Returns the service's message without the path of the field.
fn reason(message: &str) -> &str {
    message.strip_prefix(AT).and_then(|rest| rest.split_once("`: ")).map_or(message, |(_, reason)| reason)
}

/// Returns the configuration documents in the documentation and in the tests.
fn documents() -> anyhow::Result<Vec<String>> {
    let mut documents = docs::documents()?;
    documents.extend(policy::documents()?);
    documents.extend(summaries()?);
    let kinds = [
        DeploymentKind::Open,
        DeploymentKind::OpenWildcard,
        DeploymentKind::Compat007,
        DeploymentKind::Configured,
        DeploymentKind::SoleProject,
    ];
    let deployments = kinds
        .into_iter()
        .chain([DeploymentKind::Cors, DeploymentKind::CorsAny, DeploymentKind::CorsHeaders])
        .map(Deployment::from);
    let variables = deployments.flat_map(|deployment| deployment.variables);
    documents.extend(variables.filter(|(name, _)| name == "HALLPASS_CONFIG").map(|(_, document)| document));
    for path in files("attacks")? {
        let file: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
        let document = file.get("config").context("a file of attacks has a configuration")?;
        documents.push(document.to_string().replace("$ISSUER", "http://127.0.0.1:8080"));
    }
    Ok(documents)
}

/// Returns the documents in `config/summaries/`.
fn summaries() -> anyhow::Result<Vec<String>> {
    let mut documents = Vec::new();
    for path in files("config/summaries")? {
        if path.extension().is_some_and(|extension| extension == "json") {
            documents.push(fs::read_to_string(path)?);
        }
    }
    Ok(documents)
}

fn invalid() -> anyhow::Result<Vec<Case>> {
    let file: File = serde_json::from_str(&read("tests/config/invalid.json")?)?;
    Ok(file.cases)
}

fn files(folder: &str) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let folder = root().join("tests").join(folder);
    Ok(fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect())
}

fn read(path: &str) -> anyhow::Result<String> {
    Ok(fs::read_to_string(root().join(path))?)
}

/// Collects the objects that a schema describes. `place` returns a document that contains its argument at the schema's
/// position.
fn collect(
    schema: &Value,
    root: &Value,
    place: &dyn Fn(Value) -> Value,
    unknown: &str,
    objects: &mut Vec<Object>,
) -> anyhow::Result<()> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target =
            reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).context("a bad $ref")?;
        collect(target, root, place, unknown, objects)?;
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        ensure!(
            schema.get("additionalProperties") == Some(&json!(false)),
            "additional properties are allowed: {schema}"
        );
        let document = place(json!({ unknown: 1 }));
        objects.push(Object { document, fields: properties.keys().cloned().collect() });
        for (name, schema) in properties {
            collect(schema, root, &|value| place(json!({ name: value })), unknown, objects)?;
        }
    }
    if let Some(schema) = schema.get("additionalProperties").filter(|schema| schema.is_object()) {
        collect(schema, root, &|value| place(json!({ "name": value })), unknown, objects)?;
    }
    if let Some(schema) = schema.get("items") {
        collect(schema, root, &|value| place(json!([value])), unknown, objects)?;
    }
    Ok(())
}

/// Returns documents in which one value is removed or replaced.
fn changes(document: &Value) -> Vec<Value> {
    let others =
        || [json!(null), json!(true), json!(7), json!(""), json!("x y"), json!([]), json!([7]), json!({})];
    match document {
        Value::Object(fields) => {
            let mut all = Vec::new();
            for (name, value) in fields {
                let with = |value: Value| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), value);
                    Value::Object(fields)
                };
                let without: Map<_, _> = fields
                    .iter()
                    .filter(|(known, _)| *known != name)
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect();
                all.push(Value::Object(without));
                all.extend(others().into_iter().chain(changes(value)).map(with));
            }
            all
        }
        Value::Array(values) => {
            let mut all = Vec::new();
            for (position, value) in values.iter().enumerate() {
                for changed in others().into_iter().chain(changes(value)) {
                    let with =
                        |(at, value): (usize, &Value)| if at == position { &changed } else { value }.clone();
                    all.push(values.iter().enumerate().map(with).collect());
                }
            }
            all
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

const fn yes() -> bool {
    true
}
