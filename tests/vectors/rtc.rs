//! One RTC vector: built from the format up, and by [`RtcToken`] too, where its values are ones that Agora
//! accepts.

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_token::agora::v006::Token006;
use hallpass_token::agora::v007::{Service, Services, Token007};
use hallpass_token::agora::{
    Account, AppCertificate, AppId, Channel, Privileges, Role, RtcPrivileges, RtcToken, RtcUser, Salt, Text,
};
use hallpass_token::{Seconds, UnixSeconds};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct RtcVector {
    format: String,
    app_id: String,
    app_certificate: String,
    salt: u32,
    /// For 007 the issue of the token, for 006 its end.
    #[serde(alias = "issue_ts")]
    ts: u32,
    args: Args,
    expected: Expected,
}

#[derive(Deserialize)]
struct Args {
    channel: String,
    uid: Option<u32>,
    account: Option<String>,
    role: Option<u32>,
    /// 006: when the privileges end.
    expire_ts: Option<u32>,
    /// 007: how long the token lives, and the privileges that its role gives.
    token_expire: Option<u32>,
    privilege_expire: Option<u32>,
    /// 007: how long each privilege lives, instead of a role.
    join: Option<u32>,
    audio: Option<u32>,
    video: Option<u32>,
    data: Option<u32>,
}

#[derive(Deserialize)]
struct Expected {
    token: Option<String>,
    payload_hex: Option<String>,
}

/// What was compared.
pub(super) struct Checked {
    pub(super) typed: bool,
}

impl RtcVector {
    pub(super) fn check(&self) -> anyhow::Result<Checked> {
        let app_id = AppId::parse(&self.app_id)?;
        let certificate = AppCertificate::parse(&self.app_certificate)?;
        match self.format.as_str() {
            "006" => self.check_006(&app_id, &certificate),
            "007" => self.check_007(&app_id, &certificate),
            other => bail!("the format {other} is unknown"),
        }
    }

    fn check_006(&self, app_id: &AppId, certificate: &AppCertificate) -> anyhow::Result<Checked> {
        let expected = self.expected.token.as_deref().context("it has no token")?;
        let end = self.args.expire_ts.context("it has no expire_ts")?;
        let privileges: &[(u16, u32)] = match self.args.role {
            Some(0 | 1 | 101) => &[(1, end), (2, end), (3, end), (4, end)],
            Some(2) => &[(1, end)],
            other => bail!("the role {other:?} is unknown"),
        };
        let ours = Token006 {
            app_id,
            channel: &self.args.channel,
            uid: &self.args.uid_text()?,
            salt: self.salt,
            expires_at: UnixSeconds(self.ts),
            privileges: Privileges::new(privileges).context("the privileges do not ascend")?,
        }
        .sign(certificate);
        ensure!(ours == expected, "Token006 gives {ours}");

        let Some(typed) = self.typed_006(app_id) else { return Ok(Checked { typed: false }) };
        let ours = typed.sign_006(certificate);
        ensure!(ours == expected, "RtcToken gives {ours}");
        Ok(Checked { typed: true })
    }

    fn check_007(&self, app_id: &AppId, certificate: &AppCertificate) -> anyhow::Result<Checked> {
        let expected = self.expected.payload_hex.as_deref().context("it has no payload_hex")?;
        let uid = self.args.uid_text()?;
        let map = self.args.map_007()?;
        let rtc = Service::Rtc {
            channel: Text::new(&self.args.channel).context("the channel is too long for any token")?,
            uid: Text::new(&uid).context("the user is too long for any token")?,
            privileges: Privileges::new(&map).context("the privileges do not ascend")?,
        };
        let ours = Token007 {
            app_id,
            issued_at: UnixSeconds(self.ts),
            expires_in: self.args.life()?,
            salt: self.salt,
            services: Services::one(&rtc),
        }
        .sign(certificate);
        let ours = payload_hex(&ours)?;
        ensure!(ours == expected, "Token007 gives {ours}");

        let Some(typed) = self.typed_007(app_id) else { return Ok(Checked { typed: false }) };
        let ours = payload_hex(&typed.sign_007(certificate))?;
        ensure!(ours == expected, "RtcToken gives {ours}");
        Ok(Checked { typed: true })
    }

