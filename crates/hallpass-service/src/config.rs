//! The configuration document, read strictly, and the projects with their secrets.

use std::collections::BTreeMap;
use std::fmt;

use hallpass_token::Seconds;
use hallpass_token::agora::{AppCertificate, AppId, HexError};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use zeroize::Zeroizing;

use crate::json::{self, JsonError, Object, WholeNumber, object};

/// The setting that holds the configuration document.
const DOCUMENT: &str = "HALLPASS_CONFIG";
/// The setting that, without `projects`, holds the App ID of the only project.
const SHORT_APP_ID: &str = "AGORA_APP_ID";
/// The secret that, without `projects`, signs the tokens of the only project.
const SHORT_CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
/// The project of a request that names none.
pub(crate) const DEFAULT_PROJECT: &str = "default";

/// The configuration, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    /// Everybody may call; `None` where nobody said so.
    pub(crate) open: Option<Open>,
    pub(crate) ttl: TtlLimits,
    pub(crate) compat: Compat,
    /// `None` for the short form: a single project by [`SHORT_APP_ID`] and [`SHORT_CERTIFICATE`].
    projects: Option<BTreeMap<String, Object<ProjectDocument>>>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TtlLimits {
    /// Where the request does not say.
    #[serde(deserialize_with = "ttl", default = "an_hour")]
    pub(crate) default: Seconds,
    /// At the most; longer requests are cut to it.
    #[serde(deserialize_with = "ttl", default = "a_day")]
    pub(crate) max: Seconds,
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
    projects: Option<BTreeMap<String, Object<ProjectDocument>>>,
    #[serde(default, deserialize_with = "object")]
    auth: Auth,
    #[serde(default, deserialize_with = "object")]
    ttl: TtlLimits,
    #[serde(default, deserialize_with = "object")]
    compat: Compat,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Auth {
    #[serde(default, deserialize_with = "open")]
    open: Option<Open>,
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
                return Err(SetupError::Value { path, detail: without_strings(&detail) });
            }
        };
        if document.ttl.default > document.ttl.max {
            return Err(SetupError::Value {
                path: "ttl.default".into(),
                detail: format!("must not be above `ttl.max`, which is {}", document.ttl.max.0),
            });
        }
        Ok(Self {
            open: document.auth.open,
            ttl: document.ttl,
            compat: document.compat,
            projects: document.projects,
        })
    }

    /// The projects, each with its secret.
    ///
    /// # Errors
    /// [`SetupError`] for the first thing that is missing or malformed.
    pub(crate) fn load_projects(
        &self,
        setting: &dyn Fn(&str) -> Option<String>,
        secret: &dyn Fn(&str) -> Option<Zeroizing<String>>,
    ) -> Result<BTreeMap<String, Project>, SetupError> {
        let Some(documents) = &self.projects else {
            let app_id = setting(SHORT_APP_ID).ok_or(SetupError::NoProject)?;
            let app_id = AppId::parse(&app_id).map_err(SetupError::ShortAppId)?;
            let project = Project { app_id, certificate: load_certificate(SHORT_CERTIFICATE, secret)? };
            return Ok(BTreeMap::from([(DEFAULT_PROJECT.to_owned(), project)]));
        };
        let mut projects = BTreeMap::new();
        for (name, Object(document)) in documents {
            let certificate = load_certificate(&document.certificates.first, secret)?;
            // These sign nothing, but a rotation must not find out at its last step that one is malformed.
            for next in &document.certificates.others {
                load_certificate(next, secret)?;
            }
            projects.insert(name.clone(), Project { app_id: document.app_id.clone(), certificate });
        }
        if projects.is_empty() { Err(SetupError::NoProject) } else { Ok(projects) }
    }
}

impl Default for TtlLimits {
    fn default() -> Self {
        Self { default: an_hour(), max: a_day() }
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
            Self::ShortAppId(error) => write!(f, "{SHORT_APP_ID} {error}"),
            Self::SecretMissing(name) => write!(f, "the secret {name} is not set"),
            Self::SecretMalformed(name, error) => write!(f, "the secret {name} {error}"),
        }
    }
}

/// The message with "a string" for any text that it repeats: somebody may have put a secret there.
fn without_strings(detail: &str) -> String {
    let quoted = |start: usize| Some((start, detail.rfind("\", expected")? + 1));
    match detail.find("string \"").and_then(quoted) {
        Some((start, end)) if start < end => {
            let (before, after) = (detail.get(..start), detail.get(end..));
            format!("{}a string{}", before.unwrap_or_default(), after.unwrap_or_default())
        }
        _ => detail.to_owned(),
    }
}

fn load_certificate(
    name: &str,
    secret: &dyn Fn(&str) -> Option<Zeroizing<String>>,
) -> Result<AppCertificate, SetupError> {
    let text = secret(name).ok_or_else(|| SetupError::SecretMissing(name.to_owned()))?;
    AppCertificate::parse(&text).map_err(|error| SetupError::SecretMalformed(name.to_owned(), error))
}

const fn an_hour() -> Seconds {
    Seconds(3600)
}

const fn a_day() -> Seconds {
    Seconds::DAY
}

const fn format_006() -> Version {
    Version::V006
}

fn ttl<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
    let number =
        WholeNumber { range: 1..=Seconds::DAY.0, expected: "a whole number of seconds from 1 to 86400" };
    number.read(deserializer).map(Seconds)
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

fn is_secret_name(text: &str) -> bool {
    let named = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    named && AppCertificate::parse(text).is_err()
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
            "HALLPASS_CONFIG at `auth.open`: invalid type: a string, expected true, false, or an object with `wildcard`"
        );
        assert_eq!(
            error(r#"{"ttl":{"max":86401}}"#),
            "HALLPASS_CONFIG at `ttl.max`: invalid value: integer `86401`, expected a whole number of seconds from 1 to 86400"
        );
        assert_eq!(
            error(r#"{"auht":{}}"#),
            "HALLPASS_CONFIG at `auht`: unknown field `auht`, expected one of `projects`, `auth`, `ttl`, `compat`"
        );
        assert_eq!(error("[]"), "HALLPASS_CONFIG: invalid type: sequence, expected an object");
    }

    #[test]
    fn a_default_life_above_the_longest_is_refused() {
        assert!(error(r#"{"ttl":{"default":100,"max":99}}"#).contains("`ttl.default`"));
    }

    #[test]
    fn a_certificate_in_place_of_its_name_is_refused_and_not_repeated() {
        let hex = "ABCDEF0123456789ABCDEF0123456789";
        for value in [format!("[\"{CERTIFICATE}\"]"), format!("[\"{hex}\"]"), format!("\"{CERTIFICATE}\"")] {
            let message = error(&format!(
                r#"{{"projects":{{"default":{{"provider":"agora","app_id":"{APP_ID}","certificates":{value}}}}}}}"#
            ));
            assert!(message.contains("projects.default.certificates"), "{message}");
            assert!(!message.contains(CERTIFICATE) && !message.contains(hex), "{message}");
        }
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
