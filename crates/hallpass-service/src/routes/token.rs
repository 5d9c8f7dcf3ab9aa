//! `POST /v1/token`: one request, one token.

use hallpass_token::agora::{Account, Channel, Role, RtcPrivilege, RtcPrivileges, User};
use hallpass_token::{Lasts, Life, LifeError, Seconds};
use http::{Method, Response, StatusCode};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Call;
use crate::answer::{self, JSON};
use crate::config::Version;
use crate::json::{self, Object, WholeNumber};
use crate::mint::{Ask, Minted};
use crate::problem::Problem;

pub(super) fn answer(call: Call<'_>) -> Response<Vec<u8>> {
    if !call.is(&Method::POST) {
        return Problem::MethodNotAllowed { allow: "POST" }.into_response(&call.inputs.request_id);
    }
    grant(call).unwrap_or_else(|problem| problem.into_response(&call.inputs.request_id))
}

fn grant(call: Call<'_>) -> Result<Response<Vec<u8>>, Problem> {
    let minter = call.minter()?;
    let Object(body) = json::parse::<Object<TokenBody>>(call.body()?)?;
    let minted = minter.mint(&body.ask()?)?;
    Ok(answer::json(StatusCode::OK, JSON, &TokenAnswer::from(&minted)))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    project: Option<String>,
    version: Option<Version>,
    ttl: Option<Ttl>,
    rtc: Option<Object<RtcBody>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RtcBody {
    channel: Option<String>,
    uid: Option<UidNumber>,
    account: Option<String>,
    role: Option<RoleName>,
    privileges: Option<Object<PrivilegesBody>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PrivilegesBody {
    join: Option<Ttl>,
    publish_audio: Option<Ttl>,
    publish_video: Option<Ttl>,
    publish_data: Option<Ttl>,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Publisher,
    Subscriber,
}

/// The life of the token, or of one privilege.
struct Ttl(Life);

/// A user number; 0 stands for anybody, and is for the policy to decide.
struct UidNumber(u32);

impl TokenBody {
    fn ask(&self) -> Result<Ask<'_>, Problem> {
        let Some(Object(rtc)) = &self.rtc else {
            return Err(Problem::field("rtc", "is missing; it says what the token is for"));
        };
        let Some(channel) = &rtc.channel else {
            return Err(Problem::field("rtc.channel", "is missing; it names the channel to join"));
        };
        let channel = Channel::parse_or_any(channel).map_err(|error| Problem::field("rtc.channel", error))?;
        let user = match (&rtc.uid, &rtc.account) {
            (Some(_), Some(_)) => {
                let detail = "cannot stand beside `rtc.uid`; a user has a number or an account";
                return Err(Problem::field("rtc.account", detail));
            }
            (Some(UidNumber(uid)), None) => Some(User::from_number_or_any(*uid)),
            (None, Some(account)) => Some(User::Account(
                Account::parse(account).map_err(|error| Problem::field("rtc.account", error))?,
            )),
            (None, None) => None,
        };
        let role = rtc.role.map_or(Role::Subscriber, RoleName::into_role);
        Ok(Ask {
            project: self.project.as_deref(),
            version: self.version.unwrap_or(Version::V007),
            ttl: self.ttl.as_ref().map(|ttl| ttl.0),
            channel,
            user,
            role,
            lives: rtc.privileges.as_ref().map(|Object(body)| body.lives(role)).transpose()?,
        })
    }
}

impl PrivilegesBody {
    fn lives(&self, role: Role) -> Result<RtcPrivileges, Problem> {
        let life = |life: &Option<Ttl>| life.as_ref().map(|life| Lasts::For(life.0));
        let lives = RtcPrivileges {
            join: life(&self.join),
            publish_audio: life(&self.publish_audio),
            publish_video: life(&self.publish_video),
            publish_data: life(&self.publish_data),
        };
        if role == Role::Subscriber
            && let Some((privilege, _)) = lives.iter().find(|(privilege, _)| *privilege != RtcPrivilege::Join)
        {
            let field = format!("rtc.privileges.{}", privilege_name(privilege));
            return Err(Problem::field(&field, "is for `rtc.role` publisher only"));
        }
        Ok(lives)
    }
}

impl RoleName {
    const fn into_role(self) -> Role {
        match self {
            Self::Publisher => Role::Publisher,
            Self::Subscriber => Role::Subscriber,
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Publisher => Self::Publisher,
            Role::Subscriber => Self::Subscriber,
        }
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FromNow;

        impl Visitor<'_> for FromNow {
            type Value = Life;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number of seconds from now, 1 to 86400")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Life, E> {
                // A number that does not fit is a Unix time in milliseconds.
                match Life::new(u32::try_from(number).unwrap_or(u32::MAX)) {
                    Ok(life) => Ok(life),
                    Err(LifeError::UnixTime(_)) => Err(E::custom(format_args!(
                        "{number} looks like a Unix time, but a life is counted from now: 1 to 86400 seconds"
                    ))),
                    Err(LifeError::Zero | LifeError::TooLong(_)) => {
                        Err(E::invalid_value(Unexpected::Unsigned(number), &self))
                    }
                }
            }
        }

        deserializer.deserialize_any(FromNow).map(Self)
    }
}

