//! Who is calling.

use std::net::Ipv6Addr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::claims::{Claim, Claims};

/// A caller whose credentials, where any are needed, were checked.
#[derive(Debug)]
pub(crate) struct Caller {
    kind: Kind,
    /// Of a user, the claim `sub`; of a service, the name of its key.
    subject: Option<String>,
    claims: Claims,
}

/// How a caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Not at all: the configuration opens the service to everybody.
    Anonymous,
    /// By a JWT.
    User,
    /// By a key of the configuration.
    Service,
    /// To API Gateway, which handed its claims over.
    Gateway,
}

impl Caller {
    pub(crate) const ANONYMOUS: Self = Self { kind: Kind::Anonymous, subject: None, claims: Claims::NONE };

    pub(crate) fn user(claims: Claims) -> Self {
        Self::with_claims(Kind::User, claims)
    }

    pub(crate) fn gateway(claims: Claims) -> Self {
        Self::with_claims(Kind::Gateway, claims)
    }

    pub(crate) fn service(name: &str) -> Self {
        Self { kind: Kind::Service, subject: Some(name.to_owned()), claims: Claims::NONE }
    }

    fn with_claims(kind: Kind, claims: Claims) -> Self {
        let subject = claims.text("sub").filter(|subject| !subject.is_empty()).map(str::to_owned);
        Self { kind, subject, claims }
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The text or number of a claim, where it may stand in a channel or for a user. One that holds what means
    /// something in patterns, or is a wildcard to a provider, is no such text.
    pub(crate) fn safe_text(&self, name: &str) -> Option<&str> {
        let text = match (name, self.claims.get(name)) {
            ("sub", _) => self.subject()?,
            (_, Some(Claim::Text(text))) => text,
            // Larger numbers and fractions were rounded when they were read, and may be those of several users.
            (_, Some(Claim::Number(text))) if text.parse::<i128>().is_ok_and(is_exact) => text,
            (
                _,
                None
                | Some(Claim::Null | Claim::Bool(_) | Claim::Number(_) | Claim::List(_) | Claim::Object(_)),
            ) => {
                return None;
            }
        };
        (!text.is_empty() && !text.contains(['*', '{', '}'])).then_some(text)
    }

    /// What the limits count by: nobody else has the same. A hash, since a subject may be long, and is nobody's business.
    pub(crate) fn limit_key(&self) -> Option<String> {
        let subject = self.subject()?;
        let issuer = self.claims.text("iss").unwrap_or_default();
        let hash = Sha256::digest(format!("{}\0{issuer}\0{subject}", self.kind.as_str()));
        Some(URL_SAFE_NO_PAD.encode(hash))
    }
}

/// Whether a number of JSON was read as it stands: 64 bits, with or without a sign.
fn is_exact(number: i128) -> bool {
    u64::try_from(number).is_ok() || i64::try_from(number).is_ok()
}

/// What the limits count by where the caller is nobody in particular: of version 6, whoever has one address has all
/// those of its network.
pub(crate) fn limit_key_of(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.to_owned(),
    }
}

impl Kind {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Anonymous, Self::User, Self::Service, Self::Gateway]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Service => "service",
            Self::Gateway => "gateway",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A user with these claims.
    pub(crate) fn user(claims: &str) -> Caller {
        Caller::user(serde_json::from_str(claims).unwrap())
    }

    #[test]
    fn what_stands_in_a_channel_is_a_plain_text() {
        let caller = user(r#"{"sub":"alice","n":7,"star":"a*","open":"{","close":"}","empty":"","b":true}"#);
        assert_eq!((caller.safe_text("sub"), caller.safe_text("n")), (Some("alice"), Some("7")));
        for name in ["star", "open", "close", "empty", "b", "missing"] {
            assert_eq!(caller.safe_text(name), None, "{name}");
        }
        assert_eq!(user(r#"{"sub":"*"}"#).safe_text("sub"), None);
        assert_eq!(user(r#"{"sub":""}"#).subject(), None);
        assert_eq!(user(r#"{"sub":7}"#).subject(), None);
    }

    #[test]
    fn a_number_that_was_rounded_stands_for_nobody() {
        let caller =
            user(r#"{"largest":18446744073709551615,"least":-1,"larger":18446744073709551616,"half":0.5}"#);
        assert_eq!(caller.safe_text("largest"), Some("18446744073709551615"));
        assert_eq!(caller.safe_text("least"), Some("-1"));
        assert_eq!((caller.safe_text("larger"), caller.safe_text("half")), (None, None));
    }

    #[test]
    fn a_network_of_version_6_counts_as_one() {
        for (address, key) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(limit_key_of(address), key);
        }
    }

    #[test]
    fn limits_count_each_caller_by_itself() {
        let key = |claims: &str| user(claims).limit_key();
        assert_ne!(key(r#"{"iss":"a","sub":"x"}"#), key(r#"{"iss":"b","sub":"x"}"#));
        assert_ne!(Caller::service("x").limit_key(), key(r#"{"sub":"x"}"#));
        assert_eq!(Caller::ANONYMOUS.limit_key(), None);
    }
}
