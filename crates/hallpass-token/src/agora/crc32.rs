//! CRC-32 (ISO 3309, as in zlib). A 006 token contains the CRC-32 checksums of its channel and its user.

#[cfg(not(target_family = "wasm"))]
pub(super) use crc32fast::hash as crc32;
#[cfg(target_family = "wasm")]
pub(super) use small::crc32;

/// An implementation of CRC-32 without tables.
///
/// The sixteen tables of crc32fast do not compress, so they add 16 KB to the size of a Worker. A larger Worker has a
/// longer cold start. The tables save less than 1 µs for a name of 64 bytes.
#[cfg(any(test, target_family = "wasm"))]
mod small {
    /// The CRC-32 polynomial, least significant bit first.
    const POLYNOMIAL: u32 = 0xEDB8_8320;

    /// Returns the checksum of `bytes`.
    #[inline(never)]
    pub(in crate::agora) fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shift(crc)))
    }

    /// Advances the checksum by one bit.
    const fn shift(crc: u32) -> u32 {
        crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{crc32, small};

    /// The expected values are the results of `zlib.crc32` in Python 3.11.
    #[test]
    fn matches_zlib() {
        let all: [u8; 256] = core::array::from_fn(|byte| byte as u8);
        for (bytes, crc) in
            [(&b""[..], 0), (b"0", 0xF4DB_DF21), (b"123456789", 0xCBF4_3926), (&all, 0x2905_8C73)]
        {
            assert_eq!((crc32(bytes), small::crc32(bytes)), (crc, crc));
        }
    }
}
