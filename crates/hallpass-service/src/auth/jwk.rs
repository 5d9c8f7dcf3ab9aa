//! JSON Web Key Sets (RFC 7517).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::algorithm::Algorithm;
use crate::platform::{KeyMaterial, PublicKey};
use crate::web::json::Json;

/// A published key and its optional ID (`kid`).
#[derive(Debug)]
pub(super) struct Jwk {
    key_id: Option<String>,
    pub(super) key: Arc<PublicKey>,
}

/// The maximum number of usable keys in a set. Further keys are ignored.
const MAX_KEYS: usize = 64;

/// Parses a key set. Ignores keys that cannot verify the signature of a JWT (RFC 7517 section 5).
///
/// Returns `None` if the document is not a key set or contains no usable key.
pub(super) fn parse(document: &[u8]) -> Option<Vec<Jwk>> {
    let document = Json::parse(document).ok()?;
    let keys: Vec<_> = document.get("keys")?.as_array().iter().filter_map(Jwk::read).take(MAX_KEYS).collect();
    (!keys.is_empty()).then_some(keys)
}

impl Jwk {
    fn read(value: &Json<'_>) -> Option<Self> {
        let string = |name: &str| value.get(name).and_then(Json::as_str);
        let is_for_signatures = string("use").is_none_or(|purpose| purpose == "sig");
        let may_verify = value.get("key_ops").is_none_or(|operations| {
            operations.as_array().iter().any(|operation| operation.as_str() == Some("verify"))
        });
        if !is_for_signatures || !may_verify {
            return None;
        }
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(string(name)?).ok();
        let bytes32 = |name: &str| <[u8; 32]>::try_from(bytes(name)?).ok();
        let kind = match (string("kty")?, string("crv")) {
            ("RSA", None) => rsa(bytes("n")?, bytes("e")?)?,
            ("EC", Some("P-256")) => KeyMaterial::P256 { x: bytes32("x")?, y: bytes32("y")? },
            ("OKP", Some("Ed25519")) => KeyMaterial::Ed25519(bytes32("x")?),
            _ => return None,
        };
        let has_matching_algorithm = string("alg").is_none_or(|named| named == algorithm(&kind).as_str());
        let jwk = to_json(&kind);
        has_matching_algorithm.then(|| Self {
            key_id: string("kid").map(str::to_owned),
            key: Arc::new(PublicKey::new(kind, jwk)),
        })
    }

    /// Returns the key with this ID for this algorithm. If `key_id` is `None`, the set must contain exactly one key for
    /// the algorithm.
    pub(super) fn find<'a>(keys: &'a [Self], key_id: Option<&str>, expected: Algorithm) -> Option<&'a Self> {
        let mut candidates = keys.iter().filter(|jwk| {
            let is_named = key_id.is_none_or(|key_id| jwk.key_id.as_deref() == Some(key_id));
            is_named && algorithm(jwk.key.material()) == expected
        });
        let first = candidates.next()?;
        // Key IDs in a set should be unique (RFC 7517 section 4.5). If several keys have the same ID, only the first
        // key is used.
        let is_only = key_id.is_some() || candidates.next().is_none();
        is_only.then_some(first)
    }
}

const fn algorithm(kind: &KeyMaterial) -> Algorithm {
    match kind {
        KeyMaterial::Rsa { .. } => Algorithm::Rs256,
        KeyMaterial::P256 { .. } => Algorithm::Es256,
        KeyMaterial::Ed25519(_) => Algorithm::EdDsa,
    }
}

/// Formats a key as a JSON Web Key that contains only the required members (RFC 7638 section 3.2).
fn to_json(kind: &KeyMaterial) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match kind {
        KeyMaterial::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
        KeyMaterial::P256 { x, y } => {
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
        }
        KeyMaterial::Ed25519(key) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(key)),
    }
}

