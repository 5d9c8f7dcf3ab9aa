//! Descriptions of the accepted credentials for `cargo xtask check-config`.

use super::claims::describe_conditions;
use super::config::AuthConfig;
use super::issuer::{DEFAULT_MAX_TTL, Issuer, KeySource};
use super::key_set::discovery_url;
use crate::platform::SignatureAlgorithm;
use crate::settings::SecretName;
use crate::web::strings::listed;

impl AuthConfig {
    /// Returns a line for each issuer, each service key, and each other kind of accepted caller. Indented lines with
    /// details follow the line of an issuer.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.issuers.iter().flat_map(Issuer::describe).collect();
        lines.extend(
            self.keys
                .iter()
                .map(|(name, secret)| format!("service: key `{name}` (secret {})", secret.as_str())),
        );
        if self.trusts_gateway {
            lines.push("gateway: requests that an API Gateway authorizer accepted (Lambda only)".to_owned());
        }
        if self.open.is_some() {
            lines.push("anonymous: requests without credentials".to_owned());
        }
        lines
    }

    /// Returns a warning for each issuer that accepts the users of every tenant, or more than the access tokens of users. Also returns a
    /// warning if the same subject can come from several issuers.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for issuer in self.issuers.iter().filter(|issuer| issuer.name.is_entra()) {
            let Issuer { name, claims, .. } = issuer;
            let requires = |names: &[&str]| {
                claims.iter().any(|(name, _)| names.contains(&name.strip_prefix('/').unwrap_or(name)))
            };
            if name.is_multi_tenant() && !requires(&["tid"]) {
                warnings.push(format!("`auth.jwt`: {name} includes the users of every tenant. To restrict the tenants, set `tenant` to their IDs."));
            }
            if !requires(&["scp", "roles"]) {
                warnings.push(format!("`auth.jwt`: the entry for {name} also accepts ID tokens, and tokens of apps without a user. To accept only access tokens of users, require `scp` in `claims`."));
            }
        }
        warnings.extend(self.shared_subjects_warning());
        warnings
    }

    /// Returns a warning if users of several issuers can have the same subject.
    fn shared_subjects_warning(&self) -> Option<String> {
        let mut sources: Vec<String> = Vec::new();
        for issuer in self.issuers.iter() {
            let name = issuer.name.to_string();
            if !sources.contains(&name) {
                sources.push(name);
            }
        }
        if self.trusts_gateway {
            sources.push("the API Gateway authorizer".to_owned());
        }
        (sources.len() > 1).then(|| {
            format!(
                "`auth`: the same `sub` from {} is the same user, with the same uid, account, and `{{sub}}`. If two users can have the same `sub`, use a deployment or a project for each issuer, or rules with the claim `iss` and a channel prefix for each issuer",
                listed(sources, "and")
            )
        })
    }

    /// Returns the names of the secrets that `auth` refers to, each with its purpose.
    pub(crate) fn secret_uses(&self) -> impl Iterator<Item = (&SecretName, String)> {
        let service_keys = self.keys.iter().map(|(name, secret)| (secret, format!("service key `{name}`")));
        let hmac_keys = self
            .issuers
            .iter()
            .filter_map(|issuer| Some((issuer.keys.secret_name()?, format!("HS256 key of {}", issuer.name))));
        service_keys.chain(hmac_keys)
    }
}

impl Issuer {
    fn describe(&self) -> [String; 3] {
        let audience = ("aud".to_owned(), self.audiences.clone());
        let audience = (!self.audiences.is_empty()).then_some(&audience);
        let mut conditions = describe_conditions(audience.into_iter().chain(&self.claims));
        if conditions.is_empty() {
            conditions.push_str("none, because the issuer identifies the app");
        }
        if !self.types.is_empty() {
            let types = self.types.iter().map(|media_type| format!("{media_type:?}"));
            conditions += &format!("; `typ` is {}", listed(types, "or"));
        }
        if self.max_ttl != DEFAULT_MAX_TTL {
            conditions += &format!("; `exp` at most {} s ahead", self.max_ttl);
        }
        let signature = match &self.keys {
            KeySource::Secret(name) => format!("HS256, secret {}", name.as_str()),
            KeySource::Published { algorithms, keys } => {
                let algorithms = listed(describe_algorithms(algorithms), "or");
                if keys.by_discovery {
                    format!("{algorithms}, keys from the `jwks_uri` in {}", discovery_url(&keys.url))
                } else {
                    format!("{algorithms}, keys from {}", keys.url)
                }
            }
        };
        [
            format!("user: JWT from {} in the header {}", self.name, title_case(&self.header)),
            format!("  claims: {conditions}"),
            format!("  signature: {signature}"),
        ]
    }
}

/// Returns a description of each family of algorithms, such as `RS256/384`.
fn describe_algorithms(algorithms: &[SignatureAlgorithm]) -> Vec<String> {
    let mut families: Vec<String> = Vec::new();
    for algorithm in SignatureAlgorithm::ALL.into_iter().filter(|known| algorithms.contains(known)) {
        let name = algorithm.name();
        let (family, hash) = name.split_at_checked(2).unwrap_or_default();
        if algorithm == SignatureAlgorithm::Es512 {
            families.push(format!("{name} (Worker only)"));
        } else if let Some(last) = families.last_mut().filter(|last| last.starts_with(family)) {
            last.push('/');
            last.push_str(hash);
        } else {
            families.push(name.to_owned());
        }
    }
    families
}

/// Returns the name of a header in title case, such as `X-Api-Key`.
fn title_case(header: &str) -> String {
    let words = header.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
