//! Descriptions of the accepted credentials, for people who check a configuration.

use super::claims::describe_conditions;
use super::config::AuthConfig;
use super::issuer::{Issuer, KeySource};
use super::key_set::discovery_url;
use crate::settings::SecretName;
use crate::web::text::listed;

impl AuthConfig {
    /// Returns a line for each kind of credentials; details follow in indented lines.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.issuers.iter().flat_map(Issuer::describe).collect();
        lines.extend(self.keys.iter().map(|(name, secret)| {
            format!("the service key `{name}`, which is the secret {}", secret.as_str())
        }));
        if self.trusts_gateway {
            lines.push("callers that an authorizer of API Gateway let through, on Lambda".to_owned());
        }
        if self.open.is_some() {
            lines.push("everybody, without credentials".to_owned());
        }
        lines
    }

    /// Returns the names of the secrets, each with its purpose.
    pub(crate) fn secret_uses(&self) -> impl Iterator<Item = (&SecretName, String)> {
        let of_keys = self.keys.iter().map(|(name, secret)| (secret, format!("is the service key `{name}`")));
        let of_issuers = self.issuers.iter().filter_map(|issuer| {
            Some((issuer.keys.secret_name()?, format!("signs the JWTs of {}", issuer.name)))
        });
        of_keys.chain(of_issuers)
    }
}

impl Issuer {
    fn describe(&self) -> [String; 3] {
        let audience = ("aud".to_owned(), self.audiences.clone());
        let audience = (!self.audiences.is_empty()).then_some(&audience);
        let conditions = describe_conditions(audience.into_iter().chain(&self.claims));
        let keys = match &self.keys {
            KeySource::Secret(name) => format!("HS256 and the secret {}", name.as_str()),
            KeySource::Published { algorithms, keys } => {
                let algorithms = listed(algorithms.iter().map(|algorithm| algorithm.as_str()), "or");
                if keys.by_discovery {
                    format!("{algorithms}, by a key out of the `jwks_uri` in {}", discovery_url(&keys.url))
                } else {
                    format!("{algorithms}, by a key out of {}", keys.url)
                }
            }
        };
        [
            format!("users with a JWT of {} in the header {}", self.name, title_case(&self.header)),
            format!("  whose {conditions}"),
            format!("  signed with {keys}"),
        ]
    }
}

/// Returns the name of a header in its usual notation, such as `X-Api-Key`.
fn title_case(header: &str) -> String {
    let words = header.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
