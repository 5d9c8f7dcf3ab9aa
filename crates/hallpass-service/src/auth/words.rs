//! Who may call, in words.

use http::HeaderName;

use super::config::{AuthConfig, IssuerConfig, KeySource};
use super::key_set::Source;
use crate::claims::Claim;
use crate::config::SecretName;
use crate::outline::listed;

impl AuthConfig {
    /// One line for each kind of credentials, and more below it that are indented.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.issuers.iter().flat_map(IssuerConfig::in_words).collect();
        let of_key = |(name, secret): &(String, SecretName)| {
            format!("the service key `{name}`, which is the secret {}", secret.as_str())
        };
        lines.extend(self.keys.iter().map(of_key));
        if self.trusts_gateway {
            lines.push("callers that an authorizer of API Gateway let through, on Lambda".to_owned());
        }
        if self.open.is_some() {
            lines.push("everybody, without credentials".to_owned());
        }
        lines
    }

    /// The secrets that it names, and what each is for.
    pub(crate) fn secret_uses(&self) -> impl Iterator<Item = (&SecretName, String)> {
        let of_keys = self.keys.iter().map(|(name, secret)| (secret, format!("is the service key `{name}`")));
        let of_issuers = self.issuers.iter().filter_map(|issuer| match &issuer.keys {
            KeySource::Secret(name) => Some((name, format!("signs the JWTs of {}", issuer.name))),
            KeySource::Published { .. } => None,
        });
        of_keys.chain(of_issuers)
    }
}

impl IssuerConfig {
    fn in_words(&self) -> Vec<String> {
        let mut lines =
            vec![format!("users with a JWT of {} in the header {}", self.name, shown(&self.header))];
        let audience = [("aud".to_owned(), self.audiences.clone())];
        let conditions: Vec<_> = audience
            .iter()
            .chain(&self.claims)
            .filter(|(_, wanted)| !wanted.is_empty())
            .map(|(name, wanted)| {
                format!("`{name}` is {}", listed(wanted.iter().map(Claim::to_string), "or"))
            })
            .collect();
        lines.push(format!("  whose {}", listed(conditions, "and")));
        lines.push(match &self.keys {
            KeySource::Secret(name) => format!("  signed with HS256 and the secret {}", name.as_str()),
            KeySource::Published { algorithms, keys } => {
                let algorithms = listed(algorithms.iter().map(|algorithm| algorithm.as_str()), "or");
                match keys.source() {
                    Source::Keys(url) => format!("  signed with {algorithms}, by a key out of {url}"),
                    Source::Discovery { issuer } => format!(
                        "  signed with {algorithms}, by a key out of the `jwks_uri` in {}/.well-known/openid-configuration",
                        issuer.trim_end_matches('/')
                    ),
                }
            }
        });
        lines
    }
}

/// As people write it.
fn shown(header: &HeaderName) -> String {
    let words = header.as_str().split('-').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.collect::<Vec<_>>().join("-")
}
