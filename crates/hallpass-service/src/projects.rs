//! The projects, each with its secrets.

use hallpass_token::agora::{AppCertificate, AppId};
use hallpass_token::videosdk::{ApiKey, Secret};
use zeroize::Zeroizing;

use crate::config::{Config, ProjectDocument, Provider, SecretNames, without_hex};
use crate::json::{NamedOnce, Object};
use crate::problem::Problem;
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

/// The projects whose secrets are loaded, in the order of the document.
#[derive(Debug)]
pub(crate) struct Projects {
    pub(crate) agora: Vec<Named<AgoraProject>>,
    pub(crate) videosdk: Vec<Named<VideoSdkProject>>,
}

#[derive(Debug)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) project: T,
}

/// A project of Agora.
#[derive(Debug)]
pub(crate) struct AgoraProject {
    pub(crate) app_id: AppId,
    /// At least one; the first signs every token, and all of them verify.
    pub(crate) certificates: Vec<AppCertificate>,
}

/// A project of VideoSDK.
#[derive(Debug)]
pub(crate) struct VideoSdkProject {
    pub(crate) api_key: ApiKey,
    /// At least one; the first signs every token, and all of them verify.
    pub(crate) secrets: Vec<Secret>,
}

/// Settings and secrets by name.
pub(crate) struct Sources<'a> {
    pub(crate) setting: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) secret: &'a dyn Fn(&str) -> Option<Zeroizing<String>>,
}

impl Projects {
    /// Loads the secrets of every project, also those that sign nothing: a rotation must not find out at its last step
    /// that one is malformed.
    ///
    /// # Errors
    /// [`SetupError`] for the first thing that is missing or malformed.
    pub(crate) fn load(config: &Config, sources: &Sources<'_>) -> Result<Self, SetupError> {
        let mut projects = Self { agora: Vec::new(), videosdk: Vec::new() };
        match &config.projects {
            Some(NamedOnce(documents)) => {
                for (name, Object(document)) in documents {
                    projects.add(name, document, sources)?;
                }
            }
            None => projects.add_short(sources)?,
        }
        if projects.agora.is_empty() && projects.videosdk.is_empty() {
            return Err(SetupError::NoProject);
        }
        let several = projects.agora.len() > 1;
        if several && projects.agora.iter().all(|project| project.name != DEFAULT_PROJECT) {
            return Err(SetupError::NoDefaultProject);
        }
        Ok(projects)
    }

    /// The project of Agora of this name, or the one for requests that name none: `default`, or the only one.
    ///
    /// # Errors
    /// [`Problem`] where there is none.
    pub(crate) fn agora(&self, name: Option<&str>) -> Result<&Named<AgoraProject>, Problem> {
        let found = match name {
            Some(name) => find(&self.agora, name),
            None => find(&self.agora, DEFAULT_PROJECT).or(self.agora.first()),
        };
        found.ok_or_else(|| missing(name, find_name(&self.videosdk, name), "Agora", "VideoSDK"))
    }

    /// The project of VideoSDK of this name, or the first one for requests that name none.
    ///
    /// # Errors
    /// [`Problem`] where there is none.
    pub(crate) fn videosdk(&self, name: Option<&str>) -> Result<&Named<VideoSdkProject>, Problem> {
        let found = match name {
            Some(name) => find(&self.videosdk, name),
            None => self.videosdk.first(),
        };
        found.ok_or_else(|| missing(name, find_name(&self.agora, name), "VideoSDK", "Agora"))
    }

