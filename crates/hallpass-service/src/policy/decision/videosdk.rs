//! Tokens of VideoSDK.

use hallpass_token::Life;
use hallpass_token::videosdk::{ParticipantId, Permissions, Roles, RoomId};

use super::{Decided, Judge};
use crate::ask::{VideoSdkAsk, VideoSdkScopeAsk};
use crate::json::Object;
use crate::policy::grant::{VideoSdkGrant, VideoSdkScope};
use crate::policy::identity::Identity;
use crate::policy::refusal::{Part, Refusal};
use crate::policy::rule::VideoSdkRule;
use crate::problem::Problem;

const MODERATOR: &str =
    "`allow_mod` lets its holder remove others, and is given only by a rule that names it in `permissions`";
const CRAWLER: &str =
    "the role `crawler` calls VideoSDK's REST API, and is given only by a rule that names it in `roles`";
const NO_ROLE: &str = "a token without a role calls VideoSDK's REST API as well, and is given only by a rule with `roles` rtc and crawler; name the role `rtc`";
const VERSION_1: &str = "a token of version 1 is bound to nothing, and is given only by a rule with `v1`";

impl<'a> Judge<'a> {
    /// Decides on a token of VideoSDK.
    ///
    /// # Errors
    /// As [`agora`](Self::agora).
    pub(crate) fn videosdk(
        &self,
        ask: &VideoSdkAsk<'a>,
        life: Life,
    ) -> Result<Decided<VideoSdkGrant<'a>>, Problem> {
        let found = self.rule("videosdk", |rule| rule.videosdk.as_ref().map(|Object(of)| (of, of.ttl)))?;
        let (by, rule_life, grant) = found.decide(|videosdk| self.videosdk_by(videosdk, ask))?;
        Ok(Decided { life: life.min(rule_life), grant, decided_by: vec![by] })
    }

    fn videosdk_by(
        &self,
        videosdk: &'a VideoSdkRule,
        ask: &VideoSdkAsk<'a>,
    ) -> Result<VideoSdkGrant<'a>, Problem> {
        let permissions = permissions(videosdk, ask.permissions)?;
        let (asked, unbound) = match ask.scope {
            VideoSdkScopeAsk::V1 => (None, true),
            VideoSdkScopeAsk::V2(scope) => (Some(scope), false),
            VideoSdkScopeAsk::V1OrV2 => (None, videosdk.v1),
        };
        if unbound {
            if !videosdk.v1 {
                return Err(Refusal::new(Part::Privileged, "videosdk.version", VERSION_1).into());
            }
            return Ok(VideoSdkGrant { permissions, scope: None });
        }
        let asked = asked.unwrap_or_default();
        let roles = asked.roles.unwrap_or(videosdk.roles.usual);
        if !videosdk.roles.allows(roles) {
            let (part, reason) = match roles {
                Roles::None => (Part::Privileged, NO_ROLE),
                Roles::Crawler | Roles::RtcAndCrawler if !videosdk.roles.crawler => {
                    (Part::Privileged, CRAWLER)
                }
                Roles::Rtc | Roles::Crawler | Roles::RtcAndCrawler => {
                    (Part::Role, "the rule for this caller does not give the role `rtc`")
                }
            };
            return Err(Refusal::new(part, "videosdk.roles", reason).into());
        }
        let room = self.room(videosdk, asked.room)?;
        let participant = self.participant(&videosdk.identity, asked.participant)?;
        Ok(VideoSdkGrant { permissions, scope: Some(VideoSdkScope { roles, room, participant }) })
    }

    fn room(&self, rule: &VideoSdkRule, asked: Option<RoomId<'a>>) -> Result<Option<RoomId<'a>>, Refusal> {
        let refused = |reason| Refusal::new(Part::Channel, "videosdk.room", reason);
        match asked {
            Some(room) if self.fits(rule.room.as_ref(), room.as_str()) => Ok(Some(room)),
            Some(_) => Err(refused("the rule for this caller does not give this room")),
            None if rule.room.is_none() => Ok(None),
            None => match self.only(rule.room.as_ref()).map(RoomId::parse) {
                Some(Ok(room)) => Ok(Some(room)),
                Some(Err(_)) | None => Err(refused("the rule for this caller gives single rooms; name one")),
            },
        }
    }

    fn participant(
        &self,
        identity: &'a Identity,
        asked: Option<ParticipantId<'a>>,
    ) -> Result<Option<ParticipantId<'a>>, Problem> {
        const FIELD: &str = "videosdk.participant";
        if identity.bound(self.caller, FIELD)?.is_none() {
            return Ok(asked);
        }
        self.named_user(identity, FIELD, asked, ParticipantId::as_str, ParticipantId::parse).map(Some)
    }
}

fn permissions(rule: &VideoSdkRule, asked: Option<Permissions>) -> Result<Permissions, Refusal> {
    let permissions = asked.unwrap_or(rule.permissions.usual);
    if rule.permissions.allows(permissions) {
        return Ok(permissions);
    }
    let (part, reason) = if permissions.moderates() && !rule.permissions.allows(Permissions::Moderate) {
        (Part::Privileged, MODERATOR)
    } else {
        (Part::Role, "the rule for this caller does not give these permissions")
    };
    Err(Refusal::new(part, "videosdk.permissions", reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hallpass_token::agora::Uid;

    use crate::caller::tests::user;
    use crate::policy::{Policy, Texts};

    /// What alice gets who takes a token of either version; `None` is version 1.
    fn either_version(rule: &str) -> Result<Option<String>, &'static str> {
        let policy = Policy::of(vec![serde_json::from_str(&format!(r#"{{"videosdk":{rule}}}"#)).unwrap()]);
        let (caller, texts) = (user(r#"{"sub":"alice"}"#), Texts::default());
        let decision = Judge {
            policy: &policy,
            caller: &caller,
            project: "meet",
            random_uid: Uid::from_bytes([1; 4]),
            texts: &texts,
        };
        let ask = VideoSdkAsk { permissions: None, scope: VideoSdkScopeAsk::V1OrV2 };
        match decision.videosdk(&ask, Life::MAX) {
            Ok(decided) => Ok(decided.grant.scope.map(|VideoSdkScope { roles, room, participant }| {
                let (room, participant) = (room.map(RoomId::as_str), participant.map(ParticipantId::as_str));
                format!("{:?} {room:?} {participant:?}", roles.names())
            })),
            Err(Problem::Refused(refusal)) => Err(refusal.field),
            Err(problem) => panic!("{problem}"),
        }
    }

    #[test]
    fn version_1_is_for_those_who_may_have_it() {
        let version_2 = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(either_version("{}"), version_2(r#"["rtc"] None Some("alice")"#));
        assert_eq!(either_version(r#"{"v1":true}"#), Ok(None));
        let filled_in = either_version(r#"{"room":"room-{sub}","identity":"any"}"#);
        assert_eq!(filled_in, version_2(r#"["rtc"] Some("room-alice") None"#));
        assert_eq!(either_version(r#"{"room":"room-*"}"#), Err("videosdk.room"));
    }
}
