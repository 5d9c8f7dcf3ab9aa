//! Identity providers by name: what is the same for all of their customers need not be written.

use serde::de::{Deserialize, Deserializer};

use super::document::{Fault, JwtDocument};
use super::key_set::Source;
use crate::claims::Claim;
use crate::json::{OneOrMore, named};

/// An identity provider that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    /// None of these: everything is written.
    None,
    /// <https://auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens>
    Auth0,
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>
    Cognito,
    /// <https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library>
    Firebase,
    /// <https://supabase.com/docs/guides/auth/jwts>
    Supabase,
    /// <https://clerk.com/docs/guides/sessions/manual-jwt-verification>
    Clerk,
    /// <https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/>
    CloudflareAccess,
}

/// What a preset comes to.
pub(super) struct Plan {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) claims: Vec<(String, Vec<Claim>)>,
    pub(super) header: Option<&'static str>,
    pub(super) source: Source,
    /// The member that the address of the keys is made of.
    pub(super) url_member: &'static str,
}

/// What is wrong with a text that nobody has filled in.
pub(super) const NOT_EMPTY: &str = "expected a text that is not empty";
/// Cloudflare's header for the user of a page behind Access.
const ACCESS_HEADER: &str = "cf-access-jwt-assertion";

impl Preset {
    /// The members that are its own.
    const fn members(self) -> &'static [&'static str] {
        match self {
            Self::None => &["issuer", "audience", "jwks_uri"],
            Self::Auth0 => &["domain", "audience"],
            Self::Cognito => &["user_pool", "issuer", "client_id", "token_use"],
            Self::Firebase => &["project"],
            Self::Supabase => &["project", "audience"],
            Self::Clerk => &["domain", "authorized_parties", "audience"],
            Self::CloudflareAccess => &["team", "audience"],
        }
    }

    /// Refuses a member that means nothing here: whoever wrote it believes that it is checked.
    pub(super) fn check_members(self, document: &JwtDocument) -> Result<(), Fault> {
        let present = [
            ("issuer", document.issuer.is_some()),
            ("audience", document.audience.is_some()),
            ("jwks_uri", document.jwks_uri.is_some()),
            ("domain", document.domain.is_some()),
            ("project", document.project.is_some()),
            ("team", document.team.is_some()),
            ("user_pool", document.user_pool.is_some()),
            ("client_id", document.client_id.is_some()),
            ("token_use", document.token_use.is_some()),
            ("authorized_parties", document.authorized_parties.is_some()),
        ];
        let foreign =
            present.into_iter().find(|(name, is_there)| *is_there && !self.members().contains(name));
        match foreign {
            Some((member, _)) => {
                Err(Fault { member, detail: "means nothing with this `preset`, or without one" })
            }
            None => Ok(()),
        }
    }

    /// What it comes to with the members of the document, which are taken out of it.
    pub(super) fn plan(self, document: &mut JwtDocument) -> Result<Plan, Fault> {
        let audiences =
            |document: &mut JwtDocument| document.audience.take().map_or_else(Vec::new, |OneOrMore(all)| all);
        let plan = |issuer: String, keys: String, audiences, url_member| Plan {
            issuer,
            audiences,
            claims: Vec::new(),
            header: None,
            source: Source::Keys(keys),
            url_member,
        };
        match self {
            Self::None => {
                let issuer = need(
                    "issuer",
                    document.issuer.take(),
                    "expected what `iss` is, such as https://login.example.com",
                )?;
                let source = match &document.jwks_uri {
                    Some(url) => Source::Keys(url.clone()),
                    None => Source::Discovery { issuer: issuer.clone() },
                };
                Ok(Plan { source, ..plan(issuer, String::new(), audiences(document), "issuer") })
            }
            Self::Auth0 => {
                let domain = host("domain", document.domain.take())?;
                let audiences = audiences(document);
                if audiences.is_empty() {
                    return Err(Fault { member: "audience", detail: "expected the identifier of the API" });
                }
                let keys = format!("https://{domain}/.well-known/jwks.json");
                Ok(plan(format!("https://{domain}/"), keys, audiences, "domain"))
            }
            Self::Cognito => cognito(document),
            Self::Firebase => {
                let project = name("project", document.project.take())?;
                let keys = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
                let issuer = format!("https://securetoken.google.com/{project}");
                Ok(plan(issuer, keys.to_owned(), vec![project], "project"))
            }
            Self::Supabase => {
                let issuer =
                    format!("https://{}.supabase.co/auth/v1", name("project", document.project.take())?);
                let mut audiences = audiences(document);
                if audiences.is_empty() {
                    audiences.push("authenticated".to_owned());
                }
                let keys = format!("{issuer}/.well-known/jwks.json");
                Ok(plan(issuer, keys, audiences, "project"))
            }
            Self::Clerk => {
                let issuer = format!("https://{}", host("domain", document.domain.take())?);
                let audiences = audiences(document);
                // A native app has no origin, and Clerk leaves the claim out; its JWTs are told by an audience.
                let claims = match document.authorized_parties.take() {
                    Some(OneOrMore(parties)) if parties.iter().any(String::is_empty) => {
                        return Err(Fault { member: "authorized_parties", detail: NOT_EMPTY });
                    }
                    Some(OneOrMore(parties)) => {
                        vec![("azp".to_owned(), parties.into_iter().map(Claim::Text).collect())]
                    }
                    None if audiences.is_empty() => {
                        return Err(Fault {
                            member: "authorized_parties",
                            detail: "expected the origins of the app, such as https://app.example.com, or an `audience`",
                        });
                    }
                    None => Vec::new(),
                };
                let keys = format!("{issuer}/.well-known/jwks.json");
                Ok(Plan { claims, ..plan(issuer, keys, audiences, "domain") })
            }
            Self::CloudflareAccess => {
                let issuer = format!("https://{}.cloudflareaccess.com", name("team", document.team.take())?);
                let audiences = audiences(document);
                if audiences.is_empty() {
                    return Err(Fault {
                        member: "audience",
                        detail: "expected the AUD tag of the application",
                    });
                }
                let keys = format!("{issuer}/cdn-cgi/access/certs");
                Ok(Plan { header: Some(ACCESS_HEADER), ..plan(issuer, keys, audiences, "team") })
            }
        }
    }
}

