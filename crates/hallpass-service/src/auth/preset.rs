//! Presets for identity providers. A preset derives the issuer URL, the URL of the key set and the required claims from
//! a few fields.

mod fields;
mod providers;

use self::fields::{issuer, strings};
use super::issuer::Issuer;
use super::issuer_name::IssuerName;
use super::key_set::{DISCOVERY_PATH, KeySet};
use crate::web::json::{Fields, Invalid, Json};
use crate::web::strings::{find, join};

/// The name of a preset, its own fields, and the function that reads these fields.
type Preset = (&'static str, &'static [&'static str], ReadPreset);
/// A function that reads the fields of a preset. The second argument contains the values of the field `audience`.
type ReadPreset = for<'j> fn(Fields<'j>, Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>>;

static PRESETS: [Preset; 13] = [
    ("auth0", &["domain", "audience", "secret"], providers::auth0),
    ("cognito", &["user_pool", "issuer", "client_id", "token_use"], providers::cognito),
    ("firebase", &["project"], providers::firebase),
    ("supabase", &["project", "audience", "secret"], providers::supabase),
    ("clerk", &["domain", "authorized_parties", "audience"], providers::clerk),
    ("cloudflare-access", &["team", "audience"], providers::cloudflare_access),
    ("entra", &["tenant", "audience"], providers::entra),
    ("google", &["client_id"], providers::google),
    ("apple", &["client_id"], providers::apple),
    ("keycloak", &["issuer", "audience"], providers::keycloak),
    ("okta", &["domain", "authorization_server", "audience"], providers::okta),
    ("logto", &["domain", "audience"], providers::logto),
    ("workos", &["client_id", "issuer", "audience"], providers::workos),
];
/// The entry for an issuer without a preset. The name of this entry is empty.
static CUSTOM: Preset = ("", &["issuer", "audience", "jwks_uri", "secret"], custom);
/// The fields that every issuer accepts, with or without a preset.
const COMMON_FIELDS: [&str; 6] = ["preset", "header", "algorithms", "claims", "types", "max_ttl"];

/// Reads an issuer with or without a preset. Rejects fields of other presets, because these fields would have no
/// effect.
pub(super) fn read_issuer<'j>(fields: Fields<'j>) -> Result<Issuer, Invalid<'j>> {
    let expected = "the name of a preset: `auth0`, `cognito`, `firebase`, `supabase`, `clerk`, `cloudflare-access`, `entra`, `google`, `apple`, `keycloak`, `okta`, `logto` or `workos`";
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
    let own = join(own_fields, "`, `");
    if preset.is_empty() {
        format!("`{name}` requires a `preset`. Remove it; without a preset, the {noun} `{own}`.")
    } else {
        format!(
            "`{name}` is not a field of the preset `{preset}`. Remove it; this preset's own {noun} `{own}`."
        )
    }
}

/// Reads the fields of an issuer without a preset.
fn custom<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let expected = "expected the value of `iss`, such as https://login.example.com";
    let issuer = issuer(fields, expected)?.to_owned();
    let keys = match fields.get("jwks_uri") {
        Some(url) => KeySet::new(keys_url(url)?.to_owned(), false),
        None => KeySet::new(issuer.clone(), true),
    };
    Ok(Issuer::new(IssuerName::Exact(issuer), audiences, keys))
}

/// Reads `jwks_uri`. Rejects the URL of a discovery document, which contains no keys.
fn keys_url<'j>(value: &'j Json<'j>) -> Result<&'j str, Invalid<'j>> {
    let url = value.string()?;
    if find(url, DISCOVERY_PATH).is_some() {
        let expected = "expected the URL of the keys: the `jwks_uri` in this document. Remove `jwks_uri`, or copy the value from the document.";
        return Err(Invalid::new(value, expected));
    }
    Ok(url)
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
            assert_eq!((read.name.to_string().as_str(), read.audiences.len()), (issuer, audiences));
            assert_eq!(names.join(", "), claims);
        }
    }
}
