//! The projects of the configuration document, or those of the short form.

use hallpass_token::agora::AppId;
use hallpass_token::videosdk::ApiKey;
use serde::de::{Deserialize, Deserializer, Error};

use super::secret_name::{SecretName, SecretNames};
use super::{Setting, without_hex};
use crate::json::{NamedOnce, Object, named};
use crate::projects::Named;
use crate::setup_error::SetupError;

/// The setting that, without `projects`, holds the App ID of the only project of Agora.
pub(crate) const SHORT_APP_ID: &str = "AGORA_APP_ID";
/// The setting that, without `projects`, holds the API key of the only project of VideoSDK.
pub(crate) const SHORT_API_KEY: &str = "VIDEOSDK_API_KEY";
/// The project of a request that names none, where there are several of Agora.
pub(crate) const DEFAULT_PROJECT: &str = "default";
/// The secret that, without `projects`, signs the tokens of Agora.
const SHORT_CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
/// The secret that, without `projects`, signs the tokens of VideoSDK.
const SHORT_SECRET: &str = "VIDEOSDK_SECRET_KEY";
/// What the only project of VideoSDK is called without `projects`.
pub(crate) const SHORT_VIDEOSDK: &str = "videosdk";

/// One project, without its secrets.
#[derive(Debug)]
pub(crate) enum Project {
    Agora { app_id: AppId, certificates: Vec<SecretName> },
    VideoSdk { api_key: ApiKey, secrets: Vec<SecretName> },
}

/// One project as it is written. Which of its members must be there depends on the provider.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectDocument {
    provider: Provider,
    #[serde(default, deserialize_with = "app_id")]
    app_id: Option<AppId>,
    certificates: Option<SecretNames>,
    #[serde(default, deserialize_with = "api_key")]
    api_key: Option<ApiKey>,
    secrets: Option<SecretNames>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Provider {
    Agora,
    VideoSdk,
}

/// The projects in their order; none where nothing is filled in.
///
/// # Errors
/// [`SetupError`] for the first thing that is missing or wrong.
pub(super) fn read(
    documents: Option<NamedOnce<Object<ProjectDocument>>>,
    setting: Setting<'_>,
) -> Result<Vec<Named<Project>>, SetupError> {
    let projects = match documents {
        Some(NamedOnce(documents)) if documents.is_empty() => {
            // Whoever left the object empty may have filled in the short form, which does not count beside it.
            let detail = format!(
                "expected at least one project; {SHORT_APP_ID} and {SHORT_API_KEY} count without `projects`"
            );
            return Err(SetupError::Value { path: "projects".to_owned(), detail });
        }
        Some(NamedOnce(documents)) => {
            let project = |(name, Object(document)): (String, Object<ProjectDocument>)| {
                Ok(Named { project: document.check(&name)?, name })
            };
            documents.into_iter().map(project).collect::<Result<Vec<_>, _>>()?
        }
        None => short(setting)?,
    };
    let mut of_agora =
        projects.iter().filter(|project| matches!(project.project, Project::Agora { .. })).peekable();
    let first = of_agora.next();
    let is_one_of_several = first.is_some() && of_agora.peek().is_some();
    if is_one_of_several && first.into_iter().chain(of_agora).all(|project| project.name != DEFAULT_PROJECT) {
        return Err(SetupError::NoDefaultProject);
    }
    Ok(projects)
}

fn short(setting: Setting<'_>) -> Result<Vec<Named<Project>>, SetupError> {
    let mut projects = Vec::new();
    if let Some(app_id) = setting(SHORT_APP_ID) {
        let app_id = AppId::parse(&app_id).map_err(SetupError::ShortAppId)?;
        let project = Project::Agora { app_id, certificates: vec![SecretName::of(SHORT_CERTIFICATE)] };
        projects.push(Named { name: DEFAULT_PROJECT.to_owned(), project });
    }
    if let Some(api_key) = setting(SHORT_API_KEY) {
        let api_key = ApiKey::parse(&api_key).map_err(SetupError::ShortApiKey)?;
        let project = Project::VideoSdk { api_key, secrets: vec![SecretName::of(SHORT_SECRET)] };
        projects.push(Named { name: SHORT_VIDEOSDK.to_owned(), project });
    }
    Ok(projects)
}

