//! From what was asked for to a signed token: the one place that signs.

use hallpass_token::agora::v007::Services;
use hallpass_token::agora::{Mint, Salt, Service, Uid, User};
use hallpass_token::videosdk::{Claims, Scope};
use hallpass_token::{Lasts, Life, LifeError, UnixSeconds};

use crate::ask::{AgoraAsk, Ask, Ttl, VideoSdkAsk, What};
use crate::caller::Caller;
use crate::config::TtlLimits;
use crate::input::Inputs;
use crate::policy::{Decided, DecidedBy, Judge, ServiceGrant, Texts, VideoSdkGrant, VideoSdkScope};
use crate::problem::Problem;
use crate::projects::{AgoraProject, Named, VideoSdkProject};
use crate::setup::Ready;
use crate::version::Version;

/// A token, and what was granted with it.
#[derive(Clone, Debug)]
pub(crate) struct Minted<'a> {
    pub(crate) token: String,
    pub(crate) project: &'a str,
    pub(crate) issued_at: UnixSeconds,
    pub(crate) expires_in: Life,
    pub(crate) granted: Granted<'a>,
    /// By which rules, in the order of the services.
    pub(crate) decided_by: Vec<DecidedBy>,
}

/// What a token is for, and the public id of its project.
#[derive(Clone, Debug)]
pub(crate) enum Granted<'a> {
    Agora { app_id: &'a str, version: Version, services: Vec<ServiceGrant<'a>> },
    VideoSdk { api_key: &'a str, grant: VideoSdkGrant<'a> },
}

impl Minted<'_> {
    /// The number of the user in the channel, if the token is for one.
    pub(crate) fn uid(&self) -> Option<Uid> {
        let Granted::Agora { services, .. } = &self.granted else { return None };
        let uid = |service: &ServiceGrant<'_>| {
            if let ServiceGrant::Rtc { user: User::Uid(uid), .. } = service { Some(*uid) } else { None }
        };
        services.iter().find_map(uid)
    }
}

/// Decides and signs.
///
/// # Errors
/// [`Problem::Refused`] by policy; [`Problem::InvalidField`] for a project that does not exist, for what neither
/// request nor policy says, and for services that the version does not carry; [`Problem::NoProject`].
pub(crate) fn mint<'a>(
    ready: &'a Ready,
    caller: &'a Caller,
    texts: &'a Texts,
    ask: &Ask<'a>,
    inputs: &Inputs<'_>,
) -> Result<Minted<'a>, Problem> {
    let life = life(ask.ttl, ready.ttl, inputs.now)?;
    let random_uid = Uid::from_bytes(inputs.uid_bytes());
    let judge = |project| Judge { policy: &ready.policy, caller, project, random_uid, texts };
    match &ask.what {
        What::Agora(what) => {
            let project = ready.projects.agora(ask.project)?;
            mint_agora(project, what, life, &judge(&project.name), inputs)
        }
        What::VideoSdk(what) => {
            let project = ready.projects.videosdk(ask.project)?;
            mint_videosdk(project, what, life, &judge(&project.name), inputs)
        }
    }
}

fn life(ttl: Option<Ttl>, limits: TtlLimits, now: UnixSeconds) -> Result<Life, Problem> {
    let life = match ttl {
        None => limits.default,
        Some(Ttl::For(life)) => life,
        Some(Ttl::Until { end, field }) => match Life::new(end.0.saturating_sub(now.0)) {
            Ok(life) => life,
            Err(LifeError::Zero) => {
                return Err(Problem::field(field, "must be a time that is still to come"));
            }
            Err(LifeError::TooLong(_) | LifeError::UnixTime(_)) => Life::MAX,
        },
    };
    Ok(life.min(limits.max))
}

fn mint_agora<'a>(
    Named { name, project }: &'a Named<AgoraProject>,
    ask: &AgoraAsk<'a>,
    life: Life,
    judge: &Judge<'a>,
    inputs: &Inputs<'_>,
) -> Result<Minted<'a>, Problem> {
    let Decided { life, grant: granted, decided_by } =
        judge.agora(&project.app_id, &ask.services, ask.version, life)?;
    let certificate = project.certificates.first().ok_or(Problem::NotReady)?;
    let mint = Mint {
        app_id: &project.app_id,
        certificate,
        issued_at: inputs.now,
        salt: Salt::from_bytes(inputs.salt_bytes()),
    };
    let token = match ask.version {
        Version::V006 => sign_006(&mint, &granted, life)?,
        Version::V007 => {
            let mut services: Vec<_> = granted.iter().flat_map(|grant| services(grant, life)).collect();
            let services = Services::new(&mut services).map_err(Problem::body)?;
            mint.services(services, life)
        }
    };
    Ok(Minted {
        token,
        project: name,
        issued_at: inputs.now,
        expires_in: life,
        granted: Granted::Agora { app_id: project.app_id.as_str(), version: ask.version, services: granted },
        decided_by,
    })
}

