//! The presets. Each function reads the fields of a preset. The last argument contains the values of `audience`.

use super::super::issuer::Issuer;
use super::super::issuer_name::{IssuerName, PERSONAL_ACCOUNTS, entra_issuer, is_entra_id};
use super::super::key_set::KeySet;
use super::fields::{NOT_EMPTY, client_ids, error, host, issuer, name, required, strings};
use crate::web::cors::is_origin;
use crate::web::json::{Fields, Invalid, Json};

/// The header in which Cloudflare Access passes the user's JWT.
const ACCESS_HEADER: &str = "cf-access-jwt-assertion";

/// The ends of the domains of Okta's Admin Console. No issuer has such a domain.
const ADMIN_CONSOLES: [&str; 3] = ["-admin.okta.com", "-admin.oktapreview.com", "-admin.okta-emea.com"];

/// Reads the fields of the preset `auth0`.
///
/// <https://auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens>
pub(super) fn auth0<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}/", host(fields, "domain")?);
    let audiences = required(fields, "audience", audiences, "expected the identifier of the API in Auth0")?;
    Ok(with_keys_at(issuer, ".well-known/jwks.json", audiences))
}

/// Reads the fields of the preset `firebase`.
///
/// <https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library>
pub(super) fn firebase<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    const KEYS: &str =
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    let project = name(fields, "project")?;
    let issuer = format!("https://securetoken.google.com/{project}");
    Ok(with_keys(IssuerName::Exact(issuer), KEYS, vec![project.to_owned().into()]))
}

/// Reads the fields of the preset `supabase`.
///
/// <https://supabase.com/docs/guides/auth/jwts>
pub(super) fn supabase<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}.supabase.co/auth/v1", name(fields, "project")?);
    let audiences = if audiences.is_empty() { vec!["authenticated".into()] } else { audiences };
    Ok(with_keys_at(issuer, "/.well-known/jwks.json", audiences))
}

/// Reads the fields of the preset `clerk`.
///
/// <https://clerk.com/docs/guides/sessions/manual-jwt-verification>
pub(super) fn clerk<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}", host(fields, "domain")?);
    // Clerk omits `azp` in the JWTs of native apps, because native apps have no origin. An audience identifies these
    // JWTs.
    let parties = strings(fields, "authorized_parties")?;
    if parties.is_empty() && audiences.is_empty() {
        let expected = "expected the origins of the app, such as https://app.example.com, or an `audience`";
        return error(fields, "authorized_parties", expected);
    }
    if !parties.iter().filter_map(Json::as_str).all(is_origin) {
        let expected = "expected origins such as https://app.example.com, in lower case, without path and trailing slash";
        return error(fields, "authorized_parties", expected);
    }
    let issuer = with_keys_at(issuer, "/.well-known/jwks.json", audiences);
    Ok(if parties.is_empty() { issuer } else { issuer.requiring("azp", parties) })
}

/// Reads the fields of the preset `cloudflare-access`.
///
/// <https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/>
pub(super) fn cloudflare_access<'j>(
    fields: Fields<'j>,
    audiences: Vec<Json<'static>>,
) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}.cloudflareaccess.com", name(fields, "team")?);
    let audiences = required(fields, "audience", audiences, "expected the AUD tag of the application")?;
    Ok(Issuer {
        header: ACCESS_HEADER.to_owned(),
        ..with_keys_at(issuer, "/cdn-cgi/access/certs", audiences)
    })
}

/// Reads the fields of the preset `cognito`: a user pool and its app clients. An ID token contains the ID of the app
/// client in `aud`; an access token contains the ID in `client_id`. The issuer URL of a user pool has one of two forms.
/// The field `user_pool` implies the original form, which contains the pool ID. The field `issuer` sets either form:
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>,
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>
pub(super) fn cognito<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = match (fields.get("issuer"), fields.get("user_pool")) {
        (Some(_), Some(_)) => return error(fields, "issuer", "replaces `user_pool`. Remove one of the two."),
        (Some(_), None) => issuer(fields, NOT_EMPTY)?.to_owned(),
        (None, _) => {
            let pool = name(fields, "user_pool")?;
            let Some((region, _)) = pool.split_once('_') else {
                let expected = "expected the ID of a user pool, such as eu-central-1_AbCdEfGhI";
                return error(fields, "user_pool", expected);
            };
            format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
        }
    };
    let clients = client_ids(fields, "expected the ID of the app client")?;
    let path = "/.well-known/jwks.json";
    Ok(match fields.read("token_use", Json::string)? {
        Some("id") => with_keys_at(issuer, path, clients).requiring("token_use", vec!["id".into()]),
        Some("access") => with_keys_at(issuer, path, Vec::new())
            .requiring("token_use", vec!["access".into()])
            .requiring("client_id", clients),
        _ => return error(fields, "token_use", "expected \"id\" or \"access\""),
    })
}

