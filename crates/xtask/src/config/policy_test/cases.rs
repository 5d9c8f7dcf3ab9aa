//! Files with rule tests, in TOML or JSON.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use hallpass_service::check::dry_run::{CallerSpec, DryRun};
use serde_json::{Map, Value};

use super::outcome::{DENIED, GRANTED, INVALID, Outcome};
use crate::read;
use crate::settings::{Settings, read_toml};

/// A file with rule tests, and its configuration.
pub(super) struct Suite {
    pub(super) path: String,
    /// The paths of the file and its configuration.
    pub(super) title: String,
    pub(super) dry_run: DryRun,
    pub(super) cases: Vec<Case>,
}

/// A request of a caller, and the expected outcome.
pub(super) struct Case {
    pub(super) name: String,
    /// The path of the case in the file, such as `case[0]`.
    pub(super) place: String,
    caller: Caller,
    /// The body of the request, as JSON.
    request: String,
    pub(super) expected: Outcome,
}

enum Caller {
    User(String),
    Gateway(String),
    Service(String),
    Anonymous,
}

impl Suite {
    /// Reads a file. `config` and `environment` replace the settings in the file.
    ///
    /// # Errors
    /// Returns an error if the file or its configuration is invalid.
    pub(super) fn read(path: &str, config: Option<&str>, environment: Option<&str>) -> Result<Self> {
        let text = read(path)?;
        Self::parse(path, &text, config, environment).with_context(|| path.to_owned())
    }

    fn parse(path: &str, text: &str, config: Option<&str>, environment: Option<&str>) -> Result<Self> {
        let is_json = path.ends_with(".json") || text.trim_start().starts_with('{');
        let file: Value =
            if is_json { serde_json::from_str(text)? } else { serde_json::to_value(read_toml(text)?)? };
        let file = fields(&file, "", &["config", "env", "case"])?;
        let environment = match (environment, file.get("env")) {
            (None, Some(environment)) => Some(string(environment, "env")?),
            (environment, _) => environment,
        };
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        let (title, settings) = read_config(file.get("config"), folder, config, environment)?;
        let dry_run =
            DryRun::load(&|name| settings.get(name)).with_context(|| format!("the configuration {title}"))?;
        let Some(Value::Array(cases)) = file.get("case") else {
            bail!("`case` must be a list of rule tests");
        };
        if cases.is_empty() {
            bail!("`case` has no rule test");
        }
        let cases = cases.iter().enumerate().map(|(at, case)| Case::read(case, format!("case[{at}]")));
        let cases = cases.collect::<Result<_>>()?;
        Ok(Self {
            path: path.to_owned(),
            title: format!("{path}, with the configuration {title}"),
            dry_run,
            cases,
        })
    }
}

/// Returns the name and the settings of the configuration.
fn read_config(
    config: Option<&Value>,
    folder: &Path,
    replacement: Option<&str>,
    environment: Option<&str>,
) -> Result<(String, Settings)> {
    let path = match (replacement, config) {
        (Some(path), _) => path.to_owned(),
        (None, Some(Value::String(path))) => folder.join(path).to_string_lossy().into_owned(),
        (None, Some(document @ Value::Object(_))) => {
            return Ok(("in the same file".to_owned(), Settings::document(&document.to_string())));
        }
        (None, Some(_)) => bail!("`config` must be the path of a file, or a configuration document"),
        (None, None) => bail!("`config` is missing: the path of a file, or a configuration document"),
    };
    let settings = Settings::read(&path, environment).with_context(|| format!("the configuration {path}"))?;
    Ok((path, settings))
}

impl Case {
    fn read(case: &Value, place: String) -> Result<Self> {
        let case = fields(case, &place, &["name", "caller", "request", "expect"])?;
        let field = |name: &str| case.get(name).with_context(|| format!("`{place}.{name}` is missing"));
        let request = field("request")?;
        let requested = fields_of(request, &format!("{place}.request"))?;
        Ok(Self {
            name: string(field("name")?, &format!("{place}.name"))?.to_owned(),
            caller: Caller::read(field("caller")?, &format!("{place}.caller"))?,
            request: request.to_string(),
            expected: read_expected(field("expect")?, requested, &format!("{place}.expect"))?,
            place,
        })
    }

