//! Property tests with generated tokens.

// The attribute makes Clippy accept `unwrap` in helpers.
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