fn sign_006(mint: &Mint<'_>, granted: &[ServiceGrant<'_>], life: Life) -> Result<String, Problem> {
    match *granted {
        [ServiceGrant::Rtc { channel, user, privileges, .. }] => Ok(mint.rtc_006(channel, user, privileges)),
        [ServiceGrant::Rtm { user, permissions: None }] => Ok(mint.rtm_006(user, Lasts::For(life))),
        _ => Err(Problem::field(
            "version",
            "\"006\" carries exactly one of `rtc` and `rtm`, that without `permissions`; use \"007\"",
        )),
    }
}

/// The services of one grant: an APaaS room has three.
fn services<'a>(grant: &ServiceGrant<'a>, life: Life) -> impl Iterator<Item = Service<'a>> + use<'a> {
    let lasts = Lasts::For(life);
    let (one, room) = match *grant {
        ServiceGrant::Rtc { channel, user, privileges, .. } => {
            (Some(Service::rtc(channel, user, privileges)), None)
        }
        ServiceGrant::Rtm { user, permissions: None } => (Some(Service::rtm(user, lasts)), None),
        ServiceGrant::Rtm { user, permissions: Some(tree) } => {
            (Some(Service::rtm2(user, tree.as_permissions(), lasts)), None)
        }
        ServiceGrant::ChatUser(user) => (Some(Service::chat_user(user, lasts)), None),
        ServiceGrant::ChatApp => (Some(Service::chat_app(lasts)), None),
        ServiceGrant::Streaming { channel, user, privileges } => {
            (Some(Service::streaming(channel, user, privileges)), None)
        }
        ServiceGrant::Fcdn { channel, user, privileges } => {
            (Some(Service::fcdn(channel, user, privileges)), None)
        }
        ServiceGrant::ApaasRoom { room, user, role } => {
            (None, Some(Service::apaas_room(room, user, role, lasts)))
        }
        ServiceGrant::ApaasUser(user) => (Some(Service::apaas_user(user, lasts)), None),
        ServiceGrant::ApaasApp => (Some(Service::apaas_app(lasts)), None),
        ServiceGrant::Fpa => (Some(Service::fpa(lasts)), None),
        ServiceGrant::ConvoAi => (Some(Service::convo_ai()), None),
        ServiceGrant::Stt => (Some(Service::stt()), None),
    };
    one.into_iter().chain(room.into_iter().flatten())
}

fn mint_videosdk<'a>(
    Named { name, project }: &'a Named<VideoSdkProject>,
    ask: &VideoSdkAsk<'a>,
    life: Life,
    judge: &Judge<'a>,
    inputs: &Inputs<'_>,
) -> Result<Minted<'a>, Problem> {
    let Decided { life, grant, decided_by } = judge.videosdk(ask, life)?;
    let secret = project.secrets.first().ok_or(Problem::NotReady)?;
    let scope = match grant.scope {
        None => Scope::V1,
        Some(VideoSdkScope { roles, room, participant }) => Scope::V2 { roles, room, participant },
    };
    let claims = Claims {
        api_key: &project.api_key,
        permissions: grant.permissions,
        scope,
        issued_at: inputs.now,
        expires_in: life,
        id: None,
    };
    Ok(Minted {
        token: claims.sign(secret),
        project: name,
        issued_at: inputs.now,
        expires_in: life,
        granted: Granted::VideoSdk { api_key: project.api_key.as_str(), grant },
        decided_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_may_be_asked_for_by_its_end() {
        let [default, max] = [60, 600].map(|seconds| Life::new(seconds).unwrap());
        let until = |end| {
            let ttl = Ttl::Until { end: UnixSeconds(end), field: "end" };
            life(Some(ttl), TtlLimits { default, max }, UnixSeconds(1_700_000_000))
        };
        assert_eq!(until(1_700_000_001), Ok(Life::new(1).unwrap()));
        for end in [1_700_000_601, 1_700_086_401, u32::MAX] {
            assert_eq!(until(end), Ok(max), "{end}");
        }
        for end in [0, 1_699_999_999, 1_700_000_000] {
            assert!(until(end).is_err(), "{end}");
        }
    }
}
