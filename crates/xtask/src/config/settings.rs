//! The settings in a configuration file: a JSON document, a wrangler.toml, a samconfig.toml, a list of CloudFormation
//! parameters, or a `.dev.vars`.

mod dev_vars;
mod sam;
mod wrangler;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;
use toml::Table;

use crate::read;

/// The name of the setting that contains the configuration document.
const DOCUMENT: &str = "HALLPASS_CONFIG";

/// The names and values of settings.
type Values = Vec<(String, String)>;

/// The settings of a deployment.
pub(crate) struct Settings {
    values: Values,
    pub(crate) source: Source,
}

/// The kind of the file that contains the settings.
pub(crate) enum Source {
    /// A configuration document.
    Document,
    /// A wrangler.toml, with the tables of the selected environment.
    Wrangler(Table),
    /// A samconfig.toml, or a list of parameters of template.yaml.
    Sam,
    /// A `.dev.vars`.
    DevVars,
}

impl Settings {
    /// Reads the settings of an environment from a file, or from standard input for `-`.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or has no configuration.
    pub(crate) fn read(path: &str, environment: Option<&str>) -> Result<Self> {
        Self::parse(path, &read(path)?, environment)
    }

    /// Reads the settings from the content of a file. The file's name determines the format if the name has an extension
    /// of this format; otherwise, the content determines the format.
    ///
    /// # Errors
    /// Returns an error if the content has no configuration.
    pub(crate) fn parse(path: &str, text: &str, environment: Option<&str>) -> Result<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let settings = match Format::of(name, text) {
            Format::Json => Self::of_json(text)?,
            Format::Toml => return Self::of_toml(text, environment),
            Format::DevVars => Self { values: dev_vars::settings(text)?, source: Source::DevVars },
            Format::Yaml => bail!(
                "YAML is not supported. Expected a JSON document, a wrangler.toml, a samconfig.toml or a .dev.vars"
            ),
        };
        if environment.is_some() {
            bail!("an environment requires a wrangler.toml or a samconfig.toml");
        }
        Ok(settings)
    }

    /// Returns the settings that consist of a configuration document.
    pub(crate) fn document(text: &str) -> Self {
        Self { values: vec![(DOCUMENT.to_owned(), text.to_owned())], source: Source::Document }
    }

    /// Returns the value of a setting.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.values.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    }

    /// Returns JSON as a list of parameters if the JSON has this form, otherwise as a document. The service reports
    /// syntax errors of a document.
    fn of_json(text: &str) -> Result<Self> {
        let parameters = serde_json::from_str::<Value>(text).ok().and_then(|json| sam::parameters(&json));
        match parameters {
            Some(parameters) => Ok(Self { values: sam::settings(parameters?), source: Source::Sam }),
            None => Ok(Self::document(text)),
        }
    }

    fn of_toml(text: &str, environment: Option<&str>) -> Result<Self> {
        let file = read_toml(text)?;
        if sam::is_samconfig(&file) {
            let parameters = sam::overrides(&file, environment)?;
            return Ok(Self { values: sam::settings(parameters), source: Source::Sam });
        }
        let tables = wrangler::tables(file, environment)?;
        Ok(Self { values: wrangler::settings(&tables)?, source: Source::Wrangler(tables) })
    }
}

enum Format {
    Json,
    Toml,
    DevVars,
    Yaml,
}

impl Format {
    fn of(name: &str, text: &str) -> Self {
        let is = |extensions: &[&str]| {
            extensions.iter().any(|extension| name.to_ascii_lowercase().ends_with(extension))
        };
        if is(&[".json"]) {
            Self::Json
        } else if is(&[".toml"]) {
            Self::Toml
        } else if is(&[".yaml", ".yml"]) {
            Self::Yaml
        } else if is(&[".vars", ".env"]) || name.starts_with(".dev.vars.") || name.starts_with(".env.") {
            Self::DevVars
        } else if text.trim_start().starts_with('{') || serde_json::from_str::<Value>(text).is_ok() {
            Self::Json
        } else if text.parse::<Table>().is_ok() {
            Self::Toml
        } else {
            Self::DevVars
        }
    }
}

/// Returns a string unchanged, and any other value as JSON.
fn text_of(value: &toml::Value) -> Result<String> {
    if let toml::Value::String(string) = value {
        return Ok(string.clone());
    }
    serde_json::to_string(value).context("the file contains a value that JSON does not support")
}

