//! The projects, each with its secrets.

use hallpass_token::agora::{AppCertificate, AppId};
use hallpass_token::videosdk::{ApiKey, Secret};

use crate::config::{DEFAULT_PROJECT, Project};
use crate::problem::Problem;
use crate::secrets::Secrets;
use crate::setup_error::SetupError;

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

impl Projects {
    /// Loads the secrets of every project, also those that sign nothing: a rotation must not find out at its last step
    /// that one is malformed.
    ///
    /// # Errors
    /// [`SetupError::NoProject`]; or for the first secret that is missing or malformed.
    pub(crate) fn load(configured: &[Named<Project>], secrets: &Secrets) -> Result<Self, SetupError> {
        if configured.is_empty() {
            return Err(SetupError::NoProject);
        }
        let mut projects = Self { agora: Vec::new(), videosdk: Vec::new() };
        for Named { name, project } in configured {
            let name = name.clone();
            match project {
                Project::Agora { app_id, certificates } => {
                    let certificates = certificates.iter().map(|name| secrets.certificate(name));
                    let certificates = certificates.collect::<Result<_, _>>()?;
                    let project = AgoraProject { app_id: app_id.clone(), certificates };
                    projects.agora.push(Named { name, project });
                }
                Project::VideoSdk { api_key, secrets: names } => {
                    let keys = names.iter().map(|name| secrets.videosdk(name)).collect::<Result<_, _>>()?;
                    let project = VideoSdkProject { api_key: api_key.clone(), secrets: keys };
                    projects.videosdk.push(Named { name, project });
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, DOCUMENT};
    use zeroize::Zeroizing;

    const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
    const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";

    /// Loads the projects of a document, each with the same secrets.
    fn load(projects: &str, secrets: &[(&str, &str)]) -> Result<Projects, SetupError> {
        let document = format!(r#"{{"projects":{{{projects}}}}}"#);
        let config = Config::read(&|name| (name == DOCUMENT).then(|| document.clone())).unwrap();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()));
        Projects::load(&config.projects, &Secrets::for_good(secrets.iter().map(owned)))
    }

    fn with_projects(projects: &str) -> Projects {
        load(projects, &[("ONE", CERTIFICATE), ("TWO", "x")]).unwrap()
    }

    fn agora(name: &str) -> String {
        format!(r#""{name}":{{"provider":"agora","app_id":"{APP_ID}","certificates":["ONE"]}}"#)
    }

    fn videosdk(name: &str) -> String {
        format!(r#""{name}":{{"provider":"videosdk","api_key":"key-{name}","secrets":["TWO"]}}"#)
    }

    #[test]
    fn the_only_project_of_agora_needs_no_certain_name() {
        let name = |projects: &Projects| projects.agora(None).unwrap().name.clone();
        assert_eq!(name(&with_projects(&agora("a"))), "a");
        assert_eq!(name(&with_projects(&[agora("a"), agora("default")].join(","))), "default");
    }

    #[test]
    fn the_first_project_of_videosdk_is_the_default() {
        let projects = with_projects(&[agora("a"), videosdk("z"), videosdk("b")].join(","));
        assert_eq!(projects.videosdk(None).unwrap().name, "z");
        assert_eq!(projects.videosdk(Some("b")).unwrap().project.api_key.as_str(), "key-b");
    }

    #[test]
    fn a_project_of_the_other_provider_is_refused() {
        let projects = with_projects(&[agora("a"), videosdk("b")].join(","));
        let message = projects.agora(Some("b")).unwrap_err().to_string();
        assert_eq!(message, "`project` is a project of VideoSDK; this needs one of Agora");
        let message = projects.videosdk(Some("c")).unwrap_err().to_string();
        assert_eq!(message, "`project` is not the name of a configured project");
    }

    #[test]
    fn the_next_certificate_is_checked_before_it_is_needed() {
        let project = agora("a").replace(r#"["ONE"]"#, r#"["ONE","NEXT"]"#);
        let error = load(&project, &[("ONE", CERTIFICATE), ("NEXT", "x")]).unwrap_err();
        assert_eq!(error.names(), ["NEXT"]);
    }
}