/// Returns an RSA key, or `None` if the modulus or the exponent is not accepted. Keys with a short modulus can be
/// broken, and verification with a long modulus is slow.
fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<KeyMaterial> {
    const MIN_BYTES: usize = 2048 / 8;
    const MAX_BYTES: usize = 4096 / 8;
    const MAX_EXPONENT_BYTES: usize = 4;
    let trim = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
    let (n, e) = (trim(n), trim(e));
    let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte & 1 == 1);
    let has_size =
        (MIN_BYTES..=MAX_BYTES).contains(&n.len()) && n.first().is_some_and(|byte| byte & 0x80 != 0);
    let is_exponent = e.len() <= MAX_EXPONENT_BYTES && is_odd(&e) && e != [1];
    (has_size && is_odd(&n) && is_exponent).then_some(KeyMaterial::Rsa { n, e })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa_jwk(bytes: usize, more: &str) -> String {
        let n = URL_SAFE_NO_PAD.encode(vec![0xFF; bytes]);
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"a","n":"{n}","e":"AQAB"{more}}}]}}"#)
    }

    fn count(document: &str) -> usize {
        parse(document.as_bytes()).map_or(0, |keys| keys.len())
    }

    #[test]
    fn ignores_keys_for_other_purposes() {
        assert_eq!(count(&rsa_jwk(256, "")), 1);
        assert_eq!(count(&rsa_jwk(256, r#","use":"sig","alg":"RS256","key_ops":["verify"]"#)), 1);
        for more in [r#","use":"enc""#, r#","alg":"PS256""#, r#","key_ops":["encrypt"]"#, r#","crv":"P-256""#]
        {
            assert_eq!(count(&rsa_jwk(256, more)), 0, "{more}");
        }
        let encoded = URL_SAFE_NO_PAD.encode([1; 32]);
        for (jwk, expected) in [
            (r#""kty":"EC","crv":"P-256","x":"ENCODED","y":"ENCODED""#, 1),
            (r#""kty":"OKP","crv":"Ed25519","x":"ENCODED""#, 1),
            (r#""kty":"OKP","crv":"X25519","x":"ENCODED""#, 0),
        ] {
            let document = format!(r#"{{"keys":[{{{}}}]}}"#, jwk.replace("ENCODED", &encoded));
            assert_eq!(count(&document), expected, "{jwk}");
        }
        for document in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":[null,1,{}]}"#] {
            assert_eq!(count(document), 0, "{document}");
        }
    }

    #[test]
    fn accepts_rsa_keys_of_2048_to_4096_bits() {
        for (bytes, expected) in [(255, 0), (256, 1), (512, 1), (513, 0), (0, 0)] {
            assert_eq!(count(&rsa_jwk(bytes, "")), expected, "{bytes}");
        }
        let odd = |e: &[u8]| rsa([vec![0xFF; 256]].concat(), e.to_vec()).is_some();
        assert!(odd(&[3]) && odd(&[0, 1, 0, 1]));
        assert!(!odd(&[1]) && !odd(&[2]) && !odd(&[]) && !odd(&[1, 0, 0, 0, 1]));
        let even = [vec![0xFF; 255], vec![0xFE]].concat();
        assert_eq!(rsa(even, vec![3]), None);
    }

    #[test]
    fn a_jwt_without_a_key_id_requires_a_single_key() {
        let encoded = URL_SAFE_NO_PAD.encode([1; 32]);
        let key = |id: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{encoded}"}}"#);
        let one = parse(format!(r#"{{"keys":[{}]}}"#, key("a")).as_bytes()).unwrap();
        let two = parse(format!(r#"{{"keys":[{},{}]}}"#, key("a"), key("b")).as_bytes()).unwrap();
        let found = |keys: &[Jwk], id| Jwk::find(keys, id, Algorithm::EdDsa).is_some();
        assert!(found(&one, None) && found(&one, Some("a")) && !found(&one, Some("b")));
        assert!(!found(&two, None) && found(&two, Some("b")));
        assert!(Jwk::find(&one, Some("a"), Algorithm::Rs256).is_none());
    }
}
