//! Agora's projects and account, with secrets.

use hallpass_token::agora::{AppCertificate, AppId};

use super::rest::Customer;
use crate::settings::Projects;

/// A project.
#[derive(Debug)]
pub(crate) struct AgoraProject {
    pub(crate) app_id: AppId,
    /// At least one; the first signs every token, and all of them verify.
    pub(crate) certificates: Vec<AppCertificate>,
}

/// The projects and the account.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) projects: Projects<AgoraProject>,
    /// The URL of the REST APIs, without a slash at the end.
    pub(crate) url: String,
    /// Opens the whole account.
    pub(crate) customer: Option<Customer>,
}