    fn add(
        &mut self,
        name: &str,
        document: &ProjectDocument,
        sources: &Sources<'_>,
    ) -> Result<(), SetupError> {
        let missing = |field: &str, what: &str| SetupError::Value {
            path: format!("projects.{}.{field}", without_hex(name)),
            detail: format!("expected {what}"),
        };
        let foreign = |field: &str| SetupError::Value {
            path: format!("projects.{}.{field}", without_hex(name)),
            detail: "is for projects of the other provider".to_owned(),
        };
        let name = name.to_owned();
        match document.provider {
            Provider::Agora => {
                let app_id = document.app_id.clone().ok_or_else(|| missing("app_id", "an App ID"))?;
                let names = document.certificates.as_ref();
                let names = names.ok_or_else(|| missing("certificates", "names of secrets"))?;
                if document.api_key.is_some() || document.secrets.is_some() {
                    return Err(foreign(if document.api_key.is_some() { "api_key" } else { "secrets" }));
                }
                let certificates = load_all(names, |name| load_certificate(name, sources))?;
                self.agora.push(Named { name, project: AgoraProject { app_id, certificates } });
            }
            Provider::VideoSdk => {
                let api_key = document.api_key.clone().ok_or_else(|| missing("api_key", "an API key"))?;
                let names = document.secrets.as_ref();
                let names = names.ok_or_else(|| missing("secrets", "names of secrets"))?;
                if document.app_id.is_some() || document.certificates.is_some() {
                    return Err(foreign(if document.app_id.is_some() { "app_id" } else { "certificates" }));
                }
                let secrets = load_all(names, |name| load_secret(name, sources))?;
                self.videosdk.push(Named { name, project: VideoSdkProject { api_key, secrets } });
            }
        }
        Ok(())
    }

    fn add_short(&mut self, sources: &Sources<'_>) -> Result<(), SetupError> {
        if let Some(app_id) = (sources.setting)(SHORT_APP_ID) {
            let app_id = AppId::parse(&app_id).map_err(SetupError::ShortAppId)?;
            let certificates = vec![load_certificate(SHORT_CERTIFICATE, sources)?];
            let name = DEFAULT_PROJECT.to_owned();
            self.agora.push(Named { name, project: AgoraProject { app_id, certificates } });
        }
        if let Some(api_key) = (sources.setting)(SHORT_API_KEY) {
            let api_key = ApiKey::parse(&api_key).map_err(SetupError::ShortApiKey)?;
            let secrets = vec![load_secret(SHORT_SECRET, sources)?];
            let name = SHORT_VIDEOSDK.to_owned();
            self.videosdk.push(Named { name, project: VideoSdkProject { api_key, secrets } });
        }
        Ok(())
    }
}

fn find<'a, T>(projects: &'a [Named<T>], name: &str) -> Option<&'a Named<T>> {
    projects.iter().find(|project| project.name == name)
}

fn find_name<T>(projects: &[Named<T>], name: Option<&str>) -> bool {
    name.is_some_and(|name| find(projects, name).is_some())
}

fn missing(name: Option<&str>, is_of_other: bool, provider: &str, other: &str) -> Problem {
    match name {
        Some(_) if is_of_other => {
            Problem::field("project", format_args!("is a project of {other}; this needs one of {provider}"))
        }
        Some(_) => Problem::field("project", "is not the name of a configured project"),
        None => Problem::NoProject { provider: provider.to_owned() },
    }
}

fn load_all<T>(
    names: &SecretNames,
    load: impl Fn(&str) -> Result<T, SetupError>,
) -> Result<Vec<T>, SetupError> {
    names.0.iter().map(|name| load(name)).collect()
}

impl Sources<'_> {
    /// The secret of this name.
    ///
    /// # Errors
    /// [`SetupError::SecretMissing`]
    pub(crate) fn load(&self, name: &str) -> Result<Zeroizing<String>, SetupError> {
        (self.secret)(name).ok_or_else(|| SetupError::SecretMissing(name.to_owned()))
    }
}

fn load_certificate(name: &str, sources: &Sources<'_>) -> Result<AppCertificate, SetupError> {
    let text = sources.load(name)?;
    AppCertificate::parse(&text).map_err(|error| SetupError::SecretMalformed(name.to_owned(), error))
}

