//! See [`hallpass_token_fuzz::explain`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hallpass_token_fuzz::explain(data));
