//! Authenticated callers.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::claims::Claims;
use crate::web::base64;
use crate::web::json::{Invalid, Json};

/// An authenticated caller, or an anonymous caller if the configuration accepts anonymous callers.
#[derive(Debug)]
pub(crate) struct Caller {
    kind: CallerKind,
    /// The claim `sub`, a non-empty string or an exact integer; or the name of the service key.
    subject: Option<String>,
    claims: Claims,
}

/// The kind of a caller, determined by the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallerKind {
    /// A caller without credentials.
    Anonymous,
    /// A user with a JWT.
    User,
    /// A server with a service key.
    Service,
    /// A caller whose claims come from an API Gateway authorizer.
    Gateway,
}

impl Caller {
    pub(crate) const ANONYMOUS: Self =
        Self { kind: CallerKind::Anonymous, subject: None, claims: Claims::NONE };

    pub(crate) fn user(claims: Claims) -> Self {
        Self::with_claims(CallerKind::User, claims)
    }

    pub(crate) fn gateway(claims: Claims) -> Self {
        Self::with_claims(CallerKind::Gateway, claims)
    }

    pub(crate) fn service(name: &str) -> Self {
        Self { kind: CallerKind::Service, subject: Some(name.to_owned()), claims: Claims::NONE }
    }

    fn with_claims(kind: CallerKind, claims: Claims) -> Self {
        let subject = claims.text("sub").filter(|subject| !subject.is_empty()).map(Cow::into_owned);
        Self { kind, subject, claims }
    }

    pub(crate) const fn kind(&self) -> CallerKind {
        self.kind
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Returns a claim as a string, for substitution into a pattern or for the identity of a user. Returns `None`
    /// unless the claim is a non-empty string or an exact integer. Strings that contain `*`, `{` or `}` are excluded,
    /// because these characters have a special meaning in patterns and for providers.
    pub(crate) fn substitutable_claim(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = if name == "sub" { self.subject()?.into() } else { self.claims.text(name)? };
        is_substitutable(&value).then_some(value)
    }

    /// Returns the rate limit key of this caller, or `None` if the caller has no subject. The key is a hash, because a
    /// subject may be long and is confidential.
    pub(crate) fn limit_key(&self) -> Option<String> {
        let subject = self.subject()?;
        let issuer = self.claims.get_str("iss").unwrap_or_default();
        let hash = Sha256::digest(format!("{}\0{issuer}\0{subject}", self.kind.as_str()));
        Some(base64::encode(&URL_SAFE_NO_PAD, &hash))
    }
}

/// Returns whether a string can be substituted into a pattern, and can identify a user.
pub(crate) fn is_substitutable(value: &str) -> bool {
    !value.is_empty() && !value.contains(['*', '{', '}'])
}

/// Returns the rate limit key of an IP address, for callers without a subject. All addresses of an IPv6 /64 network
/// have the same key, because one client can use every address in its network.
pub(crate) fn address_limit_key(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.to_owned(),
    }
}

impl CallerKind {
    /// Returns whether callers of this kind have claims.
    pub(crate) const fn has_claims(self) -> bool {
        matches!(self, Self::User | Self::Gateway)
    }

    /// Reads a caller kind from the field `kind` of a rule.
    pub(crate) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        value.one_of("\"user\", \"service\", \"gateway\" or \"anonymous\"", |name| {
            let all = [Self::Anonymous, Self::User, Self::Service, Self::Gateway];
            all.into_iter().find(|kind| kind.as_str() == name)
        })
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
mod tests {
    use super::*;
    use crate::auth::testing::user;

    #[test]
    fn an_exact_integer_is_a_string() {
        let (number, string) = (user(r#"{"iss":"i","sub":42.0}"#), user(r#"{"iss":"i","sub":"42"}"#));
        assert_eq!((number.subject(), number.limit_key()), (Some("42"), string.limit_key()));
        let caller = user(r#"{"sub":18446744073709551616,"least":-1,"half":0.5,"exponent":1e17,"list":[7]}"#);
        assert_eq!((caller.subject(), caller.limit_key()), (None, None));
        for (name, expected) in [
            ("sub", None),
            ("/sub", None),
            ("least", Some("-1")),
            ("half", None),
            ("exponent", None),
            ("list", None),
            ("/list/0", Some("7")),
        ] {
            assert_eq!(caller.substitutable_claim(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn an_ipv6_network_has_one_limit_key() {
        for (address, key) in [
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(address_limit_key(address), key);
        }
    }

    #[test]
    fn limit_keys_depend_on_kind_issuer_and_subject() {
        let key = |claims: &str| user(claims).limit_key();
        assert_ne!(key(r#"{"iss":"a","sub":"x"}"#), key(r#"{"iss":"b","sub":"x"}"#));
        assert_ne!(Caller::service("x").limit_key(), key(r#"{"sub":"x"}"#));
        assert_eq!(Caller::ANONYMOUS.limit_key(), None);
    }
}
