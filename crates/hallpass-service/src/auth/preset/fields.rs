//! Readers of the fields of an issuer. The readers reject values that no JWT contains.

use super::super::key_set::DISCOVERY_PATH;
use crate::web::json::{Fields, Invalid, Json};
use crate::web::strings::find;

/// The message of the error for an empty string.
pub(super) const NOT_EMPTY: &str = "expected a non-empty string";
const NO_WHITESPACE: &str = "expected a string without whitespace at the start and the end";

pub(super) fn error<'j, T>(fields: Fields<'j>, field: &'static str, detail: &str) -> Result<T, Invalid<'j>> {
    Err(Invalid::field(fields.object(), field, detail))
}

/// Reads one or more non-empty strings. If the field is not set, returns no strings.
pub(super) fn strings<'j>(
    fields: Fields<'j>,
    field: &'static str,
) -> Result<Vec<Json<'static>>, Invalid<'j>> {
    let Some(value) = fields.get(field) else { return Ok(Vec::new()) };
    let strings = value.read_one_or_more(Json::string)?;
    for string in &strings {
        if string.is_empty() {
            return error(fields, field, NOT_EMPTY);
        }
        if string.trim_ascii() != *string {
            return error(fields, field, NO_WHITESPACE);
        }
    }
    Ok(strings.into_iter().map(|string| string.to_owned().into()).collect())
}

/// Reads the required field `client_id`.
pub(super) fn client_ids<'j>(fields: Fields<'j>, expected: &str) -> Result<Vec<Json<'static>>, Invalid<'j>> {
    required(fields, "client_id", strings(fields, "client_id")?, expected)
}

/// Rejects an empty list of values.
pub(super) fn required<'j>(
    fields: Fields<'j>,
    field: &'static str,
    values: Vec<Json<'static>>,
    expected: &str,
) -> Result<Vec<Json<'static>>, Invalid<'j>> {
    if values.is_empty() { error(fields, field, expected) } else { Ok(values) }
}

/// Reads a non-empty string.
pub(super) fn string<'j>(
    fields: Fields<'j>,
    field: &'static str,
    expected: &str,
) -> Result<&'j str, Invalid<'j>> {
    match fields.read(field, Json::string)? {
        Some(string) if !string.is_empty() => Ok(string),
        _ => error(fields, field, expected),
    }
}

/// Reads a host name. Rejects a URL with a scheme or a path.
pub(super) fn host<'j>(fields: Fields<'j>, field: &'static str) -> Result<&'j str, Invalid<'j>> {
    let expected =
        "expected a host name in lower case, without https:// and path, such as tenant.example.com";
    let host = restricted(fields, field, b".-", expected)?;
    // Providers write the host in `iss` in lower case.
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) { error(fields, field, expected) } else { Ok(host) }
}

/// Reads a name that becomes part of the issuer URL.
pub(super) fn name<'j>(fields: Fields<'j>, field: &'static str) -> Result<&'j str, Invalid<'j>> {
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

/// Reads `issuer`. Rejects values that `iss` never has.
pub(super) fn issuer<'j>(fields: Fields<'j>, expected: &str) -> Result<&'j str, Invalid<'j>> {
    const ENTRA_HOSTS: [&str; 4] = [
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.us/",
        "https://login.partner.microsoftonline.cn/",
        "https://sts.windows.net/",
    ];
    let issuer = string(fields, "issuer", expected)?;
    let path = ENTRA_HOSTS.iter().find_map(|host| issuer.strip_prefix(host));
    let tenant = path.and_then(|path| path.split('/').next());
    let has_no_tenant_id =
        |tenant: &str| tenant.contains('.') || matches!(tenant, "common" | "organizations" | "consumers");
    let detail = if issuer.bytes().any(|byte| byte.is_ascii_whitespace()) {
        "expected the value of `iss`, without whitespace"
    } else if find(issuer, DISCOVERY_PATH).is_some() {
        "expected the value of `iss`. Remove `/.well-known/openid-configuration`."
    } else if issuer.contains('{') || tenant.is_some_and(has_no_tenant_id) {
        "expected the value of `iss`, which contains the ID of a tenant. For Microsoft Entra ID, use the preset `entra`."
    } else {
        return Ok(issuer);
    };
    error(fields, "issuer", detail)
}
