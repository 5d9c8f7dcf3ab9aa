//! Agora's part of the configuration, with and without secrets.

use ::base64::engine::general_purpose::STANDARD;
use hallpass_token::agora::{AppCertificate, AppId};
use zeroize::Zeroizing;

use super::derived_uid::{IdentityConfig, UidDerivation};
use super::version::CompatConfig;
use crate::providers::rest::read_url;
use crate::settings::{ConfigError, NamedProject, Projects, SecretName, Secrets, SettingLookup, first_set};
use crate::web::base64;
use crate::web::json::{Fields, Invalid, Json};

/// The setting with the App ID of the only project in a configuration without `projects`, followed by its aliases, which
/// are the names in the servers that the compatible routes imitate.
pub(crate) const SHORT_SETTINGS: &[&str] = &["AGORA_APP_ID", "APP_ID", "NEXT_PUBLIC_AGORA_APP_ID"];
/// The secret with the certificate of the only project in a configuration without `projects`, followed by its aliases.
pub(crate) const SHORT_SECRETS: &[&str] =
    &["AGORA_APP_CERTIFICATE", "APP_CERTIFICATE", "NEXT_AGORA_APP_CERTIFICATE"];
/// The name of the default project. If there are several projects, one project must have this name.
pub(crate) const DEFAULT_PROJECT: Option<&str> = Some(SHORT_PROJECT);
/// The name of the only project in a configuration without `projects`.
const SHORT_PROJECT: &str = "default";
pub(crate) const PROJECT_FIELDS: &[&str] = &["app_id", "certificates"];

/// The URLs of the REST APIs. The second URL is a fallback for outages of the first URL's domain:
/// <https://docs.agora.io/en/video-calling/channel-management-api/overview/ensure-service-reliability>
const URLS: &[&str] = &["https://api.agora.io", "https://api.sd-rtn.com"];

/// A project, without its secrets.
#[derive(Clone, Debug)]
pub(crate) struct ProjectConfig {
    pub(crate) app_id: AppId,
    /// The names of the secrets with the certificates. There is at least one name.
    pub(crate) certificates: Vec<SecretName>,
}

/// The projects and the account, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) projects: Projects<ProjectConfig>,
    /// The URL of the REST APIs, without a trailing slash.
    pub(crate) url: String,
    /// The names of the secrets with the account's customer ID and customer secret.
    pub(crate) account: Option<(SecretName, SecretName)>,
    pub(crate) identity: IdentityConfig,
    pub(crate) compat: CompatConfig,
}

/// A project, with its secrets.
#[derive(Debug)]
pub(crate) struct AgoraProject {
    pub(crate) app_id: AppId,
    /// The certificates, of which there is at least one. The first certificate signs tokens, and all certificates verify
    /// tokens.
    pub(crate) certificates: Vec<AppCertificate>,
}

/// The projects and the account, with secrets.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) projects: Projects<AgoraProject>,
    /// The URL of the REST APIs, without a trailing slash.
    pub(crate) url: String,
    /// The credentials of the account, if they are configured.
    pub(crate) account: Option<AccountCredentials>,
    pub(crate) uids: UidDerivation,
    pub(crate) compat: CompatConfig,
}

/// The credentials of the Agora account, which grant access to the whole account.
pub(crate) struct AccountCredentials {
    /// The value of `Authorization` (RFC 7617 section 2).
    pub(super) authorization: Zeroizing<String>,
}

impl ProjectConfig {
    #[inline(never)]
    pub(crate) fn read<'j>(fields: Fields<'j>) -> Result<Self, Invalid<'j>> {
        let missing = |field, expected| Invalid::field(fields.object(), field, expected);
        let app_id = fields.get("app_id").ok_or_else(|| missing("app_id", "expected an App ID"))?;
        let certificates = fields.get("certificates");
        let certificates =
            certificates.ok_or_else(|| missing("certificates", "expected names of secrets"))?;
        Ok(Self { app_id: app_id.parsed(AppId::parse)?, certificates: SecretName::read_list(certificates)? })
    }

    /// Reads the only project of a configuration without `projects`.
    pub(crate) fn from_settings(
        setting: SettingLookup<'_>,
    ) -> Result<Option<NamedProject<Self>>, ConfigError> {
        let Some((name, app_id)) = first_set(setting, SHORT_SETTINGS) else { return Ok(None) };
        let invalid = |error| ConfigError::Setting { name, detail: format!("{error}") };
        let app_id = AppId::parse(&app_id).map_err(invalid)?;
        let certificate = SecretName::with_aliases(SHORT_SECRETS);
        let project = Self { app_id, certificates: vec![certificate] };
        Ok(Some(NamedProject { name: SHORT_PROJECT.to_owned(), project }))
    }
}

