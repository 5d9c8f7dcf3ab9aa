//! From what was asked for to a signed token: the one place that signs.

use hallpass_token::agora::{AppId, Channel, Mint, Role, RtcPrivileges, Salt, Uid, User};
use hallpass_token::{Lasts, Life, UnixSeconds};

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
    pub(crate) ttl: Option<Life>,
    pub(crate) channel: Channel<'a>,
    pub(crate) user: Option<User<'a>>,
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
    pub(crate) expires_in: Life,
    pub(crate) channel: Channel<'a>,
    pub(crate) user: User<'a>,
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
    let random_uid = Uid::from_bytes(inputs.uid_bytes());
    let user = policy::rtc_user(caller, ask.channel, ask.user, random_uid).map_err(Problem::Refused)?;

    let expires_in = ask.ttl.unwrap_or(ready.ttl.default).min(ready.ttl.max);
    let full = ask.role.privileges(Lasts::For(expires_in));
    let privileges = ask.lives.map_or(full, |lives| cut(full, lives, expires_in));
    let mint = Mint {
        app_id: &project.app_id,
        certificate: &project.certificate,
        issued_at: inputs.now,
        salt: Salt::from_bytes(inputs.salt_bytes()),
    };
    let token = match ask.version {
        Version::V006 => mint.rtc_006(ask.channel, user, privileges),
        Version::V007 => mint.rtc(ask.channel, user, privileges, expires_in),
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
fn cut(full: RtcPrivileges, lives: RtcPrivileges, token: Life) -> RtcPrivileges {
    let cut = |full: Option<Lasts>, life: Option<Lasts>| {
        full.map(|full| Lasts::For(life.unwrap_or(full).within(token)))
    };
    RtcPrivileges {
        join: cut(full.join, lives.join),
        publish_audio: cut(full.publish_audio, lives.publish_audio),
        publish_video: cut(full.publish_video, lives.publish_video),
        publish_data: cut(full.publish_data, lives.publish_data),
    }
}