/// Parses TOML.
///
/// # Errors
/// Returns an error with the number of the line, but not its content, because the line may contain a secret.
pub(crate) fn read_toml(text: &str) -> Result<Table> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        anyhow!("invalid TOML: {} on line {}", error.message(), before.matches('\n').count() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
    const OPEN: &str = r#"{"auth":{"open":true}}"#;

    fn values(path: &str, text: &str, environment: Option<&str>) -> [Option<String>; 2] {
        let settings = Settings::parse(path, text, environment).unwrap();
        [DOCUMENT, "AGORA_APP_ID"].map(|name| settings.get(name))
    }

    #[test]
    fn every_format_has_the_same_settings() {
        let sam = format!("AgoraAppId = '{APP_ID}'\nHallpassConfig = '{OPEN}'");
        let wrangler = format!("AGORA_APP_ID = '{APP_ID}'\nHALLPASS_CONFIG = '{OPEN}'");
        let escaped = OPEN.replace('"', "\\\"");
        for (path, text, environment) in [
            ("wrangler.toml", format!("[vars]\n{wrangler}"), None),
            ("wrangler.toml", format!("[vars]\nA = ''\n[env.eu.vars]\n{wrangler}"), Some("eu")),
            ("-", format!("[vars]\n{wrangler}"), None),
            ("samconfig.toml", format!("[default.deploy.parameters.parameter_overrides]\n{sam}"), None),
            ("samconfig.toml", format!("[eu.global.parameters.parameter_overrides]\n{sam}"), Some("eu")),
            (
                "samconfig.toml",
                format!(
                    "[default.deploy.parameters]\nparameter_overrides = '''AgoraAppId={APP_ID} HallpassConfig=\"{escaped}\"'''"
                ),
                None,
            ),
            (
                "samconfig.toml",
                format!(
                    "[default.deploy.parameters]\nparameter_overrides = ['AgoraAppId=\"{APP_ID}\"', '''HallpassConfig='{OPEN}' ''']"
                ),
                None,
            ),
            (
                "samconfig.toml",
                format!(
                    "[default.deploy.parameters]\nparameter_overrides = ['ParameterKey=AgoraAppId,ParameterValue={APP_ID}', {{ HallpassConfig = '{OPEN}' }}]"
                ),
                None,
            ),
            ("parameters.json", format!(r#"["AgoraAppId={APP_ID}","HallpassConfig={escaped}"]"#), None),
            (
                "p.json",
                format!(r#"{{"Parameters":{{"AgoraAppId":"{APP_ID}","HallpassConfig":"{escaped}"}}}}"#),
                None,
            ),
            (
                "p.json",
                format!(
                    r#"[{{"ParameterKey":"AgoraAppId","ParameterValue":"{APP_ID}"}},{{"ParameterKey":"HallpassConfig","ParameterValue":"{escaped}"}}]"#
                ),
                None,
            ),
            (".dev.vars", format!("# c\nAGORA_APP_ID={APP_ID} # c\nexport HALLPASS_CONFIG='{OPEN}'\n"), None),
            ("-", format!("AGORA_APP_ID={APP_ID}\nHALLPASS_CONFIG={OPEN}\n"), None),
        ] {
            let expected = [Some(OPEN.to_owned()), Some(APP_ID.to_owned())];
            assert_eq!(values(path, &text, environment), expected, "{text}");
        }
        for path in ["config.json", "config", "-"] {
            assert_eq!(values(path, OPEN, None), [Some(OPEN.to_owned()), None]);
        }
    }

    #[test]
    fn the_parameters_are_those_of_the_template() {
        let template = std::fs::read_to_string("../../template.yaml").unwrap();
        for (parameter, setting) in sam::PARAMETERS {
            assert!(template.contains(&format!("\n          {setting}: !Ref {parameter}\n")), "{parameter}");
        }
    }

    #[test]
    fn reads_the_files_of_this_repository() {
        for path in ["wrangler.toml", "samconfig.toml", "infra/dev.vars"] {
            let settings = Settings::read(&format!("../../{path}"), None).unwrap();
            assert!(settings.get(DOCUMENT).is_some_and(|document| document.starts_with('{')), "{path}");
        }
    }

    #[test]
    fn reports_errors() {
        for (path, text, environment, message) in [
            ("a.toml", "vars = 1", None, "`vars` must be a table"),
            (
                "a.toml",
                "[vars]\nKEY = 0123456789abcdef",
                None,
                "invalid TOML: unexpected leading zero, expected nothing on line 2",
            ),
            (
                "a.toml",
                "[auth]",
                None,
                "there is no `[vars]`. Expected a wrangler.toml, a samconfig.toml or a JSON document",
            ),
            ("a.toml", "[vars]", Some("eu"), "there is no `[env.eu]`"),
            ("a.json", "{}", Some("eu"), "an environment requires a wrangler.toml or a samconfig.toml"),
            (
                "a.toml",
                "[eu.deploy.parameters]\nparameter_overrides = 'A=B'\n[us.deploy.parameters]",
                None,
                "`[default.deploy.parameters]` has no `parameter_overrides`. Environments with `parameter_overrides`: eu",
            ),
            (
                "a.toml",
                "[default.deploy.parameters]\nparameter_overrides = ['HallpassConfig={\"auth\":{}}']",
                None,
                "SAM does not read the whole document of `HallpassConfig`, because a quotation mark ends its value. Write `parameter_overrides` as a table",
            ),
            (
                "a.toml",
                "[default.deploy.parameters]\nparameter_overrides = ['file://parameters.json']",
                None,
                "`parameter_overrides` refers to a file. Use this file instead",
            ),
            (
                "a.toml",
                "[default.deploy.parameters]\nparameter_overrides = 1",
                None,
                "`parameter_overrides` must be a table, a string or a list of strings",
            ),
            (".dev.vars", "A=1\n", None, "HALLPASS_CONFIG is not set in this file"),
            (".dev.vars", "A=1\n{\n", None, "line 2 is not a setting. Expected NAME=value"),
            (
                ".dev.vars",
                "HALLPASS_CONFIG='{\"$schema\":\"\"}'",
                None,
                "HALLPASS_CONFIG contains `$schema`, which wrangler replaces with a variable. Write `\\$` for each `$`",
            ),
            (
                "template.yaml",
                "",
                None,
                "YAML is not supported. Expected a JSON document, a wrangler.toml, a samconfig.toml or a .dev.vars",
            ),
        ] {
            let error = Settings::parse(path, text, environment).err().unwrap();
            assert_eq!(error.to_string(), message);
        }
    }
}
