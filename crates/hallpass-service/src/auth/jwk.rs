//! JSON Web Key Sets (RFC 7517).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::claims::Claims;
use super::issuer_name::is_key_issuer_of;
use crate::platform::{Curve, KeyMaterial, PublicKey, SignatureAlgorithm};
use crate::web::json::Json;
use crate::web::strings::truncate;

/// The usable keys of a key set.
#[derive(Debug, Default)]
pub(super) struct ParsedKeySet {
    pub(super) keys: Vec<Jwk>,
    /// Descriptions of the first unusable keys, for the log.
    pub(super) skipped: Vec<Json<'static>>,
}

/// A published key.
#[derive(Debug)]
pub(super) struct Jwk {
    /// The optional ID (`kid`).
    key_id: Option<String>,
    /// The only algorithm of the key (`alg`). `None` if the key serves every algorithm that fits.
    algorithm: Option<SignatureAlgorithm>,
    /// The issuer whose JWTs the key verifies. Microsoft Entra adds the member `issuer` to the keys of several tenants.
    issuer: Option<String>,
    pub(super) key: Arc<PublicKey>,
}

/// The maximum number of usable keys in a set. Further keys are ignored.
const MAX_KEYS: usize = 64;
/// The maximum number of unusable keys that the log describes.
const MAX_SKIPPED: usize = 4;

impl ParsedKeySet {
    /// Parses a key set. Skips keys that cannot verify the signature of a JWT with a supported algorithm (RFC 7517
    /// section 5).
    ///
    /// Returns `None` if the document is not a key set.
    #[inline(never)]
    pub(super) fn parse(document: &[u8], supports: &dyn Fn(SignatureAlgorithm) -> bool) -> Option<Self> {
        let document = Json::parse(document).ok()?;
        let Json::Array(items) = document.get("keys")? else { return None };
        let mut set = Self::default();
        for item in items {
            let usable = Jwk::read(item).filter(|jwk| {
                SignatureAlgorithm::ALL
                    .into_iter()
                    .any(|algorithm| jwk.serves(algorithm) && supports(algorithm))
            });
            match usable {
                Some(jwk) if set.keys.len() < MAX_KEYS => set.keys.push(jwk),
                None if set.skipped.len() < MAX_SKIPPED => set.skipped.push(describe(item).into()),
                _ => {}
            }
        }
        Some(set)
    }
}

impl Jwk {
    #[inline(never)]
    fn read(value: &Json<'_>) -> Option<Self> {
        let is_for_signatures = string(value, "use").is_none_or(|purpose| purpose == "sig");
        let may_verify = value.get("key_ops").is_none_or(|operations| {
            operations.as_array().iter().any(|operation| operation.as_str() == Some("verify"))
        });
        if !is_for_signatures || !may_verify {
            return None;
        }
        let algorithm = match value.get("alg") {
            None | Some(Json::Null) => None,
            Some(name) => Some(SignatureAlgorithm::parse(name.as_str()?)?),
        };
        // Base64url and the names of the types and curves contain no characters that JSON escapes.
        let (material, members) = match (string(value, "kty")?, string(value, "crv")) {
            ("RSA", None) => (rsa(bytes(value, "n")?, bytes(value, "e")?)?, &["kty", "n", "e"][..]),
            ("EC", Some(name)) => {
                let (curve, _, length) = CURVES.into_iter().find(|(_, known, _)| *known == name)?;
                let [x, y] = [bytes(value, "x")?, bytes(value, "y")?];
                if x.len() != length || y.len() != length {
                    return None;
                }
                (KeyMaterial::Ec { curve, x, y }, &["kty", "crv", "x", "y"][..])
            }
            ("OKP", Some("Ed25519")) => {
                let x = bytes(value, "x").filter(|x| x.len() == 32)?;
                (KeyMaterial::Ed25519(x), &["kty", "crv", "x"][..])
            }
            _ => return None,
        };
        let key = Arc::new(PublicKey::new(material, format_jwk(value, members)));
        let [key_id, issuer] = ["kid", "issuer"].map(|name| string(value, name).map(str::to_owned));
        Some(Self { key_id, algorithm, issuer, key })
    }

    /// Returns whether the key verifies signatures of this algorithm.
    fn serves(&self, algorithm: SignatureAlgorithm) -> bool {
        self.algorithm.is_none_or(|only| only == algorithm) && algorithm.fits(self.key.material())
    }

