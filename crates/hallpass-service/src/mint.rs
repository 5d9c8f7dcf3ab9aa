//! From what was asked for to a signed token: the one place that signs.

use std::num::NonZeroU32;

use hallpass_token::agora::{AppId, Channel, Role, RtcPrivileges, RtcToken, RtcUser, Salt};
use hallpass_token::{Seconds, UnixSeconds};

use crate::caller::Caller;
use crate::config::Version;
use crate::input::Inputs;
use crate::policy;
use crate::problem::Problem;
use crate::service::Ready;

/// What a request asks for. What it leaves out is filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// The name of a configured project.
    pub(crate) project: Option<&'a str>,
    pub(crate) version: Version,
    /// The life of the token; cut to what the configuration allows.
    pub(crate) ttl: Option<Seconds>,
    pub(crate) channel: Channel<'a>,
    pub(crate) user: Option<RtcUser<'a>>,
    pub(crate) role: Role,
    /// Lives of single privileges, for those that the role has; cut to the life of the token.
    pub(crate) lives: Option<RtcPrivileges>,
}

/// A token, and what was granted with it.
#[derive(Clone, Debug)]
pub(crate) struct Minted<'a> {
    pub(crate) token: String,
    pub(crate) version: Version,
    pub(crate) project: &'a str,
    pub(crate) app_id: &'a AppId,
    pub(crate) issued_at: UnixSeconds,
    pub(crate) expires_in: Seconds,
    pub(crate) channel: Channel<'a>,
    pub(crate) user: RtcUser<'a>,
    pub(crate) role: Role,
    pub(crate) privileges: RtcPrivileges,
}

/// Decides and signs.
///
/// # Errors
/// [`Problem::Refused`] by policy; [`Problem::InvalidField`] for a project that does not exist.
pub(crate) fn mint<'a>(
    ready: &'a Ready,
    caller: Caller,
    ask: &Ask<'a>,
    inputs: &Inputs<'_>,
) -> Result<Minted<'a>, Problem> {
    let Some((name, project)) = ready.projects.find(ask.project) else {
        return Err(Problem::field("project", "is not the name of a configured project"));
    };
    let random_uid = NonZeroU32::new(u32::from_le_bytes(inputs.uid_bytes())).unwrap_or(NonZeroU32::MIN);
    let user = policy::rtc_user(caller, ask.channel, ask.user, random_uid).map_err(Problem::Refused)?;

    let expires_in = ask.ttl.unwrap_or(ready.ttl.default).min(ready.ttl.max);
    let privileges = match ask.lives {
        None => ask.role.privileges(expires_in),
        Some(lives) => cut(ask.role.privileges(expires_in), lives),
    };
    let token = RtcToken {
        app_id: &project.app_id,
        channel: ask.channel,
        user,
        privileges,
        issued_at: inputs.now,
        expires_in,
        salt: Salt::from_bytes(inputs.salt_bytes()),
    };
    let token = match ask.version {
        Version::V006 => token.sign_006(&project.certificate),
        Version::V007 => token.sign_007(&project.certificate),
    };
    Ok(Minted {
        token,
        version: ask.version,
        project: name,
        app_id: &project.app_id,
        issued_at: inputs.now,
        expires_in,
        channel: ask.channel,
        user,
        role: ask.role,
        privileges,
    })
}

/// The privileges of the role, with the lives that were asked for where these are shorter.
fn cut(full: RtcPrivileges, lives: RtcPrivileges) -> RtcPrivileges {
    let cut = |full: Option<Seconds>, life: Option<Seconds>| full.map(|full| life.unwrap_or(full).min(full));
    RtcPrivileges {
        join: cut(full.join, lives.join),
        publish_audio: cut(full.publish_audio, lives.publish_audio),
        publish_video: cut(full.publish_video, lives.publish_video),
        publish_data: cut(full.publish_data, lives.publish_data),
    }
}
