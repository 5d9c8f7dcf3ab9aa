//! VideoSDK's part of the configuration, with and without secrets.

use hallpass_token::videosdk::{ApiKey, Secret};

use crate::providers::rest::read_url;
use crate::settings::{ConfigError, NamedProject, Projects, SecretName, Secrets, SettingLookup, first_set};
use crate::web::json::{Fields, Invalid, Json};

/// The setting with the API key of the only project in a configuration without `projects`.
pub(crate) const SHORT_SETTINGS: &[&str] = &["VIDEOSDK_API_KEY"];
/// The name of the only project's secret in a configuration without `projects`, followed by its name in VideoSDK's server
/// SDKs.
pub(crate) const SHORT_SECRETS: &[&str] = &["VIDEOSDK_SECRET_KEY", "VIDEOSDK_SECRET"];
/// The name of the only project in a configuration without `projects`.
const SHORT_PROJECT: &str = "videosdk";
/// The name of the default project. No name is required, because requests without `project` use the first project.
pub(crate) const DEFAULT_PROJECT: Option<&str> = None;
pub(crate) const PROJECT_FIELDS: &[&str] = &["api_key", "secrets"];
const URLS: &[&str] = &["https://api.videosdk.live"];

/// A project, without its secrets.
#[derive(Clone, Debug)]
pub(crate) struct ProjectConfig {
    pub(crate) api_key: ApiKey,
    /// The names of the secrets. There is at least one name.
    pub(crate) secrets: Vec<SecretName>,
}

/// The projects and the REST API, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) projects: Projects<ProjectConfig>,
    /// The URL of the REST API, without a trailing slash.
    pub(crate) url: String,
    pub(crate) rooms_version: RoomsVersion,
}

/// A project, with its secrets.
#[derive(Debug)]
pub(crate) struct VideoSdkProject {
    pub(crate) api_key: ApiKey,
    /// The secrets, of which there is at least one. The first secret signs tokens, and all secrets verify tokens.
    pub(crate) secrets: Vec<Secret>,
}

/// The projects and the REST API, with secrets.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) projects: Projects<VideoSdkProject>,
    /// The URL of the REST API, without a trailing slash.
    pub(crate) url: String,
    pub(crate) rooms_version: RoomsVersion,
}

/// The version of the REST API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RoomsVersion {
    /// Version 1, which has meetings instead of rooms, for old apps.
    V1,
    /// Version 2, which has rooms.
    #[default]
    V2,
}

impl ProjectConfig {
    #[inline(never)]
    pub(crate) fn read<'j>(fields: Fields<'j>) -> Result<Self, Invalid<'j>> {
        let missing = |field, expected| Invalid::field(fields.object(), field, expected);
        let api_key = fields.get("api_key").ok_or_else(|| missing("api_key", "expected an API key"))?;
        let secrets = fields.get("secrets").ok_or_else(|| missing("secrets", "expected names of secrets"))?;
        Ok(Self { api_key: api_key.parsed(ApiKey::parse)?, secrets: SecretName::read_list(secrets)? })
    }

    /// Reads the only project of a configuration without `projects`.
    pub(crate) fn from_settings(
        setting: SettingLookup<'_>,
    ) -> Result<Option<NamedProject<Self>>, ConfigError> {
        let Some((name, api_key)) = first_set(setting, SHORT_SETTINGS) else { return Ok(None) };
        let invalid = |error| ConfigError::Setting { name, detail: format!("{error}") };
        let api_key = ApiKey::parse(&api_key).map_err(invalid)?;
        let secret = SecretName::with_aliases(SHORT_SECRETS);
        let project = Self { api_key, secrets: vec![secret] };
        Ok(Some(NamedProject { name: SHORT_PROJECT.to_owned(), project }))
    }
}

impl Config {
    /// Combines the projects with the section `rest.videosdk`.
    #[inline(never)]
    pub(crate) fn new<'j>(
        projects: Projects<ProjectConfig>,
        rest: Option<&'j Json<'j>>,
    ) -> Result<Self, Invalid<'j>> {
        let fields = rest.map(|section| section.fields(&["url", "version"])).transpose()?;
        let field = |name| fields.and_then(|fields| fields.get(name));
        let version = |value: &'j Json<'j>| {
            value.one_of("\"v2\" or \"v1\"", |name| match name {
                "v1" => Some(RoomsVersion::V1),
                "v2" => Some(RoomsVersion::V2),
                _ => None,
            })
        };
        let rooms_version = field("version").map(version).transpose()?.unwrap_or_default();
        Ok(Self { projects, url: read_url(field("url"), URLS)?, rooms_version })
    }

    /// Adds the names of all secrets.
    pub(crate) fn add_secret_names<'a>(&'a self, names: &mut Vec<&'a SecretName>) {
        for named in self.projects.all() {
            names.extend(&named.project.secrets);
        }
    }

    /// Loads the secrets.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if a secret is missing or malformed.
    #[inline(never)]
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<Provider, ConfigError> {
        let projects = self.projects.load(|ProjectConfig { api_key, secrets: names }| {
            let parse = |text: &str| Secret::parse(text).map_err(|_| "must not be empty");
            Ok(VideoSdkProject { api_key: api_key.clone(), secrets: secrets.parse_all(names, parse)? })
        })?;
        Ok(Provider { projects, url: self.url.clone(), rooms_version: self.rooms_version })
    }
}
