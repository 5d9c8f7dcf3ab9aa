//! Presets for identity providers. A preset derives the issuer URL, the URL of the key set and the required claims from
//! a few fields.

use super::issuer::Issuer;
use super::key_set::KeySet;
use crate::web::json::{Fields, Invalid, Json};

/// The name of a preset, its own fields, and the function that reads these fields.
type Preset = (&'static str, &'static [&'static str], ReadPreset);
/// A function that reads the fields of a preset. The second argument contains the values of the field `audience`.
type ReadPreset = for<'j> fn(Fields<'j>, Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>>;

static PRESETS: [Preset; 6] = [
    ("auth0", &["domain", "audience"], auth0),
    ("cognito", &["user_pool", "issuer", "client_id", "token_use"], cognito),
    ("firebase", &["project"], firebase),
    ("supabase", &["project", "audience"], supabase),
    ("clerk", &["domain", "authorized_parties", "audience"], clerk),
    ("cloudflare-access", &["team", "audience"], cloudflare_access),
];
/// The entry for an issuer without a preset. The name of this entry is empty.
static CUSTOM: Preset = ("", &["issuer", "audience", "jwks_uri"], custom);
/// The fields that every issuer accepts, with or without a preset.
const COMMON_FIELDS: [&str; 7] = ["preset", "secret", "header", "algorithms", "claims", "types", "max_ttl"];
/// The message of the error for an empty string.
const NOT_EMPTY: &str = "expected a non-empty string";
/// The header in which Cloudflare Access passes the user's JWT.
const ACCESS_HEADER: &str = "cf-access-jwt-assertion";

/// Reads an issuer with or without a preset. Rejects fields of other presets, because these fields would have no
/// effect.
pub(super) fn read_issuer<'j>(fields: Fields<'j>) -> Result<Issuer, Invalid<'j>> {
    let expected = "\"auth0\", \"cognito\", \"firebase\", \"supabase\", \"clerk\" or \"cloudflare-access\"";
    let preset = |name: &str| PRESETS.iter().find(|(known, ..)| *known == name);
    let (preset, own_fields, read) =
        fields.get("preset").map_or(Ok(&CUSTOM), |value| value.one_of(expected, preset))?;
    let is_unsupported = |name: &str| !COMMON_FIELDS.contains(&name) && !own_fields.contains(&name);
    if let Some((name, value)) = fields.object().entries()?.find(|(name, _)| is_unsupported(name)) {
        return Err(Invalid::new(value, unsupported_field(name, preset, own_fields)));
    }
    read(fields, strings(fields, "audience")?)
}

#[cold]
fn unsupported_field(name: &str, preset: &str, own_fields: &[&str]) -> String {
    let noun = if own_fields.len() == 1 { "field is" } else { "fields are" };
    let own = own_fields.join("`, `");
    if preset.is_empty() {
        format!("`{name}` requires a `preset`. Remove it; without a preset, the {noun} `{own}`.")
    } else {
        format!(
            "`{name}` is not a field of the preset `{preset}`. Remove it; this preset's own {noun} `{own}`."
        )
    }
}

/// Reads the fields of the preset `auth0`.
///
/// <https://auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens>
fn auth0<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}/", host(fields, "domain")?);
    if audiences.is_empty() {
        return error(fields, "audience", "expected the identifier of the API in Auth0");
    }
    Ok(with_keys_at(issuer, ".well-known/jwks.json", audiences))
}

/// Reads the fields of the preset `firebase`.
///
/// <https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library>
fn firebase<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    const KEYS: &str =
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    let project = name(fields, "project")?;
    let issuer = format!("https://securetoken.google.com/{project}");
    Ok(Issuer::new(issuer, vec![project.to_owned().into()], KeySet::new(KEYS.to_owned(), false)))
}

/// Reads the fields of the preset `supabase`.
///
/// <https://supabase.com/docs/guides/auth/jwts>
fn supabase<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}.supabase.co/auth/v1", name(fields, "project")?);
    let audiences = if audiences.is_empty() { vec!["authenticated".into()] } else { audiences };
    Ok(with_keys_at(issuer, "/.well-known/jwks.json", audiences))
}

/// Reads the fields of the preset `clerk`.
///
/// <https://clerk.com/docs/guides/sessions/manual-jwt-verification>
fn clerk<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}", host(fields, "domain")?);
    // Clerk omits `azp` in the JWTs of native apps, because native apps have no origin. An audience identifies these
    // JWTs.
    let parties = strings(fields, "authorized_parties")?;
    if parties.is_empty() && audiences.is_empty() {
        let expected = "expected the origins of the app, such as https://app.example.com, or an `audience`";
        return error(fields, "authorized_parties", expected);
    }
    let claims = if parties.is_empty() { Vec::new() } else { vec![("azp".to_owned(), parties)] };
    Ok(Issuer { claims, ..with_keys_at(issuer, "/.well-known/jwks.json", audiences) })
}

