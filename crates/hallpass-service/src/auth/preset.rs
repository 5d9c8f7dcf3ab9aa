//! Presets for identity providers, which supply what is the same for all customers of a provider.

use super::issuer::Issuer;
use super::key_set::KeySet;
use crate::web::json::{Fields, Invalid, Json};

/// A preset: its name, the fields that it reads, and how it reads them. The last argument is the field `audience`.
type Preset = (&'static str, &'static [&'static str], Read);
type Read = for<'j> fn(Fields<'j>, Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>>;

static PRESETS: [Preset; 6] = [
    ("auth0", &["domain", "audience"], auth0),
    ("cognito", &["user_pool", "issuer", "client_id", "token_use"], cognito),
    ("firebase", &["project"], firebase),
    ("supabase", &["project", "audience"], supabase),
    ("clerk", &["domain", "authorized_parties", "audience"], clerk),
    ("cloudflare-access", &["team", "audience"], cloudflare_access),
];
/// An issuer without a preset.
static CUSTOM: Preset = ("", &["issuer", "audience", "jwks_uri"], custom);
/// The fields of an issuer with any preset.
const COMMON_FIELDS: [&str; 5] = ["preset", "secret", "header", "algorithms", "claims"];
/// An error for an empty string.
const NOT_EMPTY: &str = "expected a text that is not empty";
/// Cloudflare's header for the user of a page that Access protects.
const ACCESS_HEADER: &str = "cf-access-jwt-assertion";

/// Reads the fields of a preset. A field of another preset is rejected, because nothing would check it.
pub(super) fn read_issuer<'j>(fields: Fields<'j>) -> Result<Issuer, Invalid<'j>> {
    let expected = "\"auth0\", \"cognito\", \"firebase\", \"supabase\", \"clerk\" or \"cloudflare-access\"";
    let preset = |name: &str| PRESETS.iter().find(|(known, ..)| *known == name);
    let (_, own_fields, read) =
        fields.get("preset").map_or(Ok(&CUSTOM), |value| value.named(expected, preset))?;
    let is_foreign = |name: &str| !COMMON_FIELDS.contains(&name) && !own_fields.contains(&name);
    if let Some((_, value)) = fields.object().entries()?.find(|(name, _)| is_foreign(name)) {
        return Err(Invalid::new(value, "means nothing with this `preset`, or without one"));
    }
    read(fields, strings(fields, "audience")?)
}

/// <https://auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens>
fn auth0<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}/", host(fields, "domain")?);
    if audiences.is_empty() {
        return error(fields, "audience", "expected the identifier of the API");
    }
    Ok(with_keys_at(issuer, ".well-known/jwks.json", audiences))
}

/// <https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library>
fn firebase<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    const KEYS: &str =
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    let project = name(fields, "project")?;
    let issuer = format!("https://securetoken.google.com/{project}");
    Ok(Issuer::new(issuer, vec![project.to_owned().into()], KeySet::new(KEYS.to_owned(), false)))
}

/// <https://supabase.com/docs/guides/auth/jwts>
fn supabase<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}.supabase.co/auth/v1", name(fields, "project")?);
    let audiences = if audiences.is_empty() { vec!["authenticated".into()] } else { audiences };
    Ok(with_keys_at(issuer, "/.well-known/jwks.json", audiences))
}

/// <https://clerk.com/docs/guides/sessions/manual-jwt-verification>
fn clerk<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}", host(fields, "domain")?);
    // Clerk omits the claim for native apps, which have no origin; their JWTs are identified by an audience.
    let parties = strings(fields, "authorized_parties")?;
    if parties.is_empty() && audiences.is_empty() {
        let expected = "expected the origins of the app, such as https://app.example.com, or an `audience`";
        return error(fields, "authorized_parties", expected);
    }
    let claims = if parties.is_empty() { Vec::new() } else { vec![("azp".to_owned(), parties)] };
    Ok(Issuer { claims, ..with_keys_at(issuer, "/.well-known/jwks.json", audiences) })
}

