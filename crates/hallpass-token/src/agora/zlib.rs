//! Zlib streams (RFC 1950) of stored blocks (RFC 1951 section 3.2.4).
//!
//! A token's payload consists mostly of a signature and short names, which do not compress. Even zlib produces a stored
//! block for a typical payload of 139 bytes. Writing a stored block without zlib takes a twentieth of the time.

use alloc::vec::Vec;

/// The length of the part before the payload: the zlib header and the head of the first stored block.
pub(super) const HEAD_LEN: usize = 2 + BLOCK_HEAD_LEN;

/// The length of the part after the payload: the Adler-32 checksum of the payload.
pub(super) const TAIL_LEN: usize = 4;

/// The zlib header: deflate with a 32 KiB window, no dictionary, fastest level.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

/// The length of a block's head: one byte with the final-block and type bits, two bytes with the block length, and two
/// bytes with the complement of the block length.
const BLOCK_HEAD_LEN: usize = 5;

/// The maximum length of a stored block, in bytes.
const BLOCK_MAX: usize = 0xFFFF;

/// Returns a zlib stream of the payload. The input is `HEAD_LEN` reserved bytes followed by the payload.
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

#[cfg(feature = "inspect")]
mod inflate {
    use alloc::boxed::Box;
    use alloc::vec;
    use alloc::vec::Vec;

    use miniz_oxide::inflate::TINFLStatus;
    use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

    use crate::agora::error::{ParseError, ZlibError};
    use crate::agora::reader::Reader;

    /// Returns the payload of a zlib stream. A payload of more than `max` bytes, or data after the stream, is an error.
    pub(in crate::agora) fn inflate(stream: &[u8], max: usize) -> Result<Vec<u8>, ParseError> {
        inflate_stored(stream, max)?.map_or_else(|| inflate_compressed(stream, max), Ok)
    }

    /// Decodes a stream of stored blocks, as [`super::store`] writes. Returns `None` if the stream has other blocks.
    ///
    /// This function takes less time than the general decoder, and rejects nonzero unused bits. Therefore, every
    /// flipped bit in a token of this crate is detected, although deflate has many encodings of the same content.
    fn inflate_stored(stream: &[u8], max: usize) -> Result<Option<Vec<u8>>, ParseError> {
        let mut reader = Reader(stream);
        let truncated = ParseError::Zlib(ZlibError::Truncated);
        let header = reader.array().map_err(|_| truncated)?;
        let is_deflate = header[0] & 0x0F == 8 && header[0] >> 4 <= 7;
        if !is_deflate || u16::from_be_bytes(header) % 31 != 0 || header[1] & 0x20 != 0 {
            return Err(ParseError::Zlib(ZlibError::Header));
        }
        let mut payload = Vec::new();
        loop {
            let [bits] = reader.array().map_err(|_| truncated)?;
            match bits {
                0 | 1 => {}
                // The block is not a stored block.
                _ if bits & 0b110 != 0 => return Ok(None),
                _ => return Err(ParseError::Zlib(ZlibError::Corrupt)),
            }
            let len = reader.u16().map_err(|_| truncated)?;
            if len != !reader.u16().map_err(|_| truncated)? {
                return Err(ParseError::Zlib(ZlibError::Corrupt));
            }
            if payload.len() + usize::from(len) > max {
                return Err(ParseError::TooLarge { max });
            }
            payload.extend_from_slice(reader.raw(usize::from(len)).map_err(|_| truncated)?);
            if bits == 1 {
                break;
            }
        }
        if adler2::adler32_slice(&payload).to_be_bytes() != reader.array().map_err(|_| truncated)? {
            return Err(ParseError::Zlib(ZlibError::Checksum));
        }
        match reader.0.len() {
            0 => Ok(Some(payload)),
            bytes => Err(ParseError::Zlib(ZlibError::TrailingBytes(bytes))),
        }
    }

