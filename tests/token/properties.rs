//! Property tests with generated tokens.

// With this attribute, Clippy accepts `unwrap` in functions that are not tests.
#[cfg(test)]
mod properties {
    mod arbitrary;
    mod content;
    mod inputs;
    mod mint_006;
    mod mint_007;
    mod modified;
    mod time;
    mod videosdk;
}
