//! VideoSDK's projects and REST API, with secrets.

use hallpass_token::videosdk::{ApiKey, Secret};

use crate::settings::Projects;

/// A project.
#[derive(Debug)]
pub(crate) struct VideoSdkProject {
    pub(crate) api_key: ApiKey,
    /// At least one; the first signs every token, and all of them verify.
    pub(crate) secrets: Vec<Secret>,
}

/// The projects and the REST API.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) projects: Projects<VideoSdkProject>,
    /// The URL of the REST API, without a slash at the end.
    pub(crate) url: String,
    pub(crate) rooms_version: RoomsVersion,
}

/// The version of the REST API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RoomsVersion {
    /// Meetings, as the oldest apps know them.
    V1,
    /// Rooms.
    #[default]
    V2,
}
