//! See [`hallpass_token_fuzz::parse_jwt`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hallpass_token_fuzz::parse_jwt(data));