/// Reads the fields of the preset `entra`. `iss` of a version 2 token contains the ID of the user's tenant, and `aud`
/// is the application ID of the API:
/// <https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference>,
/// <https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer>
pub(super) fn entra<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let tenants = strings(fields, "tenant")?;
    let are_ids = |ids: &[Json<'_>]| ids.iter().filter_map(Json::as_str).all(is_entra_id);
    let names: Vec<_> = tenants.iter().filter_map(Json::as_str).collect();
    let exact = |tenant| IssuerName::Exact(entra_issuer(tenant));
    let every = |includes_personal| IssuerName::EntraTenants { includes_personal };
    let (issuer, keys) = match *names.as_slice() {
        ["common"] => (every(true), "common"),
        ["organizations"] => (every(false), "organizations"),
        ["consumers"] => (exact(PERSONAL_ACCOUNTS), "consumers"),
        [id] if is_entra_id(id) => (exact(id), id),
        [_, _, ..] if are_ids(&tenants) => (every(true), "common"),
        _ => {
            let expected = "expected the ID of a tenant in lower case, a list of IDs, \"organizations\", \"consumers\" or \"common\"";
            return error(fields, "tenant", expected);
        }
    };
    if audiences.is_empty() || !are_ids(&audiences) {
        let expected = "expected the application ID of the API in lower case, such as 6e74172b-be56-4843-9ff4-e66a39bb12e3. Version 2 tokens contain no other `aud`.";
        return error(fields, "audience", expected);
    }
    let keys = format!("https://login.microsoftonline.com/{keys}/discovery/v2.0/keys");
    let issuer = with_keys(issuer, &keys, audiences);
    Ok(if tenants.len() > 1 { issuer.requiring("tid", tenants) } else { issuer })
}

/// Reads the fields of the preset `google`.
///
/// <https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>
pub(super) fn google<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let clients =
        client_ids(fields, "expected the client ID of the app, such as 1234.apps.googleusercontent.com")?;
    Ok(with_keys(IssuerName::Google, "https://www.googleapis.com/oauth2/v3/certs", clients))
}

/// Reads the fields of the preset `apple`.
///
/// <https://developer.apple.com/documentation/signinwithapple/verifying-a-user>
pub(super) fn apple<'j>(fields: Fields<'j>, _: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let clients = client_ids(fields, "expected the bundle ID of the app, or the Services ID of the website")?;
    Ok(with_keys_at("https://appleid.apple.com".to_owned(), "/auth/keys", clients))
}

/// Reads the fields of the preset `keycloak`. The claim `typ` distinguishes access tokens from ID tokens:
/// <https://www.keycloak.org/securing-apps/oidc-layers>
pub(super) fn keycloak<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let expected = "expected the URL of the realm, such as https://login.example.com/realms/app";
    let issuer = issuer(fields, expected)?;
    let mut segments = issuer.rsplit('/');
    if segments.next().is_none_or(str::is_empty) || segments.next() != Some("realms") {
        return error(fields, "issuer", expected);
    }
    let expected = "expected the audience that a mapper of the client adds";
    let audiences = required(fields, "audience", audiences, expected)?;
    let issuer = with_keys_at(issuer.to_owned(), "/protocol/openid-connect/certs", audiences);
    Ok(issuer.requiring("typ", vec!["Bearer".into()]))
}

/// Reads the fields of the preset `okta`. The org authorization server has no ID:
/// <https://developer.okta.com/docs/concepts/auth-servers/>
pub(super) fn okta<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let domain = host(fields, "domain")?;
    if ADMIN_CONSOLES.iter().any(|end| domain.ends_with(end)) {
        return error(fields, "domain", "expected the domain of the issuer, without `-admin`");
    }
    let server = fields.get("authorization_server");
    let server = server.map_or(Ok("default"), |_| name(fields, "authorization_server"))?;
    let expected = "expected the audience of the authorization server, such as api://default, or the client ID of the app for \"org\"";
    let audiences = required(fields, "audience", audiences, expected)?;
    Ok(if server == "org" {
        with_keys_at(format!("https://{domain}"), "/oauth2/v1/keys", audiences)
    } else {
        with_keys_at(format!("https://{domain}/oauth2/{server}"), "/v1/keys", audiences)
    })
}

/// Reads the fields of the preset `logto`.
///
/// <https://docs.logto.io/authorization/validate-access-tokens>
pub(super) fn logto<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let issuer = format!("https://{}/oidc", host(fields, "domain")?);
    let audiences =
        required(fields, "audience", audiences, "expected the identifier of the API resource in Logto")?;
    Ok(with_keys_at(issuer, "/jwks", audiences))
}

/// Reads the fields of the preset `workos`. An access token has no `aud` by default. The issuer and its key set belong to
/// one environment:
/// <https://workos.com/docs/reference/authkit/session-tokens>
pub(super) fn workos<'j>(fields: Fields<'j>, audiences: Vec<Json<'static>>) -> Result<Issuer, Invalid<'j>> {
    let client = name(fields, "client_id")?;
    let issuer = match fields.get("issuer") {
        Some(_) => issuer(fields, NOT_EMPTY)?.to_owned(),
        None => format!("https://api.workos.com/user_management/{client}"),
    };
    let keys = format!("https://api.workos.com/sso/jwks/{client}");
    Ok(Issuer { identifies_app: true, ..with_keys(IssuerName::Exact(issuer), &keys, audiences) })
}

/// Returns an issuer. The URL of the key set is the issuer URL followed by `path`.
fn with_keys_at(issuer: String, path: &str, audiences: Vec<Json<'static>>) -> Issuer {
    let keys = format!("{issuer}{path}");
    with_keys(IssuerName::Exact(issuer), &keys, audiences)
}

fn with_keys(issuer: IssuerName, keys: &str, audiences: Vec<Json<'static>>) -> Issuer {
    Issuer::new(issuer, audiences, KeySet::new(keys.to_owned(), false))
}