/// An id token names the client in `aud`, an access token in `client_id`. The issuer of a pool has one of two forms, of
/// which the pool's id tells the original one:
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>
fn cognito(document: &mut JwtDocument) -> Result<Plan, Fault> {
    let fault = |member, detail| Err(Fault { member, detail });
    let (issuer, url_member) = match (document.issuer.take(), document.user_pool.take()) {
        (Some(_), Some(_)) => return fault("issuer", "stands in place of `user_pool`"),
        (Some(issuer), None) => (need("issuer", Some(issuer), NOT_EMPTY)?, "issuer"),
        (None, pool) => {
            let pool = name("user_pool", pool)?;
            let Some((region, _)) = pool.split_once('_') else {
                return fault("user_pool", "expected the id of a user pool, such as eu-central-1_AbCdEfGhI");
            };
            (format!("https://cognito-idp.{region}.amazonaws.com/{pool}"), "user_pool")
        }
    };
    let Some(OneOrMore(clients)) = document.client_id.take() else {
        return fault("client_id", "expected the id of the app client");
    };
    if clients.iter().any(String::is_empty) {
        return fault("client_id", NOT_EMPTY);
    }
    let kind = document.token_use.take();
    let (kind, audiences, of_client) = match kind.as_deref() {
        Some("id") => ("id", clients, None),
        Some("access") => (
            "access",
            Vec::new(),
            Some(("client_id".to_owned(), clients.into_iter().map(Claim::Text).collect())),
        ),
        _ => return fault("token_use", "expected \"id\" or \"access\""),
    };
    let mut claims = vec![("token_use".to_owned(), vec![Claim::Text(kind.to_owned())])];
    claims.extend(of_client);
    let source = Source::Keys(format!("{issuer}/.well-known/jwks.json"));
    Ok(Plan { issuer, audiences, claims, header: None, source, url_member })
}

