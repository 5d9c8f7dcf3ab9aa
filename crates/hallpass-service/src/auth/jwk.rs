//! The keys that an issuer publishes (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::algorithm::Algorithm;

/// A public key that can have signed a JWT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// For RSASSA-PKCS1-v1_5 with SHA-256; 2048 to 4096 bits, both numbers big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// For ECDSA on P-256 with SHA-256; the coordinates of a point that may not be on the curve.
    P256 {
        /// 32 bytes, big-endian.
        x: [u8; 32],
        /// 32 bytes, big-endian.
        y: [u8; 32],
    },
    /// For Ed25519.
    Ed25519([u8; 32]),
}

/// A published key with its name.
#[derive(Clone, Debug)]
pub(super) struct Jwk {
    key_id: Option<String>,
    pub(super) key: PublicKey,
}

/// The most keys of a set that are kept.
const MAX_KEYS: usize = 64;

/// A set of keys; those that are for something else are left out (RFC 7517 section 5).
///
/// `None` where it is no such document, or has no key that can be used.
pub(super) fn parse(document: &[u8]) -> Option<Vec<Jwk>> {
    #[derive(serde::Deserialize)]
    struct Document {
        keys: Vec<serde_json::Value>,
    }
    let document: Document = serde_json::from_slice(document).ok()?;
    let keys: Vec<_> = document.keys.iter().filter_map(Jwk::read).take(MAX_KEYS).collect();
    (!keys.is_empty()).then_some(keys)
}

impl Jwk {
    fn read(value: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
        let is_for_signatures = text("use").is_none_or(|purpose| purpose == "sig");
        let may_verify = match value.get("key_ops") {
            None => true,
            Some(operations) => operations.as_array()?.iter().any(|operation| operation == "verify"),
        };
        if !is_for_signatures || !may_verify {
            return None;
        }
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let word = |name: &str| <[u8; 32]>::try_from(bytes(name)?).ok();
        let (key, algorithm) = match (text("kty")?, text("crv")) {
            ("RSA", None) => (rsa(bytes("n")?, bytes("e")?)?, "RS256"),
            ("EC", Some("P-256")) => (PublicKey::P256 { x: word("x")?, y: word("y")? }, "ES256"),
            ("OKP", Some("Ed25519")) => (PublicKey::Ed25519(word("x")?), "EdDSA"),
            _ => return None,
        };
        let fits = text("alg").is_none_or(|named| named == algorithm);
        fits.then(|| Self { key_id: text("kid").map(str::to_owned), key })
    }

    /// The key of this name for this algorithm; without a name, the only one there is.
    pub(super) fn find<'a>(keys: &'a [Self], key_id: Option<&str>, algorithm: Algorithm) -> Option<&'a Self> {
        let mut fitting = keys.iter().filter(|jwk| {
            let is_named = key_id.is_none_or(|key_id| jwk.key_id.as_deref() == Some(key_id));
            is_named && jwk.key.algorithm() == algorithm
        });
        let first = fitting.next()?;
        // Of two keys with one name, either may have signed; to try both would be for nobody's good.
        let is_only = key_id.is_some() || fitting.next().is_none();
        is_only.then_some(first)
    }
}

impl PublicKey {
    /// The key as a JSON Web Key, with nothing but what makes it one (RFC 7638 section 3.2).
    #[must_use]
    pub fn to_jwk(&self) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n)),
            Self::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
            }
            Self::Ed25519(key) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(key)),
        }
    }

    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256 { .. } => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }
}

/// `None` for a key that nobody should use: a short one can be broken, and a long one is work for whoever verifies.
fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<PublicKey> {
    const MIN_BYTES: usize = 2048 / 8;
    const MAX_BYTES: usize = 4096 / 8;
    const MAX_EXPONENT_BYTES: usize = 4;
    let trim = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
    let (n, e) = (trim(n), trim(e));
    let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte & 1 == 1);
    let has_size =
        (MIN_BYTES..=MAX_BYTES).contains(&n.len()) && n.first().is_some_and(|byte| byte & 0x80 != 0);
    let is_exponent = e.len() <= MAX_EXPONENT_BYTES && is_odd(&e) && e != [1];
    (has_size && is_odd(&n) && is_exponent).then_some(PublicKey::Rsa { n, e })
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
    fn keys_for_something_else_are_left_out() {
        assert_eq!(count(&rsa_jwk(256, "")), 1);
        assert_eq!(count(&rsa_jwk(256, r#","use":"sig","alg":"RS256","key_ops":["verify"]"#)), 1);
        for more in [r#","use":"enc""#, r#","alg":"PS256""#, r#","key_ops":["encrypt"]"#, r#","crv":"P-256""#]
        {
            assert_eq!(count(&rsa_jwk(256, more)), 0, "{more}");
        }
        let word = URL_SAFE_NO_PAD.encode([1; 32]);
        assert_eq!(
            count(&format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{word}","y":"{word}"}}]}}"#)),
            1
        );
        assert_eq!(count(&format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{word}"}}]}}"#)), 1);
        assert_eq!(count(&format!(r#"{{"keys":[{{"kty":"OKP","crv":"X25519","x":"{word}"}}]}}"#)), 0);
        assert_eq!(count(&format!(r#"{{"keys":[{{"kty":"oct","k":"{word}"}}]}}"#)), 0);
        for document in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":[null,1,{}]}"#] {
            assert_eq!(count(document), 0, "{document}");
        }
    }

    #[test]
    fn an_rsa_key_has_a_sound_size() {
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
    fn without_a_name_only_a_single_key_is_meant() {
        let word = URL_SAFE_NO_PAD.encode([1; 32]);
        let key = |id: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{word}"}}"#);
        let one = parse(format!(r#"{{"keys":[{}]}}"#, key("a")).as_bytes()).unwrap();
        let two = parse(format!(r#"{{"keys":[{},{}]}}"#, key("a"), key("b")).as_bytes()).unwrap();
        let found = |keys: &[Jwk], id| Jwk::find(keys, id, Algorithm::EdDsa).is_some();
        assert!(found(&one, None) && found(&one, Some("a")) && !found(&one, Some("b")));
        assert!(!found(&two, None) && found(&two, Some("b")));
        assert!(Jwk::find(&one, Some("a"), Algorithm::Rs256).is_none());
    }
}
