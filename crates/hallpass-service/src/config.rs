//! The configuration document, read strictly, and the projects with their secrets.

use std::collections::BTreeMap;
use std::fmt;

use hallpass_token::Life;
use hallpass_token::agora::{AppCertificate, AppId, HexError};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use zeroize::Zeroizing;

use crate::json::{self, JsonError, NamedOnce, Object, WholeNumber, object};

/// The setting that holds the configuration document.
const DOCUMENT: &str = "HALLPASS_CONFIG";
/// The setting that, without `projects`, holds the App ID of the only project.
const SHORT_APP_ID: &str = "AGORA_APP_ID";
/// The life of a token where nobody says otherwise.
const AN_HOUR: Life = match Life::new(3600) {
    Ok(hour) => hour,
    Err(_) => Life::MAX,
};
/// The secret that, without `projects`, signs the tokens of the only project.
const SHORT_CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
/// The project of a request that names none, where there are several.
const DEFAULT_PROJECT: &str = "default";

/// The configuration, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    /// Everybody may call; `None` where nobody said so.
    pub(crate) open: Option<Open>,
    pub(crate) ttl: TtlLimits,
    pub(crate) compat: Compat,
    /// `None` for the short form: a single project by [`SHORT_APP_ID`] and [`SHORT_CERTIFICATE`].
    projects: Option<NamedOnce<Object<ProjectDocument>>>,
}

/// The service is open to callers without credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// They may also have tokens that anybody may use (uid 0).
    #[serde(default)]
    pub(crate) wildcard: bool,
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

/// A token format of Agora.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// AccessToken.
    V006,
    /// AccessToken2.
    V007,
}

/// The projects whose secrets are loaded.
#[derive(Debug)]
pub(crate) struct Projects {
    by_name: BTreeMap<String, Project>,
    /// That of a request which names none.
    default: String,
}

/// A project whose secrets are loaded.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) app_id: AppId,
    /// It signs every token.
    pub(crate) certificate: AppCertificate,
}