    /// Returns the key with this ID for this algorithm. If `key_id` is `None`, the set must contain exactly one key for
    /// the algorithm. If `claims` are set, ignores keys of other issuers.
    pub(super) fn find<'a>(
        keys: &'a [Self],
        key_id: Option<&str>,
        algorithm: SignatureAlgorithm,
        claims: Option<&Claims>,
    ) -> Option<&'a Self> {
        let mut candidates = keys.iter().filter(|jwk| {
            let is_named = key_id.is_none_or(|key_id| jwk.key_id.as_deref() == Some(key_id));
            let issuer = jwk.issuer.as_deref().zip(claims);
            let is_of_issuer = issuer.is_none_or(|(issuer, claims)| is_key_issuer_of(issuer, claims));
            is_named && is_of_issuer && jwk.serves(algorithm)
        });
        let first = candidates.next()?;
        // Key IDs in a set should be unique (RFC 7517 section 4.5). If several keys have the same ID, only the first
        // key is used.
        let is_only = key_id.is_some() || candidates.next().is_none();
        is_only.then_some(first)
    }
}

/// The curves for ECDSA, each with its value of `crv` and the length of a coordinate in bytes (RFC 7518 section 6.2.1).
const CURVES: [(Curve, &str, usize); 3] =
    [(Curve::P256, "P-256", 32), (Curve::P384, "P-384", 48), (Curve::P521, "P-521", 66)];

/// Describes an unusable key by its type and purpose, such as `EC secp256k1 ES256K sig`. The values are untrusted.
#[cold]
#[inline(never)]
fn describe(key: &Json<'_>) -> String {
    let mut description = String::new();
    for value in ["kty", "crv", "alg", "use"].into_iter().filter_map(|name| string(key, name)) {
        if !description.is_empty() {
            description.push(' ');
        }
        description.push_str(&truncate(value));
    }
    description
}

/// Formats these members of a key as a JSON Web Key. The members must be strings that JSON does not escape.
fn format_jwk(key: &Json<'_>, members: &[&str]) -> String {
    let mut jwk = String::new();
    for name in members {
        let separator = if jwk.is_empty() { "{\"" } else { ",\"" };
        for part in [separator, name, "\":\"", string(key, name).unwrap_or_default(), "\""] {
            jwk.push_str(part);
        }
    }
    jwk.push('}');
    jwk
}

/// Returns a member of a key if the member is a string.
#[inline(never)]
fn string<'j>(key: &'j Json<'_>, name: &str) -> Option<&'j str> {
    key.get(name)?.as_str()
}

