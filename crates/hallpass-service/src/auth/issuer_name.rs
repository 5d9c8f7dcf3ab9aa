//! The names of issuers.

use std::fmt;

use super::claims::Claims;

/// The accepted values of the claim `iss`.
#[derive(Debug)]
pub(super) enum IssuerName {
    /// Exactly this value.
    Exact(String),
    /// Google. Its ID tokens contain the issuer with or without the scheme:
    /// <https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>
    Google,
    /// All tenants of Microsoft Entra. `iss` contains the claim `tid`:
    /// <https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer>
    EntraTenants {
        /// True if the tenant [`PERSONAL_ACCOUNTS`] is included.
        includes_personal: bool,
    },
}

/// The ID of the Microsoft Entra tenant of all personal accounts.
pub(super) const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

const GOOGLE: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
/// The start and the end of an issuer URL of Microsoft Entra. The ID of the tenant is between these strings.
const ENTRA: [&str; 2] = ["https://login.microsoftonline.com/", "/v2.0"];
/// The placeholder for the ID of any tenant in the key sets of Microsoft Entra.
const TENANT: &str = "{tenantid}";

impl IssuerName {
    /// Returns whether this is the issuer that the claims name.
    pub(super) fn matches(&self, claims: &Claims) -> bool {
        let Some(issuer) = claims.get_str("iss") else { return false };
        match self {
            Self::Exact(name) => issuer == name,
            Self::Google => GOOGLE.contains(&issuer),
            Self::EntraTenants { includes_personal } => {
                let tenant = entra_tenant(issuer).filter(|tenant| is_entra_id(tenant));
                let is_accepted = |tenant| *includes_personal || tenant != PERSONAL_ACCOUNTS;
                tenant.is_some_and(is_accepted) && tenant == claims.get_str("tid")
            }
        }
    }

    /// Returns whether the name represents several tenants.
    pub(super) const fn is_multi_tenant(&self) -> bool {
        matches!(self, Self::EntraTenants { .. })
    }

    /// Returns whether the issuer is Microsoft Entra.
    #[cfg(feature = "check")]
    pub(super) fn is_entra(&self) -> bool {
        self.is_multi_tenant() || matches!(self, Self::Exact(name) if entra_tenant(name).is_some())
    }
}

impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Google => f.write_str(GOOGLE[0]),
            Self::EntraTenants { includes_personal: true } => f.write_str(&entra_issuer(TENANT)),
            Self::EntraTenants { includes_personal: false } => f.write_str(&entra_issuer("{organization}")),
        }
    }
}

/// Returns whether the member `issuer` of a JWK names the issuer of the claims. Microsoft Entra publishes keys for all
/// tenants, and keys for one tenant.
pub(super) fn is_key_issuer_of(issuer: &str, claims: &Claims) -> bool {
    claims.get_str("iss") == Some(issuer) || entra_tenant(issuer) == Some(TENANT)
}

/// Returns the issuer URL of a Microsoft Entra tenant.
pub(super) fn entra_issuer(tenant: &str) -> String {
    let [start, end] = ENTRA;
    format!("{start}{tenant}{end}")
}

/// Returns the tenant in an issuer URL of Microsoft Entra.
fn entra_tenant(issuer: &str) -> Option<&str> {
    let [start, end] = ENTRA;
    issuer.strip_prefix(start)?.strip_suffix(end)
}

/// Returns whether a string is an ID of Microsoft Entra, which is a UUID in lower case.
pub(super) fn is_entra_id(string: &str) -> bool {
    const LENGTH: usize = PERSONAL_ACCOUNTS.len();
    string.len() == LENGTH && string.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_the_issuer_to_the_tenant() {
        const ANY: IssuerName = IssuerName::EntraTenants { includes_personal: true };
        const ORGANIZATIONS: IssuerName = IssuerName::EntraTenants { includes_personal: false };
        const GOOGLE: IssuerName = IssuerName::Google;
        let exact = |name: &str| IssuerName::Exact(name.to_owned());
        const A: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        let issuer = |tenant: &str| format!(r#""iss":"https://login.microsoftonline.com/{tenant}/v2.0""#);
        let (a, personal) = (issuer(A), issuer(PERSONAL_ACCOUNTS));
        for (name, claims, expected) in [
            (ANY, format!(r#"{{{a},"tid":"{A}"}}"#), true),
            (ANY, format!(r#"{{{a},"tid":"{PERSONAL_ACCOUNTS}"}}"#), false),
            (ANY, format!(r#"{{{a},"tid":["{A}"]}}"#), false),
            (ANY, format!("{{{a}}}"), false),
            (ANY, format!(r#"{{"tid":"{A}"}}"#), false),
            (ANY, format!(r#"{{{},"tid":"common"}}"#, issuer("common")), false),
            (ANY, format!(r#"{{"iss":"https://sts.windows.net/{A}/","tid":"{A}"}}"#), false),
            (ANY, format!(r#"{{{personal},"tid":"{PERSONAL_ACCOUNTS}"}}"#), true),
            (ORGANIZATIONS, format!(r#"{{{personal},"tid":"{PERSONAL_ACCOUNTS}"}}"#), false),
            (ORGANIZATIONS, format!(r#"{{{a},"tid":"{A}"}}"#), true),
            (exact(&entra_issuer(PERSONAL_ACCOUNTS)), format!("{{{personal}}}"), true),
            (exact(&entra_issuer(PERSONAL_ACCOUNTS)), format!(r#"{{{a},"tid":"{A}"}}"#), false),
            (GOOGLE, r#"{"iss":"https://accounts.google.com"}"#.to_owned(), true),
            (GOOGLE, r#"{"iss":"accounts.google.com"}"#.to_owned(), true),
            (GOOGLE, r#"{"iss":"google.com"}"#.to_owned(), false),
            (exact("https://id.example.com"), r#"{"iss":"id.example.com"}"#.to_owned(), false),
        ] {
            let parsed = Claims::parse(claims.as_bytes()).unwrap();
            assert_eq!(name.matches(&parsed), expected, "{name}: {claims}");
        }
    }

    #[test]
    fn a_key_belongs_to_every_tenant_or_to_one_issuer() {
        let claims = Claims::parse(br#"{"iss":"https://login.microsoftonline.com/a/v2.0"}"#).unwrap();
        for (issuer, expected) in [
            ("https://login.microsoftonline.com/{tenantid}/v2.0", true),
            ("https://login.microsoftonline.com/a/v2.0", true),
            ("https://login.microsoftonline.com/b/v2.0", false),
            ("https://login.microsoftonline.com/{tenantid}/v2.0/", false),
            ("https://login.example.com/{tenantid}/v2.0", false),
            ("", false),
        ] {
            assert_eq!(is_key_issuer_of(issuer, &claims), expected, "{issuer}");
        }
    }
}