/// What is missing or wrong in settings and secrets. It names things and never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetupError {
    /// `HALLPASS_CONFIG` is no JSON.
    Syntax(String),
    /// A value in `HALLPASS_CONFIG` is not the wanted one.
    Value { path: String, detail: String },
    /// There is neither a `projects` nor an `AGORA_APP_ID`.
    NoProject,
    /// There are several projects, and none is named `default`.
    NoDefaultProject,
    /// `AGORA_APP_ID` is none.
    ShortAppId(HexError),
    /// There is no secret of this name.
    SecretMissing(String),
    /// The secret of this name is no certificate.
    SecretMalformed(String, HexError),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    projects: Option<NamedOnce<Object<ProjectDocument>>>,
    #[serde(default, deserialize_with = "object")]
    auth: Auth,
    #[serde(default, deserialize_with = "object")]
    ttl: Ttl,
    #[serde(default, deserialize_with = "object")]
    compat: Compat,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Auth {
    #[serde(default, deserialize_with = "open")]
    open: Option<Open>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Ttl {
    #[serde(default, deserialize_with = "ttl")]
    default: Option<Life>,
    #[serde(default, deserialize_with = "ttl")]
    max: Option<Life>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectDocument {
    #[serde(rename = "provider")]
    _provider: Provider,
    #[serde(deserialize_with = "app_id")]
    app_id: AppId,
    #[serde(deserialize_with = "secret_names")]
    certificates: SecretNames,
}

/// Names of secrets, at least one.
#[derive(Debug)]
struct SecretNames {
    /// Of the one that signs.
    first: String,
    others: Vec<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Provider {
    Agora,
}

impl Config {
    /// Reads the configuration document out of the platform's settings.
    ///
    /// # Errors
    /// [`SetupError::Syntax`] or [`SetupError::Value`] for the first thing in it that is wrong.
    pub(crate) fn read(setting: &dyn Fn(&str) -> Option<String>) -> Result<Self, SetupError> {
        let text = setting(DOCUMENT).unwrap_or_else(|| "{}".into());
        let document = match json::parse::<Object<Document>>(text.as_bytes()) {
            Ok(document) => document.0,
            Err(JsonError::Syntax { detail }) => return Err(SetupError::Syntax(detail)),
            Err(JsonError::Value { path, detail }) => {
                return Err(SetupError::Value { path: without_hex(&path), detail: expectation(&detail) });
            }
        };
        let ttl = document.ttl.limits().ok_or_else(|| SetupError::Value {
            path: "ttl.default".into(),
            detail: "must not be above `ttl.max`".into(),
        })?;
        Ok(Self { open: document.auth.open, ttl, compat: document.compat, projects: document.projects })
    }

    /// The projects, each with its secret.
    ///
    /// # Errors
    /// [`SetupError`] for the first thing that is missing or malformed.
    pub(crate) fn load_projects(
        &self,
        setting: &dyn Fn(&str) -> Option<String>,
        secret: &dyn Fn(&str) -> Option<Zeroizing<String>>,
    ) -> Result<Projects, SetupError> {
        let Some(NamedOnce(documents)) = &self.projects else {
            let app_id = setting(SHORT_APP_ID).ok_or(SetupError::NoProject)?;
            let app_id = AppId::parse(&app_id).map_err(SetupError::ShortAppId)?;
            let project = Project { app_id, certificate: load_certificate(SHORT_CERTIFICATE, secret)? };
            let default = DEFAULT_PROJECT.to_owned();
            return Ok(Projects { by_name: BTreeMap::from([(default.clone(), project)]), default });
        };
        let mut by_name = BTreeMap::new();
        for (name, Object(document)) in documents {
            let certificate = load_certificate(&document.certificates.first, secret)?;
            // These sign nothing, but a rotation must not find out at its last step that one is malformed.
            for next in &document.certificates.others {
                load_certificate(next, secret)?;
            }
            by_name.insert(name.clone(), Project { app_id: document.app_id.clone(), certificate });
        }
        let default = match by_name.keys().next() {
            None => return Err(SetupError::NoProject),
            Some(only) if by_name.len() == 1 => only.clone(),
            Some(_) if by_name.contains_key(DEFAULT_PROJECT) => DEFAULT_PROJECT.to_owned(),
            Some(_) => return Err(SetupError::NoDefaultProject),
        };
        Ok(Projects { by_name, default })
    }
}

impl Projects {
    /// The project of this name, or the one for requests that name none.
    pub(crate) fn find(&self, name: Option<&str>) -> Option<(&str, &Project)> {
        let (name, project) = self.by_name.get_key_value(name.unwrap_or(&self.default))?;
        Some((name, project))
    }
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

impl Version {
    pub(crate) const EXPECTED: &'static str = "expected \"006\" or \"007\"";

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "006" => Some(Self::V006),
            "007" => Some(Self::V007),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V006 => "006",
            Self::V007 => "007",
        }
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Version;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text \"006\" or \"007\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Version, E> {
                Version::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "{DOCUMENT} is not JSON: {detail}"),
            Self::Value { path, detail } if path.is_empty() => write!(f, "{DOCUMENT}: {detail}"),
            Self::Value { path, detail } => write!(f, "{DOCUMENT} at `{path}`: {detail}"),
            Self::NoProject => {
                write!(f, "there is no project: set {SHORT_APP_ID}, or `projects` in {DOCUMENT}")
            }
            Self::NoDefaultProject => {
                write!(f, "{DOCUMENT} at `projects`: one of several must be named `{DEFAULT_PROJECT}`")
            }
            Self::ShortAppId(error) => write!(f, "{SHORT_APP_ID} {error}"),
            Self::SecretMissing(name) => write!(f, "the secret {name} is not set"),
            Self::SecretMalformed(name, error) => write!(f, "the secret {name} {error}"),
        }
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

/// The text with `…` for whatever may be a certificate or a piece of one.
fn without_hex(text: &str) -> String {
    const LONGEST_INNOCENT_RUN: usize = 15;
    text.split_inclusive(|c: char| !c.is_ascii_hexdigit())
        .map(|run| {
            let hex = run.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
            if hex.len() > LONGEST_INNOCENT_RUN { run.replace(hex, "…") } else { run.to_owned() }
        })
        .collect()
}

fn load_certificate(
    name: &str,
    secret: &dyn Fn(&str) -> Option<Zeroizing<String>>,
) -> Result<AppCertificate, SetupError> {
    let text = secret(name).ok_or_else(|| SetupError::SecretMissing(name.to_owned()))?;
    AppCertificate::parse(&text).map_err(|error| SetupError::SecretMalformed(name.to_owned(), error))
}

const fn format_006() -> Version {
    Version::V006
}

fn ttl<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Life>, D::Error> {
    let range = 1..=Life::MAX.seconds().0;
    let number = WholeNumber { range, expected: "a whole number of seconds from 1 to 86400" };
    Life::new(number.read(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn app_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AppId, D::Error> {
    AppId::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn secret_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretNames, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    // The text is kept out of the message: whoever put a certificate here must not find it in a log.
    if !names.iter().all(|name| is_secret_name(name)) {
        return Err(D::Error::custom(
            "expected names of secrets, such as AGORA_APP_CERTIFICATE, and never their values",
        ));
    }
    let mut names = names.into_iter();
    let first = names.next().ok_or_else(|| D::Error::custom("expected at least one name of a secret"))?;
    Ok(SecretNames { first, others: names.collect() })
}

/// Upper case, digits and underscores, and nothing that may be a certificate or a piece of one.
fn is_secret_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && without_hex(text) == text
}

/// `true`, `false`, or an object with `wildcard`.
fn open<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Open>, D::Error> {
    struct Switch;

    impl<'de> Visitor<'de> for Switch {
        type Value = Option<Open>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, or an object with `wildcard`")
        }

        fn visit_bool<E: Error>(self, open: bool) -> Result<Option<Open>, E> {
            Ok(open.then(Open::default))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Open>, A::Error> {
            Open::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(Switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    fn read(document: &str) -> Result<Config, String> {
        Config::read(&|name| (name == DOCUMENT).then(|| document.to_owned()))
            .map_err(|error| error.to_string())
    }

    fn short(name: &str) -> Option<String> {
        (name == SHORT_APP_ID).then(|| APP_ID.to_owned())
    }

    fn error(document: &str) -> String {
        read(document).unwrap_err()
    }

    #[test]
    fn nothing_said_means_closed() {
        assert_eq!(read("{}").unwrap().open, None);
        assert_eq!(read(r#"{"auth":{}}"#).unwrap().open, None);
        assert_eq!(read(r#"{"auth":{"open":false}}"#).unwrap().open, None);
    }

    #[test]
    fn open_is_said_in_two_ways() {
        assert_eq!(read(r#"{"auth":{"open":true}}"#).unwrap().open, Some(Open { wildcard: false }));
        let wide = read(r#"{"auth":{"open":{"wildcard":true}}}"#).unwrap();
        assert_eq!(wide.open, Some(Open { wildcard: true }));
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
            "HALLPASS_CONFIG at `auht`: unknown field, expected one of `projects`, `auth`, `ttl`, `compat`"
        );
        assert_eq!(error("[]"), "HALLPASS_CONFIG: expected an object");
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

    #[test]
    fn one_of_several_projects_must_be_the_default() {
        let certificate = |_: &str| Some(Zeroizing::new(CERTIFICATE.to_owned()));
        let project = format!(r#"{{"provider":"agora","app_id":"{APP_ID}","certificates":["ONE"]}}"#);
        let load = |document: String| read(&document).unwrap().load_projects(&short, &certificate);
        let only = load(format!(r#"{{"projects":{{"a":{project}}}}}"#)).unwrap();
        assert_eq!(only.find(None).map(|(name, _)| name), Some("a"));
        let several = load(format!(r#"{{"projects":{{"a":{project},"b":{project}}}}}"#));
        assert_eq!(several.unwrap_err(), SetupError::NoDefaultProject);
        let named = load(format!(r#"{{"projects":{{"a":{project},"default":{project}}}}}"#)).unwrap();
        assert_eq!(named.find(None).map(|(name, _)| name), Some("default"));
    }

    #[test]
    fn secrets_are_named_when_missing_or_malformed() {
        let config = read("{}").unwrap();
        assert_eq!(
            config.load_projects(&short, &|_| None).unwrap_err().to_string(),
            "the secret AGORA_APP_CERTIFICATE is not set"
        );
        let malformed =
            config.load_projects(&short, &|_| Some(Zeroizing::new("secret value".into()))).unwrap_err();
        assert_eq!(
            malformed.to_string(),
            "the secret AGORA_APP_CERTIFICATE must be 32 hexadecimal characters, but has 12 bytes"
        );
    }

    #[test]
    fn the_next_certificate_is_checked_before_it_is_needed() {
        let config = read(&format!(
            r#"{{"projects":{{"default":{{"provider":"agora","app_id":"{APP_ID}","certificates":["FIRST","NEXT"]}}}}}}"#
        ))
        .unwrap();
        let only_first = |name: &str| (name == "FIRST").then(|| Zeroizing::new(CERTIFICATE.to_owned()));
        assert_eq!(
            config.load_projects(&short, &only_first).unwrap_err(),
            SetupError::SecretMissing("NEXT".into())
        );
    }

    #[test]
    fn without_an_app_id_there_is_no_project() {
        let config = Config::read(&|_| None).unwrap();
        assert_eq!(config.load_projects(&|_| None, &|_| None).unwrap_err(), SetupError::NoProject);
    }
}