/// Returns a member of a key if the member is a base64url string.
#[inline(never)]
fn bytes(key: &Json<'_>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(string(key, name)?).ok()
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

    fn parse(document: &str) -> Option<ParsedKeySet> {
        ParsedKeySet::parse(document.as_bytes(), &|_| true)
    }

    fn count(document: &str) -> usize {
        parse(document).map_or(0, |set| set.keys.len())
    }

    /// Returns a key set with one key whose coordinates have this length.
    fn key_set(members: &str, length: usize) -> String {
        let encoded = URL_SAFE_NO_PAD.encode(vec![1; length]);
        format!(r#"{{"keys":[{{{},"x":"{encoded}","y":"{encoded}"}}]}}"#, members)
    }

    /// Returns the names of the algorithms that the only key of a set serves.
    fn served(document: &str) -> Vec<&'static str> {
        let set = parse(document).unwrap();
        let serves = |algorithm: &SignatureAlgorithm| Jwk::find(&set.keys, None, *algorithm, None).is_some();
        SignatureAlgorithm::ALL.into_iter().filter(serves).map(SignatureAlgorithm::name).collect()
    }

    #[test]
    fn ignores_keys_for_other_purposes() {
        assert_eq!(count(&rsa_jwk(256, "")), 1);
        assert_eq!(count(&rsa_jwk(256, r#","use":"sig","alg":"RS256","key_ops":["verify"]"#)), 1);
        for more in [r#","use":"enc""#, r#","key_ops":["encrypt"]"#, r#","crv":"P-256""#] {
            assert_eq!(count(&rsa_jwk(256, more)), 0, "{more}");
        }
    }

    #[test]
    fn a_key_with_alg_serves_only_this_algorithm() {
        for (name, expected) in [
            ("RS256", &["RS256"][..]),
            ("PS384", &["PS384"]),
            ("RS1", &[]),
            ("RSA-OAEP", &[]),
            ("rs256", &[]),
            ("HS256", &[]),
            ("ES256", &[]),
            ("EdDSA", &[]),
            ("", &[]),
        ] {
            assert_eq!(served(&rsa_jwk(256, &format!(r#","alg":"{name}""#))), expected, "{name}");
        }
        assert_eq!(count(&rsa_jwk(256, r#","alg":["RS256"]"#)), 0);
        for name in ["EdDSA", "Ed25519"] {
            let members = format!(r#""kty":"OKP","crv":"Ed25519","alg":"{name}""#);
            assert_eq!(served(&key_set(&members, 32)), ["EdDSA"], "{name}");
        }
        for (name, expected) in [("ES384", &["ES384"][..]), ("ES256", &[]), ("ECDH-ES", &[])] {
            let members = format!(r#""kty":"EC","crv":"P-384","alg":"{name}""#);
            assert_eq!(served(&key_set(&members, 48)), expected, "{name}");
        }
    }

    #[test]
    fn a_key_without_alg_serves_the_algorithms_of_its_type() {
        assert_eq!(served(&rsa_jwk(256, "")), ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
        for (kty, crv, length, expected) in [
            ("EC", "P-256", 32, &["ES256"][..]),
            ("EC", "P-384", 48, &["ES384"]),
            ("EC", "P-521", 66, &["ES512"]),
            ("OKP", "Ed25519", 32, &["EdDSA"]),
            ("EC", "P-384", 32, &[]),
            ("EC", "P-256", 33, &[]),
            ("OKP", "Ed25519", 31, &[]),
            ("EC", "secp256k1", 32, &[]),
            ("OKP", "X25519", 32, &[]),
            ("OKP", "P-256", 32, &[]),
            ("EC", "Ed25519", 32, &[]),
            ("oct", "P-256", 32, &[]),
        ] {
            let members = format!(r#""kty":"{kty}","crv":"{crv}""#);
            assert_eq!(served(&key_set(&members, length)), expected, "{kty} {crv} {length}");
        }
    }

    #[test]
    fn the_jwk_contains_only_the_required_members() {
        let more = r#","x":"\",\"kty\":\"oct","d":"AQAB""#;
        let set = parse(&rsa_jwk(256, more)).unwrap();
        let n = URL_SAFE_NO_PAD.encode([0xFF; 256]);
        let expected = format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#);
        assert_eq!(set.keys[0].key.jwk(), expected);
        for n in [r#"AQ\"AB"#, "AQ AB", "AQAB=", "AR"] {
            assert_eq!(count(&format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#)), 0, "{n}");
        }
    }

    #[test]
    fn skips_keys_for_unsupported_algorithms() {
        let document = key_set(r#""kty":"EC","crv":"P-521""#, 66);
        let without_es512 = |algorithm| algorithm != SignatureAlgorithm::Es512;
        let set = ParsedKeySet::parse(document.as_bytes(), &without_es512).unwrap();
        assert!(set.keys.is_empty());
        assert_eq!(set.skipped, [Json::from("EC P-521")]);
    }

    #[test]
    fn describes_skipped_keys() {
        let keys = [
            r#"{"kty":"EC","crv":"secp256k1","alg":"ES256K","kid":"a","x":"AQAB"}"#.to_owned(),
            r#"{"kty":"oct","k":"secret","alg":5}"#.to_owned(),
            "null".to_owned(),
            format!(r#"{{"kty":"{}","use":"enc"}}"#, "k".repeat(65)),
            r#"{"kty":"RSA"}"#.to_owned(),
        ];
        let set = parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
        assert!(set.keys.is_empty());
        let truncated = "k".repeat(24) + "… enc";
        let expected = ["EC secp256k1 ES256K", "oct", "", &truncated];
        assert_eq!(set.skipped, expected.map(Json::from));
    }

    #[test]
    fn distinguishes_an_empty_key_set_from_other_documents() {
        for document in [r#"{"keys":[]}"#, r#"{"keys":[null,1,{}]}"#] {
            assert!(parse(document).is_some_and(|set| set.keys.is_empty()), "{document}");
        }
        for document in ["", "{}", "[]", "null", r#"{"keys":{}}"#, r#"{"keys":null}"#] {
            assert!(parse(document).is_none(), "{document}");
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
        let one = parse(&format!(r#"{{"keys":[{}]}}"#, key("a"))).unwrap();
        let two = parse(&format!(r#"{{"keys":[{},{}]}}"#, key("a"), key("b"))).unwrap();
        let found =
            |set: &ParsedKeySet, id| Jwk::find(&set.keys, id, SignatureAlgorithm::Ed25519, None).is_some();
        assert!(found(&one, None) && found(&one, Some("a")) && !found(&one, Some("b")));
        assert!(!found(&two, None) && found(&two, Some("b")));
        assert!(Jwk::find(&one.keys, Some("a"), SignatureAlgorithm::Rs256, None).is_none());
    }
}
