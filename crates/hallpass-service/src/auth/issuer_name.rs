//! The names of issuers, and of the tenants of a multi-tenant issuer.

use super::claims::Claims;
use crate::web::strings::{find, split_once};

/// The name of Google as an issuer.
pub(super) const GOOGLE: &str = "https://accounts.google.com";
/// The placeholder for the ID of any Microsoft Entra tenant. Microsoft's key sets contain the same placeholder.
pub(super) const TENANT: &str = "{tenantid}";
/// The placeholder for the ID of any Microsoft Entra tenant except [`PERSONAL_ACCOUNTS`].
pub(super) const ORGANIZATION: &str = "{organization}";
/// The ID of the Microsoft Entra tenant of all personal accounts.
pub(super) const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Returns whether an issuer name represents several tenants.
pub(super) fn is_multi_tenant(name: &str) -> bool {
    name.contains('{')
}

/// Returns whether `iss` is the issuer with this name. In the name of a multi-tenant issuer, the placeholder represents
/// the claim `tid`:
/// <https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer>
///
/// Google's ID tokens contain the issuer with or without the scheme:
/// <https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>
pub(super) fn is_issuer_of(name: &str, claims: &Claims) -> bool {
    let Some(issuer) = claims.get_str("iss") else { return false };
    let Some((start, end)) = split_once(name, TENANT).or_else(|| split_once(name, ORGANIZATION)) else {
        return issuer == name || (name == GOOGLE && GOOGLE.strip_prefix("https://") == Some(issuer));
    };
    let tenant = issuer.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    let is_accepted =
        |tenant| is_entra_id(tenant) && (tenant != PERSONAL_ACCOUNTS || find(name, TENANT).is_some());
    tenant.is_some_and(is_accepted) && tenant == claims.get_str("tid")
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
        const ANY: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
        const ORGANIZATIONS: &str = "https://login.microsoftonline.com/{organization}/v2.0";
        const PERSONAL: &str = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
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
            (PERSONAL, format!("{{{personal}}}"), true),
            (PERSONAL, format!(r#"{{{a},"tid":"{A}"}}"#), false),
            (GOOGLE, r#"{"iss":"https://accounts.google.com"}"#.to_owned(), true),
            (GOOGLE, r#"{"iss":"accounts.google.com"}"#.to_owned(), true),
            (GOOGLE, r#"{"iss":"google.com"}"#.to_owned(), false),
            ("https://id.example.com", r#"{"iss":"id.example.com"}"#.to_owned(), false),
        ] {
            let parsed = Claims::parse(claims.as_bytes()).unwrap();
            assert_eq!(is_issuer_of(name, &parsed), expected, "{name}: {claims}");
        }
    }
}