impl Project {
    /// The secrets that it names.
    pub(crate) fn secret_names(&self) -> &[SecretName] {
        match self {
            Self::Agora { certificates: names, .. } | Self::VideoSdk { secrets: names, .. } => names,
        }
    }
}

impl ProjectDocument {
    fn check(self, name: &str) -> Result<Project, SetupError> {
        let path = |field: &str| format!("projects.{}.{field}", without_hex(name));
        let missing = |field: &str, what: &str| SetupError::Value {
            path: path(field),
            detail: format!("expected {what}"),
        };
        let foreign = |field: &str| SetupError::Value {
            path: path(field),
            detail: "is for projects of the other provider".to_owned(),
        };
        match self.provider {
            Provider::Agora => {
                let app_id = self.app_id.ok_or_else(|| missing("app_id", "an App ID"))?;
                let certificates =
                    self.certificates.ok_or_else(|| missing("certificates", "names of secrets"))?;
                match (self.api_key, self.secrets) {
                    (Some(_), _) => Err(foreign("api_key")),
                    (None, Some(_)) => Err(foreign("secrets")),
                    (None, None) => Ok(Project::Agora { app_id, certificates: certificates.0 }),
                }
            }
            Provider::VideoSdk => {
                let api_key = self.api_key.ok_or_else(|| missing("api_key", "an API key"))?;
                let secrets = self.secrets.ok_or_else(|| missing("secrets", "names of secrets"))?;
                match (self.app_id, self.certificates) {
                    (Some(_), _) => Err(foreign("app_id")),
                    (None, Some(_)) => Err(foreign("certificates")),
                    (None, None) => Ok(Project::VideoSdk { api_key, secrets: secrets.0 }),
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "\"agora\" or \"videosdk\"", |text| match text {
            "agora" => Some(Self::Agora),
            "videosdk" => Some(Self::VideoSdk),
            _ => None,
        })
    }
}

fn app_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AppId>, D::Error> {
    AppId::parse(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn api_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ApiKey>, D::Error> {
    ApiKey::parse(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, DOCUMENT};

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    fn error(projects: &str) -> String {
        let setting = |name: &str| (name == DOCUMENT).then(|| format!(r#"{{"projects":{{{projects}}}}}"#));
        Config::read(&setting).unwrap_err().to_string()
    }

    #[test]
    fn members_fit_the_provider() {
        for (members, message) in [
            (r#""provider":"agora","certificates":["ONE"]"#, "`projects.a.app_id`: expected an App ID"),
            (r#""provider":"videosdk","api_key":"x""#, "`projects.a.secrets`: expected names of secrets"),
            (
                r#""provider":"videosdk","api_key":"x","secrets":["A"],"certificates":["ONE"]"#,
                "`projects.a.certificates`: is for projects of the other provider",
            ),
        ] {
            assert_eq!(error(&format!(r#""a":{{{members}}}"#)), format!("HALLPASS_CONFIG at {message}"));
        }
    }

    #[test]
    fn one_of_several_projects_of_agora_must_be_the_default() {
        let project = format!(r#"{{"provider":"agora","app_id":"{APP_ID}","certificates":["ONE"]}}"#);
        let message = error(&format!(r#""a":{project},"b":{project}"#));
        assert!(message.contains("one of several must be named `default`"), "{message}");
    }

    #[test]
    fn no_project_is_not_the_short_form() {
        let setting = |name: &str| {
            let value = if name == DOCUMENT { r#"{"projects":{}}"# } else { APP_ID };
            Some(value.to_owned())
        };
        let message = Config::read(&setting).unwrap_err().to_string();
        assert!(
            message.starts_with("HALLPASS_CONFIG at `projects`: expected at least one project"),
            "{message}"
        );
    }

    /// Whoever put a certificate where a name belongs must not find it in an answer.
    #[test]
    fn a_certificate_in_place_of_a_name_is_not_repeated() {
        let message = error(&format!(r#""{CERTIFICATE}":{{"provider":"agora"}}"#));
        assert_eq!(message, "HALLPASS_CONFIG at `projects.….app_id`: expected an App ID");
    }
}
