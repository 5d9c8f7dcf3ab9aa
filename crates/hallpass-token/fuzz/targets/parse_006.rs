//! See [`hallpass_token_fuzz::parse_006`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hallpass_token_fuzz::parse_006(data));