impl Config {
    /// Combines the projects with the section `rest.agora`. The sections `identity` and `compat` have their default values.
    #[inline(never)]
    pub(crate) fn new<'j>(
        projects: Projects<ProjectConfig>,
        rest: Option<&'j Json<'j>>,
    ) -> Result<Self, Invalid<'j>> {
        let (identity, compat) = (IdentityConfig::default(), CompatConfig::default());
        let Some(section) = rest else {
            return Ok(Self { projects, url: read_url(None, URLS)?, account: None, identity, compat });
        };
        let fields = section.fields(&["customer_id", "customer_secret", "url"])?;
        let name = |field| fields.read(field, SecretName::read);
        let missing = |field| {
            let detail = "expected the name of a secret, because `customer_id` and `customer_secret` must be set together";
            Err(Invalid::field(section, field, detail))
        };
        let account = match (name("customer_id")?, name("customer_secret")?) {
            (None, None) => None,
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, Some(_)) => return missing("customer_id"),
            (Some(_), None) => return missing("customer_secret"),
        };
        Ok(Self { projects, url: read_url(fields.get("url"), URLS)?, account, identity, compat })
    }

    /// Adds the names of all secrets.
    pub(crate) fn add_secret_names<'a>(&'a self, names: &mut Vec<&'a SecretName>) {
        for named in self.projects.all() {
            names.extend(&named.project.certificates);
        }
        if let Some((id, secret)) = &self.account {
            names.extend([id, secret]);
        }
        names.extend(&self.identity.uid_secret);
    }

    /// Loads the secrets.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if a secret is missing or malformed.
    #[inline(never)]
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<Provider, ConfigError> {
        let projects = self.projects.load(|ProjectConfig { app_id, certificates }| {
            let certificates = secrets.parse_all(certificates, AppCertificate::parse)?;
            Ok(AgoraProject { app_id: app_id.clone(), certificates })
        })?;
        let account = self.account.as_ref().map(|(id, secret)| AccountCredentials::load(id, secret, secrets));
        let (url, uids, compat) = (self.url.clone(), self.identity.load(secrets)?, self.compat);
        Ok(Provider { projects, url, account: account.transpose()?, uids, compat })
    }
}

impl AccountCredentials {
    /// Loads the customer ID and the customer secret.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if a secret is missing or malformed.
    fn load(id: &SecretName, secret: &SecretName, secrets: &Secrets) -> Result<Self, ConfigError> {
        const BASIC: &str = "Basic ";
        let (name, id, secret) = (id, secrets.checked(id)?, secrets.checked(secret)?);
        // The first colon in Basic credentials ends the ID (RFC 7617 section 2).
        if id.bytes().any(|byte| byte == b':') {
            let (name, detail) =
                (name.as_str().to_owned(), "is a customer ID and must not contain a colon".into());
            return Err(ConfigError::Secret { name, detail });
        }
        let mut pair = Zeroizing::new(String::with_capacity(id.len() + 1 + secret.len()));
        pair.push_str(id);
        pair.push(':');
        pair.push_str(secret);
        let encoded = Zeroizing::new(base64::encode(&STANDARD, pair.as_bytes()));
        let mut authorization = Zeroizing::new(String::with_capacity(BASIC.len() + encoded.len()));
        authorization.push_str(BASIC);
        authorization.push_str(&encoded);
        Ok(Self { authorization })
    }
}

impl std::fmt::Debug for AccountCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
