//! Property tests with generated tokens.

// The attribute lets Clippy accept `unwrap` in helpers.
#[cfg(test)]
mod properties {
    mod content;
    mod damage;
    mod inputs;
    mod junk;
    mod mint_006;
    mod mint_007;
    mod time;
    mod videosdk;
}