    pub(super) fn evaluate(&self, dry_run: &DryRun) -> Outcome {
        let caller = match &self.caller {
            Caller::User(claims) => CallerSpec::User(claims),
            Caller::Gateway(claims) => CallerSpec::Gateway(claims),
            Caller::Service(name) => CallerSpec::Service(name),
            Caller::Anonymous => CallerSpec::Anonymous,
        };
        dry_run.evaluate(caller, &self.request).into()
    }
}

impl Caller {
    fn read(caller: &Value, path: &str) -> Result<Self> {
        let (kind, value) = only_field(caller, path, &["user", "gateway", "service", "anonymous"])?;
        let path = format!("{path}.{kind}");
        Ok(match (kind, value) {
            ("user", claims) => Self::User(Value::from(fields_of(claims, &path)?.clone()).to_string()),
            ("gateway", claims) => Self::Gateway(Value::from(fields_of(claims, &path)?.clone()).to_string()),
            ("service", name) => Self::Service(string(name, &path)?.to_owned()),
            (_, Value::Bool(true)) => Self::Anonymous,
            _ => bail!("`{path}` must be true"),
        })
    }
}

/// Reads the expected outcome: its name, or an object with its name and its fields.
fn read_expected(expected: &Value, requested: &Map<String, Value>, path: &str) -> Result<Outcome> {
    const KINDS: [&str; 3] = [GRANTED, DENIED, INVALID];
    let named = |name: &str| KINDS.into_iter().find(|kind| *kind == name);
    if let Value::String(name) = expected {
        let kind = named(name).with_context(|| format!("`{path}` must be one of {}", listed(&KINDS)))?;
        return Ok(Outcome::expected(kind, Map::new()));
    }
    let (kind, value) = only_field(expected, path, &KINDS)?;
    let kind = named(kind).unwrap_or(GRANTED);
    let path = format!("{path}.{kind}");
    let fields = match (kind, value) {
        (GRANTED, value) => {
            let services = requested
                .keys()
                .map(String::as_str)
                .filter(|name| !matches!(*name, "ttl" | "version" | "project"));
            let known: Vec<_> = ["ttl", "rule"].into_iter().chain(services).collect();
            fields(value, &path, &known)?.clone()
        }
        (DENIED, Value::String(part)) => Map::from_iter([("part".to_owned(), part.as_str().into())]),
        (DENIED, value) => fields(value, &path, &["part", "field", "rule", "reason"])?.clone(),
        (_, Value::String(field)) => Map::from_iter([("field".to_owned(), field.as_str().into())]),
        (_, value) => fields(value, &path, &["field", "reason"])?.clone(),
    };
    Ok(Outcome::expected(kind, fields))
}

/// Returns the fields of an object, which may contain only these fields.
fn fields<'a>(value: &'a Value, path: &str, known: &[&str]) -> Result<&'a Map<String, Value>> {
    let fields = fields_of(value, path)?;
    if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        bail!("`{path}` is not a field of a rule test. Expected {}", listed(known));
    }
    Ok(fields)
}

fn fields_of<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>> {
    let path = if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") };
    value.as_object().with_context(|| format!("{path} must be an object"))
}

/// Returns the only field of an object, which must be one of these fields.
fn only_field<'a>(value: &'a Value, path: &str, known: &[&str]) -> Result<(&'a str, &'a Value)> {
    let mut fields = fields(value, path, known)?.iter();
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => bail!("`{path}` must have exactly one of the fields {}", listed(known)),
    }
}

fn string<'a>(value: &'a Value, path: &str) -> Result<&'a str> {
    value.as_str().with_context(|| format!("`{path}` must be a string"))
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
