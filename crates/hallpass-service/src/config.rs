//! The configuration document, read strictly.

mod project;
mod rest;
mod secret_name;

use std::sync::Arc;

use hallpass_token::Life;
use serde::de::{Deserializer, Error, IgnoredAny};
use serde_json::Value;

use self::project::ProjectDocument;
pub(crate) use self::project::{DEFAULT_PROJECT, Project, SHORT_API_KEY, SHORT_APP_ID};
use self::rest::RestDocument;
pub(crate) use self::rest::{RestConfig, RoomsVersion};
pub(crate) use self::secret_name::SecretName;
use crate::auth::{AuthConfig, AuthDocument};
use crate::cors::{Cors, CorsDocument};
use crate::json::{self, JsonError, NamedOnce, Object, WholeNumber, object};
use crate::policy::{Policy, Rule};
use crate::projects::Named;
use crate::setup_error::SetupError;
use crate::version::Version;

/// The setting that holds the configuration document.
pub(crate) const DOCUMENT: &str = "HALLPASS_CONFIG";
/// The life of a token where nobody says otherwise.
const AN_HOUR: Life = match Life::new(3600) {
    Ok(hour) => hour,
    Err(_) => Life::MAX,
};

/// Settings by name.
pub(crate) type Setting<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The configuration, checked, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    /// Who may call; `None` where nobody said it.
    pub(crate) auth: Option<AuthConfig>,
    /// In the order of the document.
    pub(crate) projects: Vec<Named<Project>>,
    pub(crate) rest: RestConfig,
    pub(crate) policy: Arc<Policy>,
    pub(crate) ttl: TtlLimits,
    pub(crate) compat: Compat,
    pub(crate) cors: Cors,
}

/// How long tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TtlLimits {
    /// Where the request does not say.
    pub(crate) default: Life,
    /// At the most; longer requests are cut to it.
    pub(crate) max: Life,
}

/// How the routes of other servers answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compat {
    /// The token format of the servers that mint 006.
    #[serde(default = "format_006")]
    pub(crate) version: Version,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Tells an editor where the schema is.
    #[serde(rename = "$schema", default)]
    _schema: IgnoredAny,
    #[serde(default)]
    projects: Option<NamedOnce<Object<ProjectDocument>>>,
    #[serde(default, deserialize_with = "object")]
    rest: RestDocument,
    #[serde(default, deserialize_with = "object")]
    auth: AuthDocument,
    #[serde(default)]
    policy: Option<Vec<Object<Rule>>>,
    #[serde(default, deserialize_with = "object")]
    ttl: Ttl,
    #[serde(default, deserialize_with = "object")]
    compat: Compat,
    #[serde(default, deserialize_with = "object")]
    cors: CorsDocument,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Ttl {
    #[serde(default, deserialize_with = "ttl")]
    default: Option<Life>,
    #[serde(default, deserialize_with = "ttl")]
    max: Option<Life>,
}

impl Config {
    /// Reads the configuration document out of the platform's settings. An empty setting is one that somebody has yet
    /// to fill in.
    ///
    /// # Errors
    /// [`SetupError`] for the first thing that is missing or wrong.
    pub(crate) fn read(setting: Setting<'_>) -> Result<Self, SetupError> {
        let setting: Setting<'_> = &|name| setting(name).filter(|text| !text.is_empty());
        let text = setting(DOCUMENT).unwrap_or_else(|| "{}".into());
        let document = match json::parse::<Object<Document>>(text.as_bytes()) {
            Ok(document) => document.0,
            Err(JsonError::Syntax { detail }) => return Err(SetupError::Syntax(detail)),
            Err(JsonError::Value { path, detail }) => {
                return Err(SetupError::Value { path: shown_path(&path), detail: expectation(&detail) });
            }
        };
        refuse_null(&text)?;
        let value = |path: &str, detail: &str| SetupError::Value { path: path.into(), detail: detail.into() };
        let ttl = document.ttl.limits().ok_or_else(|| value("ttl.default", "must not be above `ttl.max`"))?;
        let pages = document.cors.into_pages().map_err(|detail| value("cors.origins", detail))?;
        let auth = document.auth.check()?;
        let projects = project::read(document.projects, setting)?;
        let rest = document.rest.check()?;
        let policy = Arc::new(policy(document.policy, auth.as_ref(), &projects)?);
        let cors = Cors::new(pages, auth.as_ref().map_or(&[], AuthConfig::headers));
        Ok(Self { auth, projects, rest, policy, ttl, compat: document.compat, cors })
    }

