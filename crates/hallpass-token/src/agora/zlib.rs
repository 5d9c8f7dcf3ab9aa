//! A zlib stream (RFC 1950) of stored blocks (RFC 1951 section 3.2.4).
//!
//! A token's payload is mostly a signature and names, which do not shrink: zlib itself ends in a stored block for
//! the usual one of 139 bytes. Storing at once costs a twentieth of the time.

use alloc::vec::Vec;

/// Bytes before the payload: the zlib header and the head of the first stored block.
pub(super) const HEAD_LEN: usize = 2 + BLOCK_HEAD_LEN;

/// Bytes after the payload: its Adler-32.
pub(super) const TAIL_LEN: usize = 4;

/// The deflate method with a 32 KiB window, no dictionary, fastest level.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

/// Final-block bit and type bits, then the length twice.
const BLOCK_HEAD_LEN: usize = 5;

/// The most bytes that one stored block holds.
const BLOCK_MAX: usize = 0xFFFF;

/// Turns `HEAD_LEN` reserved bytes and a payload into a zlib stream of that payload.
pub(super) fn store(mut bytes: Vec<u8>) -> Vec<u8> {
    let payload = bytes.get(HEAD_LEN..).unwrap_or_default();
    let checksum = adler2::adler32_slice(payload).to_be_bytes();
    if payload.len() <= BLOCK_MAX {
        let head = block_head(payload.len() as u16, true);
        for (slot, byte) in bytes.iter_mut().zip(ZLIB_HEADER.into_iter().chain(head)) {
            *slot = byte;
        }
    } else {
        bytes = store_in_blocks(payload);
    }
    bytes.extend_from_slice(&checksum);
    bytes
}

fn store_in_blocks(payload: &[u8]) -> Vec<u8> {
    let blocks = payload.len().div_ceil(BLOCK_MAX);
    let mut bytes =
        Vec::with_capacity(ZLIB_HEADER.len() + blocks * BLOCK_HEAD_LEN + payload.len() + TAIL_LEN);
    bytes.extend_from_slice(&ZLIB_HEADER);
    for (index, block) in payload.chunks(BLOCK_MAX).enumerate() {
        bytes.extend_from_slice(&block_head(block.len() as u16, index + 1 == blocks));
        bytes.extend_from_slice(block);
    }
    bytes
}

fn block_head(len: u16, last: bool) -> [u8; BLOCK_HEAD_LEN] {
    let [len_low, len_high] = len.to_le_bytes();
    [u8::from(last), len_low, len_high, !len_low, !len_high]
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn stored(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_LEN];
        bytes.extend_from_slice(payload);
        store(bytes)
    }

    /// Python 3.11: `zlib.compress(b"abc", 0)`.
    #[test]
    fn three_bytes_are_as_zlib_stores_them() {
        assert_eq!(stored(b"abc"), b"\x78\x01\x01\x03\x00\xfc\xff\x61\x62\x63\x02\x4d\x01\x27");
    }

    #[test]
    fn another_decoder_reads_what_was_stored() {
        for len in [0, 1, BLOCK_MAX - 1, BLOCK_MAX, BLOCK_MAX + 1, 3 * BLOCK_MAX] {
            let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let read = miniz_oxide::inflate::decompress_to_vec_zlib(&stored(&payload)).unwrap();
            assert!(read == payload, "{len} bytes");
        }
    }
}
