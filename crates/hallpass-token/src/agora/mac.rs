//! HMAC-SHA256 (RFC 2104, FIPS 180-4).

use hmac::Hmac;
use hmac::digest::{FixedOutput, KeyInit, Update};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// Length of a signature, in bytes.
pub(super) const SIGNATURE_LEN: usize = 32;

/// Block length of SHA-256, in bytes.
const BLOCK_LEN: usize = 64;

/// The HMAC of all `parts`, one after the other. Keys in both formats have 4 or 32 bytes; a shorter one than the
/// block counts as filled up with zeros (RFC 2104 section 2), so taking a whole block leaves no way to fail.
pub(super) fn hmac<const KEY_LEN: usize>(
    key: &[u8; KEY_LEN],
    parts: &[&[u8]],
) -> Zeroizing<[u8; SIGNATURE_LEN]> {
    const { assert!(KEY_LEN <= BLOCK_LEN) };
    let mut block = Zeroizing::new([0; BLOCK_LEN]);
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    let mut out = mac.finalize_fixed();
    let signature = Zeroizing::new(out.into());
    out.zeroize();
    signature
}
