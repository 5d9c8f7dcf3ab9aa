//! What `POST /v1/inspect` takes.

use hallpass_token::agora::{self, Format, Join};
use hallpass_token::videosdk;

use crate::json::Object;
use crate::problem::Problem;
use crate::routes::token::UidNumber;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InspectBody {
    token: String,
    expect: Option<Object<ExpectBody>>,
}

/// What the client does with the token, as far as the caller knows.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectBody {
    app_id: Option<String>,
    channel: Option<String>,
    uid: Option<UidNumber>,
    account: Option<String>,
    api_key: Option<String>,
    room: Option<String>,
    participant: Option<String>,
}

/// Whose token it should be, and what it should say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    Agora(agora::Expected<'a>),
    VideoSdk(videosdk::Expected<'a>),
}

impl InspectBody {
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// By what is expected, else by the looks of the token.
    ///
    /// # Errors
    /// [`Problem::InvalidField`] for expectations that no token can meet.
    pub(super) fn kind(&self) -> Result<Kind<'_>, Problem> {
        let Some(Object(expect)) = &self.expect else { return Ok(Kind::by_looks(&self.token)) };
        let videosdk = expect.of_videosdk();
        match expect.of_agora()? {
            Some(_) if videosdk.is_some() => {
                let detail = "names things of Agora beside things of VideoSDK; a token is for one of them";
                Err(Problem::field("expect", detail))
            }
            Some(agora) => Ok(Kind::Agora(agora)),
            None => Ok(videosdk.map_or_else(|| Kind::by_looks(&self.token), Kind::VideoSdk)),
        }
    }
}

impl ExpectBody {
    /// `None` where it names nothing of Agora.
    fn of_agora(&self) -> Result<Option<agora::Expected<'_>>, Problem> {
        let user = match (&self.uid, &self.account) {
            (Some(_), Some(_)) => {
                let detail = "cannot stand beside `expect.uid`; a user has a number or an account";
                return Err(Problem::field("expect.account", detail));
            }
            (Some(UidNumber(uid)), None) => Some(Join::Uid(*uid)),
            (None, account) => account.as_deref().map(Join::Account),
        };
        let (app_id, channel) = (self.app_id.as_deref(), self.channel.as_deref());
        let is_named = app_id.is_some() || channel.is_some() || user.is_some();
        Ok(is_named.then_some(agora::Expected { app_id, channel, user }))
    }

    /// `None` where it names nothing of VideoSDK.
    fn of_videosdk(&self) -> Option<videosdk::Expected<'_>> {
        let expected = videosdk::Expected {
            api_key: self.api_key.as_deref(),
            room: self.room.as_deref(),
            participant: self.participant.as_deref(),
        };
        (expected != videosdk::Expected::default()).then_some(expected)
    }
}

impl Kind<'_> {
    /// A JWT is one also where blanks, quotes or `Bearer` stand around it; all else is explained as Agora's.
    fn by_looks(token: &str) -> Self {
        let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
        if token.split(around).any(|word| Format::of(word) == Format::Jwt) {
            Self::VideoSdk(videosdk::Expected::default())
        } else {
            Self::Agora(agora::Expected::default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";

    fn is_videosdk(token: &str, expect: &str) -> Result<bool, Problem> {
        let text = format!(r#"{{"token":{token:?},"expect":{expect}}}"#);
        let Object(body) = json::parse::<Object<InspectBody>>(text.as_bytes())?;
        Ok(matches!(body.kind()?, Kind::VideoSdk(_)))
    }

    #[test]
    fn the_looks_decide_where_nothing_is_expected() {
        for (token, expected) in [
            (JWT, true),
            (&format!("Bearer {JWT}"), true),
            (&format!("\" {JWT}\""), true),
            ("007eJx", false),
            ("eyJhbGciOiJIUzI1NiJ9", false),
            ("", false),
        ] {
            for nothing in ["null", "{}", r#"{"room":null}"#] {
                assert_eq!(is_videosdk(token, nothing), Ok(expected), "{token}");
            }
        }
    }

    #[test]
    fn what_is_expected_decides_before_the_looks() {
        for (expect, expected) in [
            (r#"{"app_id":"x"}"#, false),
            (r#"{"channel":"x"}"#, false),
            (r#"{"uid":0}"#, false),
            (r#"{"account":"x"}"#, false),
            (r#"{"api_key":"x"}"#, true),
            (r#"{"room":"x"}"#, true),
            (r#"{"participant":"x"}"#, true),
        ] {
            assert_eq!(is_videosdk(JWT, expect), Ok(expected), "{expect}");
            assert_eq!(is_videosdk("007eJx", expect), Ok(expected), "{expect}");
        }
    }

    #[test]
    fn expectations_fit_together() {
        for (expect, field) in
            [(r#"{"uid":1,"account":"a"}"#, "expect.account"), (r#"{"uid":1,"room":"r"}"#, "expect")]
        {
            let problem = is_videosdk(JWT, expect).unwrap_err();
            assert!(
                matches!(&problem, Problem::InvalidField { field: Some(name), .. } if name == field),
                "{problem}"
            );
        }
    }
}
