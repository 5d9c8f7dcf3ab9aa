//! Decoding of an Agora token into facts that can be compared.

use std::collections::BTreeMap;

use hallpass_token::Seconds;
use hallpass_token::agora::v006::Untrusted006;
use hallpass_token::agora::v007::{Remainder, Untrusted007};
use hallpass_token::agora::{FieldStr, Privileges, Service};

/// The facts of a token, by name.
#[derive(Debug)]
pub(super) struct DecodedToken {
    pub(super) facts: BTreeMap<String, String>,
}

/// The TTL of every 006 token in seconds.
const TTL_006: u32 = 24 * 60 * 60;
const USER_006: &str = "checksum of the user";
/// The facts of a 007 token that contain a name.
const NAMES_007: [&str; 3] = ["rtc, user", "rtm, user", "rtc, channel"];

/// Decodes a token. Returns `None` if the string is not an Agora token.
pub(super) fn decode(string: &str) -> Option<DecodedToken> {
    match Untrusted006::parse(string) {
        Ok(token) => Some(decode_006(&token)),
        Err(_) => Untrusted007::parse(string).ok().map(|token| decode_007(&token)),
    }
}

fn decode_006(token: &Untrusted006) -> DecodedToken {
    let mut facts = BTreeMap::from([
        ("format".to_owned(), "006".to_owned()),
        ("project".to_owned(), token.app_id().as_str().to_owned()),
        ("checksum of the channel".to_owned(), token.channel_crc().to_string()),
        (USER_006.to_owned(), token.user_crc().to_string()),
    ]);
    for (id, expires_at) in token.privileges().iter() {
        // A privilege with the time 0 expires with the token.
        let seconds = match expires_at.0 {
            0 => 0,
            expires_at => (expires_at + TTL_006).saturating_sub(token.expires_at().0),
        };
        facts.insert(format!("privilege {id}"), format!("{seconds} s"));
    }
    DecodedToken { facts }
}

fn decode_007(token: &Untrusted007) -> DecodedToken {
    let mut facts = BTreeMap::from([
        ("format".to_owned(), "007".to_owned()),
        ("project".to_owned(), token.app_id().as_str().to_owned()),
        ("ttl".to_owned(), format!("{} s", token.expires_in().0)),
    ]);
    if token.remainder() != Remainder::Empty {
        facts.insert("remainder".to_owned(), format!("{:?}", token.remainder()));
    }
    for service in token.services() {
        let name = service.name();
        for (field, value) in fields(&service) {
            facts.insert(format!("{name}, {field}"), value);
        }
        privileges(name, service.privileges(), &mut facts);
    }
    DecodedToken { facts }
}

fn privileges(service: &str, privileges: &Privileges<'_, Seconds>, facts: &mut BTreeMap<String, String>) {
    for (id, ttl) in privileges.iter() {
        facts.insert(format!("{service}, privilege {id}"), format!("{} s", ttl.0));
    }
}

/// Returns the names and values of a service's fields, except privileges.
fn fields(service: &Service<'_>) -> Vec<(&'static str, String)> {
    let string = |field: &FieldStr<'_>| field.as_str().to_owned();
    match service {
        Service::Rtc { channel, user, .. }
        | Service::Streaming { channel, user, .. }
        | Service::Fcdn { channel, user, .. } => vec![("channel", string(channel)), ("user", string(user))],
        Service::Rtm { user, .. } | Service::Chat { user, .. } => vec![("user", string(user))],
        Service::Apaas { room, user, role, .. } => {
            vec![("room", string(room)), ("user", string(user)), ("role", role.to_string())]
        }
        Service::Rtm2 { user, permissions, .. } => {
            vec![("user", string(user)), ("permissions", format!("{permissions:?}"))]
        }
        Service::Fpa { .. } | Service::ConvoAi { .. } | Service::Stt { .. } => vec![],
        _ => vec![("all", format!("{service:?}"))],
    }
}

impl DecodedToken {
    /// Returns the facts without the user and the channel if they have one of these names.
    pub(super) fn without(&self, names: &[String]) -> BTreeMap<String, String> {
        let mut facts = self.facts.clone();
        facts.retain(|fact, value| match fact.as_str() {
            USER_006 => !names.iter().any(|name| *value == crc32fast::hash(name.as_bytes()).to_string()),
            fact if NAMES_007.contains(&fact) => !names.contains(value),
            _ => true,
        });
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omits_only_a_user_that_a_server_chose() {
        let facts = |user_007: &str| {
            let user_006 = crc32fast::hash(b"7").to_string();
            let facts = [(USER_006, user_006.as_str()), ("rtc, user", user_007), ("format", "006")];
            DecodedToken {
                facts: facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            }
        };
        let count = |user: &str, name: &str| facts(user).without(&[name.to_owned()]).len();
        assert_eq!([count("7", "7"), count("8", "7"), count("7", "8")], [1, 2, 3]);
    }
}