    fn inflate_compressed(stream: &[u8], max: usize) -> Result<Vec<u8>, ParseError> {
        const FLAGS: u32 = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut state = Box::<DecompressorOxide>::default();
        let mut payload = vec![0; max.min(stream.len().saturating_mul(4))];
        let (mut read, mut written) = (0, 0);
        loop {
            let input = stream.get(read..).unwrap_or_default();
            let (status, consumed, produced) = decompress(&mut state, input, &mut payload, written, FLAGS);
            read += consumed;
            written += produced;
            match status {
                TINFLStatus::Done => break,
                TINFLStatus::HasMoreOutput if payload.len() < max => {
                    payload.resize(max.min(payload.len().saturating_mul(2).max(64)), 0);
                }
                TINFLStatus::HasMoreOutput => return Err(ParseError::TooLarge { max }),
                TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                    return Err(ParseError::Zlib(ZlibError::Truncated));
                }
                TINFLStatus::Adler32Mismatch => return Err(ParseError::Zlib(ZlibError::Checksum)),
                TINFLStatus::Failed | TINFLStatus::BadParam | _ => {
                    return Err(ParseError::Zlib(ZlibError::Corrupt));
                }
            }
        }
        if read < stream.len() {
            return Err(ParseError::Zlib(ZlibError::TrailingBytes(stream.len() - read)));
        }
        payload.truncate(written);
        Ok(payload)
    }
}

#[cfg(feature = "inspect")]
pub(super) use inflate::inflate;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn stored(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_LEN];
        bytes.extend_from_slice(payload);
        store(bytes)
    }

    /// The expected value is the result of `zlib.compress(b"abc", 0)` in Python 3.11.
    #[test]
    fn stores_three_bytes_like_zlib() {
        assert_eq!(stored(b"abc"), b"\x78\x01\x01\x03\x00\xfc\xff\x61\x62\x63\x02\x4d\x01\x27");
    }

    #[cfg(feature = "inspect")]
    mod inflating {
        use super::*;
        use crate::agora::error::{ParseError, ZlibError};

        /// The result of `zlib.compress(bytes(1000))` in Python 3.11.
        const THOUSAND_ZEROS: [u8; 17] = [
            0x78, 0x9c, 0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0x00, 0x00, 0x03, 0xe8, 0x00,
            0x01,
        ];

        fn error(stream: &[u8], max: usize) -> ZlibError {
            match inflate(stream, max) {
                Err(ParseError::Zlib(error)) => error,
                other => unreachable!("{other:?}"),
            }
        }

        #[test]
        fn inflates_stored_blocks() {
            for len in [0, 1, BLOCK_MAX - 1, BLOCK_MAX, BLOCK_MAX + 1, 3 * BLOCK_MAX] {
                let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
                assert!(inflate(&stored(&payload), len) == Ok(payload), "{len} bytes");
            }
        }

        #[test]
        fn inflates_compressed_streams() {
            assert_eq!(inflate(&THOUSAND_ZEROS, 1000), Ok(vec![0; 1000]));
        }

        #[test]
        fn rejects_payloads_above_the_limit() {
            assert_eq!(inflate(&THOUSAND_ZEROS, 999), Err(ParseError::TooLarge { max: 999 }));
            assert_eq!(inflate(&stored(b"abc"), 2), Err(ParseError::TooLarge { max: 2 }));
        }

        #[test]
        fn rejects_trailing_bytes() {
            let mut stream = THOUSAND_ZEROS.to_vec();
            stream.extend_from_slice(b"xy");
            assert_eq!(error(&stream, 1000), ZlibError::TrailingBytes(2));
            let mut stream = stored(b"abc");
            stream.push(0);
            assert_eq!(error(&stream, 3), ZlibError::TrailingBytes(1));
        }

        #[test]
        fn detects_truncation_at_every_length() {
            for stream in [THOUSAND_ZEROS.to_vec(), stored(b"abc")] {
                for len in 0..stream.len() {
                    assert_eq!(
                        error(&stream[..len], 1000),
                        ZlibError::Truncated,
                        "{len} of {} bytes",
                        stream.len()
                    );
                }
            }
        }

        #[test]
        fn rejects_a_wrong_checksum() {
            let mut stream = THOUSAND_ZEROS;
            stream[16] ^= 1;
            assert_eq!(error(&stream, 1000), ZlibError::Checksum);
            let mut stream = stored(b"abc");
            *stream.last_mut().unwrap() ^= 1;
            assert_eq!(error(&stream, 3), ZlibError::Checksum);
        }

        #[test]
        fn rejects_other_zlib_headers() {
            for header in [[0x78, 0x02], [0x79, 0x01], [0x88, 0x1c], [0x78, 0x20], [0x1f, 0x8b]] {
                assert_eq!(
                    error(&[header[0], header[1], 1, 0, 0, 0xff, 0xff, 0, 0, 0, 1], 9),
                    ZlibError::Header
                );
            }
        }

        #[test]
        fn rejects_nonzero_unused_bits() {
            let mut stream = stored(b"abc");
            stream[2] |= 0b1000;
            assert_eq!(error(&stream, 3), ZlibError::Corrupt);
        }
    }
}