    fn typed_006<'a>(&'a self, app_id: &'a AppId) -> Option<RtcToken<'a>> {
        let issued_at = self.ts.checked_sub(Seconds::DAY.0)?;
        let life = self.args.expire_ts?.checked_sub(issued_at).filter(|life| *life > 0)?;
        let role = match self.args.role? {
            2 => Role::Subscriber,
            _ => Role::Publisher,
        };
        self.typed(app_id, UnixSeconds(issued_at), Seconds(life), role.privileges(Seconds(life)))
    }

    fn typed_007<'a>(&'a self, app_id: &'a AppId) -> Option<RtcToken<'a>> {
        let privileges = match self.args.role {
            Some(1) => Role::Publisher.privileges(Seconds(self.args.privilege_expire?)),
            Some(2) => Role::Subscriber.privileges(Seconds(self.args.privilege_expire?)),
            Some(_) => return None,
            None => RtcPrivileges {
                join: self.args.join.map(Seconds),
                publish_audio: self.args.audio.map(Seconds),
                publish_video: self.args.video.map(Seconds),
                publish_data: self.args.data.map(Seconds),
            },
        };
        self.typed(app_id, UnixSeconds(self.ts), self.args.life().ok()?, privileges)
    }

    /// `None` where a value is one that the types refuse.
    fn typed<'a>(
        &'a self,
        app_id: &'a AppId,
        issued_at: UnixSeconds,
        expires_in: Seconds,
        privileges: RtcPrivileges,
    ) -> Option<RtcToken<'a>> {
        let user = match (&self.args.account, self.args.uid) {
            (Some(account), _) => RtcUser::Account(Account::parse(account).ok()?),
            (None, Some(uid)) => RtcUser::from_number(uid),
            (None, None) => return None,
        };
        let salt = (self.salt > 0).then(|| Salt::from_bytes(self.salt.to_le_bytes()))?;
        let channel = Channel::parse(&self.args.channel).ok()?;
        Some(RtcToken { app_id, channel, user, privileges, issued_at, expires_in, salt })
    }
}

impl Args {
    fn uid_text(&self) -> anyhow::Result<String> {
        match (&self.account, self.uid) {
            (Some(account), None) => Ok(account.clone()),
            (None, Some(0)) => Ok(String::new()),
            (None, Some(uid)) => Ok(uid.to_string()),
            _ => bail!("it needs a uid or an account"),
        }
    }

    fn life(&self) -> anyhow::Result<Seconds> {
        self.token_expire.map(Seconds).context("it has no token_expire")
    }

    /// The official 007 builders know one publisher; every other number subscribes.
    fn map_007(&self) -> anyhow::Result<Vec<(u16, u32)>> {
        let lives = match (self.role, self.privilege_expire) {
            (Some(1), life) => [life; 4],
            (Some(_), life) => [life, None, None, None],
            (None, _) => [self.join, self.audio, self.video, self.data],
        };
        let map: Vec<_> = (1..).zip(lives).filter_map(|(id, life)| Some((id, life?))).collect();
        ensure!(!map.is_empty(), "it has no privileges");
        Ok(map)
    }
}

fn payload_hex(token: &str) -> anyhow::Result<String> {
    let stream = STANDARD.decode(token.strip_prefix("007").context("it does not begin with 007")?)?;
    let payload = miniz_oxide::inflate::decompress_to_vec_zlib(&stream)
        .map_err(|error| anyhow::anyhow!("it does not inflate: {error}"))?;
    Ok(payload.iter().map(|byte| format!("{byte:02x}")).collect())
}