/// Reads the fields of the preset `cloudflare-access`.
///
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

/// Reads the fields of an issuer without a preset.
fn custom<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let expected = "expected the value of `iss`, such as https://login.example.com";
    let issuer = string(fields, "issuer", expected)?.to_owned();
    let keys = match fields.get("jwks_uri") {
        Some(url) => KeySet::new(url.string()?.to_owned(), false),
        None => KeySet::new(issuer.clone(), true),
    };
    Ok(Issuer::new(issuer, audiences, keys))
}

/// Reads the fields of the preset `cognito`: a user pool and its app clients. An ID token contains the ID of the app
/// client in `aud`; an access token contains the ID in `client_id`. The issuer URL of a user pool has one of two forms.
/// The field `user_pool` implies the original form, which contains the pool ID. The field `issuer` sets either form:
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>,
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>
fn cognito<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = match (fields.get("issuer"), fields.get("user_pool")) {
        (Some(_), Some(_)) => return error(fields, "issuer", "replaces `user_pool`. Remove one of the two."),
        (Some(_), None) => string(fields, "issuer", NOT_EMPTY)?.to_owned(),
        (None, _) => {
            let pool = name(fields, "user_pool")?;
            let Some((region, _)) = pool.split_once('_') else {
                let expected = "expected the ID of a user pool, such as eu-central-1_AbCdEfGhI";
                return error(fields, "user_pool", expected);
            };
            format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
        }
    };
    let clients = strings(fields, "client_id")?;
    if clients.is_empty() {
        return error(fields, "client_id", "expected the ID of the app client");
    }
    let token_use = |value: &'static str| ("token_use".to_owned(), vec![value.into()]);
    let (audiences, claims) = match fields.read("token_use", Json::string)? {
        Some("id") => (clients, vec![token_use("id")]),
        Some("access") => (Vec::new(), vec![token_use("access"), ("client_id".to_owned(), clients)]),
        _ => return error(fields, "token_use", "expected \"id\" or \"access\""),
    };
    Ok(Issuer { claims, ..with_keys_at(issuer, "/.well-known/jwks.json", audiences) })
}

/// Returns an issuer. The URL of the key set is the issuer URL followed by `path`.
fn with_keys_at(issuer: String, path: &str, audiences: Vec<Json<'static>>) -> Issuer {
    let keys = KeySet::new(format!("{issuer}{path}"), false);
    Issuer::new(issuer, audiences, keys)
}

fn error<'j, T>(fields: Fields<'j>, field: &'static str, detail: &str) -> Result<T, Invalid<'j>> {
    Err(Invalid::field(fields.object(), field, detail))
}

/// Reads one or more non-empty strings. If the field is not set, returns no strings.
fn strings<'j>(fields: Fields<'j>, field: &'static str) -> Result<Vec<Json<'static>>, Invalid<'j>> {
    let Some(value) = fields.get(field) else { return Ok(Vec::new()) };
    let strings = value.read_one_or_more(Json::string)?;
    if strings.contains(&"") {
        return error(fields, field, NOT_EMPTY);
    }
    Ok(strings.into_iter().map(|string| string.to_owned().into()).collect())
}

/// Reads a non-empty string.
fn string<'j>(fields: Fields<'j>, field: &'static str, expected: &str) -> Result<&'j str, Invalid<'j>> {
    match fields.read(field, Json::string)? {
        Some(string) if !string.is_empty() => Ok(string),
        _ => error(fields, field, expected),
    }
}

/// Reads a host name. Rejects a URL with a scheme or a path.
fn host<'j>(fields: Fields<'j>, field: &'static str) -> Result<&'j str, Invalid<'j>> {
    restricted(
        fields,
        field,
        b".-",
        "expected a host name without https:// and path, such as tenant.example.com",
    )
}

/// Reads a name that becomes part of the issuer URL.
fn name<'j>(fields: Fields<'j>, field: &'static str) -> Result<&'j str, Invalid<'j>> {
    restricted(fields, field, b"-_", "expected letters, digits, `-` and `_`")
}

/// Reads a string that contains only ASCII letters, digits and the bytes in `punctuation`.
fn restricted<'j>(
    fields: Fields<'j>,
    field: &'static str,
    punctuation: &[u8],
    expected: &str,
) -> Result<&'j str, Invalid<'j>> {
    let string = string(fields, field, expected)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || punctuation.contains(&byte);
    if string.bytes().all(is_allowed) { Ok(string) } else { error(fields, field, expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_a_preset() {
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