    /// The secrets that it names, each once.
    pub(crate) fn secret_names(&self) -> Vec<&str> {
        let of_projects = self.projects.iter().flat_map(|project| project.project.secret_names());
        let of_auth = self.auth.iter().flat_map(AuthConfig::secret_names);
        let mut names = Vec::new();
        let of_rest = self.rest.customer.iter().flat_map(|(id, secret)| [id, secret]);
        for name in of_projects.chain(of_auth).chain(of_rest).map(SecretName::as_str) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Serde takes null for nothing said: a limit that was not filled in would be none.
fn refuse_null(text: &str) -> Result<(), SetupError> {
    // To read the document a second time takes longer than to look for the word.
    let document = text.contains("null").then(|| serde_json::from_str(text).ok()).flatten();
    match document.as_ref().and_then(path_of_null) {
        None => Ok(()),
        Some(path) => Err(SetupError::Value {
            path: shown_path(path.trim_start_matches('.')),
            detail: "expected a value, and not null".into(),
        }),
    }
}

/// Where the document says null.
fn path_of_null(document: &Value) -> Option<String> {
    match document {
        Value::Null => Some(String::new()),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .find_map(|(position, value)| Some(format!("[{position}]{}", path_of_null(value)?))),
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| Some(format!(".{name}{}", path_of_null(value)?)))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The rules of the document, or what holds without them.
fn policy(
    rules: Option<Vec<Object<Rule>>>,
    auth: Option<&AuthConfig>,
    projects: &[Named<Project>],
) -> Result<Policy, SetupError> {
    let is_wildcard = auth.and_then(AuthConfig::open).is_some_and(|open| open.wildcard);
    let Some(rules) = rules else {
        return Ok(Policy::usual(is_wildcard));
    };
    let value = |path: String, detail: &str| SetupError::Value { path, detail: detail.to_owned() };
    if is_wildcard {
        let detail = "is for a configuration without `policy`; a rule says it as \"identity\": \"wildcard\"";
        return Err(value("auth.open.wildcard".to_owned(), detail));
    }
    let kinds = auth.map_or_else(Vec::new, AuthConfig::kinds);
    let keys: Vec<_> = auth.iter().flat_map(|auth| auth.key_names()).collect();
    let projects: Vec<_> = projects.iter().map(|project| project.name.as_str()).collect();
    let rules: Vec<_> = rules.into_iter().map(|Object(rule)| rule).collect();
    for (position, rule) in rules.iter().enumerate() {
        if let Some((member, detail)) = rule.fault(&kinds, &keys, &projects) {
            return Err(value(format!("policy[{position}]{member}"), detail));
        }
    }
    Ok(Policy::of(rules))
}

impl Ttl {
    /// The limits, each as usual where it is not set; `None` if the default is above the longest.
    fn limits(&self) -> Option<TtlLimits> {
        let max = self.max.unwrap_or(Life::MAX);
        let default = self.default.unwrap_or(AN_HOUR.min(max));
        (default <= max).then_some(TtlLimits { default, max })
    }
}

impl Default for Compat {
    fn default() -> Self {
        Self { version: format_006() }
    }
}

/// What was expected, without what was found: somebody may have put a secret there.
fn expectation(detail: &str) -> String {
    let expected = detail.find("expected ").and_then(|at| detail.get(at..));
    match expected {
        Some(expected) if detail.starts_with("unknown field") => format!("unknown field, {expected}"),
        Some(expected) => expected.to_owned(),
        None => without_hex(detail),
    }
}

/// The path with `…` for what is no plain name: somebody may have put a secret there, and `/readyz` shows it.
fn shown_path(path: &str) -> String {
    const LONGEST_NAME: usize = 32;
    let shown = |member: &str| {
        let is_plain = member.len() <= LONGEST_NAME
            && member.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_[]$".contains(&byte));
        if is_plain { without_hex(member) } else { "…".to_owned() }
    };
    path.split('.').map(shown).collect::<Vec<_>>().join(".")
}

/// The text with `…` for whatever may be a certificate or a piece of one.
pub(crate) fn without_hex(text: &str) -> String {
    const LONGEST_INNOCENT_RUN: usize = 15;
    text.split_inclusive(|c: char| !c.is_ascii_hexdigit())
        .map(|run| {
            let hex = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
            if hex.len() > LONGEST_INNOCENT_RUN { run.replace(hex, "…") } else { run.to_owned() }
        })
        .collect()
}

const fn format_006() -> Version {
    Version::V006
}

pub(crate) fn ttl<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Life>, D::Error> {
    let range = 1..=Life::MAX.seconds().0;
    let number = WholeNumber { range, expected: "a whole number of seconds from 1 to 86400" };
    Life::new(number.read(deserializer)?).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Open;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    fn read(document: &str) -> Result<Config, String> {
        Config::read(&|name| (name == DOCUMENT).then(|| document.to_owned()))
            .map_err(|error| error.to_string())
    }

    fn open(document: &str) -> Option<Open> {
        read(document).unwrap().auth.and_then(|auth| auth.open())
    }

    fn error(document: &str) -> String {
        read(document).unwrap_err()
    }

    #[test]
    fn nothing_said_means_closed() {
        assert_eq!(open("{}"), None);
        assert_eq!(open(r#"{"auth":{}}"#), None);
        assert_eq!(open(r#"{"auth":{"open":false}}"#), None);
    }

    #[test]
    fn open_is_said_in_two_ways() {
        assert_eq!(open(r#"{"auth":{"open":true}}"#), Some(Open { wildcard: false }));
        assert_eq!(open(r#"{"auth":{"open":{"wildcard":true}}}"#), Some(Open { wildcard: true }));
    }

    #[test]
    fn an_error_names_the_path_and_what_was_expected() {
        assert_eq!(
            error(r#"{"auth":{"open":"yes"}}"#),
            "HALLPASS_CONFIG at `auth.open`: expected true, false, or an object with `wildcard`"
        );
        assert_eq!(
            error(r#"{"ttl":{"max":86401}}"#),
            "HALLPASS_CONFIG at `ttl.max`: expected a whole number of seconds from 1 to 86400"
        );
        assert_eq!(
            error(r#"{"auht":{}}"#),
            "HALLPASS_CONFIG at `auht`: unknown field, expected one of `$schema`, `projects`, `rest`, `auth`, `policy`, `ttl`, `compat`, `cors`"
        );
        assert_eq!(error("[]"), "HALLPASS_CONFIG: expected an object");
    }

    #[test]
    fn null_is_no_value() {
        for (document, path) in [
            (r#"{"policy":null}"#, "policy"),
            (r#"{"policy":[{"rtc":{}},{"rtc":{"channel":null}}]}"#, "policy[1].rtc.channel"),
            (r#"{"auth":{"jwt":[{"issuer":"x","audience":null}]}}"#, "auth.jwt[0].audience"),
        ] {
            assert_eq!(
                error(document),
                format!("HALLPASS_CONFIG at `{path}`: expected a value, and not null")
            );
        }
    }

    #[test]
    fn an_origin_is_checked_at_the_start() {
        let message = error(r#"{"cors":{"origins":["https://a.example.com","b.example.com"]}}"#);
        assert!(message.starts_with("HALLPASS_CONFIG at `cors.origins[1]`: expected an origin"), "{message}");
        let message = error(r#"{"cors":{"origins":["*","https://a.example.com"]}}"#);
        assert!(message.starts_with("HALLPASS_CONFIG at `cors.origins`: expected \"*\" alone"), "{message}");
    }

    #[test]
    fn a_default_life_above_the_longest_is_refused() {
        assert!(error(r#"{"ttl":{"default":100,"max":99}}"#).contains("`ttl.default`"));
    }

    #[test]
    fn a_certificate_in_place_of_its_name_is_refused() {
        for value in
            [r#"["5CFd2fd1755d40ecb72977518be15d3b"]"#, r#"["ABCDEF0123456789ABCDEF"]"#, r#""NAME""#, "[]"]
        {
            let message = error(&format!(
                r#"{{"projects":{{"default":{{"provider":"agora","app_id":"{APP_ID}","certificates":{value}}}}}}}"#
            ));
            assert!(message.contains("projects.default.certificates"), "{message}");
        }
    }

    #[test]
    fn a_certificate_in_any_place_is_not_repeated() {
        let hex = "ABCDEF0123456789ABCDEF0123456789";
        for document in [
            r#"{"projects":{"default":{"provider":"agora","app_id":"x","certificates":["HEX"]}}}"#,
            r#"{"projects":{"default":{"provider":"agora","certificates":["HEX"]}}}"#,
            r#"{"projects":{"default":{"provider":"HEX"}}}"#,
            r#"{"projects":{"default":{"provider":{"HEX":null}}}}"#,
            r#"{"projects":{"HEX":{"provider":"agora","app_id":"y"}}}"#,
            r#"{"projects":{"default":{"HEX":1}}}"#,
            r#"{"auth":{"open":"HEX"}}"#,
            r#"{"HEX":1}"#,
            r#"{"ttl":{"max":"HEX"}}"#,
            r#"{"compat":{"version":"HEX"}}"#,
        ] {
            for value in [CERTIFICATE, hex] {
                let message = error(&document.replace("HEX", value));
                assert!(!message.contains(value), "{message}");
            }
        }
    }

    #[test]
    fn a_key_in_place_of_its_name_is_not_repeated() {
        let key = "Zx8kQ+/b3o9Jw0m5uTtR1yVn7cPq2sLdEhGfAaXwyE=";
        for document in [
            format!(r#"{{"auth":{{"keys":[{{"{key}":"backend"}}]}}}}"#),
            format!(r#"{{"auth":{{"keys":[{{"name":"backend","secret":"{key}"}}]}}}}"#),
            format!(r#"{{"{key}":1}}"#),
        ] {
            let message = error(&document);
            assert!(!message.contains(key) && !message.contains("Zx8kQ"), "{message}");
        }
    }

    #[test]
    fn a_provider_is_a_text() {
        for provider in [r#""Agora""#, r#"{"agora":null}"#, "1"] {
            assert_eq!(
                error(&format!(r#"{{"projects":{{"a":{{"provider":{provider}}}}}}}"#)),
                r#"HALLPASS_CONFIG at `projects.a.provider`: expected "agora" or "videosdk""#
            );
        }
    }

    #[test]
    fn a_project_given_twice_is_refused() {
        let project = format!(r#"{{"provider":"agora","app_id":"{APP_ID}","certificates":["ONE"]}}"#);
        let message = error(&format!(r#"{{"projects":{{"a":{project},"a":{project}}}}}"#));
        assert_eq!(message, "HALLPASS_CONFIG at `projects`: expected each name once");
    }

    #[test]
    fn the_usual_life_is_never_above_the_longest() {
        assert_eq!(read(r#"{"ttl":{"max":600}}"#).unwrap().ttl.default, Life::new(600).unwrap());
        assert_eq!(read("{}").unwrap().ttl, TtlLimits { default: AN_HOUR, max: Life::MAX });
    }
}
