//! Fixtures: access to test vectors by ID, and functions that decode and encode tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hallpass_token::agora::v006::{Subject, Token006, Untrusted006};
use hallpass_token::agora::v007::{Services, Token007, Untrusted007};
use hallpass_token::agora::{
    Account, AppCertificate, AppId, Channel, ChannelName, FieldStr, Mint, Privileges, Project, Role,
    RtcPrivileges, RtmUser, Salt, Service, User,
};
use hallpass_token::{PrivilegeTtl, Seconds, Ttl, UnixSeconds};
use serde_json::Value;

pub(crate) const APP_ID: &str = "970CA35de60c44645bbae8a215061b33";
pub(crate) const CERTIFICATE: &str = "5CFd2fd1755d40ecb72977518be15d3b";
pub(crate) const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

/// A test vector from `agora.json`, and the credentials of its project.
pub(crate) struct Vector {
    json: Value,
    app_id: AppId,
    certificates: [AppCertificate; 1],
}

impl Vector {
    pub(crate) fn named(id: &str) -> Self {
        let mut file: Value = serde_json::from_str(include_str!("../vectors/agora.json")).unwrap();
        let vectors = file["vectors"].as_array_mut().unwrap();
        let json = vectors.iter_mut().find(|vector| vector["id"] == id).unwrap().take();
        Self::from_json(json)
    }

    /// Returns the credentials that most vectors share, without the JSON of a vector.
    pub(crate) fn default_project() -> Self {
        Self::from_json(Value::Null)
    }

    fn from_json(json: Value) -> Self {
        Self {
            app_id: AppId::parse(json["app_id"].as_str().unwrap_or(APP_ID)).unwrap(),
            certificates: [
                AppCertificate::parse(json["app_certificate"].as_str().unwrap_or(CERTIFICATE)).unwrap()
            ],
            json,
        }
    }

    pub(crate) fn project(&self) -> Project<'_> {
        Project { app_id: &self.app_id, certificates: &self.certificates }
    }

    /// Returns a [`Mint`] with the vector's credentials, issue time and salt.
    pub(crate) fn mint(&self) -> Mint<'_> {
        let issued_at = match self.json.get("ts") {
            Some(_) => self.number("/ts") - Seconds::DAY.0,
            None => self.json["issue_ts"].as_u64().map_or(NOW.0, |_| self.number("/issue_ts")),
        };
        let salt = self.json["salt"].as_u64().map_or(1, |_| self.number("/salt"));
        self.mint_at(UnixSeconds(issued_at), salt)
    }

    pub(crate) fn mint_at(&self, issued_at: UnixSeconds, salt: u32) -> Mint<'_> {
        let salt = Salt::from_bytes(salt.to_le_bytes());
        Mint { app_id: &self.app_id, certificate: &self.certificates[0], issued_at, salt }
    }

    /// Signs a 006 token with the vector's expiry and salt. The other values are not validated.
    pub(crate) fn sign_006(&self, subject: Subject<'_>, privileges: &[(u16, u32)]) -> String {
        let expires_at = UnixSeconds(self.number("/ts"));
        let expiries: Vec<_> = privileges.iter().map(|(id, end)| (*id, UnixSeconds(*end))).collect();
        let privileges = Privileges::new(&expiries).unwrap();
        Token006 { app_id: &self.app_id, subject, salt: self.number("/salt"), expires_at, privileges }
            .sign(&self.certificates[0])
    }

    /// Signs a 007 token with the vector's issue time, TTL and salt. The services are not validated.
    pub(crate) fn sign_007<'a>(&self, services: &'a mut [Service<'a>]) -> String {
        let Mint { app_id, certificate, issued_at, salt } = self.mint();
        let expires_in = Seconds(self.json["expected"]["expire"].as_u64().unwrap_or(600).try_into().unwrap());
        let services = Services::new(services).unwrap();
        Token007 { app_id, issued_at, expires_in, salt: salt.get(), services }.sign(certificate)
    }

    /// Returns the string at a JSON Pointer (RFC 6901) in the vector.
    pub(crate) fn string(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).unwrap().as_str().unwrap()
    }

    pub(crate) fn number(&self, pointer: &str) -> u32 {
        self.json.pointer(pointer).unwrap().as_u64().unwrap().try_into().unwrap()
    }

    pub(crate) fn role(&self) -> i16 {
        self.json["args"]["role"].as_i64().unwrap().try_into().unwrap()
    }

    pub(crate) fn channel(&self) -> Channel<'_> {
        Channel::parse_or_any(self.string("/args/channel")).unwrap()
    }

    /// Returns the user with the vector's uid. If the uid is 0, returns the wildcard.
    pub(crate) fn user(&self) -> User<'_> {
        User::from_number_or_any(self.number("/args/uid"))
    }

    pub(crate) fn account(&self) -> Account<'_> {
        Account::parse(self.string("/args/account")).unwrap()
    }

    /// Returns the privileges at a JSON Pointer, in the order in which the SDKs received the privileges.
    pub(crate) fn privileges(&self, pointer: &str) -> Vec<(u16, u32)> {
        serde_json::from_value(self.json.pointer(pointer).unwrap().clone()).unwrap()
    }

    /// Asserts that a token equals the token of the SDKs. For format 007, the inflated bytes are compared, because
    /// different zlib streams can have the same content.
    #[track_caller]
    pub(crate) fn assert_matches(&self, token: &str) {
        if self.json["format"] == "006" {
            let theirs = self.json.pointer("/expected/token").unwrap_or(&self.json["token"]);
            assert_eq!(token, theirs.as_str().unwrap());
        } else {
            assert_eq!(hex(&inflated(token)), self.string("/expected/payload_hex"));
        }
    }
}

