//! What a token of Agora says, as facts that can be compared.

use std::collections::BTreeMap;

use hallpass_token::Seconds;
use hallpass_token::agora::v006::Untrusted006;
use hallpass_token::agora::v007::{Remainder, Untrusted007};
use hallpass_token::agora::{FieldStr, Privileges, Service};

/// Every fact by its name.
#[derive(Debug)]
pub(super) struct DecodedToken {
    pub(super) facts: BTreeMap<String, String>,
}

/// How long every 006 token lives.
const DAY: u32 = 24 * 60 * 60;
const USER_006: &str = "checksum of the user";
const USER_007: &str = "rtc, user";

/// `None` for a text that is no token.
pub(super) fn decode(text: &str) -> Option<DecodedToken> {
    match Untrusted006::parse(text) {
        Ok(token) => Some(of_006(&token)),
        Err(_) => Untrusted007::parse(text).ok().map(|token| of_007(&token)),
    }
}

fn of_006(token: &Untrusted006) -> DecodedToken {
    let mut facts = BTreeMap::from([
        ("format".to_owned(), "006".to_owned()),
        ("project".to_owned(), token.app_id().as_str().to_owned()),
        ("checksum of the channel".to_owned(), token.channel_crc().to_string()),
        (USER_006.to_owned(), token.user_crc().to_string()),
    ]);
    for (id, ends) in token.privileges().iter() {
        // 0 stands for the end of the token.
        let seconds = if ends.0 == 0 { 0 } else { (ends.0 + DAY).saturating_sub(token.expires_at().0) };
        facts.insert(format!("privilege {id}"), format!("{seconds} s"));
    }
    DecodedToken { facts }
}

fn of_007(token: &Untrusted007) -> DecodedToken {
    let mut facts = BTreeMap::from([
        ("format".to_owned(), "007".to_owned()),
        ("project".to_owned(), token.app_id().as_str().to_owned()),
        ("life".to_owned(), format!("{} s", token.expires_in().0)),
    ]);
    if token.remainder() != Remainder::Empty {
        facts.insert("rest".to_owned(), format!("{:?}", token.remainder()));
    }
    for service in token.services() {
        let name = service.name();
        for (what, is) in texts(&service) {
            facts.insert(format!("{name}, {what}"), is);
        }
        privileges(name, service.privileges(), &mut facts);
    }
    DecodedToken { facts }
}

fn privileges(service: &str, privileges: &Privileges<'_, Seconds>, facts: &mut BTreeMap<String, String>) {
    for (id, lasts) in privileges.iter() {
        facts.insert(format!("{service}, privilege {id}"), format!("{} s", lasts.0));
    }
}

/// For whom and where a service is.
fn texts(service: &Service<'_>) -> Vec<(&'static str, String)> {
    let text = |text: &FieldStr<'_>| text.as_str().to_owned();
    match service {
        Service::Rtc { channel, user, .. }
        | Service::Streaming { channel, user, .. }
        | Service::Fcdn { channel, user, .. } => vec![("channel", text(channel)), ("user", text(user))],
        Service::Rtm { user, .. } | Service::Chat { user, .. } => vec![("user", text(user))],
        Service::Apaas { room, user, role, .. } => {
            vec![("room", text(room)), ("user", text(user)), ("role", role.to_string())]
        }
        Service::Rtm2 { user, permissions, .. } => {
            vec![("user", text(user)), ("permissions", format!("{permissions:?}"))]
        }
        Service::Fpa { .. } | Service::ConvoAi { .. } | Service::Stt { .. } => vec![],
        _ => vec![("all", format!("{service:?}"))],
    }
}

impl DecodedToken {
    /// The facts, but for the user if that is the one with this number.
    pub(super) fn without_user(&self, uid: u64) -> BTreeMap<String, String> {
        let uid = uid.to_string();
        let checksum = crc32fast::hash(uid.as_bytes()).to_string();
        let mut facts = self.facts.clone();
        facts.retain(|name, is| match name.as_str() {
            USER_006 => *is != checksum,
            USER_007 => *is != uid,
            _ => true,
        });
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_a_server_chose_is_left_out_and_no_other() {
        let facts = |text: &str| {
            let user = crc32fast::hash(b"7").to_string();
            let facts = [(USER_006, user.as_str()), (USER_007, text), ("format", "006")];
            DecodedToken {
                facts: facts.iter().map(|(name, is)| ((*name).to_owned(), (*is).to_owned())).collect(),
            }
        };
        assert_eq!(facts("7").without_user(7).len(), 1);
        assert_eq!(facts("8").without_user(7).len(), 2);
        assert_eq!(facts("7").without_user(8).len(), 3);
    }
}