fn need(member: &'static str, value: Option<String>, detail: &'static str) -> Result<String, Fault> {
    value.filter(|text| !text.is_empty()).ok_or(Fault { member, detail })
}

/// A host alone: whoever writes an address means something else.
fn host(member: &'static str, value: Option<String>) -> Result<String, Fault> {
    let detail = "expected a host without https:// and path, such as tenant.example.com";
    let host = need(member, value, detail)?;
    let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if is_host { Ok(host) } else { Err(Fault { member, detail }) }
}

/// A name that becomes part of an address.
fn name(member: &'static str, value: Option<String>) -> Result<String, Fault> {
    let detail = "expected a name of letters, digits, `-` and `_`";
    let name = need(member, value, detail)?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_name { Ok(name) } else { Err(Fault { member, detail }) }
}

impl<'de> Deserialize<'de> for Preset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected =
            "\"auth0\", \"cognito\", \"firebase\", \"supabase\", \"clerk\" or \"cloudflare-access\"";
        named(deserializer, expected, |name| match name {
            "auth0" => Some(Self::Auth0),
            "cognito" => Some(Self::Cognito),
            "firebase" => Some(Self::Firebase),
            "supabase" => Some(Self::Supabase),
            "clerk" => Some(Self::Clerk),
            "cloudflare-access" => Some(Self::CloudflareAccess),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(document: &str) -> Result<Plan, String> {
        let mut document: JwtDocument = serde_json::from_str(document).unwrap();
        let preset = document.preset.unwrap_or(Preset::None);
        let plan = preset.check_members(&document).and_then(|()| preset.plan(&mut document));
        plan.map_err(|fault| fault.member.to_owned())
    }

    fn addresses(document: &str) -> (String, String) {
        let Plan { issuer, source, .. } = plan(document).unwrap();
        match source {
            Source::Keys(keys) => (issuer, keys),
            Source::Discovery { issuer: by } => (issuer, by),
        }
    }

    #[test]
    fn a_pool_has_its_original_issuer_or_the_one_that_is_named() {
        let of_pool =
            r#"{"preset":"cognito","user_pool":"eu-central-1_A1","client_id":"c","token_use":"id"}"#;
        let original = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A1";
        assert_eq!(addresses(of_pool), (original.into(), format!("{original}/.well-known/jwks.json")));
        let updated = "https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A1";
        let named = of_pool.replace(r#""user_pool":"eu-central-1_A1""#, &format!(r#""issuer":"{updated}""#));
        assert_eq!(addresses(&named), (updated.into(), format!("{updated}/.well-known/jwks.json")));
        let both = of_pool.replace("}", &format!(r#","issuer":"{updated}"}}"#));
        assert_eq!(plan(&both).err().as_deref(), Some("issuer"));
    }

    #[test]
    fn what_was_not_filled_in_is_refused() {
        for (document, member) in [
            (r#"{"preset":"cognito","user_pool":"eu_1","client_id":"","token_use":"id"}"#, "client_id"),
            (
                r#"{"preset":"cognito","user_pool":"eu_1","client_id":["a",""],"token_use":"access"}"#,
                "client_id",
            ),
            (r#"{"preset":"cognito","issuer":"","client_id":"a","token_use":"id"}"#, "issuer"),
            (
                r#"{"preset":"clerk","domain":"a","authorized_parties":"","audience":"b"}"#,
                "authorized_parties",
            ),
        ] {
            assert_eq!(plan(document).err().as_deref(), Some(member), "{document}");
        }
    }

    #[test]
    fn a_jwt_of_clerk_is_told_by_its_origin_or_its_audience() {
        let of =
            |members: &str| plan(&format!(r#"{{"preset":"clerk","domain":"clerk.example.com"{members}}}"#));
        assert_eq!(of("").err().as_deref(), Some("authorized_parties"));
        let by_origin = of(r#","authorized_parties":"https://app.example.com""#).unwrap();
        assert_eq!((by_origin.claims.len(), by_origin.audiences.len()), (1, 0));
        let by_audience = of(r#","audience":"hallpass""#).unwrap();
        assert_eq!((by_audience.claims.len(), by_audience.audiences.len()), (0, 1));
    }
}