impl<'de> Deserialize<'de> for UidNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = WholeNumber {
            range: 0..=u32::MAX,
            expected: "a whole number from 1 to 4294967295; a text belongs in `account`",
        };
        number.read(deserializer).map(Self)
    }
}

#[derive(serde::Serialize)]
struct TokenAnswer<'a> {
    token: &'a str,
    provider: &'a str,
    version: &'a str,
    project: &'a str,
    app_id: &'a str,
    issued_at: u32,
    expires_at: u32,
    expires_in: u32,
    refresh_after: u32,
    rtc: RtcAnswer<'a>,
}

#[derive(serde::Serialize)]
struct RtcAnswer<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    role: RoleName,
    privileges: PrivilegesAnswer,
}

struct PrivilegesAnswer {
    privileges: RtcPrivileges,
    token: Life,
}

impl<'a> From<&'a Minted<'a>> for TokenAnswer<'a> {
    fn from(minted: &'a Minted<'a>) -> Self {
        let (uid, account) = match minted.user {
            User::Uid(uid) => (Some(uid.get()), None),
            User::Account(account) => (None, Some(account.as_str())),
            User::Any => (Some(0), None),
        };
        Self {
            token: &minted.token,
            provider: "agora",
            version: minted.version.as_str(),
            project: minted.project,
            app_id: minted.app_id.as_str(),
            issued_at: minted.issued_at.0,
            expires_at: minted.issued_at.plus(minted.expires_in.seconds()).0,
            expires_in: minted.expires_in.seconds().0,
            refresh_after: refresh_after(minted.expires_in.seconds()).0,
            rtc: RtcAnswer {
                channel: minted.channel.as_str(),
                uid,
                account,
                role: minted.role.into(),
                privileges: PrivilegesAnswer { privileges: minted.privileges, token: minted.expires_in },
            },
        }
    }
}

impl Serialize for PrivilegesAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (privilege, lasts) in self.privileges.iter() {
            map.serialize_entry(privilege_name(privilege), &lasts.within(self.token).seconds().0)?;
        }
        map.end()
    }
}

const fn privilege_name(privilege: RtcPrivilege) -> &'static str {
    match privilege {
        RtcPrivilege::Join => "join",
        RtcPrivilege::PublishAudio => "publish_audio",
        RtcPrivilege::PublishVideo => "publish_video",
        RtcPrivilege::PublishData => "publish_data",
    }
}

/// When to ask again: after four fifths of the life, but 15 s before the SDKs warn, which is 30 s before the end;
/// for a life too short for that, at its half, and never at once.
fn refresh_after(life: Seconds) -> Seconds {
    const BEFORE_END: u32 = 30 + 15;
    let life = life.0;
    Seconds((life / 5 * 4).min(life.saturating_sub(BEFORE_END)).max(life / 2).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_comes_before_the_warning_of_the_sdks_if_the_life_is_longer_than_a_minute() {
        assert_eq!(refresh_after(Seconds(86_400)), Seconds(69_120));
        assert_eq!(refresh_after(Seconds(3600)), Seconds(2880));
        assert_eq!(refresh_after(Seconds(120)), Seconds(75));
        assert_eq!(refresh_after(Seconds(61)), Seconds(30));
        assert_eq!(refresh_after(Seconds(1)), Seconds(1));
        for life in 61..=86_400 {
            assert!(refresh_after(Seconds(life)).0 < life - 30, "{life}");
        }
    }
}
