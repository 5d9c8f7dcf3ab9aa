//! Presets for identity providers, which supply what is the same for all customers of a provider.

use http::HeaderName;

use super::issuer::Issuer;
use super::key_set::KeySetSource;
use crate::web::json::{Fields, Invalid, Json};

/// An identity provider whose URLs and header the service knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    /// Another provider, whose issuer and keys the configuration names.
    Custom,
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

/// The fields of an issuer with any preset.
const COMMON_FIELDS: [&str; 5] = ["preset", "secret", "header", "algorithms", "claims"];
/// An error for an empty string.
const NOT_EMPTY: &str = "expected a text that is not empty";
/// Cloudflare's header for the user of a page that Access protects.
const ACCESS_HEADER: HeaderName = HeaderName::from_static("cf-access-jwt-assertion");

impl Preset {
    pub(super) fn read<'j>(value: &'j Json<'j>) -> Result<Self, Invalid<'j>> {
        let expected =
            "\"auth0\", \"cognito\", \"firebase\", \"supabase\", \"clerk\" or \"cloudflare-access\"";
        value.named(expected, |name| match name {
            "auth0" => Some(Self::Auth0),
            "cognito" => Some(Self::Cognito),
            "firebase" => Some(Self::Firebase),
            "supabase" => Some(Self::Supabase),
            "clerk" => Some(Self::Clerk),
            "cloudflare-access" => Some(Self::CloudflareAccess),
            _ => None,
        })
    }

    /// Returns the fields that the preset reads.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Custom => &["issuer", "audience", "jwks_uri"],
            Self::Auth0 => &["domain", "audience"],
            Self::Cognito => &["user_pool", "issuer", "client_id", "token_use"],
            Self::Firebase => &["project"],
            Self::Supabase => &["project", "audience"],
            Self::Clerk => &["domain", "authorized_parties", "audience"],
            Self::CloudflareAccess => &["team", "audience"],
        }
    }

    /// Reads the fields of the preset. A field of another preset is rejected, because nothing would check it.
    pub(super) fn issuer<'j>(self, fields: Fields<'j>) -> Result<Issuer, Invalid<'j>> {
        let is_foreign = |name: &str| !COMMON_FIELDS.contains(&name) && !self.fields().contains(&name);
        if let Some((_, value)) = fields.object().entries()?.find(|(name, _)| is_foreign(name)) {
            return Err(Invalid::new(value, "means nothing with this `preset`, or without one"));
        }
        let audiences = strings(fields, "audience")?;
        match self {
            Self::Custom => {
                let expected = "expected what `iss` is, such as https://login.example.com";
                let issuer = string(fields, "issuer", expected)?.to_owned();
                let source = match fields.get("jwks_uri") {
                    Some(url) => KeySetSource::Keys(url.string()?.to_owned()),
                    None => KeySetSource::Discovery { issuer: issuer.clone() },
                };
                Ok(Issuer::new(issuer, audiences, source))
            }
            Self::Auth0 => {
                let domain = host(fields, "domain")?;
                if audiences.is_empty() {
                    return error(fields, "audience", "expected the identifier of the API");
                }
                Ok(with_keys_at(format!("https://{domain}/"), ".well-known/jwks.json", audiences))
            }
            Self::Cognito => cognito(fields),
            Self::Firebase => {
                let project = name(fields, "project")?;
                let keys = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
                let issuer = format!("https://securetoken.google.com/{project}");
                Ok(Issuer::new(issuer, vec![project.to_owned().into()], KeySetSource::Keys(keys.to_owned())))
            }
            Self::Supabase => {
                let issuer = format!("https://{}.supabase.co/auth/v1", name(fields, "project")?);
                let audiences = if audiences.is_empty() { vec!["authenticated".into()] } else { audiences };
                Ok(with_keys_at(issuer, "/.well-known/jwks.json", audiences))
            }
            Self::Clerk => {
                let issuer = format!("https://{}", host(fields, "domain")?);
                // Clerk omits the claim for native apps, which have no origin; their JWTs are identified by an audience.
                let parties = strings(fields, "authorized_parties")?;
                if parties.is_empty() && audiences.is_empty() {
                    let expected =
                        "expected the origins of the app, such as https://app.example.com, or an `audience`";
                    return error(fields, "authorized_parties", expected);
                }
                let claims = if parties.is_empty() { Vec::new() } else { vec![("azp".to_owned(), parties)] };
                Ok(Issuer { claims, ..with_keys_at(issuer, "/.well-known/jwks.json", audiences) })
            }
            Self::CloudflareAccess => {
                let issuer = format!("https://{}.cloudflareaccess.com", name(fields, "team")?);
                if audiences.is_empty() {
                    return error(fields, "audience", "expected the AUD tag of the application");
                }
                let issuer = with_keys_at(issuer, "/cdn-cgi/access/certs", audiences);
                Ok(Issuer { header: ACCESS_HEADER, ..issuer })
            }
        }
    }
}