/// Returns a string field whose content is not validated.
pub(crate) fn string(string: &str) -> FieldStr<'_> {
    FieldStr::new(string).unwrap()
}

pub(crate) fn ttl(seconds: u32) -> Ttl {
    Ttl::new(seconds).unwrap()
}

/// Returns the privileges of a publisher. Every privilege has this TTL.
pub(crate) fn publisher(seconds: u32) -> RtcPrivileges {
    Role::Publisher.privileges(PrivilegeTtl::For(ttl(seconds)))
}

/// Returns the privileges of a 007 token: IDs with TTLs.
pub(crate) fn ttls(privileges: &[(u16, u32)]) -> Privileges<'static, Seconds> {
    let ttls: Vec<_> = privileges.iter().map(|(id, seconds)| (*id, Seconds(*seconds))).collect();
    Privileges::new(&ttls).unwrap()
}

/// Returns the privileges of a 006 token: IDs with expiries.
pub(crate) fn expiries(token: &str) -> Vec<(u16, u32)> {
    let token = Untrusted006::parse(token).unwrap();
    token.privileges().iter().map(|(id, end)| (id, end.0)).collect()
}

/// Returns an RTC service whose values are not validated.
pub(crate) fn rtc<'a>(channel: &'a str, user: &'a str, privileges: &[(u16, u32)]) -> Service<'a> {
    Service::Rtc { channel: string(channel), user: string(user), privileges: ttls(privileges) }
}

/// Returns the vector of an APaaS room, and the crate's token for the vector's arguments.
pub(crate) fn room(id: &str) -> (Vector, String) {
    let recorded = Vector::named(id);
    let room = ChannelName::parse(recorded.string("/args/room")).unwrap();
    let user = RtmUser::parse(recorded.string("/args/user")).unwrap();
    let ttl = ttl(recorded.number("/args/expire"));
    let token = recorded.mint().apaas_room(room, user, recorded.role(), ttl);
    (recorded, token)
}

/// Returns the user of the Chat service in a 007 token.
pub(crate) fn chat_user(token: &str) -> String {
    let token = Untrusted007::parse(token).unwrap();
    let mut users = token.services().filter_map(|service| {
        if let Service::Chat { user, .. } = service { Some(user.as_str().to_owned()) } else { None }
    });
    users.next().unwrap()
}

/// Returns the names and the privileges of the services in a 007 token.
pub(crate) fn services(token: &str) -> Vec<(&'static str, Vec<(u16, u32)>)> {
    let token = Untrusted007::parse(token).unwrap();
    let privileges =
        |service: &Service<'_>| service.privileges().iter().map(|(id, length)| (id, length.0)).collect();
    token.services().map(|service| (service.name(), privileges(&service))).collect()
}

/// Returns the inflated payload of a 007 token.
pub(crate) fn inflated(token: &str) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec_zlib(&decoded(token)).unwrap()
}

/// Returns a 007 token with this payload.
pub(crate) fn deflated(payload: &[u8]) -> String {
    encoded(&miniz_oxide::deflate::compress_to_vec_zlib(payload, 9))
}

/// Returns the decoded Base64 of a 007 token.
pub(crate) fn decoded(token: &str) -> Vec<u8> {
    STANDARD.decode(token.strip_prefix("007").unwrap()).unwrap()
}

/// Returns a 007 token with this zlib stream.
pub(crate) fn encoded(stream: &[u8]) -> String {
    format!("007{}", STANDARD.encode(stream))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