/// <https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/>
fn cloudflare_access<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}.cloudflareaccess.com", name(fields, "team")?);
    if audiences.is_empty() {
        return error(fields, "audience", "expected the AUD tag of the application");
    }
    Ok(Issuer {
        header: ACCESS_HEADER.to_owned(),
        ..with_keys_at(issuer, "/cdn-cgi/access/certs", audiences)
    })
}

/// An issuer without a preset.
fn custom<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let expected = "expected what `iss` is, such as https://login.example.com";
    let issuer = string(fields, "issuer", expected)?.to_owned();
    let keys = match fields.get("jwks_uri") {
        Some(url) => KeySet::new(url.string()?.to_owned(), false),
        None => KeySet::new(issuer.clone(), true),
    };
    Ok(Issuer::new(issuer, audiences, keys))
}

/// Reads a user pool and its app clients. An id token names the client in `aud`, an access token in `client_id`. The issuer
/// of a pool has one of two forms; the original one follows from the pool's id:
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>,
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>
fn cognito<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
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
    let (audiences, claims) = match fields.read("token_use", Json::string)? {
        Some("id") => (clients, vec![of_kind("id")]),
        Some("access") => (Vec::new(), vec![of_kind("access"), ("client_id".to_owned(), clients)]),
        _ => return error(fields, "token_use", "expected \"id\" or \"access\""),
    };
    Ok(Issuer { claims, ..with_keys_at(issuer, "/.well-known/jwks.json", audiences) })
}

/// Returns an issuer whose keys are at a path below its URL.
fn with_keys_at(issuer: String, path: &str, audiences: Vec<Json<'static>>) -> Issuer {
    let keys = KeySet::new(format!("{issuer}{path}"), false);
    Issuer::new(issuer, audiences, keys)
}

fn error<'j, T>(fields: Fields<'j>, field: &'static str, detail: &str) -> Result<T, Invalid<'j>> {
    Err(Invalid::field(fields.object(), field, detail))
}

/// Reads one or more strings, none of them empty. Without the field, there are none.
fn strings<'j>(fields: Fields<'j>, field: &'static str) -> Result<Vec<Json<'static>>, Invalid<'j>> {
    let Some(value) = fields.get(field) else { return Ok(Vec::new()) };
    let strings = value.read_one_or_more(Json::string)?;
    if strings.contains(&"") {
        return error(fields, field, NOT_EMPTY);
    }
    Ok(strings.into_iter().map(|text| text.to_owned().into()).collect())
}

/// Reads a string that is not empty.
fn string<'j>(fields: Fields<'j>, field: &'static str, expected: &str) -> Result<&'j str, Invalid<'j>> {
    match fields.read(field, Json::string)? {
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

    #[test]
    fn a_preset_has_several_forms() {
        const POOL: &str = "https://cognito-idp.eu-1.amazonaws.com/eu-1_A";
        for (document, issuer, audiences, claims) in [
            (
                r#"{"preset":"cognito","user_pool":"eu-1_A","client_id":"c","token_use":"id"}"#,
                POOL,
                1,
                "token_use",
            ),
            (
                r#"{"preset":"cognito","issuer":"https://id.example.com","client_id":"c","token_use":"access"}"#,
                "https://id.example.com",
                0,
                "token_use, client_id",
            ),
            (r#"{"preset":"clerk","domain":"c.example.com","audience":"a"}"#, "https://c.example.com", 1, ""),
        ] {
            let document = Json::parse(document.as_bytes()).unwrap();
            let names: Vec<_> = document.entries().unwrap().map(|(name, _)| name).collect();
            let read = read_issuer(document.fields(&names).unwrap()).unwrap();
            let names: Vec<_> = read.claims.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!((read.name.as_str(), read.audiences.len()), (issuer, audiences));
            assert_eq!(names.join(", "), claims);
        }
    }
}