fn load_secret(name: &str, sources: &Sources<'_>) -> Result<Secret, SetupError> {
    let text = sources.load(name)?;
    Secret::parse(&text).map_err(|_| SetupError::SecretEmpty(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DOCUMENT;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    /// Loads projects out of a document, with a setting and secrets beside it.
    fn load(
        document: &str,
        setting: (&str, &str),
        secret: impl Fn(&str) -> Option<&'static str>,
    ) -> Result<Projects, SetupError> {
        let setting = |name: &str| {
            if name == DOCUMENT {
                return Some(document.to_owned());
            }
            (name == setting.0).then(|| setting.1.to_owned())
        };
        let config = Config::read(&setting).unwrap();
        let secret = |name: &str| secret(name).map(|text| Zeroizing::new(text.to_owned()));
        Projects::load(&config, &Sources { setting: &setting, secret: &secret })
    }

    fn with_projects(projects: &str) -> Result<Projects, SetupError> {
        load(&format!(r#"{{"projects":{{{projects}}}}}"#), ("", ""), |_| Some(CERTIFICATE))
    }

    fn agora(name: &str) -> String {
        format!(r#""{name}":{{"provider":"agora","app_id":"{APP_ID}","certificates":["ONE"]}}"#)
    }

    fn videosdk(name: &str) -> String {
        format!(r#""{name}":{{"provider":"videosdk","api_key":"key-{name}","secrets":["TWO"]}}"#)
    }

    #[test]
    fn one_of_several_projects_must_be_the_default() {
        let name = |projects: &Projects| projects.agora(None).unwrap().name.clone();
        assert_eq!(name(&with_projects(&agora("a")).unwrap()), "a");
        let several = with_projects(&[agora("a"), agora("b")].join(","));
        assert_eq!(several.unwrap_err(), SetupError::NoDefaultProject);
        assert_eq!(name(&with_projects(&[agora("a"), agora("default")].join(",")).unwrap()), "default");
    }

    #[test]
    fn the_first_project_of_videosdk_is_the_default() {
        let projects = with_projects(&[agora("a"), videosdk("z"), videosdk("b")].join(",")).unwrap();
        assert_eq!(projects.videosdk(None).unwrap().name, "z");
        assert_eq!(projects.videosdk(Some("b")).unwrap().project.api_key.as_str(), "key-b");
    }

    #[test]
    fn a_project_of_the_other_provider_is_refused() {
        let projects = with_projects(&[agora("a"), videosdk("b")].join(",")).unwrap();
        let message = projects.agora(Some("b")).unwrap_err().to_string();
        assert_eq!(message, "`project` is a project of VideoSDK; this needs one of Agora");
        let message = projects.videosdk(Some("c")).unwrap_err().to_string();
        assert_eq!(message, "`project` is not the name of a configured project");
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
            let error = with_projects(&format!(r#""a":{{{members}}}"#)).unwrap_err().to_string();
            assert_eq!(error, format!("HALLPASS_CONFIG at {message}"));
        }
    }

    /// Whoever put a certificate where a name belongs must not find it in an answer.
    #[test]
    fn a_certificate_in_place_of_a_name_is_not_repeated() {
        let error = with_projects(&format!(r#""{CERTIFICATE}":{{"provider":"agora"}}"#)).unwrap_err();
        assert_eq!(error.to_string(), "HALLPASS_CONFIG at `projects.….app_id`: expected an App ID");
    }

    #[test]
    fn secrets_are_named_when_missing_or_malformed() {
        let short = |secret: Option<&'static str>| {
            load("{}", (SHORT_APP_ID, APP_ID), move |_| secret).unwrap_err().to_string()
        };
        assert_eq!(short(None), "the secret AGORA_APP_CERTIFICATE is not set");
        assert_eq!(
            short(Some("secret value")),
            "the secret AGORA_APP_CERTIFICATE must be 32 hexadecimal characters, but has 12 bytes"
        );
        let short = load("{}", (SHORT_API_KEY, "key"), |_| Some(""));
        assert_eq!(short.unwrap_err().to_string(), "the secret VIDEOSDK_SECRET_KEY must not be empty");
    }

    #[test]
    fn the_next_certificate_is_checked_before_it_is_needed() {
        let document = format!(
            r#"{{"projects":{{"a":{{"provider":"agora","app_id":"{APP_ID}","certificates":["FIRST","NEXT"]}}}}}}"#
        );
        let only_first = |name: &str| (name == "FIRST").then_some(CERTIFICATE);
        let error = load(&document, ("", ""), only_first).unwrap_err();
        assert_eq!(error, SetupError::SecretMissing("NEXT".into()));
    }

    #[test]
    fn without_an_app_id_there_is_no_project() {
        assert_eq!(load("{}", ("", ""), |_| None).unwrap_err(), SetupError::NoProject);
    }
}