/// Reads a user pool and its app clients. An id token names the client in `aud`, an access token in `client_id`. The issuer
/// of a pool has one of two forms; the original one follows from the pool's id:
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>
fn cognito<'j>(fields: Fields<'j>) -> Result<Issuer, Invalid<'j>> {
    let issuer = match (fields.get("issuer"), fields.get("user_pool")) {
        (Some(_), Some(_)) => return error(fields, "issuer", "stands in place of `user_pool`"),
        (Some(_), None) => string(fields, "issuer", NOT_EMPTY)?.to_owned(),
        (None, _) => {
            let pool = name(fields, "user_pool")?;
            let Some((region, _)) = pool.split_once('_') else {
                let expected = "expected the id of a user pool, such as eu-central-1_AbCdEfGhI";
                return error(fields, "user_pool", expected);
            };
            format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
        }
    };
    let clients = strings(fields, "client_id")?;
    if clients.is_empty() {
        return error(fields, "client_id", "expected the id of the app client");
    }
    let of_kind = |kind: &'static str| ("token_use".to_owned(), vec![kind.into()]);
    let (audiences, claims) = match fields.get("token_use").map(Json::string).transpose()? {
        Some("id") => (clients, vec![of_kind("id")]),
        Some("access") => (Vec::new(), vec![of_kind("access"), ("client_id".to_owned(), clients)]),
        _ => return error(fields, "token_use", "expected \"id\" or \"access\""),
    };
    Ok(Issuer { claims, ..with_keys_at(issuer, "/.well-known/jwks.json", audiences) })
}

/// Returns an issuer whose keys are at a path below its URL.
fn with_keys_at(issuer: String, path: &str, audiences: Vec<Json<'static>>) -> Issuer {
    let keys = KeySetSource::Keys(format!("{issuer}{path}"));
    Issuer::new(issuer, audiences, keys)
}

fn error<'j, T>(fields: Fields<'j>, field: &'static str, detail: &str) -> Result<T, Invalid<'j>> {
    Err(Invalid::field(fields.object(), field, detail))
}

/// Reads one or more strings, none of them empty. Without the field, there are none.
fn strings<'j>(fields: Fields<'j>, field: &'static str) -> Result<Vec<Json<'static>>, Invalid<'j>> {
    let Some(value) = fields.get(field) else { return Ok(Vec::new()) };
    let strings = value.one_or_more()?.iter().map(Json::string).collect::<Result<Vec<_>, _>>()?;
    if strings.contains(&"") {
        return error(fields, field, NOT_EMPTY);
    }
    Ok(strings.into_iter().map(|text| text.to_owned().into()).collect())
}

/// Reads a string that is not empty.
fn string<'j>(fields: Fields<'j>, field: &'static str, expected: &str) -> Result<&'j str, Invalid<'j>> {
    match fields.get(field).map(Json::string).transpose()? {
        Some(text) if !text.is_empty() => Ok(text),
        _ => error(fields, field, expected),
    }
}

/// Reads a host without a scheme or a path.
fn host<'j>(fields: Fields<'j>, field: &'static str) -> Result<&'j str, Invalid<'j>> {
    word(fields, field, b".-", "expected a host without https:// and path, such as tenant.example.com")
}

/// Reads a name that becomes part of a URL.
fn name<'j>(fields: Fields<'j>, field: &'static str) -> Result<&'j str, Invalid<'j>> {
    word(fields, field, b"-_", "expected a name of letters, digits, `-` and `_`")
}

/// Reads a string of letters, digits and these marks.
fn word<'j>(
    fields: Fields<'j>,
    field: &'static str,
    marks: &[u8],
    expected: &str,
) -> Result<&'j str, Invalid<'j>> {
    let text = string(fields, field, expected)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    if text.bytes().all(is_allowed) { Ok(text) } else { error(fields, field, expected) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::issuer::KeySource;

    /// Reads an issuer, or returns the path of the error.
    fn issuer(document: &str) -> Result<Issuer, String> {
        let document = Json::parse(document.as_bytes()).unwrap();
        let issuer = document.read(|document| {
            let known: Vec<_> = document.entries()?.map(|(name, _)| name).collect();
            let fields = document.fields(&known)?;
            Preset::read(fields.required("preset")?)?.issuer(fields)
        });
        issuer.map_err(|error| error.path)
    }

    fn addresses(document: &str) -> (String, String) {
        let Issuer { name, keys, .. } = issuer(document).unwrap();
        let KeySource::Published { keys, .. } = keys else { unreachable!() };
        (name, keys.source().url().to_owned())
    }

    #[test]
    fn a_pool_has_its_original_issuer_or_the_configured_one() {
        let of_pool =
            r#"{"preset":"cognito","user_pool":"eu-central-1_A1","client_id":"c","token_use":"id"}"#;
        let original = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A1";
        assert_eq!(addresses(of_pool), (original.into(), format!("{original}/.well-known/jwks.json")));
        let updated = "https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A1";
        let named = of_pool.replace(r#""user_pool":"eu-central-1_A1""#, &format!(r#""issuer":"{updated}""#));
        assert_eq!(addresses(&named), (updated.into(), format!("{updated}/.well-known/jwks.json")));
        let both = of_pool.replace("}", &format!(r#","issuer":"{updated}"}}"#));
        assert_eq!(issuer(&both).err().as_deref(), Some("issuer"));
    }

    #[test]
    fn an_empty_field_is_rejected() {
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
            assert_eq!(issuer(document).err().as_deref(), Some(member), "{document}");
        }
    }

    #[test]
    fn a_jwt_of_clerk_is_identified_by_its_origin_or_its_audience() {
        let of =
            |members: &str| issuer(&format!(r#"{{"preset":"clerk","domain":"clerk.example.com"{members}}}"#));
        assert_eq!(of("").err().as_deref(), Some("authorized_parties"));
        let by_origin = of(r#","authorized_parties":"https://app.example.com""#).unwrap();
        assert_eq!((by_origin.claims.len(), by_origin.audiences.len()), (1, 0));
        let by_audience = of(r#","audience":"hallpass""#).unwrap();
        assert_eq!((by_audience.claims.len(), by_audience.audiences.len()), (0, 1));
    }
}
