//! Agora's part of the configuration, without and with secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_token::agora::{AppCertificate, AppId};
use zeroize::Zeroizing;

use crate::providers::rest::read_url;
use crate::settings::{ConfigError, NamedProject, Projects, SecretName, Secrets, SettingLookup};
use crate::web::json::{Fields, Invalid, Json};

/// The setting with the App ID of the only project, in a configuration without `projects`.
pub(crate) const SHORT_SETTING: &str = "AGORA_APP_ID";
/// The secret with the certificate of the only project, in a configuration without `projects`.
const SHORT_CERTIFICATE: &str = "AGORA_APP_CERTIFICATE";
/// The project for requests that name none. One of several must have this name.
pub(crate) const DEFAULT_PROJECT: Option<&str> = Some(SHORT_PROJECT);
/// The name of the only project, in a configuration without `projects`.
const SHORT_PROJECT: &str = "default";
pub(crate) const PROJECT_FIELDS: &[&str] = &["app_id", "certificates"];

/// The second URL is for times when the domain of the first cannot be resolved:
/// <https://docs.agora.io/en/video-calling/channel-management-api/overview/ensure-service-reliability>
const URLS: &[&str] = &["https://api.agora.io", "https://api.sd-rtn.com"];

/// A project, without its secrets.
#[derive(Clone, Debug)]
pub(crate) struct ProjectConfig {
    pub(crate) app_id: AppId,
    /// At least one.
    pub(crate) certificates: Vec<SecretName>,
}

/// The projects and the account, without secrets.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) projects: Projects<ProjectConfig>,
    /// The URL of the REST APIs, without a slash at the end.
    pub(crate) url: String,
    /// The secrets with the customer ID and the customer secret of the account.
    pub(crate) customer: Option<(SecretName, SecretName)>,
}

/// A project, with its secrets.
#[derive(Debug)]
pub(crate) struct AgoraProject {
    pub(crate) app_id: AppId,
    /// At least one; the first signs every token, and all of them verify.
    pub(crate) certificates: Vec<AppCertificate>,
}

/// The projects and the account, with secrets.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) projects: Projects<AgoraProject>,
    /// The URL of the REST APIs, without a slash at the end.
    pub(crate) url: String,
    /// Opens the whole account.
    pub(crate) customer: Option<Customer>,
}

/// The credentials of the account, as the value of `Authorization` (RFC 7617 section 2). They open the whole account.
pub(crate) struct Customer {
    pub(super) authorization: Zeroizing<String>,
}

impl ProjectConfig {
    #[inline(never)]
    pub(crate) fn read<'j>(fields: Fields<'j>) -> Result<Self, Invalid<'j>> {
        let missing = |field, what| Invalid::field(fields.object(), field, what);
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
        let Some(app_id) = setting(SHORT_SETTING) else { return Ok(None) };
        let invalid = |error| ConfigError::Setting { name: SHORT_SETTING, detail: format!("{error}") };
        let app_id = AppId::parse(&app_id).map_err(invalid)?;
        let project = Self { app_id, certificates: vec![SecretName::new(SHORT_CERTIFICATE)] };
        Ok(Some(NamedProject { name: SHORT_PROJECT.to_owned(), project }))
    }
}

impl Config {
    /// Adds the section `rest.agora` to the projects.
    #[inline(never)]
    pub(crate) fn new<'j>(
        projects: Projects<ProjectConfig>,
        rest: Option<&'j Json<'j>>,
    ) -> Result<Self, Invalid<'j>> {
        let Some(section) = rest else {
            return Ok(Self { projects, url: read_url(None, URLS)?, customer: None });
        };
        let fields = section.fields(&["customer_id", "customer_secret", "url"])?;
        let name = |field| fields.read(field, SecretName::read);
        let missing = |field| {
            let detail = "expected the name of a secret: customer ID and customer secret belong together";
            Err(Invalid::field(section, field, detail))
        };
        let customer = match (name("customer_id")?, name("customer_secret")?) {
            (None, None) => None,
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, Some(_)) => return missing("customer_id"),
            (Some(_), None) => return missing("customer_secret"),
        };
        Ok(Self { projects, url: read_url(fields.get("url"), URLS)?, customer })
    }

    pub(crate) fn secret_names(&self) -> impl Iterator<Item = &SecretName> {
        let certificates = self.projects.all().iter().flat_map(|named| &named.project.certificates);
        certificates.chain(self.customer.iter().flat_map(|(id, secret)| [id, secret]))
    }

    /// # Errors
    /// [`ConfigError`] for the first secret that is missing or malformed.
    #[inline(never)]
    pub(crate) fn load(&self, secrets: &Secrets) -> Result<Provider, ConfigError> {
        let projects = self.projects.load(|ProjectConfig { app_id, certificates }| {
            let certificates = secrets.parse_all(certificates, AppCertificate::parse)?;
            Ok(AgoraProject { app_id: app_id.clone(), certificates })
        })?;
        let customer = self.customer.as_ref().map(|(id, secret)| Customer::load(id, secret, secrets));
        Ok(Provider { projects, url: self.url.clone(), customer: customer.transpose()? })
    }
}

impl Customer {
    /// Loads customer ID and customer secret.
    ///
    /// # Errors
    /// [`ConfigError`] for the first secret that is missing or malformed.
    fn load(id: &SecretName, secret: &SecretName, secrets: &Secrets) -> Result<Self, ConfigError> {
        let (name, id, secret) = (id, secrets.checked(id)?, secrets.checked(secret)?);
        // The id would end there (RFC 7617 section 2).
        if id.contains(':') {
            let (name, detail) =
                (name.as_str().to_owned(), "is a customer ID and must not hold a colon".into());
            return Err(ConfigError::Secret { name, detail });
        }
        let pair = Zeroizing::new([id, secret].join(":"));
        let mut value = Zeroizing::new(String::with_capacity(pair.len() * 2 + 16));
        value.push_str("Basic ");
        STANDARD.encode_string(pair.as_bytes(), &mut value);
        Ok(Self { authorization: value })
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
